from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.message_type import MessageType

T = TypeVar("T", bound="MessageHook")


@_attrs_define
class MessageHook:
    """The hook, without its secret.

    Attributes:
        at (datetime.datetime): When it was set.
        by (str): Who set it.
        on_failure (str): What happens to a message without an answer: `allow`, `hold` or `refuse`.
        timeout_ms (int): How long Tidings waits for an answer, in milliseconds.
        types (list[MessageType]): The types of messages that are checked; empty for all.
        url (str): Where Tidings asks.
    """

    at: datetime.datetime
    by: str
    on_failure: str
    timeout_ms: int
    types: list[MessageType]
    url: str
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        at = self.at.isoformat()

        by = self.by

        on_failure = self.on_failure

        timeout_ms = self.timeout_ms

        types = []
        for types_item_data in self.types:
            types_item = types_item_data.value
            types.append(types_item)

        url = self.url

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "at": at,
                "by": by,
                "on_failure": on_failure,
                "timeout_ms": timeout_ms,
                "types": types,
                "url": url,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        at = datetime.datetime.fromisoformat(d.pop("at"))

        by = d.pop("by")

        on_failure = d.pop("on_failure")

        timeout_ms = d.pop("timeout_ms")

        types = []
        _types = d.pop("types")
        for types_item_data in _types:
            types_item = MessageType(types_item_data)

            types.append(types_item)

        url = d.pop("url")

        message_hook = cls(
            at=at,
            by=by,
            on_failure=on_failure,
            timeout_ms=timeout_ms,
            types=types,
            url=url,
        )

        message_hook.additional_properties = d
        return message_hook

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
