from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="LinkRules")


@_attrs_define
class LinkRules:
    """Which hosts texts may link to.

    Attributes:
        action (str): What happens to a text with a refused host: `refuse`, `mask` or `flag`.
        allow_only (list[str] | None): If present, the only hosts that are accepted; null if there is no such rule.
        deny (list[str]): The refused hosts, in ASCII. A host includes its subdomains.
    """

    action: str
    allow_only: list[str] | None
    deny: list[str]
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        action = self.action

        allow_only: list[str] | None
        if isinstance(self.allow_only, list):
            allow_only = self.allow_only

        else:
            allow_only = self.allow_only

        deny = self.deny

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "action": action,
                "allow_only": allow_only,
                "deny": deny,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        action = d.pop("action")

        def _parse_allow_only(data: object) -> list[str] | None:
            if data is None:
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                allow_only_type_0 = cast(list[str], data)

                return allow_only_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[str] | None, data)

        allow_only = _parse_allow_only(d.pop("allow_only"))

        deny = cast(list[str], d.pop("deny"))

        link_rules = cls(
            action=action,
            allow_only=allow_only,
            deny=deny,
        )

        link_rules.additional_properties = d
        return link_rules

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
