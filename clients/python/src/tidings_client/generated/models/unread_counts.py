from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.unread_counts_conversations import UnreadCountsConversations


T = TypeVar("T", bound="UnreadCounts")


@_attrs_define
class UnreadCounts:
    """The unread counts of the caller.

    Attributes:
        conversations (UnreadCountsConversations): The counts by conversation, including muted and archived ones.
            Without `all`, only those
            above 0: a conversation that is absent has no unread messages.
        total (int): The sum over all current conversations that are neither muted nor archived.
    """

    conversations: UnreadCountsConversations
    total: int
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        conversations = self.conversations.to_dict()

        total = self.total

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "conversations": conversations,
                "total": total,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.unread_counts_conversations import UnreadCountsConversations  # noqa: PLC0415

        d = dict(src_dict)
        conversations = UnreadCountsConversations.from_dict(d.pop("conversations"))

        total = d.pop("total")

        unread_counts = cls(
            conversations=conversations,
            total=total,
        )

        unread_counts.additional_properties = d
        return unread_counts

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
