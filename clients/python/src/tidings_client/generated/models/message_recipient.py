from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.device_receipt import DeviceReceipt


T = TypeVar("T", bound="MessageRecipient")


@_attrs_define
class MessageRecipient:
    """A member at the time of a message, other than its sender.

    Attributes:
        acknowledged_at (datetime.datetime | None): When that was.
        acknowledged_by (int | None): The position of the first acknowledgement that covers the message, from any
            device.
        devices (list[DeviceReceipt]): The user's devices.
        is_member (bool): Whether the user is still a member.
        is_read (bool): Whether the user has read the message.
        read_at (datetime.datetime | None): When that was.
        read_by (int | None): The position of the event that read it: a read mark, or a later message of the user.
        user (str): The user.
    """

    acknowledged_at: datetime.datetime | None
    acknowledged_by: int | None
    devices: list[DeviceReceipt]
    is_member: bool
    is_read: bool
    read_at: datetime.datetime | None
    read_by: int | None
    user: str
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        acknowledged_at: None | str
        if isinstance(self.acknowledged_at, datetime.datetime):
            acknowledged_at = self.acknowledged_at.isoformat()
        else:
            acknowledged_at = self.acknowledged_at

        acknowledged_by: int | None
        acknowledged_by = self.acknowledged_by

        devices = []
        for devices_item_data in self.devices:
            devices_item = devices_item_data.to_dict()
            devices.append(devices_item)

        is_member = self.is_member

        is_read = self.is_read

        read_at: None | str
        if isinstance(self.read_at, datetime.datetime):
            read_at = self.read_at.isoformat()
        else:
            read_at = self.read_at

        read_by: int | None
        read_by = self.read_by

        user = self.user

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "acknowledged_at": acknowledged_at,
                "acknowledged_by": acknowledged_by,
                "devices": devices,
                "is_member": is_member,
                "is_read": is_read,
                "read_at": read_at,
                "read_by": read_by,
                "user": user,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.device_receipt import DeviceReceipt  # noqa: PLC0415

        d = dict(src_dict)

        def _parse_acknowledged_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                acknowledged_at_type_0 = datetime.datetime.fromisoformat(data)

                return acknowledged_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        acknowledged_at = _parse_acknowledged_at(d.pop("acknowledged_at"))

        def _parse_acknowledged_by(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        acknowledged_by = _parse_acknowledged_by(d.pop("acknowledged_by"))

        devices = []
        _devices = d.pop("devices")
        for devices_item_data in _devices:
            devices_item = DeviceReceipt.from_dict(devices_item_data)

            devices.append(devices_item)

        is_member = d.pop("is_member")

        is_read = d.pop("is_read")

        def _parse_read_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                read_at_type_0 = datetime.datetime.fromisoformat(data)

                return read_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        read_at = _parse_read_at(d.pop("read_at"))

        def _parse_read_by(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        read_by = _parse_read_by(d.pop("read_by"))

        user = d.pop("user")

        message_recipient = cls(
            acknowledged_at=acknowledged_at,
            acknowledged_by=acknowledged_by,
            devices=devices,
            is_member=is_member,
            is_read=is_read,
            read_at=read_at,
            read_by=read_by,
            user=user,
        )

        message_recipient.additional_properties = d
        return message_recipient

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
