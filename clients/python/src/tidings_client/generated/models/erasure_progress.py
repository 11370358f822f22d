from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="ErasureProgress")


@_attrs_define
class ErasureProgress:
    """The progress of erasure.

    Attributes:
        events (int): The number of redacted events.
        files_at (int): The database files are scrubbed for erasure events up to this position.
        not_mirrored (int): The number of redacted events whose copy is still in the stream.
        ordered (int): The position of the newest erasure event, 0 if there is none.
        position (int): The log is redacted for erasure events up to this position.
    """

    events: int
    files_at: int
    not_mirrored: int
    ordered: int
    position: int
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        events = self.events

        files_at = self.files_at

        not_mirrored = self.not_mirrored

        ordered = self.ordered

        position = self.position

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "events": events,
                "files_at": files_at,
                "not_mirrored": not_mirrored,
                "ordered": ordered,
                "position": position,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        events = d.pop("events")

        files_at = d.pop("files_at")

        not_mirrored = d.pop("not_mirrored")

        ordered = d.pop("ordered")

        position = d.pop("position")

        erasure_progress = cls(
            events=events,
            files_at=files_at,
            not_mirrored=not_mirrored,
            ordered=ordered,
            position=position,
        )

        erasure_progress.additional_properties = d
        return erasure_progress

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
