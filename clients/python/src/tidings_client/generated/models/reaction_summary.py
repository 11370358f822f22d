from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="ReactionSummary")


@_attrs_define
class ReactionSummary:
    """The reactions with one key, as a summary shows them.

    Attributes:
        count (int): The number of users.
        mine (bool): Whether the caller is one of them.
        users (list[str]): The first of them, up to ten, in the order of the reactions.
    """

    count: int
    mine: bool
    users: list[str]
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        count = self.count

        mine = self.mine

        users = self.users

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "count": count,
                "mine": mine,
                "users": users,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        count = d.pop("count")

        mine = d.pop("mine")

        users = cast(list[str], d.pop("users"))

        reaction_summary = cls(
            count=count,
            mine=mine,
            users=users,
        )

        reaction_summary.additional_properties = d
        return reaction_summary

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
