from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="DeliveryAudit")


@_attrs_define
class DeliveryAudit:
    """How many messages of a conversation have passed each stage.

    Attributes:
        head_seq (int): The seq of the newest message.
        indexed (int): Those that the search index of this machine has passed.
        mirrored (int): Those that the stream has, or has had.
        missing (list[int]): The seqs that the log or the read model should have and does not, at most 1,000.
        projected (int): Those that the read model has.
        stored (int): The messages in the log.
    """

    head_seq: int
    indexed: int
    mirrored: int
    missing: list[int]
    projected: int
    stored: int
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        head_seq = self.head_seq

        indexed = self.indexed

        mirrored = self.mirrored

        missing = self.missing

        projected = self.projected

        stored = self.stored

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "head_seq": head_seq,
                "indexed": indexed,
                "mirrored": mirrored,
                "missing": missing,
                "projected": projected,
                "stored": stored,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        head_seq = d.pop("head_seq")

        indexed = d.pop("indexed")

        mirrored = d.pop("mirrored")

        missing = cast(list[int], d.pop("missing"))

        projected = d.pop("projected")

        stored = d.pop("stored")

        delivery_audit = cls(
            head_seq=head_seq,
            indexed=indexed,
            mirrored=mirrored,
            missing=missing,
            projected=projected,
            stored=stored,
        )

        delivery_audit.additional_properties = d
        return delivery_audit

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
