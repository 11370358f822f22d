from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="ScheduledData")


@_attrs_define
class ScheduledData:
    """The data of the entries of scheduled messages.

    Attributes:
        scheduled_id (str): The id of the scheduled message.
        code (str | Unset): The code of the refusal, in `scheduled_message_failed`.
        send_at (datetime.datetime | Unset): When it is due, in `message_scheduled` and `scheduled_message_changed`.
        seq (int | Unset): The seq that it got, in `scheduled_message_sent`.
    """

    scheduled_id: str
    code: str | Unset = UNSET
    send_at: datetime.datetime | Unset = UNSET
    seq: int | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        scheduled_id = self.scheduled_id

        code = self.code

        send_at: str | Unset = UNSET
        if not isinstance(self.send_at, Unset):
            send_at = self.send_at.isoformat()

        seq = self.seq

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "scheduled_id": scheduled_id,
            }
        )
        if code is not UNSET:
            field_dict["code"] = code
        if send_at is not UNSET:
            field_dict["send_at"] = send_at
        if seq is not UNSET:
            field_dict["seq"] = seq

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        scheduled_id = d.pop("scheduled_id")

        code = d.pop("code", UNSET)

        _send_at = d.pop("send_at", UNSET)
        send_at: datetime.datetime | Unset
        if isinstance(_send_at, Unset):
            send_at = UNSET
        else:
            send_at = datetime.datetime.fromisoformat(_send_at)

        seq = d.pop("seq", UNSET)

        scheduled_data = cls(
            scheduled_id=scheduled_id,
            code=code,
            send_at=send_at,
            seq=seq,
        )

        scheduled_data.additional_properties = d
        return scheduled_data

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
