from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.client_watch_frame_type import ClientWatchFrameType

T = TypeVar("T", bound="ClientWatchFrame")


@_attrs_define
class ClientWatchFrame:
    """Watches the presence of users, instead of those watched before.

    Attributes:
        type_ (ClientWatchFrameType):
        users (list[str]): The users, at most 500.
    """

    type_: ClientWatchFrameType
    users: list[str]
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        type_ = self.type_.value

        users = self.users

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "type": type_,
                "users": users,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        type_ = ClientWatchFrameType(d.pop("type"))

        users = cast(list[str], d.pop("users"))

        client_watch_frame = cls(
            type_=type_,
            users=users,
        )

        client_watch_frame.additional_properties = d
        return client_watch_frame

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
