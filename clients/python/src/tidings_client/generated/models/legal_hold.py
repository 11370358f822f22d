from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="LegalHold")


@_attrs_define
class LegalHold:
    """A legal hold.

    Attributes:
        at (datetime.datetime): When it was placed.
        by (str): Who placed it.
        conversation (None | str): The conversation that it covers.
        name (str): The name.
        reason (str): Why it was placed.
        user (None | str): The user whose messages it covers; with a conversation, only those there.
    """

    at: datetime.datetime
    by: str
    conversation: None | str
    name: str
    reason: str
    user: None | str
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        at = self.at.isoformat()

        by = self.by

        conversation: None | str
        conversation = self.conversation

        name = self.name

        reason = self.reason

        user: None | str
        user = self.user

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "at": at,
                "by": by,
                "conversation": conversation,
                "name": name,
                "reason": reason,
                "user": user,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        at = datetime.datetime.fromisoformat(d.pop("at"))

        by = d.pop("by")

        def _parse_conversation(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        conversation = _parse_conversation(d.pop("conversation"))

        name = d.pop("name")

        reason = d.pop("reason")

        def _parse_user(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        user = _parse_user(d.pop("user"))

        legal_hold = cls(
            at=at,
            by=by,
            conversation=conversation,
            name=name,
            reason=reason,
            user=user,
        )

        legal_hold.additional_properties = d
        return legal_hold

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
