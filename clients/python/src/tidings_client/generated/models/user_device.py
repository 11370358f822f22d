from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="UserDevice")


@_attrs_define
class UserDevice:
    """A device of a user.

    Attributes:
        acked_at (datetime.datetime): When it acknowledged that.
        cursor (int): The log position up to which it has received everything.
        device (str): The device.
    """

    acked_at: datetime.datetime
    cursor: int
    device: str
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        acked_at = self.acked_at.isoformat()

        cursor = self.cursor

        device = self.device

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "acked_at": acked_at,
                "cursor": cursor,
                "device": device,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        acked_at = datetime.datetime.fromisoformat(d.pop("acked_at"))

        cursor = d.pop("cursor")

        device = d.pop("device")

        user_device = cls(
            acked_at=acked_at,
            cursor=cursor,
            device=device,
        )

        user_device.additional_properties = d
        return user_device

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
