from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.desk_frame_type import DeskFrameType

T = TypeVar("T", bound="DeskFrame")


@_attrs_define
class DeskFrame:
    """The number of sessions at a service desk has changed. For its agents.

    Attributes:
        desk (str): The desk.
        open_ (int): How many sessions have an agent.
        type_ (DeskFrameType):
        waiting (int): How many sessions wait for an agent.
    """

    desk: str
    open_: int
    type_: DeskFrameType
    waiting: int
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        desk = self.desk

        open_ = self.open_

        type_ = self.type_.value

        waiting = self.waiting

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "desk": desk,
                "open": open_,
                "type": type_,
                "waiting": waiting,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        desk = d.pop("desk")

        open_ = d.pop("open")

        type_ = DeskFrameType(d.pop("type"))

        waiting = d.pop("waiting")

        desk_frame = cls(
            desk=desk,
            open_=open_,
            type_=type_,
            waiting=waiting,
        )

        desk_frame.additional_properties = d
        return desk_frame

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
