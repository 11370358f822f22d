from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="HeldData")


@_attrs_define
class HeldData:
    """The data of the entries of held messages.

    Attributes:
        conversation_id (str): The conversation, also if the sender has left it.
        held_id (str): The id of the held message.
        reason (str | Unset): Why it is refused, in `message_refused`: `content_refused` by a moderator, the code of the
            rule against which it could not be sent, or `erased`.
        seq (int | Unset): The seq that it got, in `held_message_released`.
    """

    conversation_id: str
    held_id: str
    reason: str | Unset = UNSET
    seq: int | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        conversation_id = self.conversation_id

        held_id = self.held_id

        reason = self.reason

        seq = self.seq

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "conversation_id": conversation_id,
                "held_id": held_id,
            }
        )
        if reason is not UNSET:
            field_dict["reason"] = reason
        if seq is not UNSET:
            field_dict["seq"] = seq

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        conversation_id = d.pop("conversation_id")

        held_id = d.pop("held_id")

        reason = d.pop("reason", UNSET)

        seq = d.pop("seq", UNSET)

        held_data = cls(
            conversation_id=conversation_id,
            held_id=held_id,
            reason=reason,
            seq=seq,
        )

        held_data.additional_properties = d
        return held_data

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
