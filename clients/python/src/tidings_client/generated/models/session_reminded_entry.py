from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.session_reminded_entry_type import SessionRemindedEntryType

if TYPE_CHECKING:
    from ..models.session_reminder_data import SessionReminderData


T = TypeVar("T", bound="SessionRemindedEntry")


@_attrs_define
class SessionRemindedEntry:
    """`Entry` whose `type` is `session_reminded`.

    Attributes:
        at (datetime.datetime): When it happened.
        conversation_id (None | str): The conversation in which it happened; null for what belongs to no conversation.
        data (SessionReminderData): The data of `session_reminded`, which only agents get: the agent of the session, or
            all agents
            of the desk while it waits.
        position (int): The log position of the event. Entries of several conversations can share one position, so
            it does not identify an entry without `conversation_id`.
        type_ (SessionRemindedEntryType):
    """

    at: datetime.datetime
    conversation_id: None | str
    data: SessionReminderData
    position: int
    type_: SessionRemindedEntryType
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        at = self.at.isoformat()

        conversation_id: None | str
        conversation_id = self.conversation_id

        data = self.data.to_dict()

        position = self.position

        type_ = self.type_.value

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "at": at,
                "conversation_id": conversation_id,
                "data": data,
                "position": position,
                "type": type_,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.session_reminder_data import SessionReminderData  # noqa: PLC0415

        d = dict(src_dict)
        at = datetime.datetime.fromisoformat(d.pop("at"))

        def _parse_conversation_id(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        conversation_id = _parse_conversation_id(d.pop("conversation_id"))

        data = SessionReminderData.from_dict(d.pop("data"))

        position = d.pop("position")

        type_ = SessionRemindedEntryType(d.pop("type"))

        session_reminded_entry = cls(
            at=at,
            conversation_id=conversation_id,
            data=data,
            position=position,
            type_=type_,
        )

        session_reminded_entry.additional_properties = d
        return session_reminded_entry

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
