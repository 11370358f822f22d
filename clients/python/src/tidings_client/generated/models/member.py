from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.role import Role

T = TypeVar("T", bound="Member")


@_attrs_define
class Member:
    """A member of a conversation.

    Attributes:
        joined_at (datetime.datetime): When the user last joined.
        read_seq (int | None): The read mark of the member; null if the member does not show it to the caller.
        role (Role): The role of a member, in ascending order of permissions.
        user (str): The user.
    """

    joined_at: datetime.datetime
    read_seq: int | None
    role: Role
    user: str
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        joined_at = self.joined_at.isoformat()

        read_seq: int | None
        read_seq = self.read_seq

        role = self.role.value

        user = self.user

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "joined_at": joined_at,
                "read_seq": read_seq,
                "role": role,
                "user": user,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        joined_at = datetime.datetime.fromisoformat(d.pop("joined_at"))

        def _parse_read_seq(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        read_seq = _parse_read_seq(d.pop("read_seq"))

        role = Role(d.pop("role"))

        user = d.pop("user")

        member = cls(
            joined_at=joined_at,
            read_seq=read_seq,
            role=role,
            user=user,
        )

        member.additional_properties = d
        return member

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
