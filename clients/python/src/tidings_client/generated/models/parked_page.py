from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.parked_delivery import ParkedDelivery


T = TypeVar("T", bound="ParkedPage")


@_attrs_define
class ParkedPage:
    """A page of parked deliveries.

    Attributes:
        next_ (None | str): The cursor of the next page; null at the end.
        parked (list[ParkedDelivery]):
    """

    next_: None | str
    parked: list[ParkedDelivery]
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        next_: None | str
        next_ = self.next_

        parked = []
        for parked_item_data in self.parked:
            parked_item = parked_item_data.to_dict()
            parked.append(parked_item)

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "next": next_,
                "parked": parked,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.parked_delivery import ParkedDelivery  # noqa: PLC0415

        d = dict(src_dict)

        def _parse_next_(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        next_ = _parse_next_(d.pop("next"))

        parked = []
        _parked = d.pop("parked")
        for parked_item_data in _parked:
            parked_item = ParkedDelivery.from_dict(parked_item_data)

            parked.append(parked_item)

        parked_page = cls(
            next_=next_,
            parked=parked,
        )

        parked_page.additional_properties = d
        return parked_page

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
