from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="UserCounts")


@_attrs_define
class UserCounts:
    """How much there is of a user.

    Attributes:
        blocked (int): The users whom the user blocks.
        contacts (int): The contacts of the user.
        conversations (int): The conversations that the user is a member of.
        devices (int): The devices of the user.
        messages (int): The messages that the user has sent and that are not recalled.
    """

    blocked: int
    contacts: int
    conversations: int
    devices: int
    messages: int
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        blocked = self.blocked

        contacts = self.contacts

        conversations = self.conversations

        devices = self.devices

        messages = self.messages

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "blocked": blocked,
                "contacts": contacts,
                "conversations": conversations,
                "devices": devices,
                "messages": messages,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        blocked = d.pop("blocked")

        contacts = d.pop("contacts")

        conversations = d.pop("conversations")

        devices = d.pop("devices")

        messages = d.pop("messages")

        user_counts = cls(
            blocked=blocked,
            contacts=contacts,
            conversations=conversations,
            devices=devices,
            messages=messages,
        )

        user_counts.additional_properties = d
        return user_counts

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
