from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.message_type import MessageType

T = TypeVar("T", bound="Hit")


@_attrs_define
class Hit:
    """A message that matches a search.

    Attributes:
        conversation_id (str): The conversation to which it was sent.
        highlights (list[list[int]]): The matching ranges of the text, in ascending order: `[start, end)` in Unicode
            code points.
        score (float): The relevance, comparable within one search; 0 with `sort=newest`.
        sender (str): The user who sent it.
        sent_at (datetime.datetime): When it was sent.
        seq (int): Its seq in the conversation.
        text (str): The complete text that was searched; for a file, its name.
        thread (int | None): The seq of the root of the thread that it belongs to.
        type_ (MessageType): The type of a message. `control` messages are delivered and stored, but never counted,
            previewed
            or searched.
    """

    conversation_id: str
    highlights: list[list[int]]
    score: float
    sender: str
    sent_at: datetime.datetime
    seq: int
    text: str
    thread: int | None
    type_: MessageType
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        conversation_id = self.conversation_id

        highlights = []
        for highlights_item_data in self.highlights:
            highlights_item = highlights_item_data

            highlights.append(highlights_item)

        score = self.score

        sender = self.sender

        sent_at = self.sent_at.isoformat()

        seq = self.seq

        text = self.text

        thread: int | None
        thread = self.thread

        type_ = self.type_.value

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "conversation_id": conversation_id,
                "highlights": highlights,
                "score": score,
                "sender": sender,
                "sent_at": sent_at,
                "seq": seq,
                "text": text,
                "thread": thread,
                "type": type_,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        conversation_id = d.pop("conversation_id")

        highlights = []
        _highlights = d.pop("highlights")
        for highlights_item_data in _highlights:
            highlights_item = cast(list[int], highlights_item_data)

            highlights.append(highlights_item)

        score = d.pop("score")

        sender = d.pop("sender")

        sent_at = datetime.datetime.fromisoformat(d.pop("sent_at"))

        seq = d.pop("seq")

        text = d.pop("text")

        def _parse_thread(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        thread = _parse_thread(d.pop("thread"))

        type_ = MessageType(d.pop("type"))

        hit = cls(
            conversation_id=conversation_id,
            highlights=highlights,
            score=score,
            sender=sender,
            sent_at=sent_at,
            seq=seq,
            text=text,
            thread=thread,
            type_=type_,
        )

        hit.additional_properties = d
        return hit

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
