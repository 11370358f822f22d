from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.conversation_kind import ConversationKind
from ..models.history import History
from ..types import UNSET, Unset

T = TypeVar("T", bound="ConversationData")


@_attrs_define
class ConversationData:
    """The data of `conversation_created` and `conversation_changed`: the conversation after the event.

    Attributes:
        history (History): What new members can see of earlier messages: `all` of them, or only those `since_join`.
        id (str): The id of the conversation.
        kind (ConversationKind): `direct` is a conversation of two users that never changes; users can join and leave a
            `group`;
            in a conversation with a `desk`, a customer writes with the agents who have their sessions.
        title (None | str): The title of a group; null if it has none.
        by (str | Unset): The user who did it. Entries of earlier releases lack it.
        member_count (int | Unset): The number of the first members, in `conversation_created`.
        members (list[str] | Unset): The first ten of them, the creator first, in `conversation_created`.
        peer (str | Unset): The other user of a direct conversation, in `conversation_created`.
    """

    history: History
    id: str
    kind: ConversationKind
    title: None | str
    by: str | Unset = UNSET
    member_count: int | Unset = UNSET
    members: list[str] | Unset = UNSET
    peer: str | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        history = self.history.value

        id = self.id

        kind = self.kind.value

        title: None | str
        title = self.title

        by = self.by

        member_count = self.member_count

        members: list[str] | Unset = UNSET
        if not isinstance(self.members, Unset):
            members = self.members

        peer = self.peer

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "history": history,
                "id": id,
                "kind": kind,
                "title": title,
            }
        )
        if by is not UNSET:
            field_dict["by"] = by
        if member_count is not UNSET:
            field_dict["member_count"] = member_count
        if members is not UNSET:
            field_dict["members"] = members
        if peer is not UNSET:
            field_dict["peer"] = peer

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        history = History(d.pop("history"))

        id = d.pop("id")

        kind = ConversationKind(d.pop("kind"))

        def _parse_title(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        title = _parse_title(d.pop("title"))

        by = d.pop("by", UNSET)

        member_count = d.pop("member_count", UNSET)

        members = cast(list[str], d.pop("members", UNSET))

        peer = d.pop("peer", UNSET)

        conversation_data = cls(
            history=history,
            id=id,
            kind=kind,
            title=title,
            by=by,
            member_count=member_count,
            members=members,
            peer=peer,
        )

        conversation_data.additional_properties = d
        return conversation_data

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
