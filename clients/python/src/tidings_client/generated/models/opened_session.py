from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.unfinished_session_state import UnfinishedSessionState

T = TypeVar("T", bound="OpenedSession")


@_attrs_define
class OpenedSession:
    """The session.

    Attributes:
        ahead (int): How many other sessions at the desk have waited longer.
        conversation_id (str): The conversation of the customer with the desk, which is always the same.
        position (int): The log position of the last event, or the head of the log if nothing changed.
        session_id (str):
        state (UnfinishedSessionState): Whether an agent has the session, for the API document.
    """

    ahead: int
    conversation_id: str
    position: int
    session_id: str
    state: UnfinishedSessionState
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        ahead = self.ahead

        conversation_id = self.conversation_id

        position = self.position

        session_id = self.session_id

        state = self.state.value

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "ahead": ahead,
                "conversation_id": conversation_id,
                "position": position,
                "session_id": session_id,
                "state": state,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        ahead = d.pop("ahead")

        conversation_id = d.pop("conversation_id")

        position = d.pop("position")

        session_id = d.pop("session_id")

        state = UnfinishedSessionState(d.pop("state"))

        opened_session = cls(
            ahead=ahead,
            conversation_id=conversation_id,
            position=position,
            session_id=session_id,
            state=state,
        )

        opened_session.additional_properties = d
        return opened_session

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
