from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.event_delivery import EventDelivery
    from ..models.notification_state import NotificationState


T = TypeVar("T", bound="MessageDeliveries")


@_attrs_define
class MessageDeliveries:
    """What has become of a message.

    Attributes:
        events (list[EventDelivery]): The deliveries of its event, by webhook.
        notifications (list[NotificationState]): The notifications of it, at most 1,000.
    """

    events: list[EventDelivery]
    notifications: list[NotificationState]
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        events = []
        for events_item_data in self.events:
            events_item = events_item_data.to_dict()
            events.append(events_item)

        notifications = []
        for notifications_item_data in self.notifications:
            notifications_item = notifications_item_data.to_dict()
            notifications.append(notifications_item)

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "events": events,
                "notifications": notifications,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.event_delivery import EventDelivery  # noqa: PLC0415
        from ..models.notification_state import NotificationState  # noqa: PLC0415

        d = dict(src_dict)
        events = []
        _events = d.pop("events")
        for events_item_data in _events:
            events_item = EventDelivery.from_dict(events_item_data)

            events.append(events_item)

        notifications = []
        _notifications = d.pop("notifications")
        for notifications_item_data in _notifications:
            notifications_item = NotificationState.from_dict(notifications_item_data)

            notifications.append(notifications_item)

        message_deliveries = cls(
            events=events,
            notifications=notifications,
        )

        message_deliveries.additional_properties = d
        return message_deliveries

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
