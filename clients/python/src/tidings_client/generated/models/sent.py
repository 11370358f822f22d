from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="Sent")


@_attrs_define
class Sent:
    """The message that was sent.

    Attributes:
        conversation_id (str):
        position (int): The log position of the message.
        sent_at (datetime.datetime):
        seq (int): The number of the message in its conversation: 1, 2, 3, ...
        masked (bool | Unset): Present and true if a word list or the rules for links have masked parts of the text.
    """

    conversation_id: str
    position: int
    sent_at: datetime.datetime
    seq: int
    masked: bool | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        conversation_id = self.conversation_id

        position = self.position

        sent_at = self.sent_at.isoformat()

        seq = self.seq

        masked = self.masked

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "conversation_id": conversation_id,
                "position": position,
                "sent_at": sent_at,
                "seq": seq,
            }
        )
        if masked is not UNSET:
            field_dict["masked"] = masked

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        conversation_id = d.pop("conversation_id")

        position = d.pop("position")

        sent_at = datetime.datetime.fromisoformat(d.pop("sent_at"))

        seq = d.pop("seq")

        masked = d.pop("masked", UNSET)

        sent = cls(
            conversation_id=conversation_id,
            position=position,
            sent_at=sent_at,
            seq=seq,
            masked=masked,
        )

        sent.additional_properties = d
        return sent

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
