from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="Seal")


@_attrs_define
class Seal:
    """A signed commitment to the events of a range of positions.

    Attributes:
        events (int): How many events it covers.
        first (int): The first position that it covers.
        hash_ (str): Its hash, which the next seal contains, in hexadecimal digits.
        last (int): The last position that it covers.
        number (int): The number of the seal: 1, 2, 3, ...
        public_key (str): The key that verifies its signature, in hexadecimal digits.
        sealed_at (datetime.datetime): When it was made.
    """

    events: int
    first: int
    hash_: str
    last: int
    number: int
    public_key: str
    sealed_at: datetime.datetime
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        events = self.events

        first = self.first

        hash_ = self.hash_

        last = self.last

        number = self.number

        public_key = self.public_key

        sealed_at = self.sealed_at.isoformat()

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "events": events,
                "first": first,
                "hash": hash_,
                "last": last,
                "number": number,
                "public_key": public_key,
                "sealed_at": sealed_at,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        events = d.pop("events")

        first = d.pop("first")

        hash_ = d.pop("hash")

        last = d.pop("last")

        number = d.pop("number")

        public_key = d.pop("public_key")

        sealed_at = datetime.datetime.fromisoformat(d.pop("sealed_at"))

        seal = cls(
            events=events,
            first=first,
            hash_=hash_,
            last=last,
            number=number,
            public_key=public_key,
            sealed_at=sealed_at,
        )

        seal.additional_properties = d
        return seal

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
