from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="Place")


@_attrs_define
class Place:
    """The place.

    Attributes:
        accounts (str): Who can open an account: `open` (anybody), `invited` (with an invite) or `off`.
        name (None | str): What the place is called; null until its owner has named it.
        setup (str): `needed` until the place has an owner, then `done`; `off` where this system has no accounts
            or does not issue their tokens.
        version (str): The version of Tidings.
    """

    accounts: str
    name: None | str
    setup: str
    version: str
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        accounts = self.accounts

        name: None | str
        name = self.name

        setup = self.setup

        version = self.version

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "accounts": accounts,
                "name": name,
                "setup": setup,
                "version": version,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        accounts = d.pop("accounts")

        def _parse_name(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        name = _parse_name(d.pop("name"))

        setup = d.pop("setup")

        version = d.pop("version")

        place = cls(
            accounts=accounts,
            name=name,
            setup=setup,
            version=version,
        )

        place.additional_properties = d
        return place

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
