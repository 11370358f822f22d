from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.conversation_kind import ConversationKind
from ..models.history import History
from ..types import UNSET, Unset

T = TypeVar("T", bound="JoinedConversation")


@_attrs_define
class JoinedConversation:
    """A conversation that the recipient of the entry has joined, in its current state.

    Attributes:
        history (History): What new members can see of earlier messages: `all` of them, or only those `since_join`.
        id (str): Its id.
        kind (ConversationKind): `direct` is a conversation of two users that never changes; users can join and leave a
            `group`;
            in a conversation with a `desk`, a customer writes with the agents who have their sessions.
        member_count (int): The number of members.
        title (None | str): Its title.
        members (list[str] | Unset): The first ten members, in the order in which they joined.
    """

    history: History
    id: str
    kind: ConversationKind
    member_count: int
    title: None | str
    members: list[str] | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        history = self.history.value

        id = self.id

        kind = self.kind.value

        member_count = self.member_count

        title: None | str
        title = self.title

        members: list[str] | Unset = UNSET
        if not isinstance(self.members, Unset):
            members = self.members

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "history": history,
                "id": id,
                "kind": kind,
                "member_count": member_count,
                "title": title,
            }
        )
        if members is not UNSET:
            field_dict["members"] = members

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        history = History(d.pop("history"))

        id = d.pop("id")

        kind = ConversationKind(d.pop("kind"))

        member_count = d.pop("member_count")

        def _parse_title(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        title = _parse_title(d.pop("title"))

        members = cast(list[str], d.pop("members", UNSET))

        joined_conversation = cls(
            history=history,
            id=id,
            kind=kind,
            member_count=member_count,
            title=title,
            members=members,
        )

        joined_conversation.additional_properties = d
        return joined_conversation

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
