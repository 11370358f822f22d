from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="SessionData")


@_attrs_define
class SessionData:
    """The data of the entries about service sessions.

    Attributes:
        agent (None | str): The agent who has it, or had it when it was closed; null while it waits.
        by (str): Who did it; `tidings` for the system.
        desk (str): The desk that has it now.
        reason (None | str): Why it was closed, in `session_closed`: `idle` if it closed by itself.
        session_id (str): The session.
    """

    agent: None | str
    by: str
    desk: str
    reason: None | str
    session_id: str
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        agent: None | str
        agent = self.agent

        by = self.by

        desk = self.desk

        reason: None | str
        reason = self.reason

        session_id = self.session_id

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "agent": agent,
                "by": by,
                "desk": desk,
                "reason": reason,
                "session_id": session_id,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)

        def _parse_agent(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        agent = _parse_agent(d.pop("agent"))

        by = d.pop("by")

        desk = d.pop("desk")

        def _parse_reason(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        reason = _parse_reason(d.pop("reason"))

        session_id = d.pop("session_id")

        session_data = cls(
            agent=agent,
            by=by,
            desk=desk,
            reason=reason,
            session_id=session_id,
        )

        session_data.additional_properties = d
        return session_data

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
