from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="QuietHours")


@_attrs_define
class QuietHours:
    """Hours of every day in which a user does not want to be disturbed. They may span midnight.

    Attributes:
        from_ (str): When they begin. Example: 22:00.
        time_zone (str): The name of the time zone in the IANA database. Example: Asia/Shanghai.
        to (str): When they end. Example: 07:00.
    """

    from_: str
    time_zone: str
    to: str
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from_ = self.from_

        time_zone = self.time_zone

        to = self.to

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "from": from_,
                "time_zone": time_zone,
                "to": to,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        from_ = d.pop("from")

        time_zone = d.pop("time_zone")

        to = d.pop("to")

        quiet_hours = cls(
            from_=from_,
            time_zone=time_zone,
            to=to,
        )

        quiet_hours.additional_properties = d
        return quiet_hours

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
