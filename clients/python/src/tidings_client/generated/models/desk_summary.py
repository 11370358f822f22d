from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="DeskSummary")


@_attrs_define
class DeskSummary:
    """A desk, as its customers and agents see it.

    Attributes:
        id (str): The id.
        is_agent (bool): Whether the caller is an agent of it.
        open_ (int | None): For agents: the number of sessions that have one.
        title (str): The name that people see.
        waiting (int | None): For agents: the number of sessions that wait for an agent.
    """

    id: str
    is_agent: bool
    open_: int | None
    title: str
    waiting: int | None
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        id = self.id

        is_agent = self.is_agent

        open_: int | None
        open_ = self.open_

        title = self.title

        waiting: int | None
        waiting = self.waiting

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "id": id,
                "is_agent": is_agent,
                "open": open_,
                "title": title,
                "waiting": waiting,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        id = d.pop("id")

        is_agent = d.pop("is_agent")

        def _parse_open_(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        open_ = _parse_open_(d.pop("open"))

        title = d.pop("title")

        def _parse_waiting(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        waiting = _parse_waiting(d.pop("waiting"))

        desk_summary = cls(
            id=id,
            is_agent=is_agent,
            open_=open_,
            title=title,
            waiting=waiting,
        )

        desk_summary.additional_properties = d
        return desk_summary

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
