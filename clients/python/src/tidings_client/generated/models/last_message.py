from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.message_type import MessageType

T = TypeVar("T", bound="LastMessage")


@_attrs_define
class LastMessage:
    """A summary of the newest message.

    Attributes:
        preview (None | str): The first 120 code points of a text, or of the name of any other message that has one;
            null
            if the message is recalled.
        recalled (bool): Whether the sender recalled it for everyone.
        sender (str): The user who sent it.
        sent_at (datetime.datetime): When it was sent.
        seq (int): The seq of the message.
        type_ (MessageType): The type of a message. `control` messages are delivered and stored, but never counted,
            previewed
            or searched.
    """

    preview: None | str
    recalled: bool
    sender: str
    sent_at: datetime.datetime
    seq: int
    type_: MessageType
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        preview: None | str
        preview = self.preview

        recalled = self.recalled

        sender = self.sender

        sent_at = self.sent_at.isoformat()

        seq = self.seq

        type_ = self.type_.value

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "preview": preview,
                "recalled": recalled,
                "sender": sender,
                "sent_at": sent_at,
                "seq": seq,
                "type": type_,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)

        def _parse_preview(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        preview = _parse_preview(d.pop("preview"))

        recalled = d.pop("recalled")

        sender = d.pop("sender")

        sent_at = datetime.datetime.fromisoformat(d.pop("sent_at"))

        seq = d.pop("seq")

        type_ = MessageType(d.pop("type"))

        last_message = cls(
            preview=preview,
            recalled=recalled,
            sender=sender,
            sent_at=sent_at,
            seq=seq,
            type_=type_,
        )

        last_message.additional_properties = d
        return last_message

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
