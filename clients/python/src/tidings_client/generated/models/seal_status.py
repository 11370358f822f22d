from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="SealStatus")


@_attrs_define
class SealStatus:
    """The last seal.

    Attributes:
        at (datetime.datetime): When it was sealed.
        lag_seconds (float): The age of the oldest event that is not sealed, in seconds.
        position (int): The position of the last sealed event.
        public_key (str): The public key that signed it, in hexadecimal digits.
    """

    at: datetime.datetime
    lag_seconds: float
    position: int
    public_key: str
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        at = self.at.isoformat()

        lag_seconds = self.lag_seconds

        position = self.position

        public_key = self.public_key

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "at": at,
                "lag_seconds": lag_seconds,
                "position": position,
                "public_key": public_key,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        at = datetime.datetime.fromisoformat(d.pop("at"))

        lag_seconds = d.pop("lag_seconds")

        position = d.pop("position")

        public_key = d.pop("public_key")

        seal_status = cls(
            at=at,
            lag_seconds=lag_seconds,
            position=position,
            public_key=public_key,
        )

        seal_status.additional_properties = d
        return seal_status

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
