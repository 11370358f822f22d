from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

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
    from ..models.video_message import VideoMessage


T = TypeVar("T", bound="PinnedMessages")


@_attrs_define
class PinnedMessages:
    """A page of the pinned messages of a conversation.

    Attributes:
        messages (list[AudioMessage | ControlMessage | CustomMessage | FileMessage | ImageMessage | LocationMessage |
            TextMessage | VideoMessage]): The messages, newest pin first. Messages that the caller cannot see are left out.
        next_ (None | str): The cursor of the next page; null at the end.
    """

    messages: list[
        AudioMessage
        | ControlMessage
        | CustomMessage
        | FileMessage
        | ImageMessage
        | LocationMessage
        | TextMessage
        | VideoMessage
    ]
    next_: None | str
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.audio_message import AudioMessage  # noqa: PLC0415
        from ..models.custom_message import CustomMessage  # noqa: PLC0415
        from ..models.file_message import FileMessage  # noqa: PLC0415
        from ..models.image_message import ImageMessage  # noqa: PLC0415
        from ..models.location_message import LocationMessage  # noqa: PLC0415
        from ..models.text_message import TextMessage  # noqa: PLC0415
        from ..models.video_message import VideoMessage  # noqa: PLC0415

        messages = []
        for messages_item_data in self.messages:
            messages_item: dict[str, Any]
            if isinstance(messages_item_data, TextMessage):
                messages_item = messages_item_data.to_dict()
            elif isinstance(messages_item_data, ImageMessage):
                messages_item = messages_item_data.to_dict()
            elif isinstance(messages_item_data, FileMessage):
                messages_item = messages_item_data.to_dict()
            elif isinstance(messages_item_data, AudioMessage):
                messages_item = messages_item_data.to_dict()
            elif isinstance(messages_item_data, VideoMessage):
                messages_item = messages_item_data.to_dict()
            elif isinstance(messages_item_data, LocationMessage):
                messages_item = messages_item_data.to_dict()
            elif isinstance(messages_item_data, CustomMessage):
                messages_item = messages_item_data.to_dict()
            else:
                messages_item = messages_item_data.to_dict()

            messages.append(messages_item)

        next_: None | str
        next_ = self.next_

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "messages": messages,
                "next": next_,
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
        messages = []
        _messages = d.pop("messages")
        for messages_item_data in _messages:

            def _parse_messages_item(
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

            messages_item = _parse_messages_item(messages_item_data)

            messages.append(messages_item)

        def _parse_next_(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        next_ = _parse_next_(d.pop("next"))

        pinned_messages = cls(
            messages=messages,
            next_=next_,
        )

        pinned_messages.additional_properties = d
        return pinned_messages

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
