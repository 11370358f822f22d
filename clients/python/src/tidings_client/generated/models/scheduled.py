from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="Scheduled")


@_attrs_define
class Scheduled:
    """A scheduled message after the command.

    Attributes:
        position (int):
        scheduled_id (str): Its id, for the caller alone.
        send_at (datetime.datetime): When it is due.
        masked (bool | Unset): Present and true if a word list or the rules for links have masked parts of the text.
    """

    position: int
    scheduled_id: str
    send_at: datetime.datetime
    masked: bool | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        position = self.position

        scheduled_id = self.scheduled_id

        send_at = self.send_at.isoformat()

        masked = self.masked

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "position": position,
                "scheduled_id": scheduled_id,
                "send_at": send_at,
            }
        )
        if masked is not UNSET:
            field_dict["masked"] = masked

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        position = d.pop("position")

        scheduled_id = d.pop("scheduled_id")

        send_at = datetime.datetime.fromisoformat(d.pop("send_at"))

        masked = d.pop("masked", UNSET)

        scheduled = cls(
            position=position,
            scheduled_id=scheduled_id,
            send_at=send_at,
            masked=masked,
        )

        scheduled.additional_properties = d
        return scheduled

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
