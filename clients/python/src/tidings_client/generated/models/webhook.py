from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="Webhook")


@_attrs_define
class Webhook:
    """A webhook.

    Attributes:
        delivered (int): How many deliveries were accepted.
        enabled (bool): Whether it delivers. One whose receiver has answered 410 is switched off.
        events (list[str]): The types of events that it delivers; empty for all types.
        id (int):
        last_error (None | str): The reason of the last failure.
        notifications (bool): Whether it delivers notifications instead of events.
        parked (int): How many are parked, because every attempt failed.
        position (int): Everything up to this log position is delivered, waits or is parked.
        url (str):
        waiting (int): How many wait for another attempt.
    """

    delivered: int
    enabled: bool
    events: list[str]
    id: int
    last_error: None | str
    notifications: bool
    parked: int
    position: int
    url: str
    waiting: int
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        delivered = self.delivered

        enabled = self.enabled

        events = self.events

        id = self.id

        last_error: None | str
        last_error = self.last_error

        notifications = self.notifications

        parked = self.parked

        position = self.position

        url = self.url

        waiting = self.waiting

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "delivered": delivered,
                "enabled": enabled,
                "events": events,
                "id": id,
                "last_error": last_error,
                "notifications": notifications,
                "parked": parked,
                "position": position,
                "url": url,
                "waiting": waiting,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        delivered = d.pop("delivered")

        enabled = d.pop("enabled")

        events = cast(list[str], d.pop("events"))

        id = d.pop("id")

        def _parse_last_error(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        last_error = _parse_last_error(d.pop("last_error"))

        notifications = d.pop("notifications")

        parked = d.pop("parked")

        position = d.pop("position")

        url = d.pop("url")

        waiting = d.pop("waiting")

        webhook = cls(
            delivered=delivered,
            enabled=enabled,
            events=events,
            id=id,
            last_error=last_error,
            notifications=notifications,
            parked=parked,
            position=position,
            url=url,
            waiting=waiting,
        )

        webhook.additional_properties = d
        return webhook

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
