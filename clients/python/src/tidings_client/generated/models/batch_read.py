from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.batch_read_op import BatchReadOp
from ..types import UNSET, Unset

T = TypeVar("T", bound="BatchRead")


@_attrs_define
class BatchRead:
    """`POST /v1/conversations/{conversation_id}/read`

    Attributes:
        conversation_id (str):
        op (BatchReadOp):
        unread_from (int | None | Unset): Mark everything from this seq onwards as unread.
        up_to (int | None | Unset): Mark everything up to this seq as read. A seq beyond the last message means the last
            message. This never moves the mark back.
    """

    conversation_id: str
    op: BatchReadOp
    unread_from: int | None | Unset = UNSET
    up_to: int | None | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        conversation_id = self.conversation_id

        op = self.op.value

        unread_from: int | None | Unset
        if isinstance(self.unread_from, Unset):
            unread_from = UNSET
        else:
            unread_from = self.unread_from

        up_to: int | None | Unset
        if isinstance(self.up_to, Unset):
            up_to = UNSET
        else:
            up_to = self.up_to

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "conversation_id": conversation_id,
                "op": op,
            }
        )
        if unread_from is not UNSET:
            field_dict["unread_from"] = unread_from
        if up_to is not UNSET:
            field_dict["up_to"] = up_to

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        conversation_id = d.pop("conversation_id")

        op = BatchReadOp(d.pop("op"))

        def _parse_unread_from(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        unread_from = _parse_unread_from(d.pop("unread_from", UNSET))

        def _parse_up_to(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        up_to = _parse_up_to(d.pop("up_to", UNSET))

        batch_read = cls(
            conversation_id=conversation_id,
            op=op,
            unread_from=unread_from,
            up_to=up_to,
        )

        batch_read.additional_properties = d
        return batch_read

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
