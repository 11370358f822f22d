from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.excluded import Excluded


T = TypeVar("T", bound="Explanation")


@_attrs_define
class Explanation:
    """Which messages count as unread, and why the others do not.

    Attributes:
        counted (list[int]): Of the newest 200 messages, those that count, oldest first.
        excluded (list[Excluded]): Of the newest 200 messages, those that do not, oldest first.
        head_seq (int): The seq of the newest message.
        read_seq (int): The caller's read mark.
        unread (int): The unread count. It is the length of `counted` unless there are unread messages older than
            those that are explained.
    """

    counted: list[int]
    excluded: list[Excluded]
    head_seq: int
    read_seq: int
    unread: int
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        counted = self.counted

        excluded = []
        for excluded_item_data in self.excluded:
            excluded_item = excluded_item_data.to_dict()
            excluded.append(excluded_item)

        head_seq = self.head_seq

        read_seq = self.read_seq

        unread = self.unread

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "counted": counted,
                "excluded": excluded,
                "head_seq": head_seq,
                "read_seq": read_seq,
                "unread": unread,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.excluded import Excluded  # noqa: PLC0415

        d = dict(src_dict)
        counted = cast(list[int], d.pop("counted"))

        excluded = []
        _excluded = d.pop("excluded")
        for excluded_item_data in _excluded:
            excluded_item = Excluded.from_dict(excluded_item_data)

            excluded.append(excluded_item)

        head_seq = d.pop("head_seq")

        read_seq = d.pop("read_seq")

        unread = d.pop("unread")

        explanation = cls(
            counted=counted,
            excluded=excluded,
            head_seq=head_seq,
            read_seq=read_seq,
            unread=unread,
        )

        explanation.additional_properties = d
        return explanation

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
