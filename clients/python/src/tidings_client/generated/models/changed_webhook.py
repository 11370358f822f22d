from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="ChangedWebhook")


@_attrs_define
class ChangedWebhook:
    """A webhook after a change.

    Attributes:
        delivers_after (int): Everything up to this log position is delivered, waits or is parked.
        position (int): The head position of the log.
    """

    delivers_after: int
    position: int
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        delivers_after = self.delivers_after

        position = self.position

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "delivers_after": delivers_after,
                "position": position,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        delivers_after = d.pop("delivers_after")

        position = d.pop("position")

        changed_webhook = cls(
            delivers_after=delivers_after,
            position=position,
        )

        changed_webhook.additional_properties = d
        return changed_webhook

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
