from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.sanction import Sanction


T = TypeVar("T", bound="Silences")


@_attrs_define
class Silences:
    """A page of silences.

    Attributes:
        next_ (None | str): The cursor of the next page; null at the end.
        silences (list[Sanction]): The silences that have not ended, oldest first.
    """

    next_: None | str
    silences: list[Sanction]
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        next_: None | str
        next_ = self.next_

        silences = []
        for silences_item_data in self.silences:
            silences_item = silences_item_data.to_dict()
            silences.append(silences_item)

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "next": next_,
                "silences": silences,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.sanction import Sanction  # noqa: PLC0415

        d = dict(src_dict)

        def _parse_next_(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        next_ = _parse_next_(d.pop("next"))

        silences = []
        _silences = d.pop("silences")
        for silences_item_data in _silences:
            silences_item = Sanction.from_dict(silences_item_data)

            silences.append(silences_item)

        silences = cls(
            next_=next_,
            silences=silences,
        )

        silences.additional_properties = d
        return silences

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
