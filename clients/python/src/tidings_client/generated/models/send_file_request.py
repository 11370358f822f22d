from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.send_file_request_type import SendFileRequestType
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.file_body import FileBody


T = TypeVar("T", bound="SendFileRequest")


@_attrs_define
class SendFileRequest:
    """`SendRequest` whose `type` is `file`.

    Attributes:
        body (FileBody): The body of a file. A new one must have a `file`, a `url` or a `name`.
        client_message_id (str): The idempotency key: 1 to 128 printable ASCII characters. Repeating it returns the
            first
            response. The sender's devices, and no one else, get it back with the message.
        type_ (SendFileRequestType):
        mentions (list[str] | Unset): The mentioned members, at most 50.
        reply_to (int | None | Unset): The seq of the message that this one replies to.
        send_at (datetime.datetime | None | Unset): When to send it, up to a year ahead: the server answers `202` and
            sends it then. Not in a
            batch.
        thread (int | None | Unset): The seq of the message whose thread this one belongs to. That message must not
            belong to a
            thread itself.
    """

    body: FileBody
    client_message_id: str
    type_: SendFileRequestType
    mentions: list[str] | Unset = UNSET
    reply_to: int | None | Unset = UNSET
    send_at: datetime.datetime | None | Unset = UNSET
    thread: int | None | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        body = self.body.to_dict()

        client_message_id = self.client_message_id

        type_ = self.type_.value

        mentions: list[str] | Unset = UNSET
        if not isinstance(self.mentions, Unset):
            mentions = self.mentions

        reply_to: int | None | Unset
        if isinstance(self.reply_to, Unset):
            reply_to = UNSET
        else:
            reply_to = self.reply_to

        send_at: None | str | Unset
        if isinstance(self.send_at, Unset):
            send_at = UNSET
        elif isinstance(self.send_at, datetime.datetime):
            send_at = self.send_at.isoformat()
        else:
            send_at = self.send_at

        thread: int | None | Unset
        if isinstance(self.thread, Unset):
            thread = UNSET
        else:
            thread = self.thread

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "body": body,
                "client_message_id": client_message_id,
                "type": type_,
            }
        )
        if mentions is not UNSET:
            field_dict["mentions"] = mentions
        if reply_to is not UNSET:
            field_dict["reply_to"] = reply_to
        if send_at is not UNSET:
            field_dict["send_at"] = send_at
        if thread is not UNSET:
            field_dict["thread"] = thread

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.file_body import FileBody  # noqa: PLC0415

        d = dict(src_dict)
        body = FileBody.from_dict(d.pop("body"))

        client_message_id = d.pop("client_message_id")

        type_ = SendFileRequestType(d.pop("type"))

        mentions = cast(list[str], d.pop("mentions", UNSET))

        def _parse_reply_to(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        reply_to = _parse_reply_to(d.pop("reply_to", UNSET))

        def _parse_send_at(data: object) -> datetime.datetime | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                send_at_type_0 = datetime.datetime.fromisoformat(data)

                return send_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None | Unset, data)

        send_at = _parse_send_at(d.pop("send_at", UNSET))

        def _parse_thread(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        thread = _parse_thread(d.pop("thread", UNSET))

        send_file_request = cls(
            body=body,
            client_message_id=client_message_id,
            type_=type_,
            mentions=mentions,
            reply_to=reply_to,
            send_at=send_at,
            thread=thread,
        )

        send_file_request.additional_properties = d
        return send_file_request

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
