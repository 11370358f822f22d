from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="SlowStatement")


@_attrs_define
class SlowStatement:
    """A statement that has been running for more than a second.

    Attributes:
        application (str): The program that runs it.
        seconds (float): How long it has been running.
        statement (str): Its first 200 characters. Values are parameters, which are not shown.
        waits_for (None | str): What it waits for, such as `Lock: tuple`. Null if it does not wait.
    """

    application: str
    seconds: float
    statement: str
    waits_for: None | str
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        application = self.application

        seconds = self.seconds

        statement = self.statement

        waits_for: None | str
        waits_for = self.waits_for

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "application": application,
                "seconds": seconds,
                "statement": statement,
                "waits_for": waits_for,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        application = d.pop("application")

        seconds = d.pop("seconds")

        statement = d.pop("statement")

        def _parse_waits_for(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        waits_for = _parse_waits_for(d.pop("waits_for"))

        slow_statement = cls(
            application=application,
            seconds=seconds,
            statement=statement,
            waits_for=waits_for,
        )

        slow_statement.additional_properties = d
        return slow_statement

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
