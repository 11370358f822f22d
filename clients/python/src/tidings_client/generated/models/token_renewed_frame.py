from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.token_renewed_frame_type import TokenRenewedFrameType

T = TypeVar("T", bound="TokenRenewedFrame")


@_attrs_define
class TokenRenewedFrame:
    """A newer token is in use.

    Attributes:
        expires_at (datetime.datetime): When it expires.
        type_ (TokenRenewedFrameType):
    """

    expires_at: datetime.datetime
    type_: TokenRenewedFrameType
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        expires_at = self.expires_at.isoformat()

        type_ = self.type_.value

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "expires_at": expires_at,
                "type": type_,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        expires_at = datetime.datetime.fromisoformat(d.pop("expires_at"))

        type_ = TokenRenewedFrameType(d.pop("type"))

        token_renewed_frame = cls(
            expires_at=expires_at,
            type_=type_,
        )

        token_renewed_frame.additional_properties = d
        return token_renewed_frame

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
