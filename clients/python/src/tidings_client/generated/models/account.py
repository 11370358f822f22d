from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="Account")


@_attrs_define
class Account:
    """A local account.

    Attributes:
        changed_at (datetime.datetime): When its password was last set, or when it was closed.
        created_at (datetime.datetime): When it was opened.
        open_ (bool): Whether its user can sign in.
        scope (str): The scope of the tokens that it gets: empty, `moderator` or `admin`.
        user (str): The user.
    """

    changed_at: datetime.datetime
    created_at: datetime.datetime
    open_: bool
    scope: str
    user: str
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        changed_at = self.changed_at.isoformat()

        created_at = self.created_at.isoformat()

        open_ = self.open_

        scope = self.scope

        user = self.user

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "changed_at": changed_at,
                "created_at": created_at,
                "open": open_,
                "scope": scope,
                "user": user,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        changed_at = datetime.datetime.fromisoformat(d.pop("changed_at"))

        created_at = datetime.datetime.fromisoformat(d.pop("created_at"))

        open_ = d.pop("open")

        scope = d.pop("scope")

        user = d.pop("user")

        account = cls(
            changed_at=changed_at,
            created_at=created_at,
            open_=open_,
            scope=scope,
            user=user,
        )

        account.additional_properties = d
        return account

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
