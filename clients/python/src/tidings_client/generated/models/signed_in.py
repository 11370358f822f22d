from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="SignedIn")


@_attrs_define
class SignedIn:
    """What an account gets to sign in with.

    Attributes:
        expires_at (datetime.datetime): When the token expires: 30 days after it was issued.
        scope (str): What the token opens: empty for a user, `moderator` or `admin`.
        token (str): A token of the user, for the header `Authorization: Bearer`.
        user (str): The user.
        masked (bool | Unset): Present and true if a word list has masked parts of the name of a new account.
    """

    expires_at: datetime.datetime
    scope: str
    token: str
    user: str
    masked: bool | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        expires_at = self.expires_at.isoformat()

        scope = self.scope

        token = self.token

        user = self.user

        masked = self.masked

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "expires_at": expires_at,
                "scope": scope,
                "token": token,
                "user": user,
            }
        )
        if masked is not UNSET:
            field_dict["masked"] = masked

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        expires_at = datetime.datetime.fromisoformat(d.pop("expires_at"))

        scope = d.pop("scope")

        token = d.pop("token")

        user = d.pop("user")

        masked = d.pop("masked", UNSET)

        signed_in = cls(
            expires_at=expires_at,
            scope=scope,
            token=token,
            user=user,
            masked=masked,
        )

        signed_in.additional_properties = d
        return signed_in

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
