from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.contact_state import ContactState

T = TypeVar("T", bound="Contact")


@_attrs_define
class Contact:
    """A contact, or a request.

    Attributes:
        note (None | str): What the user who asked said with the request; null if nothing, and for contacts.
        since (datetime.datetime): Since when.
        state (ContactState): What the other user is to the caller.
        user (str): The other user.
    """

    note: None | str
    since: datetime.datetime
    state: ContactState
    user: str
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        note: None | str
        note = self.note

        since = self.since.isoformat()

        state = self.state.value

        user = self.user

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "note": note,
                "since": since,
                "state": state,
                "user": user,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)

        def _parse_note(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        note = _parse_note(d.pop("note"))

        since = datetime.datetime.fromisoformat(d.pop("since"))

        state = ContactState(d.pop("state"))

        user = d.pop("user")

        contact = cls(
            note=note,
            since=since,
            state=state,
            user=user,
        )

        contact.additional_properties = d
        return contact

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
