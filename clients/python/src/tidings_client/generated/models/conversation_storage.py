from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="ConversationStorage")


@_attrs_define
class ConversationStorage:
    """What the files occupy that a conversation uses.

    Attributes:
        bytes_ (int): Their size in bytes.
        files (int): The number of files that its messages use, also those that wait to be sent, and its avatar.
        id (str): The conversation.
        kind (str): `direct` or `group`.
        title (None | str): The title of a group.
    """

    bytes_: int
    files: int
    id: str
    kind: str
    title: None | str
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        bytes_ = self.bytes_

        files = self.files

        id = self.id

        kind = self.kind

        title: None | str
        title = self.title

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "bytes": bytes_,
                "files": files,
                "id": id,
                "kind": kind,
                "title": title,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        bytes_ = d.pop("bytes")

        files = d.pop("files")

        id = d.pop("id")

        kind = d.pop("kind")

        def _parse_title(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        title = _parse_title(d.pop("title"))

        conversation_storage = cls(
            bytes_=bytes_,
            files=files,
            id=id,
            kind=kind,
            title=title,
        )

        conversation_storage.additional_properties = d
        return conversation_storage

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
