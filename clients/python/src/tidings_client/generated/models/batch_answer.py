from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="BatchAnswer")


@_attrs_define
class BatchAnswer:
    """The response to one line: the fields of that command's response, or a problem document.

    Attributes:
        status (int): The HTTP status that the command would have had as a single request.
        code (str | Unset): The problem code, if the command failed.
        conversation_id (str | Unset): The conversation, for a send.
        held_id (str | Unset): The id of the held message, for a send that the hook holds.
        idempotent_replay (bool | Unset): True if the command was executed earlier and this is its first response.
        position (int | Unset): The log position, if the command succeeded.
        read_seq (int | Unset): The seq of the last read message, for a read.
        sent_at (datetime.datetime | Unset): When the message was sent, for a send.
        seq (int | Unset): The seq of the message, for a send.
        state (str | Unset): `held`, for a send that the hook holds.
    """

    status: int
    code: str | Unset = UNSET
    conversation_id: str | Unset = UNSET
    held_id: str | Unset = UNSET
    idempotent_replay: bool | Unset = UNSET
    position: int | Unset = UNSET
    read_seq: int | Unset = UNSET
    sent_at: datetime.datetime | Unset = UNSET
    seq: int | Unset = UNSET
    state: str | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        status = self.status

        code = self.code

        conversation_id = self.conversation_id

        held_id = self.held_id

        idempotent_replay = self.idempotent_replay

        position = self.position

        read_seq = self.read_seq

        sent_at: str | Unset = UNSET
        if not isinstance(self.sent_at, Unset):
            sent_at = self.sent_at.isoformat()

        seq = self.seq

        state = self.state

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "status": status,
            }
        )
        if code is not UNSET:
            field_dict["code"] = code
        if conversation_id is not UNSET:
            field_dict["conversation_id"] = conversation_id
        if held_id is not UNSET:
            field_dict["held_id"] = held_id
        if idempotent_replay is not UNSET:
            field_dict["idempotent_replay"] = idempotent_replay
        if position is not UNSET:
            field_dict["position"] = position
        if read_seq is not UNSET:
            field_dict["read_seq"] = read_seq
        if sent_at is not UNSET:
            field_dict["sent_at"] = sent_at
        if seq is not UNSET:
            field_dict["seq"] = seq
        if state is not UNSET:
            field_dict["state"] = state

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        status = d.pop("status")

        code = d.pop("code", UNSET)

        conversation_id = d.pop("conversation_id", UNSET)

        held_id = d.pop("held_id", UNSET)

        idempotent_replay = d.pop("idempotent_replay", UNSET)

        position = d.pop("position", UNSET)

        read_seq = d.pop("read_seq", UNSET)

        _sent_at = d.pop("sent_at", UNSET)
        sent_at: datetime.datetime | Unset
        if isinstance(_sent_at, Unset):
            sent_at = UNSET
        else:
            sent_at = datetime.datetime.fromisoformat(_sent_at)

        seq = d.pop("seq", UNSET)

        state = d.pop("state", UNSET)

        batch_answer = cls(
            status=status,
            code=code,
            conversation_id=conversation_id,
            held_id=held_id,
            idempotent_replay=idempotent_replay,
            position=position,
            read_seq=read_seq,
            sent_at=sent_at,
            seq=seq,
            state=state,
        )

        batch_answer.additional_properties = d
        return batch_answer

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
