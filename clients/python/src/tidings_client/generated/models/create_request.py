from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.new_conversation_kind import NewConversationKind
from ..types import UNSET, Unset

T = TypeVar("T", bound="CreateRequest")


@_attrs_define
class CreateRequest:
    """The conversation to create.

    Attributes:
        kind (NewConversationKind): What can be created: a conversation with a desk begins with a session of its
            customer.
        members (list[str]): The other members, at most 1,000; the caller is always added. Exactly one for `direct`.
        id (None | str | Unset): The id of a group, generated if omitted: 1 to 64 of `A-Z a-z 0-9 _ . -`, not starting
            with
            `d_`, and neither `.` nor `..`.
        title (None | str | Unset): The title of a group, at most 200 characters.
    """

    kind: NewConversationKind
    members: list[str]
    id: None | str | Unset = UNSET
    title: None | str | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        kind = self.kind.value

        members = self.members

        id: None | str | Unset
        if isinstance(self.id, Unset):
            id = UNSET
        else:
            id = self.id

        title: None | str | Unset
        if isinstance(self.title, Unset):
            title = UNSET
        else:
            title = self.title

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "kind": kind,
                "members": members,
            }
        )
        if id is not UNSET:
            field_dict["id"] = id
        if title is not UNSET:
            field_dict["title"] = title

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        kind = NewConversationKind(d.pop("kind"))

        members = cast(list[str], d.pop("members"))

        def _parse_id(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        id = _parse_id(d.pop("id", UNSET))

        def _parse_title(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        title = _parse_title(d.pop("title", UNSET))

        create_request = cls(
            kind=kind,
            members=members,
            id=id,
            title=title,
        )

        create_request.additional_properties = d
        return create_request

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
