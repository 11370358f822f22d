from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.hook_failure_action import HookFailureAction
from ..models.message_type import MessageType
from ..types import UNSET, Unset

T = TypeVar("T", bound="HookRequest")


@_attrs_define
class HookRequest:
    """Which service checks messages, and how it is asked.

    Attributes:
        on_failure (HookFailureAction): What happens to a message if the hook does not answer.
        url (str): Where to ask. It must be an address that webhooks may be delivered to.
        timeout_ms (int | Unset): How long to wait for an answer, in milliseconds. Default: 1000.
        types (list[MessageType] | None | Unset): The types of messages to check; all if omitted or empty.
    """

    on_failure: HookFailureAction
    url: str
    timeout_ms: int | Unset = 1000
    types: list[MessageType] | None | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        on_failure = self.on_failure.value

        url = self.url

        timeout_ms = self.timeout_ms

        types: list[str] | None | Unset
        if isinstance(self.types, Unset):
            types = UNSET
        elif isinstance(self.types, list):
            types = []
            for types_type_0_item_data in self.types:
                types_type_0_item = types_type_0_item_data.value
                types.append(types_type_0_item)

        else:
            types = self.types

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "on_failure": on_failure,
                "url": url,
            }
        )
        if timeout_ms is not UNSET:
            field_dict["timeout_ms"] = timeout_ms
        if types is not UNSET:
            field_dict["types"] = types

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        on_failure = HookFailureAction(d.pop("on_failure"))

        url = d.pop("url")

        timeout_ms = d.pop("timeout_ms", UNSET)

        def _parse_types(data: object) -> list[MessageType] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                types_type_0 = []
                _types_type_0 = data
                for types_type_0_item_data in _types_type_0:
                    types_type_0_item = MessageType(types_type_0_item_data)

                    types_type_0.append(types_type_0_item)

                return types_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[MessageType] | None | Unset, data)

        types = _parse_types(d.pop("types", UNSET))

        hook_request = cls(
            on_failure=on_failure,
            url=url,
            timeout_ms=timeout_ms,
            types=types,
        )

        hook_request.additional_properties = d
        return hook_request

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
