from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.message_type import MessageType

T = TypeVar("T", bound="MessageHook")


@_attrs_define
class MessageHook:
    """The hook, without its secret. Without a hook, `configured` is false, `types` is empty, and the
    other fields are null.

        Attributes:
            at (datetime.datetime | None): When it was set.
            by (None | str): Who set it.
            configured (bool): Whether there is a hook.
            on_failure (None | str): What happens to a message without an answer: `allow`, `hold` or `refuse`.
            timeout_ms (int | None): How long Tidings waits for an answer, in milliseconds.
            types (list[MessageType]): The types of messages that are checked; empty for all.
            url (None | str): Where Tidings asks.
    """

    at: datetime.datetime | None
    by: None | str
    configured: bool
    on_failure: None | str
    timeout_ms: int | None
    types: list[MessageType]
    url: None | str
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        at: None | str
        if isinstance(self.at, datetime.datetime):
            at = self.at.isoformat()
        else:
            at = self.at

        by: None | str
        by = self.by

        configured = self.configured

        on_failure: None | str
        on_failure = self.on_failure

        timeout_ms: int | None
        timeout_ms = self.timeout_ms

        types = []
        for types_item_data in self.types:
            types_item = types_item_data.value
            types.append(types_item)

        url: None | str
        url = self.url

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "at": at,
                "by": by,
                "configured": configured,
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

        def _parse_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                at_type_0 = datetime.datetime.fromisoformat(data)

                return at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        at = _parse_at(d.pop("at"))

        def _parse_by(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        by = _parse_by(d.pop("by"))

        configured = d.pop("configured")

        def _parse_on_failure(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        on_failure = _parse_on_failure(d.pop("on_failure"))

        def _parse_timeout_ms(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        timeout_ms = _parse_timeout_ms(d.pop("timeout_ms"))

        types = []
        _types = d.pop("types")
        for types_item_data in _types:
            types_item = MessageType(types_item_data)

            types.append(types_item)

        def _parse_url(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        url = _parse_url(d.pop("url"))

        message_hook = cls(
            at=at,
            by=by,
            configured=configured,
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
