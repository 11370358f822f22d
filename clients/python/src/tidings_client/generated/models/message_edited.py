from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.audio_body import AudioBody
    from ..models.custom_body import CustomBody
    from ..models.file_body import FileBody
    from ..models.image_body import ImageBody
    from ..models.location_body import LocationBody
    from ..models.message_file import MessageFile
    from ..models.text_body import TextBody
    from ..models.video_body import VideoBody


T = TypeVar("T", bound="MessageEdited")


@_attrs_define
class MessageEdited:
    """The data of `message_edited`.

    Attributes:
        body (AudioBody | CustomBody | FileBody | ImageBody | LocationBody | None | TextBody | VideoBody):
        by (str): The user who edited it, who is its author.
        edited_at (datetime.datetime): When the message was last edited.
        seq (int): The seq of the edited message.
        file (MessageFile | None | Unset):
    """

    body: AudioBody | CustomBody | FileBody | ImageBody | LocationBody | None | TextBody | VideoBody
    by: str
    edited_at: datetime.datetime
    seq: int
    file: MessageFile | None | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.audio_body import AudioBody  # noqa: PLC0415
        from ..models.custom_body import CustomBody  # noqa: PLC0415
        from ..models.file_body import FileBody  # noqa: PLC0415
        from ..models.image_body import ImageBody  # noqa: PLC0415
        from ..models.location_body import LocationBody  # noqa: PLC0415
        from ..models.message_file import MessageFile  # noqa: PLC0415
        from ..models.text_body import TextBody  # noqa: PLC0415
        from ..models.video_body import VideoBody  # noqa: PLC0415

        body: dict[str, Any] | None
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
        elif isinstance(self.body, CustomBody):
            body = self.body.to_dict()
        else:
            body = self.body

        by = self.by

        edited_at = self.edited_at.isoformat()

        seq = self.seq

        file: dict[str, Any] | None | Unset
        if isinstance(self.file, Unset):
            file = UNSET
        elif isinstance(self.file, MessageFile):
            file = self.file.to_dict()
        else:
            file = self.file

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "body": body,
                "by": by,
                "edited_at": edited_at,
                "seq": seq,
            }
        )
        if file is not UNSET:
            field_dict["file"] = file

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.audio_body import AudioBody  # noqa: PLC0415
        from ..models.custom_body import CustomBody  # noqa: PLC0415
        from ..models.file_body import FileBody  # noqa: PLC0415
        from ..models.image_body import ImageBody  # noqa: PLC0415
        from ..models.location_body import LocationBody  # noqa: PLC0415
        from ..models.message_file import MessageFile  # noqa: PLC0415
        from ..models.text_body import TextBody  # noqa: PLC0415
        from ..models.video_body import VideoBody  # noqa: PLC0415

        d = dict(src_dict)

        def _parse_body(
            data: object,
        ) -> (
            AudioBody
            | CustomBody
            | FileBody
            | ImageBody
            | LocationBody
            | None
            | TextBody
            | VideoBody
        ):
            if data is None:
                return data
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
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                componentsschemas_message_body_type_6 = CustomBody.from_dict(data)

                return componentsschemas_message_body_type_6
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(
                AudioBody
                | CustomBody
                | FileBody
                | ImageBody
                | LocationBody
                | None
                | TextBody
                | VideoBody,
                data,
            )

        body = _parse_body(d.pop("body"))

        by = d.pop("by")

        edited_at = datetime.datetime.fromisoformat(d.pop("edited_at"))

        seq = d.pop("seq")

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

        message_edited = cls(
            body=body,
            by=by,
            edited_at=edited_at,
            seq=seq,
            file=file,
        )

        message_edited.additional_properties = d
        return message_edited

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
