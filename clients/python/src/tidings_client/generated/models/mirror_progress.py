from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="MirrorProgress")


@_attrs_define
class MirrorProgress:
    """A mirror that can be read.

    Attributes:
        first (int): The position of its first event.
        lag_events (int): The number of events by which it lags behind the log.
        position (int): The position of its last event.
        version (str): The version of nats-server.
    """

    first: int
    lag_events: int
    position: int
    version: str
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        first = self.first

        lag_events = self.lag_events

        position = self.position

        version = self.version

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "first": first,
                "lag_events": lag_events,
                "position": position,
                "version": version,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        first = d.pop("first")

        lag_events = d.pop("lag_events")

        position = d.pop("position")

        version = d.pop("version")

        mirror_progress = cls(
            first=first,
            lag_events=lag_events,
            position=position,
            version=version,
        )

        mirror_progress.additional_properties = d
        return mirror_progress

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
