from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.hit import Hit


T = TypeVar("T", bound="SearchPage")


@_attrs_define
class SearchPage:
    """A page of hits.

    Attributes:
        hits (list[Hit]): The hits, in the requested order. Messages that became invisible during the search, because
            they were recalled or the caller left the conversation, are omitted.
        next_ (None | str): The cursor of the next page; null at the end.
        took_ms (float): How long the search took, in milliseconds.
        total (int): The number of hits on all pages, at most 1,000.
        total_is_exact (bool): Whether `total` is exact. If false, there are at least as many hits.
        notes (list[str] | Unset): What has the form of an operator but was searched as text, and why, for humans.
            Absent if
            everything was understood. Example: ['before:yesterday is searched as text; before takes a day such as
            2026-11-01'].
    """

    hits: list[Hit]
    next_: None | str
    took_ms: float
    total: int
    total_is_exact: bool
    notes: list[str] | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        hits = []
        for hits_item_data in self.hits:
            hits_item = hits_item_data.to_dict()
            hits.append(hits_item)

        next_: None | str
        next_ = self.next_

        took_ms = self.took_ms

        total = self.total

        total_is_exact = self.total_is_exact

        notes: list[str] | Unset = UNSET
        if not isinstance(self.notes, Unset):
            notes = self.notes

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "hits": hits,
                "next": next_,
                "took_ms": took_ms,
                "total": total,
                "total_is_exact": total_is_exact,
            }
        )
        if notes is not UNSET:
            field_dict["notes"] = notes

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.hit import Hit  # noqa: PLC0415

        d = dict(src_dict)
        hits = []
        _hits = d.pop("hits")
        for hits_item_data in _hits:
            hits_item = Hit.from_dict(hits_item_data)

            hits.append(hits_item)

        def _parse_next_(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        next_ = _parse_next_(d.pop("next"))

        took_ms = d.pop("took_ms")

        total = d.pop("total")

        total_is_exact = d.pop("total_is_exact")

        notes = cast(list[str], d.pop("notes", UNSET))

        search_page = cls(
            hits=hits,
            next_=next_,
            took_ms=took_ms,
            total=total,
            total_is_exact=total_is_exact,
            notes=notes,
        )

        search_page.additional_properties = d
        return search_page

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
