from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="DeviceReceipt")


@_attrs_define
class DeviceReceipt:
    """A device, and what it has acknowledged.

    Attributes:
        acked_at (datetime.datetime): When it acknowledged that, its newest acknowledgement.
        cursor (int): The position up to which it has acknowledged everything.
        device (str): The device.
        has_message (bool): Whether that covers the message.
    """

    acked_at: datetime.datetime
    cursor: int
    device: str
    has_message: bool
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        acked_at = self.acked_at.isoformat()

        cursor = self.cursor

        device = self.device

        has_message = self.has_message

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "acked_at": acked_at,
                "cursor": cursor,
                "device": device,
                "has_message": has_message,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        acked_at = datetime.datetime.fromisoformat(d.pop("acked_at"))

        cursor = d.pop("cursor")

        device = d.pop("device")

        has_message = d.pop("has_message")

        device_receipt = cls(
            acked_at=acked_at,
            cursor=cursor,
            device=device,
            has_message=has_message,
        )

        device_receipt.additional_properties = d
        return device_receipt

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
