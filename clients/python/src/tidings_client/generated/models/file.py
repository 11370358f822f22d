from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.file_state import FileState

T = TypeVar("T", bound="File")


@_attrs_define
class File:
    """A file.

    Attributes:
        declared_type (str): The media type that the client declared.
        expires_at (datetime.datetime | None): When the upload expires; null once the bytes are there.
        height (int | None): The height of an image in pixels, as its header says.
        id (str): The id of the file.
        name (None | str): Its name; null once it is erased.
        received (int): How many bytes have arrived, as far as this server knows: an upload continues there.
        reserved_at (datetime.datetime): When the upload began.
        sha256 (None | str): The SHA-256 of the bytes; null until they are there.
        size (int): The size in bytes.
        state (FileState): Whether the bytes of a file are there.
        stored_at (datetime.datetime | None): When the bytes were stored.
        type_ (None | str): The media type that the bytes have, whatever the client declared; null until they are there.
        uploader (str): The user who uploads or has uploaded it.
        width (int | None): The width of an image in pixels, as its header says.
    """

    declared_type: str
    expires_at: datetime.datetime | None
    height: int | None
    id: str
    name: None | str
    received: int
    reserved_at: datetime.datetime
    sha256: None | str
    size: int
    state: FileState
    stored_at: datetime.datetime | None
    type_: None | str
    uploader: str
    width: int | None
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        declared_type = self.declared_type

        expires_at: None | str
        if isinstance(self.expires_at, datetime.datetime):
            expires_at = self.expires_at.isoformat()
        else:
            expires_at = self.expires_at

        height: int | None
        height = self.height

        id = self.id

        name: None | str
        name = self.name

        received = self.received

        reserved_at = self.reserved_at.isoformat()

        sha256: None | str
        sha256 = self.sha256

        size = self.size

        state = self.state.value

        stored_at: None | str
        if isinstance(self.stored_at, datetime.datetime):
            stored_at = self.stored_at.isoformat()
        else:
            stored_at = self.stored_at

        type_: None | str
        type_ = self.type_

        uploader = self.uploader

        width: int | None
        width = self.width

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "declared_type": declared_type,
                "expires_at": expires_at,
                "height": height,
                "id": id,
                "name": name,
                "received": received,
                "reserved_at": reserved_at,
                "sha256": sha256,
                "size": size,
                "state": state,
                "stored_at": stored_at,
                "type": type_,
                "uploader": uploader,
                "width": width,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        declared_type = d.pop("declared_type")

        def _parse_expires_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                expires_at_type_0 = datetime.datetime.fromisoformat(data)

                return expires_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        expires_at = _parse_expires_at(d.pop("expires_at"))

        def _parse_height(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        height = _parse_height(d.pop("height"))

        id = d.pop("id")

        def _parse_name(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        name = _parse_name(d.pop("name"))

        received = d.pop("received")

        reserved_at = datetime.datetime.fromisoformat(d.pop("reserved_at"))

        def _parse_sha256(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        sha256 = _parse_sha256(d.pop("sha256"))

        size = d.pop("size")

        state = FileState(d.pop("state"))

        def _parse_stored_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                stored_at_type_0 = datetime.datetime.fromisoformat(data)

                return stored_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        stored_at = _parse_stored_at(d.pop("stored_at"))

        def _parse_type_(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        type_ = _parse_type_(d.pop("type"))

        uploader = d.pop("uploader")

        def _parse_width(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        width = _parse_width(d.pop("width"))

        file = cls(
            declared_type=declared_type,
            expires_at=expires_at,
            height=height,
            id=id,
            name=name,
            received=received,
            reserved_at=reserved_at,
            sha256=sha256,
            size=size,
            state=state,
            stored_at=stored_at,
            type_=type_,
            uploader=uploader,
            width=width,
        )

        file.additional_properties = d
        return file

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
