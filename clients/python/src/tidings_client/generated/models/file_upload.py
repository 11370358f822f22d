from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.file_upload_headers import FileUploadHeaders


T = TypeVar("T", bound="FileUpload")


@_attrs_define
class FileUpload:
    """Where the bytes go.

    Attributes:
        expires_at (datetime.datetime): When the upload expires.
        headers (FileUploadHeaders): The headers of an upload.
        method (str): The method of the request. Example: PUT.
        url (str): The address, relative to that of the API. Example:
            /v1/files/019ad2c5-7a31-7c1e-9f6e-2f0f3d1c9b5a/content.
    """

    expires_at: datetime.datetime
    headers: FileUploadHeaders
    method: str
    url: str
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        expires_at = self.expires_at.isoformat()

        headers = self.headers.to_dict()

        method = self.method

        url = self.url

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "expires_at": expires_at,
                "headers": headers,
                "method": method,
                "url": url,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.file_upload_headers import FileUploadHeaders  # noqa: PLC0415

        d = dict(src_dict)
        expires_at = datetime.datetime.fromisoformat(d.pop("expires_at"))

        headers = FileUploadHeaders.from_dict(d.pop("headers"))

        method = d.pop("method")

        url = d.pop("url")

        file_upload = cls(
            expires_at=expires_at,
            headers=headers,
            method=method,
            url=url,
        )

        file_upload.additional_properties = d
        return file_upload

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
