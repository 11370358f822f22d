from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="Storage")


@_attrs_define
class Storage:
    """What files occupy in all.

    Attributes:
        bytes_ (int): Their size in bytes.
        files (int): The number of stored files.
        unused_bytes (int): Their size in bytes.
        unused_files (int): The number of stored files that nothing uses.
        upload_bytes (int): Their announced size in bytes. Quotas count it; it says nothing of what has arrived.
        uploads (int): The number of uploads that are not finished.
    """

    bytes_: int
    files: int
    unused_bytes: int
    unused_files: int
    upload_bytes: int
    uploads: int
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        bytes_ = self.bytes_

        files = self.files

        unused_bytes = self.unused_bytes

        unused_files = self.unused_files

        upload_bytes = self.upload_bytes

        uploads = self.uploads

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "bytes": bytes_,
                "files": files,
                "unused_bytes": unused_bytes,
                "unused_files": unused_files,
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

        unused_bytes = d.pop("unused_bytes")

        unused_files = d.pop("unused_files")

        upload_bytes = d.pop("upload_bytes")

        uploads = d.pop("uploads")

        storage = cls(
            bytes_=bytes_,
            files=files,
            unused_bytes=unused_bytes,
            unused_files=unused_files,
            upload_bytes=upload_bytes,
            uploads=uploads,
        )

        storage.additional_properties = d
        return storage

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
