from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="DevicePush")


@_attrs_define
class DevicePush:
    """How a device gets pushes. The token is in no answer.

    Attributes:
        preview (bool): Whether a push shows the text of a message.
        provider (str): `apns`, `fcm` or `webpush`.
        registered_at (datetime.datetime): When the device registered.
    """

    preview: bool
    provider: str
    registered_at: datetime.datetime
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        preview = self.preview

        provider = self.provider

        registered_at = self.registered_at.isoformat()

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "preview": preview,
                "provider": provider,
                "registered_at": registered_at,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        preview = d.pop("preview")

        provider = d.pop("provider")

        registered_at = datetime.datetime.fromisoformat(d.pop("registered_at"))

        device_push = cls(
            preview=preview,
            provider=provider,
            registered_at=registered_at,
        )

        device_push.additional_properties = d
        return device_push

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
