from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.why_not_unread import WhyNotUnread

T = TypeVar("T", bound="Excluded")


@_attrs_define
class Excluded:
    """A message that does not count as unread.

    Attributes:
        seq (int): The seq of the message.
        why (WhyNotUnread): Why a message does not count as unread: the caller has cleared it (`cleared`), it was sent
            while
            the caller was not a member and is not visible (`before_join`), it is a control message
            (`control`), the caller sent it (`own`), it was recalled (`recalled`), or the caller has read it
            (`read`).
    """

    seq: int
    why: WhyNotUnread
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        seq = self.seq

        why = self.why.value

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "seq": seq,
                "why": why,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        seq = d.pop("seq")

        why = WhyNotUnread(d.pop("why"))

        excluded = cls(
            seq=seq,
            why=why,
        )

        excluded.additional_properties = d
        return excluded

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
