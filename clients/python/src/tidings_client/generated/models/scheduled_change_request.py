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
    from ..models.text_body import TextBody
    from ..models.video_body import VideoBody


T = TypeVar("T", bound="ScheduledChangeRequest")


@_attrs_define
class ScheduledChangeRequest:
    """A change of a scheduled message: at least one of the two fields.

    Attributes:
        body (AudioBody | CustomBody | FileBody | ImageBody | LocationBody | None | TextBody | Unset | VideoBody):
        send_at (datetime.datetime | None | Unset): When to send it, up to a year ahead.
    """

    body: (
        AudioBody
        | CustomBody
        | FileBody
        | ImageBody
        | LocationBody
        | None
        | TextBody
        | Unset
        | VideoBody
    ) = UNSET
    send_at: datetime.datetime | None | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.audio_body import AudioBody  # noqa: PLC0415
        from ..models.custom_body import CustomBody  # noqa: PLC0415
        from ..models.file_body import FileBody  # noqa: PLC0415
        from ..models.image_body import ImageBody  # noqa: PLC0415
        from ..models.location_body import LocationBody  # noqa: PLC0415
        from ..models.text_body import TextBody  # noqa: PLC0415
        from ..models.video_body import VideoBody  # noqa: PLC0415

        body: dict[str, Any] | None | Unset
        if isinstance(self.body, Unset):
            body = UNSET
        elif isinstance(self.body, TextBody):
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

        send_at: None | str | Unset
        if isinstance(self.send_at, Unset):
            send_at = UNSET
        elif isinstance(self.send_at, datetime.datetime):
            send_at = self.send_at.isoformat()
        else:
            send_at = self.send_at

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({})
        if body is not UNSET:
            field_dict["body"] = body
        if send_at is not UNSET:
            field_dict["send_at"] = send_at

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
        ) -> (
            AudioBody
            | CustomBody
            | FileBody
            | ImageBody
            | LocationBody
            | None
            | TextBody
            | Unset
            | VideoBody
        ):
            if data is None:
                return data
            if isinstance(data, Unset):
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
                | Unset
                | VideoBody,
                data,
            )

        body = _parse_body(d.pop("body", UNSET))

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

        scheduled_change_request = cls(
            body=body,
            send_at=send_at,
        )

        scheduled_change_request.additional_properties = d
        return scheduled_change_request

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
