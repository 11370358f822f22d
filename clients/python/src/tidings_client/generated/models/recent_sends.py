from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.busy_conversation import BusyConversation


T = TypeVar("T", bound="RecentSends")


@_attrs_define
class RecentSends:
    """The end of the log by conversation.

    Attributes:
        busiest (list[BusyConversation]): The conversations with the most messages.
        events (int): How many of the last events were counted: 10,000 if there are so many.
        messages (int): The messages among them.
    """

    busiest: list[BusyConversation]
    events: int
    messages: int
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        busiest = []
        for busiest_item_data in self.busiest:
            busiest_item = busiest_item_data.to_dict()
            busiest.append(busiest_item)

        events = self.events

        messages = self.messages

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "busiest": busiest,
                "events": events,
                "messages": messages,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.busy_conversation import BusyConversation  # noqa: PLC0415

        d = dict(src_dict)
        busiest = []
        _busiest = d.pop("busiest")
        for busiest_item_data in _busiest:
            busiest_item = BusyConversation.from_dict(busiest_item_data)

            busiest.append(busiest_item)

        events = d.pop("events")

        messages = d.pop("messages")

        recent_sends = cls(
            busiest=busiest,
            events=events,
            messages=messages,
        )

        recent_sends.additional_properties = d
        return recent_sends

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
