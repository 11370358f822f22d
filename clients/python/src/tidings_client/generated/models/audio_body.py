from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="AudioBody")


@_attrs_define
class AudioBody:
    """The body of an audio recording. A new one must have a `file` or a `url`.

    Attributes:
        duration (float | Unset): The duration in seconds.
        file (str | Unset): One of the sender's own files that is stored: see `POST /v1/files`. The server sets the keys
            that say what the file is.
        mime (str | Unset): The media type, such as `audio/ogg`.
        name (str | Unset): The name, which is previewed and searched.
        size (int | Unset): The size in bytes.
        text (str | Unset): A caption, which is searched.
        url (str | Unset): Where the content is. Tidings does not fetch it.
    """

    duration: float | Unset = UNSET
    file: str | Unset = UNSET
    mime: str | Unset = UNSET
    name: str | Unset = UNSET
    size: int | Unset = UNSET
    text: str | Unset = UNSET
    url: str | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        duration = self.duration

        file = self.file

        mime = self.mime

        name = self.name

        size = self.size

        text = self.text

        url = self.url

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({})
        if duration is not UNSET:
            field_dict["duration"] = duration
        if file is not UNSET:
            field_dict["file"] = file
        if mime is not UNSET:
            field_dict["mime"] = mime
        if name is not UNSET:
            field_dict["name"] = name
        if size is not UNSET:
            field_dict["size"] = size
        if text is not UNSET:
            field_dict["text"] = text
        if url is not UNSET:
            field_dict["url"] = url

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        duration = d.pop("duration", UNSET)

        file = d.pop("file", UNSET)

        mime = d.pop("mime", UNSET)

        name = d.pop("name", UNSET)

        size = d.pop("size", UNSET)

        text = d.pop("text", UNSET)

        url = d.pop("url", UNSET)

        audio_body = cls(
            duration=duration,
            file=file,
            mime=mime,
            name=name,
            size=size,
            text=text,
            url=url,
        )

        audio_body.additional_properties = d
        return audio_body

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
