from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="UploadedFile")


@_attrs_define
class UploadedFile:
    """What became of an upload.

    Attributes:
        height (int | None): The height of an image in pixels.
        position (int | None): The log position of the event that says that the file is stored; null until then.
        received (int): How many bytes have arrived.
        sha256 (None | str): The SHA-256 of the bytes; null until all have arrived.
        size (int): The size of the file in bytes.
        state (str): `stored` once all bytes are there, `partial` once some are, otherwise `reserved`. Example: stored.
        type_ (None | str): The media type that the bytes have, whatever the client declared; null until all have
            arrived.
        width (int | None): The width of an image in pixels.
    """

    height: int | None
    position: int | None
    received: int
    sha256: None | str
    size: int
    state: str
    type_: None | str
    width: int | None
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        height: int | None
        height = self.height

        position: int | None
        position = self.position

        received = self.received

        sha256: None | str
        sha256 = self.sha256

        size = self.size

        state = self.state

        type_: None | str
        type_ = self.type_

        width: int | None
        width = self.width

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "height": height,
                "position": position,
                "received": received,
                "sha256": sha256,
                "size": size,
                "state": state,
                "type": type_,
                "width": width,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)

        def _parse_height(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        height = _parse_height(d.pop("height"))

        def _parse_position(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        position = _parse_position(d.pop("position"))

        received = d.pop("received")

        def _parse_sha256(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        sha256 = _parse_sha256(d.pop("sha256"))

        size = d.pop("size")

        state = d.pop("state")

        def _parse_type_(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        type_ = _parse_type_(d.pop("type"))

        def _parse_width(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        width = _parse_width(d.pop("width"))

        uploaded_file = cls(
            height=height,
            position=position,
            received=received,
            sha256=sha256,
            size=size,
            state=state,
            type_=type_,
            width=width,
        )

        uploaded_file.additional_properties = d
        return uploaded_file

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
