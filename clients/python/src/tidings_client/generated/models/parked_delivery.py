from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="ParkedDelivery")


@_attrs_define
class ParkedDelivery:
    """A delivery of which every attempt failed.

    Attributes:
        at (datetime.datetime): When it was parked.
        id (str): The position of the event as text, and for a notification also its conversation and user.
        last_error (str): Why the last one failed.
        position (int): The position of the event, or of the newest message of a notification.
        tries (int): The number of attempts.
    """

    at: datetime.datetime
    id: str
    last_error: str
    position: int
    tries: int
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        at = self.at.isoformat()

        id = self.id

        last_error = self.last_error

        position = self.position

        tries = self.tries

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "at": at,
                "id": id,
                "last_error": last_error,
                "position": position,
                "tries": tries,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        at = datetime.datetime.fromisoformat(d.pop("at"))

        id = d.pop("id")

        last_error = d.pop("last_error")

        position = d.pop("position")

        tries = d.pop("tries")

        parked_delivery = cls(
            at=at,
            id=id,
            last_error=last_error,
            position=position,
            tries=tries,
        )

        parked_delivery.additional_properties = d
        return parked_delivery

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
