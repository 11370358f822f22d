from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.caught_up_frame_type import CaughtUpFrameType

T = TypeVar("T", bound="CaughtUpFrame")


@_attrs_define
class CaughtUpFrame:
    """The backlog is complete.

    Attributes:
        cursor (str): The cursor of its end. Example: 1234.5f3a9c21.
        type_ (CaughtUpFrameType):
    """

    cursor: str
    type_: CaughtUpFrameType
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        cursor = self.cursor

        type_ = self.type_.value

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "cursor": cursor,
                "type": type_,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        cursor = d.pop("cursor")

        type_ = CaughtUpFrameType(d.pop("type"))

        caught_up_frame = cls(
            cursor=cursor,
            type_=type_,
        )

        caught_up_frame.additional_properties = d
        return caught_up_frame

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
