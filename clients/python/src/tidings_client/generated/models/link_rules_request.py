from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.content_action_schema import ContentActionSchema
from ..types import UNSET, Unset

T = TypeVar("T", bound="LinkRulesRequest")


@_attrs_define
class LinkRulesRequest:
    """Which hosts texts may link to. These rules replace the earlier ones.

    Attributes:
        action (ContentActionSchema): The action of a rule, for the API document.
        allow_only (list[str] | None | Unset): If present, every other host is refused too; null for no such rule.
        deny (list[str] | Unset): The refused hosts, at most 10,000: names or addresses without scheme and path, in
            Unicode or
            punycode. A host includes its subdomains.
    """

    action: ContentActionSchema
    allow_only: list[str] | None | Unset = UNSET
    deny: list[str] | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        action = self.action.value

        allow_only: list[str] | None | Unset
        if isinstance(self.allow_only, Unset):
            allow_only = UNSET
        elif isinstance(self.allow_only, list):
            allow_only = self.allow_only

        else:
            allow_only = self.allow_only

        deny: list[str] | Unset = UNSET
        if not isinstance(self.deny, Unset):
            deny = self.deny

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "action": action,
            }
        )
        if allow_only is not UNSET:
            field_dict["allow_only"] = allow_only
        if deny is not UNSET:
            field_dict["deny"] = deny

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        action = ContentActionSchema(d.pop("action"))

        def _parse_allow_only(data: object) -> list[str] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                allow_only_type_0 = cast(list[str], data)

                return allow_only_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[str] | None | Unset, data)

        allow_only = _parse_allow_only(d.pop("allow_only", UNSET))

        deny = cast(list[str], d.pop("deny", UNSET))

        link_rules_request = cls(
            action=action,
            allow_only=allow_only,
            deny=deny,
        )

        link_rules_request.additional_properties = d
        return link_rules_request

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
