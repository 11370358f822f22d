from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.client_token_frame_type import ClientTokenFrameType

T = TypeVar("T", bound="ClientTokenFrame")


@_attrs_define
class ClientTokenFrame:
    """The token of the caller: the first frame of a connection without one, or a newer token.

    Attributes:
        token (str): The token.
        type_ (ClientTokenFrameType):
    """

    token: str
    type_: ClientTokenFrameType
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        token = self.token

        type_ = self.type_.value

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "token": token,
                "type": type_,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        token = d.pop("token")

        type_ = ClientTokenFrameType(d.pop("type"))

        client_token_frame = cls(
            token=token,
            type_=type_,
        )

        client_token_frame.additional_properties = d
        return client_token_frame

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
