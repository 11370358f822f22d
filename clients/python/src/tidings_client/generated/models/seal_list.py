from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.seal import Seal


T = TypeVar("T", bound="SealList")


@_attrs_define
class SealList:
    """A page of seals, and how far they are behind the log.

    Attributes:
        head (int): The end of the log.
        lag_s (float): The age of the oldest event that is not sealed, in seconds.
        next_ (None | str): The cursor of the next page; null at the end.
        own_key (None | str): The public key of this system in hexadecimal digits; null if it has no key.
        sealed (int): The last sealed position; 0 without a seal.
        seals (list[Seal]): The newest first.
    """

    head: int
    lag_s: float
    next_: None | str
    own_key: None | str
    sealed: int
    seals: list[Seal]
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        head = self.head

        lag_s = self.lag_s

        next_: None | str
        next_ = self.next_

        own_key: None | str
        own_key = self.own_key

        sealed = self.sealed

        seals = []
        for seals_item_data in self.seals:
            seals_item = seals_item_data.to_dict()
            seals.append(seals_item)

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "head": head,
                "lag_s": lag_s,
                "next": next_,
                "own_key": own_key,
                "sealed": sealed,
                "seals": seals,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.seal import Seal  # noqa: PLC0415

        d = dict(src_dict)
        head = d.pop("head")

        lag_s = d.pop("lag_s")

        def _parse_next_(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        next_ = _parse_next_(d.pop("next"))

        def _parse_own_key(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        own_key = _parse_own_key(d.pop("own_key"))

        sealed = d.pop("sealed")

        seals = []
        _seals = d.pop("seals")
        for seals_item_data in _seals:
            seals_item = Seal.from_dict(seals_item_data)

            seals.append(seals_item)

        seal_list = cls(
            head=head,
            lag_s=lag_s,
            next_=next_,
            own_key=own_key,
            sealed=sealed,
            seals=seals,
        )

        seal_list.additional_properties = d
        return seal_list

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
