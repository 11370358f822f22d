from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="ReactionUserPage")


@_attrs_define
class ReactionUserPage:
    """A page of users who have reacted with a key.

    Attributes:
        count (int): The number of users on all pages.
        mine (bool): Whether the caller is one of them.
        next_ (None | str): The cursor of the next page; null at the end.
        users (list[str]): The users, in the order of their reactions.
    """

    count: int
    mine: bool
    next_: None | str
    users: list[str]
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        count = self.count

        mine = self.mine

        next_: None | str
        next_ = self.next_

        users = self.users

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "count": count,
                "mine": mine,
                "next": next_,
                "users": users,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        count = d.pop("count")

        mine = d.pop("mine")

        def _parse_next_(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        next_ = _parse_next_(d.pop("next"))

        users = cast(list[str], d.pop("users"))

        reaction_user_page = cls(
            count=count,
            mine=mine,
            next_=next_,
            users=users,
        )

        reaction_user_page.additional_properties = d
        return reaction_user_page

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
