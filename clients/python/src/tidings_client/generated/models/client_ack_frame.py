from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.client_ack_frame_type import ClientAckFrameType

T = TypeVar("T", bound="ClientAckFrame")


@_attrs_define
class ClientAckFrame:
    """Acknowledges everything up to a cursor.

    Attributes:
        cursor (str): The cursor of the last received entry. Example: 1234.5f3a9c21.
        type_ (ClientAckFrameType):
    """

    cursor: str
    type_: ClientAckFrameType
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

        type_ = ClientAckFrameType(d.pop("type"))

        client_ack_frame = cls(
            cursor=cursor,
            type_=type_,
        )

        client_ack_frame.additional_properties = d
        return client_ack_frame

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
