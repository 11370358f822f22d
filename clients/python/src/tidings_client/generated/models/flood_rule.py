from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.flood_action import FloodAction
from ..models.flood_reach import FloodReach

T = TypeVar("T", bound="FloodRule")


@_attrs_define
class FloodRule:
    """A sender who sends `same_text` near-equal texts within `within` floods.

    Attributes:
        across (FloodReach): Where near-equal texts are counted, and where their sender is silenced: in each
            conversation by
            itself, or in `all` together.
        for_ (None | str): How long the first silence lasts; null for a rule without one.
        same_text (int): How many near-equal texts.
        then (FloodAction): What happens when a user floods: a case is opened (`flag`), or the user is silenced too.
        within (str): Within which time: a duration such as `30s`.
    """

    across: FloodReach
    for_: None | str
    same_text: int
    then: FloodAction
    within: str
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        across = self.across.value

        for_: None | str
        for_ = self.for_

        same_text = self.same_text

        then = self.then.value

        within = self.within

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "across": across,
                "for": for_,
                "same_text": same_text,
                "then": then,
                "within": within,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        across = FloodReach(d.pop("across"))

        def _parse_for_(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        for_ = _parse_for_(d.pop("for"))

        same_text = d.pop("same_text")

        then = FloodAction(d.pop("then"))

        within = d.pop("within")

        flood_rule = cls(
            across=across,
            for_=for_,
            same_text=same_text,
            then=then,
            within=within,
        )

        flood_rule.additional_properties = d
        return flood_rule

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
