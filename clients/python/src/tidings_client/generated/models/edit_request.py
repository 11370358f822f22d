from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.audio_body import AudioBody
    from ..models.custom_body import CustomBody
    from ..models.file_body import FileBody
    from ..models.image_body import ImageBody
    from ..models.location_body import LocationBody
    from ..models.text_body import TextBody
    from ..models.video_body import VideoBody


T = TypeVar("T", bound="EditRequest")


@_attrs_define
class EditRequest:
    """The new body of a message.

    Attributes:
        body (AudioBody | CustomBody | FileBody | ImageBody | LocationBody | TextBody | VideoBody): The body of a
            message: a JSON object of at most 64 KiB. The type of the message determines which keys it has; others are
            allowed.
    """

    body: AudioBody | CustomBody | FileBody | ImageBody | LocationBody | TextBody | VideoBody
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

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "body": body,
            }
        )

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

        edit_request = cls(
            body=body,
        )

        edit_request.additional_properties = d
        return edit_request

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
