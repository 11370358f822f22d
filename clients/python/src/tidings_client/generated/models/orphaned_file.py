from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="OrphanedFile")


@_attrs_define
class OrphanedFile:
    """A file that will be deleted because nothing uses it.

    Attributes:
        deleted_at (datetime.datetime | None): When it will be deleted, unless something uses it by then; the collection
            looks once a
            minute. Null until the collection has noticed.
        id (str): The file.
        reserved_at (datetime.datetime): When it was announced.
        size (int): The size in bytes.
        state (str): `stored`, or `reserved` for an upload that is not finished.
        type_ (str): The media type; that of an upload is what the client declared.
        unused_since (datetime.datetime | None): Since when nothing uses it. Null for an upload, and until the
            collection has noticed, which
            takes a minute.
        uploader (str): The user who uploads or has uploaded it.
    """

    deleted_at: datetime.datetime | None
    id: str
    reserved_at: datetime.datetime
    size: int
    state: str
    type_: str
    unused_since: datetime.datetime | None
    uploader: str
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        deleted_at: None | str
        if isinstance(self.deleted_at, datetime.datetime):
            deleted_at = self.deleted_at.isoformat()
        else:
            deleted_at = self.deleted_at

        id = self.id

        reserved_at = self.reserved_at.isoformat()

        size = self.size

        state = self.state

        type_ = self.type_

        unused_since: None | str
        if isinstance(self.unused_since, datetime.datetime):
            unused_since = self.unused_since.isoformat()
        else:
            unused_since = self.unused_since

        uploader = self.uploader

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "deleted_at": deleted_at,
                "id": id,
                "reserved_at": reserved_at,
                "size": size,
                "state": state,
                "type": type_,
                "unused_since": unused_since,
                "uploader": uploader,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)

        def _parse_deleted_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                deleted_at_type_0 = datetime.datetime.fromisoformat(data)

                return deleted_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        deleted_at = _parse_deleted_at(d.pop("deleted_at"))

        id = d.pop("id")

        reserved_at = datetime.datetime.fromisoformat(d.pop("reserved_at"))

        size = d.pop("size")

        state = d.pop("state")

        type_ = d.pop("type")

        def _parse_unused_since(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                unused_since_type_0 = datetime.datetime.fromisoformat(data)

                return unused_since_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        unused_since = _parse_unused_since(d.pop("unused_since"))

        uploader = d.pop("uploader")

        orphaned_file = cls(
            deleted_at=deleted_at,
            id=id,
            reserved_at=reserved_at,
            size=size,
            state=state,
            type_=type_,
            unused_since=unused_since,
            uploader=uploader,
        )

        orphaned_file.additional_properties = d
        return orphaned_file

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
