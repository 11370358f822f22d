from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.message_type import MessageType
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.audio_body import AudioBody
    from ..models.custom_body import CustomBody
    from ..models.file_body import FileBody
    from ..models.image_body import ImageBody
    from ..models.location_body import LocationBody
    from ..models.text_body import TextBody
    from ..models.video_body import VideoBody


T = TypeVar("T", bound="WaitingMessage")


@_attrs_define
class WaitingMessage:
    """A message that waits in the mailbox of its sender.

    Attributes:
        body (AudioBody | CustomBody | FileBody | ImageBody | LocationBody | TextBody | VideoBody): The body of a
            message: a JSON object of at most 64 KiB. The type of the message determines which keys it has; others are
            allowed.
        conversation_id (str): The conversation.
        mentions (list[str]): The users whom it mentions.
        reply_to (int | None): The seq of the message to which it replies.
        thread (int | None): The seq of the root of the thread that it belongs to.
        type_ (MessageType): The type of a message. `control` messages are delivered and stored, but never counted,
            previewed
            or searched.
        client_message_id (str | Unset): The key that the caller's client gave it.
    """

    body: AudioBody | CustomBody | FileBody | ImageBody | LocationBody | TextBody | VideoBody
    conversation_id: str
    mentions: list[str]
    reply_to: int | None
    thread: int | None
    type_: MessageType
    client_message_id: str | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.audio_body import AudioBody  # noqa: PLC0415
        from ..models.file_body import FileBody  # noqa: PLC0415
        from ..models.image_body import ImageBody  # noqa: PLC0415
        from ..models.location_body import LocationBody  # noqa: PLC0415
        from ..models.text_body import TextBody  # noqa: PLC0415
        from ..models.video_body import VideoBody  # noqa: PLC0415

        body: dict[str, Any]
        if isinstance(self.body, TextBody):
            body = self.body.to_dict()
        elif isinstance(self.body, ImageBody):
            body = self.body.to_dict()
        elif isinstance(self.body, FileBody):
            body = self.body.to_dict()
        elif isinstance(self.body, AudioBody):
            body = self.body.to_dict()
        elif isinstance(self.body, VideoBody):
            body = self.body.to_dict()
        elif isinstance(self.body, LocationBody):
            body = self.body.to_dict()
        else:
            body = self.body.to_dict()

        conversation_id = self.conversation_id

        mentions = self.mentions

        reply_to: int | None
        reply_to = self.reply_to

        thread: int | None
        thread = self.thread

        type_ = self.type_.value

        client_message_id = self.client_message_id

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "body": body,
                "conversation_id": conversation_id,
                "mentions": mentions,
                "reply_to": reply_to,
                "thread": thread,
                "type": type_,
            }
        )
        if client_message_id is not UNSET:
            field_dict["client_message_id"] = client_message_id

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.audio_body import AudioBody  # noqa: PLC0415
        from ..models.custom_body import CustomBody  # noqa: PLC0415
        from ..models.file_body import FileBody  # noqa: PLC0415
        from ..models.image_body import ImageBody  # noqa: PLC0415
        from ..models.location_body import LocationBody  # noqa: PLC0415
        from ..models.text_body import TextBody  # noqa: PLC0415
        from ..models.video_body import VideoBody  # noqa: PLC0415

        d = dict(src_dict)

        def _parse_body(
            data: object,
        ) -> AudioBody | CustomBody | FileBody | ImageBody | LocationBody | TextBody | VideoBody:
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                componentsschemas_message_body_type_0 = TextBody.from_dict(data)

                return componentsschemas_message_body_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                componentsschemas_message_body_type_1 = ImageBody.from_dict(data)

                return componentsschemas_message_body_type_1
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                componentsschemas_message_body_type_2 = FileBody.from_dict(data)

                return componentsschemas_message_body_type_2
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                componentsschemas_message_body_type_3 = AudioBody.from_dict(data)

                return componentsschemas_message_body_type_3
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                componentsschemas_message_body_type_4 = VideoBody.from_dict(data)

                return componentsschemas_message_body_type_4
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                componentsschemas_message_body_type_5 = LocationBody.from_dict(data)

                return componentsschemas_message_body_type_5
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            if not isinstance(data, dict):
                raise TypeError()
            componentsschemas_message_body_type_6 = CustomBody.from_dict(data)

            return componentsschemas_message_body_type_6

        body = _parse_body(d.pop("body"))

        conversation_id = d.pop("conversation_id")

        mentions = cast(list[str], d.pop("mentions"))

        def _parse_reply_to(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        reply_to = _parse_reply_to(d.pop("reply_to"))

        def _parse_thread(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        thread = _parse_thread(d.pop("thread"))

        type_ = MessageType(d.pop("type"))

        client_message_id = d.pop("client_message_id", UNSET)

        waiting_message = cls(
            body=body,
            conversation_id=conversation_id,
            mentions=mentions,
            reply_to=reply_to,
            thread=thread,
            type_=type_,
            client_message_id=client_message_id,
        )

        waiting_message.additional_properties = d
        return waiting_message

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
