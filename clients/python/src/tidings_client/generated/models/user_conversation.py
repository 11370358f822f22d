from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="UserConversation")


@_attrs_define
class UserConversation:
    """A conversation of a user.

    Attributes:
        id (str): The conversation.
        joined_at (datetime.datetime): When the user joined.
        kind (str): `direct` or `group`.
        member_count (int): The number of members.
        role (str): The role of the user.
        title (None | str): The title of a group.
    """

    id: str
    joined_at: datetime.datetime
    kind: str
    member_count: int
    role: str
    title: None | str
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        id = self.id

        joined_at = self.joined_at.isoformat()

        kind = self.kind

        member_count = self.member_count

        role = self.role

        title: None | str
        title = self.title

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "id": id,
                "joined_at": joined_at,
                "kind": kind,
                "member_count": member_count,
                "role": role,
                "title": title,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        id = d.pop("id")

        joined_at = datetime.datetime.fromisoformat(d.pop("joined_at"))

        kind = d.pop("kind")

        member_count = d.pop("member_count")

        role = d.pop("role")

        def _parse_title(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        title = _parse_title(d.pop("title"))

        user_conversation = cls(
            id=id,
            joined_at=joined_at,
            kind=kind,
            member_count=member_count,
            role=role,
            title=title,
        )

        user_conversation.additional_properties = d
        return user_conversation

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
