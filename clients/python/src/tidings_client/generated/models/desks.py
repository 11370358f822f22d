from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.desk_summary import DeskSummary


T = TypeVar("T", bound="Desks")


@_attrs_define
class Desks:
    """A page of desks.

    Attributes:
        desks (list[DeskSummary]): The desks, ordered by id.
        next_ (None | str): The cursor of the next page; null at the end.
    """

    desks: list[DeskSummary]
    next_: None | str
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        desks = []
        for desks_item_data in self.desks:
            desks_item = desks_item_data.to_dict()
            desks.append(desks_item)

        next_: None | str
        next_ = self.next_

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "desks": desks,
                "next": next_,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.desk_summary import DeskSummary  # noqa: PLC0415

        d = dict(src_dict)
        desks = []
        _desks = d.pop("desks")
        for desks_item_data in _desks:
            desks_item = DeskSummary.from_dict(desks_item_data)

            desks.append(desks_item)

        def _parse_next_(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        next_ = _parse_next_(d.pop("next"))

        desks = cls(
            desks=desks,
            next_=next_,
        )

        desks.additional_properties = d
        return desks

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
