from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="UserStorage")


@_attrs_define
class UserStorage:
    """What the files of a user occupy.

    Attributes:
        bytes_ (int): Their size in bytes.
        files (int): The number of stored files.
        id (str): The user who has uploaded them.
        upload_bytes (int): Their announced size in bytes.
        uploads (int): The number of uploads that are not finished.
    """

    bytes_: int
    files: int
    id: str
    upload_bytes: int
    uploads: int
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        bytes_ = self.bytes_

        files = self.files

        id = self.id

        upload_bytes = self.upload_bytes

        uploads = self.uploads

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "bytes": bytes_,
                "files": files,
                "id": id,
                "upload_bytes": upload_bytes,
                "uploads": uploads,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        bytes_ = d.pop("bytes")

        files = d.pop("files")

        id = d.pop("id")

        upload_bytes = d.pop("upload_bytes")

        uploads = d.pop("uploads")

        user_storage = cls(
            bytes_=bytes_,
            files=files,
            id=id,
            upload_bytes=upload_bytes,
            uploads=uploads,
        )

        user_storage.additional_properties = d
        return user_storage

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
