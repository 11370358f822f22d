from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="ImageBody")


@_attrs_define
class ImageBody:
    """The body of an image. A new one must have a `file` or a `url`.

    Attributes:
        file (str | Unset): One of the sender's own files that is stored: see `POST /v1/files`. The server sets the keys
            that say what the file is.
        height (int | Unset): The height in pixels.
        mime (str | Unset): The media type, such as `image/png`.
        name (str | Unset): The name, which is previewed and searched.
        size (int | Unset): The size in bytes.
        text (str | Unset): A caption, which is searched.
        thumb (str | Unset): Where a small version is, or that version as a `data:` URL.
        url (str | Unset): Where the content is. Tidings does not fetch it.
        width (int | Unset): The width in pixels.
    """

    file: str | Unset = UNSET
    height: int | Unset = UNSET
    mime: str | Unset = UNSET
    name: str | Unset = UNSET
    size: int | Unset = UNSET
    text: str | Unset = UNSET
    thumb: str | Unset = UNSET
    url: str | Unset = UNSET
    width: int | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        file = self.file

        height = self.height

        mime = self.mime

        name = self.name

        size = self.size

        text = self.text

        thumb = self.thumb

        url = self.url

        width = self.width

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({})
        if file is not UNSET:
            field_dict["file"] = file
        if height is not UNSET:
            field_dict["height"] = height
        if mime is not UNSET:
            field_dict["mime"] = mime
        if name is not UNSET:
            field_dict["name"] = name
        if size is not UNSET:
            field_dict["size"] = size
        if text is not UNSET:
            field_dict["text"] = text
        if thumb is not UNSET:
            field_dict["thumb"] = thumb
        if url is not UNSET:
            field_dict["url"] = url
        if width is not UNSET:
            field_dict["width"] = width

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        file = d.pop("file", UNSET)

        height = d.pop("height", UNSET)

        mime = d.pop("mime", UNSET)

        name = d.pop("name", UNSET)

        size = d.pop("size", UNSET)

        text = d.pop("text", UNSET)

        thumb = d.pop("thumb", UNSET)

        url = d.pop("url", UNSET)

        width = d.pop("width", UNSET)

        image_body = cls(
            file=file,
            height=height,
            mime=mime,
            name=name,
            size=size,
            text=text,
            thumb=thumb,
            url=url,
            width=width,
        )

        image_body.additional_properties = d
        return image_body

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
