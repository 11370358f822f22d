from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="ProjectionLag")


@_attrs_define
class ProjectionLag:
    """The lag of the read model behind the log.

    Attributes:
        events (int): The number of events between them.
        head (int): The position of the last event of the log.
        is_foreign (bool): Whether the log does not have the last event of the read model, so that the read model has
            to be rebuilt.
        position (int): The position of the last event of the read model.
        seconds (float): The age of the oldest of these events, in seconds.
    """

    events: int
    head: int
    is_foreign: bool
    position: int
    seconds: float
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        events = self.events

        head = self.head

        is_foreign = self.is_foreign

        position = self.position

        seconds = self.seconds

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "events": events,
                "head": head,
                "is_foreign": is_foreign,
                "position": position,
                "seconds": seconds,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        events = d.pop("events")

        head = d.pop("head")

        is_foreign = d.pop("is_foreign")

        position = d.pop("position")

        seconds = d.pop("seconds")

        projection_lag = cls(
            events=events,
            head=head,
            is_foreign=is_foreign,
            position=position,
            seconds=seconds,
        )

        projection_lag.additional_properties = d
        return projection_lag

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
