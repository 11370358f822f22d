from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="UnreadRow")


@_attrs_define
class UnreadRow:
    """The unread counts at the end of an interval.

    Attributes:
        from_ (datetime.datetime): The beginning of the interval.
        memberships (int): The number of memberships with unread messages.
        position (int): The last position before its end, to which the counts belong.
        quiet (int): The unread messages in muted and archived conversations.
        unread (int): The unread messages in conversations that are neither muted nor archived: the sum of the
            badges.
        conversation_id (str | Unset): The conversation, if the counts are by conversation.
        user (str | Unset): The user, if the counts are by user.
    """

    from_: datetime.datetime
    memberships: int
    position: int
    quiet: int
    unread: int
    conversation_id: str | Unset = UNSET
    user: str | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from_ = self.from_.isoformat()

        memberships = self.memberships

        position = self.position

        quiet = self.quiet

        unread = self.unread

        conversation_id = self.conversation_id

        user = self.user

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "from": from_,
                "memberships": memberships,
                "position": position,
                "quiet": quiet,
                "unread": unread,
            }
        )
        if conversation_id is not UNSET:
            field_dict["conversation_id"] = conversation_id
        if user is not UNSET:
            field_dict["user"] = user

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        from_ = datetime.datetime.fromisoformat(d.pop("from"))

        memberships = d.pop("memberships")

        position = d.pop("position")

        quiet = d.pop("quiet")

        unread = d.pop("unread")

        conversation_id = d.pop("conversation_id", UNSET)

        user = d.pop("user", UNSET)

        unread_row = cls(
            from_=from_,
            memberships=memberships,
            position=position,
            quiet=quiet,
            unread=unread,
            conversation_id=conversation_id,
            user=user,
        )

        unread_row.additional_properties = d
        return unread_row

    @property
    def additional_keys(self) -> list[str]:
        return list(self.additional_properties.keys())

    def __getitem__(self, key: str) -> Any:
        return self.additional_properties[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self.additional_properties[key] = value

    def __delitem__(self, key: str) -> None:
        del self.additional_properties[key]

    def __contains__(self, key: str) -> bool:
        return key in self.additional_properties
