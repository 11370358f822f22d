from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.audio_message import AudioMessage
    from ..models.control_message import ControlMessage
    from ..models.custom_message import CustomMessage
    from ..models.file_message import FileMessage
    from ..models.image_message import ImageMessage
    from ..models.location_message import LocationMessage
    from ..models.text_message import TextMessage
    from ..models.thread_replies import ThreadReplies
    from ..models.video_message import VideoMessage


T = TypeVar("T", bound="FollowedThread")


@_attrs_define
class FollowedThread:
    """A thread that the caller follows.

    Attributes:
        conversation_id (str): The conversation.
        message (AudioMessage | ControlMessage | CustomMessage | FileMessage | ImageMessage | LocationMessage |
            TextMessage | VideoMessage): A message in its current state.
        read_seq (int): The last seq that the caller has read in the thread, 0 if none.
        replies (ThreadReplies): The replies in the thread of a message.
        root (int): The seq of the root.
        unread (int): The number of replies of others that the caller has not read.
    """

    conversation_id: str
    message: (
        AudioMessage
        | ControlMessage
        | CustomMessage
        | FileMessage
        | ImageMessage
        | LocationMessage
        | TextMessage
        | VideoMessage
    )
    read_seq: int
    replies: ThreadReplies
    root: int
    unread: int
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.audio_message import AudioMessage  # noqa: PLC0415
        from ..models.custom_message import CustomMessage  # noqa: PLC0415
        from ..models.file_message import FileMessage  # noqa: PLC0415
        from ..models.image_message import ImageMessage  # noqa: PLC0415
        from ..models.location_message import LocationMessage  # noqa: PLC0415
        from ..models.text_message import TextMessage  # noqa: PLC0415
        from ..models.video_message import VideoMessage  # noqa: PLC0415

        conversation_id = self.conversation_id

        message: dict[str, Any]
        if isinstance(self.message, TextMessage):
            message = self.message.to_dict()
        elif isinstance(self.message, ImageMessage):
            message = self.message.to_dict()
        elif isinstance(self.message, FileMessage):
            message = self.message.to_dict()
        elif isinstance(self.message, AudioMessage):
            message = self.message.to_dict()
        elif isinstance(self.message, VideoMessage):
            message = self.message.to_dict()
        elif isinstance(self.message, LocationMessage):
            message = self.message.to_dict()
        elif isinstance(self.message, CustomMessage):
            message = self.message.to_dict()
        else:
            message = self.message.to_dict()

        read_seq = self.read_seq

        replies = self.replies.to_dict()

        root = self.root

        unread = self.unread

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "conversation_id": conversation_id,
                "message": message,
                "read_seq": read_seq,
                "replies": replies,
                "root": root,
                "unread": unread,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.audio_message import AudioMessage  # noqa: PLC0415
        from ..models.control_message import ControlMessage  # noqa: PLC0415
        from ..models.custom_message import CustomMessage  # noqa: PLC0415
        from ..models.file_message import FileMessage  # noqa: PLC0415
        from ..models.image_message import ImageMessage  # noqa: PLC0415
        from ..models.location_message import LocationMessage  # noqa: PLC0415
        from ..models.text_message import TextMessage  # noqa: PLC0415
        from ..models.thread_replies import ThreadReplies  # noqa: PLC0415
        from ..models.video_message import VideoMessage  # noqa: PLC0415

        d = dict(src_dict)
        conversation_id = d.pop("conversation_id")

        def _parse_message(
            data: object,
        ) -> (
            AudioMessage
            | ControlMessage
            | CustomMessage
            | FileMessage
            | ImageMessage
            | LocationMessage
            | TextMessage
            | VideoMessage
        ):
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                componentsschemas_message_type_0 = TextMessage.from_dict(data)

                return componentsschemas_message_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                componentsschemas_message_type_1 = ImageMessage.from_dict(data)

                return componentsschemas_message_type_1
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                componentsschemas_message_type_2 = FileMessage.from_dict(data)

                return componentsschemas_message_type_2
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                componentsschemas_message_type_3 = AudioMessage.from_dict(data)

                return componentsschemas_message_type_3
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                componentsschemas_message_type_4 = VideoMessage.from_dict(data)

                return componentsschemas_message_type_4
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                componentsschemas_message_type_5 = LocationMessage.from_dict(data)

                return componentsschemas_message_type_5
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                componentsschemas_message_type_6 = CustomMessage.from_dict(data)

                return componentsschemas_message_type_6
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            if not isinstance(data, dict):
                raise TypeError()
            componentsschemas_message_type_7 = ControlMessage.from_dict(data)

            return componentsschemas_message_type_7

        message = _parse_message(d.pop("message"))

        read_seq = d.pop("read_seq")

        replies = ThreadReplies.from_dict(d.pop("replies"))

        root = d.pop("root")

        unread = d.pop("unread")

        followed_thread = cls(
            conversation_id=conversation_id,
            message=message,
            read_seq=read_seq,
            replies=replies,
            root=root,
            unread=unread,
        )

        followed_thread.additional_properties = d
        return followed_thread

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
