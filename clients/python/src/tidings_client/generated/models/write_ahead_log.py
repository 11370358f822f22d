from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="WriteAheadLog")


@_attrs_define
class WriteAheadLog:
    """The write-ahead log of Postgres.

    Attributes:
        retained_bytes (int): How much a replication slot keeps from being removed, in bytes.
        written_bytes (int): How much has ever been written, in bytes.
    """

    retained_bytes: int
    written_bytes: int
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        retained_bytes = self.retained_bytes

        written_bytes = self.written_bytes

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "retained_bytes": retained_bytes,
                "written_bytes": written_bytes,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        retained_bytes = d.pop("retained_bytes")

        written_bytes = d.pop("written_bytes")

        write_ahead_log = cls(
            retained_bytes=retained_bytes,
            written_bytes=written_bytes,
        )

        write_ahead_log.additional_properties = d
        return write_ahead_log

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
