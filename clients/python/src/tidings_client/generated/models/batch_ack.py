from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.batch_ack_op import BatchAckOp

T = TypeVar("T", bound="BatchAck")


@_attrs_define
class BatchAck:
    """The position up to which a device has received everything.

    Attributes:
        cursor (str): A cursor, or a bare log position: the device has received everything up to it.
        device (str): The id of the device: 1 to 128 characters, no control characters.
        op (BatchAckOp):
    """

    cursor: str
    device: str
    op: BatchAckOp
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        cursor = self.cursor

        device = self.device

        op = self.op.value

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "cursor": cursor,
                "device": device,
                "op": op,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        cursor = d.pop("cursor")

        device = d.pop("device")

        op = BatchAckOp(d.pop("op"))

        batch_ack = cls(
            cursor=cursor,
            device=device,
            op=op,
        )

        batch_ack.additional_properties = d
        return batch_ack

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
