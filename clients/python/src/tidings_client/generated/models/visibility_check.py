from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="VisibilityCheck")


@_attrs_define
class VisibilityCheck:
    """What one rule says about a message.

    Attributes:
        detail (str): The facts behind it, as a sentence. Example: bob is a member since position 40..
        outcome (str): `passes`, `hides` (the message), `withholds` (its body), or `no_effect`. Example: passes.
        rule (str): `conversation`, `message`, `membership`, `history`, `clear`, `content` or `block`. Example:
            membership.
    """

    detail: str
    outcome: str
    rule: str
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        detail = self.detail

        outcome = self.outcome

        rule = self.rule

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "detail": detail,
                "outcome": outcome,
                "rule": rule,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        detail = d.pop("detail")

        outcome = d.pop("outcome")

        rule = d.pop("rule")

        visibility_check = cls(
            detail=detail,
            outcome=outcome,
            rule=rule,
        )

        visibility_check.additional_properties = d
        return visibility_check

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
