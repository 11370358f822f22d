from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.held_message import HeldMessage


T = TypeVar("T", bound="HeldMessages")


@_attrs_define
class HeldMessages:
    """A page of held messages.

    Attributes:
        held (list[HeldMessage]): The messages, the oldest first.
        next_ (None | str): The cursor of the next page; null at the end.
    """

    held: list[HeldMessage]
    next_: None | str
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        held = []
        for held_item_data in self.held:
            held_item = held_item_data.to_dict()
            held.append(held_item)

        next_: None | str
        next_ = self.next_

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "held": held,
                "next": next_,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.held_message import HeldMessage  # noqa: PLC0415

        d = dict(src_dict)
        held = []
        _held = d.pop("held")
        for held_item_data in _held:
            held_item = HeldMessage.from_dict(held_item_data)

            held.append(held_item)

        def _parse_next_(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        next_ = _parse_next_(d.pop("next"))

        held_messages = cls(
            held=held,
            next_=next_,
        )

        held_messages.additional_properties = d
        return held_messages

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
