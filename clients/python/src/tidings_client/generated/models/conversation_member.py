from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.role import Role

T = TypeVar("T", bound="ConversationMember")


@_attrs_define
class ConversationMember:
    """A member of a conversation, as administrators see them.

    Attributes:
        display_name (None | str): The name that others see; null if the user has not chosen one.
        joined_at (datetime.datetime): When the user last joined.
        role (Role): The role of a member, in ascending order of permissions.
        user (str): The user.
    """

    display_name: None | str
    joined_at: datetime.datetime
    role: Role
    user: str
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        display_name: None | str
        display_name = self.display_name

        joined_at = self.joined_at.isoformat()

        role = self.role.value

        user = self.user

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "display_name": display_name,
                "joined_at": joined_at,
                "role": role,
                "user": user,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)

        def _parse_display_name(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        display_name = _parse_display_name(d.pop("display_name"))

        joined_at = datetime.datetime.fromisoformat(d.pop("joined_at"))

        role = Role(d.pop("role"))

        user = d.pop("user")

        conversation_member = cls(
            display_name=display_name,
            joined_at=joined_at,
            role=role,
            user=user,
        )

        conversation_member.additional_properties = d
        return conversation_member

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
