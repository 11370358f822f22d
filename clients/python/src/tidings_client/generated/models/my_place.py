from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.role import Role
from ..types import UNSET, Unset

T = TypeVar("T", bound="MyPlace")


@_attrs_define
class MyPlace:
    """The caller's membership in a conversation.

    Attributes:
        archived (bool): Whether it is hidden from the inbox.
        joined_seq (int): The newest seq when the caller last joined.
        muted (bool): Whether it is excluded from the total unread count.
        pinned (bool): Whether it is listed first in the inbox.
        read_seq (int): The caller's read mark.
        role (Role): The role of a member, in ascending order of permissions.
        mentions (bool | Unset): Present only when false: while the conversation is muted or archived, mentions of the
            caller
            cause no notification.
    """

    archived: bool
    joined_seq: int
    muted: bool
    pinned: bool
    read_seq: int
    role: Role
    mentions: bool | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        archived = self.archived

        joined_seq = self.joined_seq

        muted = self.muted

        pinned = self.pinned

        read_seq = self.read_seq

        role = self.role.value

        mentions = self.mentions

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "archived": archived,
                "joined_seq": joined_seq,
                "muted": muted,
                "pinned": pinned,
                "read_seq": read_seq,
                "role": role,
            }
        )
        if mentions is not UNSET:
            field_dict["mentions"] = mentions

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        archived = d.pop("archived")

        joined_seq = d.pop("joined_seq")

        muted = d.pop("muted")

        pinned = d.pop("pinned")

        read_seq = d.pop("read_seq")

        role = Role(d.pop("role"))

        mentions = d.pop("mentions", UNSET)

        my_place = cls(
            archived=archived,
            joined_seq=joined_seq,
            muted=muted,
            pinned=pinned,
            read_seq=read_seq,
            role=role,
            mentions=mentions,
        )

        my_place.additional_properties = d
        return my_place

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
