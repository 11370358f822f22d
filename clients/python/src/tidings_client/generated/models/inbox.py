from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.inbox_conversation import InboxConversation


T = TypeVar("T", bound="Inbox")


@_attrs_define
class Inbox:
    """A page of the inbox.

    Attributes:
        conversations (list[InboxConversation]): The conversations: pinned ones first, then by latest activity.
        next_ (None | str): The cursor of the next page; null at the end.
        total_unread (int): The sum of `unread` over all current conversations that are neither muted nor archived,
            whether they are on this page or not.
    """

    conversations: list[InboxConversation]
    next_: None | str
    total_unread: int
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        conversations = []
        for conversations_item_data in self.conversations:
            conversations_item = conversations_item_data.to_dict()
            conversations.append(conversations_item)

        next_: None | str
        next_ = self.next_

        total_unread = self.total_unread

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "conversations": conversations,
                "next": next_,
                "total_unread": total_unread,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.inbox_conversation import InboxConversation  # noqa: PLC0415

        d = dict(src_dict)
        conversations = []
        _conversations = d.pop("conversations")
        for conversations_item_data in _conversations:
            conversations_item = InboxConversation.from_dict(conversations_item_data)

            conversations.append(conversations_item)

        def _parse_next_(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        next_ = _parse_next_(d.pop("next"))

        total_unread = d.pop("total_unread")

        inbox = cls(
            conversations=conversations,
            next_=next_,
            total_unread=total_unread,
        )

        inbox.additional_properties = d
        return inbox

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
