from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="SessionReminderData")


@_attrs_define
class SessionReminderData:
    """The data of `session_reminded`, which only agents get: the agent of the session, or all agents
    of the desk while it waits.

        Attributes:
            agent (None | str): The agent who has it; null while it waits.
            conversation_id (str): The conversation, also if the agent cannot see it yet.
            desk (str): The desk that has it.
            due (datetime.datetime): By when the customer was to have a reply.
            session_id (str): The session.
    """

    agent: None | str
    conversation_id: str
    desk: str
    due: datetime.datetime
    session_id: str
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        agent: None | str
        agent = self.agent

        conversation_id = self.conversation_id

        desk = self.desk

        due = self.due.isoformat()

        session_id = self.session_id

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "agent": agent,
                "conversation_id": conversation_id,
                "desk": desk,
                "due": due,
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

        conversation_id = d.pop("conversation_id")

        desk = d.pop("desk")

        due = datetime.datetime.fromisoformat(d.pop("due"))

        session_id = d.pop("session_id")

        session_reminder_data = cls(
            agent=agent,
            conversation_id=conversation_id,
            desk=desk,
            due=due,
            session_id=session_id,
        )

        session_reminder_data.additional_properties = d
        return session_reminder_data

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
