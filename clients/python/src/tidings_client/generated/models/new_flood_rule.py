from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.flood_action import FloodAction
from ..models.flood_reach import FloodReach
from ..types import UNSET, Unset

T = TypeVar("T", bound="NewFloodRule")


@_attrs_define
class NewFloodRule:
    """A sender who sends `same_text` near-equal texts within `within` floods.

    Attributes:
        across (FloodReach): Where near-equal texts are counted, and where their sender is silenced: in each
            conversation by
            itself, or in `all` together.
        same_text (int): How many near-equal texts: 2 to 100.
        then (FloodAction): What happens when a user floods: a case is opened (`flag`), or the user is silenced too.
        within (str): Within which time: a duration such as `30s` or `10m`, at most `1d`.
        for_ (None | str | Unset): How long the first silence lasts: a duration such as `1m`, at most `30d`. Required
            for
            `silence`. Each further one within a day lasts twice as long, and at least 30 minutes.
    """

    across: FloodReach
    same_text: int
    then: FloodAction
    within: str
    for_: None | str | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        across = self.across.value

        same_text = self.same_text

        then = self.then.value

        within = self.within

        for_: None | str | Unset
        if isinstance(self.for_, Unset):
            for_ = UNSET
        else:
            for_ = self.for_

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "across": across,
                "same_text": same_text,
                "then": then,
                "within": within,
            }
        )
        if for_ is not UNSET:
            field_dict["for"] = for_

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        across = FloodReach(d.pop("across"))

        same_text = d.pop("same_text")

        then = FloodAction(d.pop("then"))

        within = d.pop("within")

        def _parse_for_(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        for_ = _parse_for_(d.pop("for", UNSET))

        new_flood_rule = cls(
            across=across,
            same_text=same_text,
            then=then,
            within=within,
            for_=for_,
        )

        new_flood_rule.additional_properties = d
        return new_flood_rule

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
