from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.batch_recall_op import BatchRecallOp

T = TypeVar("T", bound="BatchRecall")


@_attrs_define
class BatchRecall:
    """`DELETE /v1/conversations/{conversation_id}/messages/{seq}`

    Attributes:
        conversation_id (str):
        op (BatchRecallOp):
        seq (int):
    """

    conversation_id: str
    op: BatchRecallOp
    seq: int
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        conversation_id = self.conversation_id

        op = self.op.value

        seq = self.seq

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "conversation_id": conversation_id,
                "op": op,
                "seq": seq,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        conversation_id = d.pop("conversation_id")

        op = BatchRecallOp(d.pop("op"))

        seq = d.pop("seq")

        batch_recall = cls(
            conversation_id=conversation_id,
            op=op,
            seq=seq,
        )

        batch_recall.additional_properties = d
        return batch_recall

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
