from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.video_message_type import VideoMessageType
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.message_file import MessageFile
    from ..models.thread_replies import ThreadReplies
    from ..models.video_body import VideoBody
    from ..models.video_message_reactions import VideoMessageReactions


T = TypeVar("T", bound="VideoMessage")


@_attrs_define
class VideoMessage:
    """`Message` whose `type` is `video`.

    Attributes:
        body (None | VideoBody): The newest body; null once the message is recalled.
        conversation_id (str): The conversation to which it was sent.
        edited_at (datetime.datetime | None): When it was last edited.
        mentions (list[str]): The users whom it mentions.
        position (int): The log position at which it was sent.
        reactions (VideoMessageReactions): The users by reaction key, in the order of their reactions, up to a hundred
            for each key; or
            a summary by key, if the call asked for it or the list has more than 50 messages.
        recalled (bool): Whether the sender recalled it for everyone.
        reply_to (int | None): The seq of the message to which it replies.
        sender (str): The user who sent it.
        sent_at (datetime.datetime): When it was sent.
        seq (int): Its number in the conversation: 1, 2, 3, ...
        thread (int | None): The seq of the root of the thread that it belongs to.
        type_ (VideoMessageType):
        client_message_id (None | str | Unset): The key that the author's client gave it, for the author alone: it tells
            which pending
            message this is. Absent for all others, and if the message was imported or erased.
        file (MessageFile | None | Unset):
        replies (ThreadReplies | Unset): The replies in the thread of a message.
        truncated (bool | Unset): True if `reactions` leaves out users; absent otherwise.
    """

    body: None | VideoBody
    conversation_id: str
    edited_at: datetime.datetime | None
    mentions: list[str]
    position: int
    reactions: VideoMessageReactions
    recalled: bool
    reply_to: int | None
    sender: str
    sent_at: datetime.datetime
    seq: int
    thread: int | None
    type_: VideoMessageType
    client_message_id: None | str | Unset = UNSET
    file: MessageFile | None | Unset = UNSET
    replies: ThreadReplies | Unset = UNSET
    truncated: bool | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.message_file import MessageFile  # noqa: PLC0415
        from ..models.video_body import VideoBody  # noqa: PLC0415

        body: dict[str, Any] | None
        if isinstance(self.body, VideoBody):
            body = self.body.to_dict()
        else:
            body = self.body

        conversation_id = self.conversation_id

        edited_at: None | str
        if isinstance(self.edited_at, datetime.datetime):
            edited_at = self.edited_at.isoformat()
        else:
            edited_at = self.edited_at

        mentions = self.mentions

        position = self.position

        reactions = self.reactions.to_dict()

        recalled = self.recalled

        reply_to: int | None
        reply_to = self.reply_to

        sender = self.sender

        sent_at = self.sent_at.isoformat()

        seq = self.seq

        thread: int | None
        thread = self.thread

        type_ = self.type_.value

        client_message_id: None | str | Unset
        if isinstance(self.client_message_id, Unset):
            client_message_id = UNSET
        else:
            client_message_id = self.client_message_id

        file: dict[str, Any] | None | Unset
        if isinstance(self.file, Unset):
            file = UNSET
        elif isinstance(self.file, MessageFile):
            file = self.file.to_dict()
        else:
            file = self.file

        replies: dict[str, Any] | Unset = UNSET
        if not isinstance(self.replies, Unset):
            replies = self.replies.to_dict()

        truncated = self.truncated

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "body": body,
                "conversation_id": conversation_id,
                "edited_at": edited_at,
                "mentions": mentions,
                "position": position,
                "reactions": reactions,
                "recalled": recalled,
                "reply_to": reply_to,
                "sender": sender,
                "sent_at": sent_at,
                "seq": seq,
                "thread": thread,
                "type": type_,
            }
        )
        if client_message_id is not UNSET:
            field_dict["client_message_id"] = client_message_id
        if file is not UNSET:
            field_dict["file"] = file
        if replies is not UNSET:
            field_dict["replies"] = replies
        if truncated is not UNSET:
            field_dict["truncated"] = truncated

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.message_file import MessageFile  # noqa: PLC0415
        from ..models.thread_replies import ThreadReplies  # noqa: PLC0415
        from ..models.video_body import VideoBody  # noqa: PLC0415
        from ..models.video_message_reactions import VideoMessageReactions  # noqa: PLC0415

        d = dict(src_dict)

        def _parse_body(data: object) -> None | VideoBody:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                body_type_1 = VideoBody.from_dict(data)

                return body_type_1
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | VideoBody, data)

        body = _parse_body(d.pop("body"))

        conversation_id = d.pop("conversation_id")

        def _parse_edited_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                edited_at_type_0 = datetime.datetime.fromisoformat(data)

                return edited_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        edited_at = _parse_edited_at(d.pop("edited_at"))

        mentions = cast(list[str], d.pop("mentions"))

        position = d.pop("position")

        reactions = VideoMessageReactions.from_dict(d.pop("reactions"))

        recalled = d.pop("recalled")

        def _parse_reply_to(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        reply_to = _parse_reply_to(d.pop("reply_to"))

        sender = d.pop("sender")

        sent_at = datetime.datetime.fromisoformat(d.pop("sent_at"))

        seq = d.pop("seq")

        def _parse_thread(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        thread = _parse_thread(d.pop("thread"))

        type_ = VideoMessageType(d.pop("type"))

        def _parse_client_message_id(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        client_message_id = _parse_client_message_id(d.pop("client_message_id", UNSET))

        def _parse_file(data: object) -> MessageFile | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                file_type_0 = MessageFile.from_dict(data)

                return file_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(MessageFile | None | Unset, data)

        file = _parse_file(d.pop("file", UNSET))

        _replies = d.pop("replies", UNSET)
        replies: ThreadReplies | Unset
        if isinstance(_replies, Unset):
            replies = UNSET
        else:
            replies = ThreadReplies.from_dict(_replies)

        truncated = d.pop("truncated", UNSET)

        video_message = cls(
            body=body,
            conversation_id=conversation_id,
            edited_at=edited_at,
            mentions=mentions,
            position=position,
            reactions=reactions,
            recalled=recalled,
            reply_to=reply_to,
            sender=sender,
            sent_at=sent_at,
            seq=seq,
            thread=thread,
            type_=type_,
            client_message_id=client_message_id,
            file=file,
            replies=replies,
            truncated=truncated,
        )

        video_message.additional_properties = d
        return video_message

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
