from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.device_push import DevicePush


T = TypeVar("T", bound="Device")


@_attrs_define
class Device:
    """A device of the caller: it has acknowledged something, or gets pushes.

    Attributes:
        cursor (int | None): The log position up to which it has received everything; null if it has never acknowledged
            any.
        device (str): The id of the device.
        last_seen (datetime.datetime): When it was connected, acknowledged something or registered for pushes last.
        online (bool): Whether it has a live connection.
        push (DevicePush | None):
    """

    cursor: int | None
    device: str
    last_seen: datetime.datetime
    online: bool
    push: DevicePush | None
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.device_push import DevicePush  # noqa: PLC0415

        cursor: int | None
        cursor = self.cursor

        device = self.device

        last_seen = self.last_seen.isoformat()

        online = self.online

        push: dict[str, Any] | None
        if isinstance(self.push, DevicePush):
            push = self.push.to_dict()
        else:
            push = self.push

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "cursor": cursor,
                "device": device,
                "last_seen": last_seen,
                "online": online,
                "push": push,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.device_push import DevicePush  # noqa: PLC0415

        d = dict(src_dict)

        def _parse_cursor(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        cursor = _parse_cursor(d.pop("cursor"))

        device = d.pop("device")

        last_seen = datetime.datetime.fromisoformat(d.pop("last_seen"))

        online = d.pop("online")

        def _parse_push(data: object) -> DevicePush | None:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                push_type_0 = DevicePush.from_dict(data)

                return push_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(DevicePush | None, data)

        push = _parse_push(d.pop("push"))

        device = cls(
            cursor=cursor,
            device=device,
            last_seen=last_seen,
            online=online,
            push=push,
        )

        device.additional_properties = d
        return device

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
