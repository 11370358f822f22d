from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.import_status import ImportStatus
from ..types import UNSET, Unset

T = TypeVar("T", bound="ImportAnswer")


@_attrs_define
class ImportAnswer:
    """The result of importing one line.

    Attributes:
        line (int):
        status (ImportStatus): `imported` by this request, `known` from an earlier import, or `rejected`.
        conversation_id (None | str | Unset): The conversation that has the line; absent if it was rejected.
        ignored (list[str] | Unset): The fields of the line that no line has, if any: nothing was imported from them. At
            most 32.
        reactions_dropped (int | None | Unset): The number of reactions that were dropped, if any, when the line was
            imported.
        reason (None | str | Unset): Why the line was rejected.
        reply_dropped (bool | None | Unset): `true` if the message was imported without its `reply_to`, which is the
            `id` of no earlier
            line of the conversation.
        seq (int | None | Unset): The seq of the message; absent for a line of members.
    """

    line: int
    status: ImportStatus
    conversation_id: None | str | Unset = UNSET
    ignored: list[str] | Unset = UNSET
    reactions_dropped: int | None | Unset = UNSET
    reason: None | str | Unset = UNSET
    reply_dropped: bool | None | Unset = UNSET
    seq: int | None | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        line = self.line

        status = self.status.value

        conversation_id: None | str | Unset
        if isinstance(self.conversation_id, Unset):
            conversation_id = UNSET
        else:
            conversation_id = self.conversation_id

        ignored: list[str] | Unset = UNSET
        if not isinstance(self.ignored, Unset):
            ignored = self.ignored

        reactions_dropped: int | None | Unset
        if isinstance(self.reactions_dropped, Unset):
            reactions_dropped = UNSET
        else:
            reactions_dropped = self.reactions_dropped

        reason: None | str | Unset
        if isinstance(self.reason, Unset):
            reason = UNSET
        else:
            reason = self.reason

        reply_dropped: bool | None | Unset
        if isinstance(self.reply_dropped, Unset):
            reply_dropped = UNSET
        else:
            reply_dropped = self.reply_dropped

        seq: int | None | Unset
        if isinstance(self.seq, Unset):
            seq = UNSET
        else:
            seq = self.seq

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "line": line,
                "status": status,
            }
        )
        if conversation_id is not UNSET:
            field_dict["conversation_id"] = conversation_id
        if ignored is not UNSET:
            field_dict["ignored"] = ignored
        if reactions_dropped is not UNSET:
            field_dict["reactions_dropped"] = reactions_dropped
        if reason is not UNSET:
            field_dict["reason"] = reason
        if reply_dropped is not UNSET:
            field_dict["reply_dropped"] = reply_dropped
        if seq is not UNSET:
            field_dict["seq"] = seq

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        line = d.pop("line")

        status = ImportStatus(d.pop("status"))

        def _parse_conversation_id(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        conversation_id = _parse_conversation_id(d.pop("conversation_id", UNSET))

        ignored = cast(list[str], d.pop("ignored", UNSET))

        def _parse_reactions_dropped(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        reactions_dropped = _parse_reactions_dropped(d.pop("reactions_dropped", UNSET))

        def _parse_reason(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        reason = _parse_reason(d.pop("reason", UNSET))

        def _parse_reply_dropped(data: object) -> bool | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(bool | None | Unset, data)

        reply_dropped = _parse_reply_dropped(d.pop("reply_dropped", UNSET))

        def _parse_seq(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        seq = _parse_seq(d.pop("seq", UNSET))

        import_answer = cls(
            line=line,
            status=status,
            conversation_id=conversation_id,
            ignored=ignored,
            reactions_dropped=reactions_dropped,
            reason=reason,
            reply_dropped=reply_dropped,
            seq=seq,
        )

        import_answer.additional_properties = d
        return import_answer

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
