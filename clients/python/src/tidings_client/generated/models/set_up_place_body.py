from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="SetUpPlaceBody")


@_attrs_define
class SetUpPlaceBody:
    """The owner and the name. Never logged: it has a code and a password.

    Attributes:
        code (str): The code that `tidings up` has printed.
        name (str): What the place is called, 1 to 64 characters.
        password (str): 10 to 128 characters. Nothing is trimmed.
        user (str): The user id of the owner, which never changes: 1 to 128 characters.
        display_name (None | str | Unset): The name of the owner that others see, 1 to 64 characters.
    """

    code: str
    name: str
    password: str
    user: str
    display_name: None | str | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        code = self.code

        name = self.name

        password = self.password

        user = self.user

        display_name: None | str | Unset
        if isinstance(self.display_name, Unset):
            display_name = UNSET
        else:
            display_name = self.display_name

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "code": code,
                "name": name,
                "password": password,
                "user": user,
            }
        )
        if display_name is not UNSET:
            field_dict["display_name"] = display_name

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        code = d.pop("code")

        name = d.pop("name")

        password = d.pop("password")

        user = d.pop("user")

        def _parse_display_name(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        display_name = _parse_display_name(d.pop("display_name", UNSET))

        set_up_place_body = cls(
            code=code,
            name=name,
            password=password,
            user=user,
            display_name=display_name,
        )

        set_up_place_body.additional_properties = d
        return set_up_place_body

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
