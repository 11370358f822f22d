from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.event_data import EventData


T = TypeVar("T", bound="Event")


@_attrs_define
class Event:
    """An event of the log, as a CloudEvents 1.0 object.

    Attributes:
        data (EventData): The data of the event. `type` determines its fields.
        datacontenttype (str): The media type of the data, `application/json`.
        id (str): The cursor of the event: its position, a dot and the tag of its history. Example: 1234.5f3a9c21.
        position (int): The position in the log: 1, 2, 3, ...
        sequence (int): The number within the source: 1, 2, 3, ...
        source (str): `/conversations/{id}`, `/mailboxes/{user}`, `/profiles/{user}`, `/cases/{id}` or
            `/deployment/tidings`. Example: /conversations/lunch.
        specversion (str): The version of CloudEvents, `1.0`.
        time (datetime.datetime): When the event was appended. It never decreases along the log.
        type_ (str): The event type and its version. Example: tidings.message_sent.v1.
        actor (str | Unset): Who called, if it was not the user: a service that acts for them, or an administrator.
        conversation (str | Unset): The conversation that the event belongs to, also if it is in a mailbox. Example:
            lunch.
        traceparent (str | Unset): The W3C trace context of the request that caused the event, if that request was
            traced. Example: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01.
    """

    data: EventData
    datacontenttype: str
    id: str
    position: int
    sequence: int
    source: str
    specversion: str
    time: datetime.datetime
    type_: str
    actor: str | Unset = UNSET
    conversation: str | Unset = UNSET
    traceparent: str | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        data = self.data.to_dict()

        datacontenttype = self.datacontenttype

        id = self.id

        position = self.position

        sequence = self.sequence

        source = self.source

        specversion = self.specversion

        time = self.time.isoformat()

        type_ = self.type_

        actor = self.actor

        conversation = self.conversation

        traceparent = self.traceparent

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "data": data,
                "datacontenttype": datacontenttype,
                "id": id,
                "position": position,
                "sequence": sequence,
                "source": source,
                "specversion": specversion,
                "time": time,
                "type": type_,
            }
        )
        if actor is not UNSET:
            field_dict["actor"] = actor
        if conversation is not UNSET:
            field_dict["conversation"] = conversation
        if traceparent is not UNSET:
            field_dict["traceparent"] = traceparent

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.event_data import EventData  # noqa: PLC0415

        d = dict(src_dict)
        data = EventData.from_dict(d.pop("data"))

        datacontenttype = d.pop("datacontenttype")

        id = d.pop("id")

        position = d.pop("position")

        sequence = d.pop("sequence")

        source = d.pop("source")

        specversion = d.pop("specversion")

        time = datetime.datetime.fromisoformat(d.pop("time"))

        type_ = d.pop("type")

        actor = d.pop("actor", UNSET)

        conversation = d.pop("conversation", UNSET)

        traceparent = d.pop("traceparent", UNSET)

        event = cls(
            data=data,
            datacontenttype=datacontenttype,
            id=id,
            position=position,
            sequence=sequence,
            source=source,
            specversion=specversion,
            time=time,
            type_=type_,
            actor=actor,
            conversation=conversation,
            traceparent=traceparent,
        )

        event.additional_properties = d
        return event

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
