from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="PreferencesData")


@_attrs_define
class PreferencesData:
    """The data of `preferences_changed`: the caller's preferences after the event.

    Attributes:
        archived (bool): Whether it is hidden from the inbox.
        muted (bool): Whether the conversation is excluded from the total unread count.
        pinned (bool): Whether it is listed first in the inbox.
        mentions (bool | Unset): Present only when false: while the conversation is muted or archived, mentions of the
            caller
            cause no notification.
    """

    archived: bool
    muted: bool
    pinned: bool
    mentions: bool | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        archived = self.archived

        muted = self.muted

        pinned = self.pinned

        mentions = self.mentions

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "archived": archived,
                "muted": muted,
                "pinned": pinned,
            }
        )
        if mentions is not UNSET:
            field_dict["mentions"] = mentions

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        archived = d.pop("archived")

        muted = d.pop("muted")

        pinned = d.pop("pinned")

        mentions = d.pop("mentions", UNSET)

        preferences_data = cls(
            archived=archived,
            muted=muted,
            pinned=pinned,
            mentions=mentions,
        )

        preferences_data.additional_properties = d
        return preferences_data

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
