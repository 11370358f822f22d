from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.message_version import MessageVersion


T = TypeVar("T", bound="MessageHistory")


@_attrs_define
class MessageHistory:
    """A page of the versions of a message.

    Attributes:
        next_ (None | str): The cursor of the next page; null at the end.
        versions (list[MessageVersion]): The versions, oldest first; the last one of the last page is current.
    """

    next_: None | str
    versions: list[MessageVersion]
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        next_: None | str
        next_ = self.next_

        versions = []
        for versions_item_data in self.versions:
            versions_item = versions_item_data.to_dict()
            versions.append(versions_item)

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "next": next_,
                "versions": versions,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.message_version import MessageVersion  # noqa: PLC0415

        d = dict(src_dict)

        def _parse_next_(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        next_ = _parse_next_(d.pop("next"))

        versions = []
        _versions = d.pop("versions")
        for versions_item_data in _versions:
            versions_item = MessageVersion.from_dict(versions_item_data)

            versions.append(versions_item)

        message_history = cls(
            next_=next_,
            versions=versions,
        )

        message_history.additional_properties = d
        return message_history

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
