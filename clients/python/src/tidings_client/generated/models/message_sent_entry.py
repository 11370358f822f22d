from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.message_sent_entry_type import MessageSentEntryType

if TYPE_CHECKING:
    from ..models.audio_message import AudioMessage
    from ..models.control_message import ControlMessage
    from ..models.custom_message import CustomMessage
    from ..models.file_message import FileMessage
    from ..models.image_message import ImageMessage
    from ..models.location_message import LocationMessage
    from ..models.text_message import TextMessage
    from ..models.video_message import VideoMessage


T = TypeVar("T", bound="MessageSentEntry")


@_attrs_define
class MessageSentEntry:
    """`Entry` whose `type` is `message_sent`.

    Attributes:
        at (datetime.datetime): When it happened.
        conversation_id (None | str): The conversation in which it happened; null for what belongs to no conversation.
        data (AudioMessage | ControlMessage | CustomMessage | FileMessage | ImageMessage | LocationMessage | TextMessage
            | VideoMessage): A message in its current state.
        position (int): The log position of the event. Entries of several conversations can share one position, so
            it does not identify an entry without `conversation_id`.
        type_ (MessageSentEntryType):
    """

    at: datetime.datetime
    conversation_id: None | str
    data: (
        AudioMessage
        | ControlMessage
        | CustomMessage
        | FileMessage
        | ImageMessage
        | LocationMessage
        | TextMessage
        | VideoMessage
    )
    position: int
    type_: MessageSentEntryType
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.audio_message import AudioMessage  # noqa: PLC0415
        from ..models.custom_message import CustomMessage  # noqa: PLC0415
        from ..models.file_message import FileMessage  # noqa: PLC0415
        from ..models.image_message import ImageMessage  # noqa: PLC0415
        from ..models.location_message import LocationMessage  # noqa: PLC0415
        from ..models.text_message import TextMessage  # noqa: PLC0415
        from ..models.video_message import VideoMessage  # noqa: PLC0415

        at = self.at.isoformat()

        conversation_id: None | str
        conversation_id = self.conversation_id

        data: dict[str, Any]
        if isinstance(self.data, TextMessage):
            data = self.data.to_dict()
        elif isinstance(self.data, ImageMessage):
            data = self.data.to_dict()
        elif isinstance(self.data, FileMessage):
            data = self.data.to_dict()
        elif isinstance(self.data, AudioMessage):
            data = self.data.to_dict()
        elif isinstance(self.data, VideoMessage):
            data = self.data.to_dict()
        elif isinstance(self.data, LocationMessage):
            data = self.data.to_dict()
        elif isinstance(self.data, CustomMessage):
            data = self.data.to_dict()
        else:
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
        from ..models.audio_message import AudioMessage  # noqa: PLC0415
        from ..models.control_message import ControlMessage  # noqa: PLC0415
        from ..models.custom_message import CustomMessage  # noqa: PLC0415
        from ..models.file_message import FileMessage  # noqa: PLC0415
        from ..models.image_message import ImageMessage  # noqa: PLC0415
        from ..models.location_message import LocationMessage  # noqa: PLC0415
        from ..models.text_message import TextMessage  # noqa: PLC0415
        from ..models.video_message import VideoMessage  # noqa: PLC0415

        d = dict(src_dict)
        at = datetime.datetime.fromisoformat(d.pop("at"))

        def _parse_conversation_id(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        conversation_id = _parse_conversation_id(d.pop("conversation_id"))

        def _parse_data(
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

        data = _parse_data(d.pop("data"))

        position = d.pop("position")

        type_ = MessageSentEntryType(d.pop("type"))

        message_sent_entry = cls(
            at=at,
            conversation_id=conversation_id,
            data=data,
            position=position,
            type_=type_,
        )

        message_sent_entry.additional_properties = d
        return message_sent_entry

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
