from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="ThreadReplies")


@_attrs_define
class ThreadReplies:
    """The replies in the thread of a message.

    Attributes:
        count (int): The number of replies that the caller can see. Recalled ones are not counted.
        last_seq (int | None): The seq of the last of them; null if all are recalled.
        users (list[str]): The users who replied last, up to five, the last one first.
    """

    count: int
    last_seq: int | None
    users: list[str]
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        count = self.count

        last_seq: int | None
        last_seq = self.last_seq

        users = self.users

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "count": count,
                "last_seq": last_seq,
                "users": users,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        count = d.pop("count")

        def _parse_last_seq(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        last_seq = _parse_last_seq(d.pop("last_seq"))

        users = cast(list[str], d.pop("users"))

        thread_replies = cls(
            count=count,
            last_seq=last_seq,
            users=users,
        )

        thread_replies.additional_properties = d
        return thread_replies

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
