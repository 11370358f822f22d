from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="Held")


@_attrs_define
class Held:
    """A message that is held until a moderator decides. Nobody but its sender sees it.

    Attributes:
        held_id (str): Its id, for the sender alone. Example: h1.
        position (int):
        state (str): `held`. Example: held.
    """

    held_id: str
    position: int
    state: str
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        held_id = self.held_id

        position = self.position

        state = self.state

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "held_id": held_id,
                "position": position,
                "state": state,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        held_id = d.pop("held_id")

        position = d.pop("position")

        state = d.pop("state")

        held = cls(
            held_id=held_id,
            position=position,
            state=state,
        )

        held.additional_properties = d
        return held

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
