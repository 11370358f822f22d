from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="SearchIndexProgress")


@_attrs_define
class SearchIndexProgress:
    """A search index that can be read.

    Attributes:
        bytes_ (int): The size on disk in bytes.
        lag_events (int): The number of events by which it lags behind the read model.
        messages (int): The number of messages in it.
        position (int): The position of the last indexed event.
    """

    bytes_: int
    lag_events: int
    messages: int
    position: int
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        bytes_ = self.bytes_

        lag_events = self.lag_events

        messages = self.messages

        position = self.position

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "bytes": bytes_,
                "lag_events": lag_events,
                "messages": messages,
                "position": position,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        bytes_ = d.pop("bytes")

        lag_events = d.pop("lag_events")

        messages = d.pop("messages")

        position = d.pop("position")

        search_index_progress = cls(
            bytes_=bytes_,
            lag_events=lag_events,
            messages=messages,
            position=position,
        )

        search_index_progress.additional_properties = d
        return search_index_progress

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
