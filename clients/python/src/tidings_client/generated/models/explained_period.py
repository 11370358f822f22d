from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="ExplainedPeriod")


@_attrs_define
class ExplainedPeriod:
    """A membership period of the user.

    Attributes:
        after_seq (int): The messages of the period come after this seq.
        from_position (int): The position of the join.
        to_position (int | None): The position of the leave; null for the current period.
        until_seq (int | None): The last message of the period; null for the current one.
    """

    after_seq: int
    from_position: int
    to_position: int | None
    until_seq: int | None
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        after_seq = self.after_seq

        from_position = self.from_position

        to_position: int | None
        to_position = self.to_position

        until_seq: int | None
        until_seq = self.until_seq

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "after_seq": after_seq,
                "from_position": from_position,
                "to_position": to_position,
                "until_seq": until_seq,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        after_seq = d.pop("after_seq")

        from_position = d.pop("from_position")

        def _parse_to_position(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        to_position = _parse_to_position(d.pop("to_position"))

        def _parse_until_seq(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        until_seq = _parse_until_seq(d.pop("until_seq"))

        explained_period = cls(
            after_seq=after_seq,
            from_position=from_position,
            to_position=to_position,
            until_seq=until_seq,
        )

        explained_period.additional_properties = d
        return explained_period

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
