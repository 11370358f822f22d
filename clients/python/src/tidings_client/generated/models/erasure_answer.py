from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="ErasureAnswer")


@_attrs_define
class ErasureAnswer:
    """What this request erased.

    Attributes:
        messages (int): The number of messages erased by this request, without those erased earlier.
        notes (int): The number of notes that this request erased: those with requests to users and groups, and
            with reports.
        position (int): The log position of the last erasure event, or the head of the log if nothing was erased.
        profiles (int): The number of profiles that this request erased.
        titles (int): The number of conversations whose titles this request erased.
        first (int | None | Unset): The log position of the first erasure event; null if nothing was erased.
        next_ (None | str | Unset): If set, there is more to erase: repeat the request with this value as `from`.
    """

    messages: int
    notes: int
    position: int
    profiles: int
    titles: int
    first: int | None | Unset = UNSET
    next_: None | str | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        messages = self.messages

        notes = self.notes

        position = self.position

        profiles = self.profiles

        titles = self.titles

        first: int | None | Unset
        if isinstance(self.first, Unset):
            first = UNSET
        else:
            first = self.first

        next_: None | str | Unset
        if isinstance(self.next_, Unset):
            next_ = UNSET
        else:
            next_ = self.next_

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "messages": messages,
                "notes": notes,
                "position": position,
                "profiles": profiles,
                "titles": titles,
            }
        )
        if first is not UNSET:
            field_dict["first"] = first
        if next_ is not UNSET:
            field_dict["next"] = next_

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        messages = d.pop("messages")

        notes = d.pop("notes")

        position = d.pop("position")

        profiles = d.pop("profiles")

        titles = d.pop("titles")

        def _parse_first(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        first = _parse_first(d.pop("first", UNSET))

        def _parse_next_(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        next_ = _parse_next_(d.pop("next", UNSET))

        erasure_answer = cls(
            messages=messages,
            notes=notes,
            position=position,
            profiles=profiles,
            titles=titles,
            first=first,
            next_=next_,
        )

        erasure_answer.additional_properties = d
        return erasure_answer

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
