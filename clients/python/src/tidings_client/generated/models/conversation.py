from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.conversation_kind import ConversationKind
from ..models.history import History

if TYPE_CHECKING:
    from ..models.my_place import MyPlace
    from ..models.policy import Policy


T = TypeVar("T", bound="Conversation")


@_attrs_define
class Conversation:
    """A conversation.

    Attributes:
        created_at (datetime.datetime): When it was created.
        head_seq (int): The seq of the newest message; 0 without messages.
        history (History): What new members can see of earlier messages: `all` of them, or only those `since_join`.
        id (str): The id of the conversation.
        kind (ConversationKind): `direct` is a conversation of two users that never changes; users can join and leave a
            `group`;
            in a conversation with a `desk`, a customer writes with the agents who have their sessions.
        member_count (int): The current number of members.
        my (MyPlace): The caller's membership in a conversation.
        policy (Policy): What the owner and admins of a conversation have set. A direct conversation has the defaults.
        title (None | str): The title of a group; null if it has none.
    """

    created_at: datetime.datetime
    head_seq: int
    history: History
    id: str
    kind: ConversationKind
    member_count: int
    my: MyPlace
    policy: Policy
    title: None | str
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        created_at = self.created_at.isoformat()

        head_seq = self.head_seq

        history = self.history.value

        id = self.id

        kind = self.kind.value

        member_count = self.member_count

        my = self.my.to_dict()

        policy = self.policy.to_dict()

        title: None | str
        title = self.title

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "created_at": created_at,
                "head_seq": head_seq,
                "history": history,
                "id": id,
                "kind": kind,
                "member_count": member_count,
                "my": my,
                "policy": policy,
                "title": title,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.my_place import MyPlace  # noqa: PLC0415
        from ..models.policy import Policy  # noqa: PLC0415

        d = dict(src_dict)
        created_at = datetime.datetime.fromisoformat(d.pop("created_at"))

        head_seq = d.pop("head_seq")

        history = History(d.pop("history"))

        id = d.pop("id")

        kind = ConversationKind(d.pop("kind"))

        member_count = d.pop("member_count")

        my = MyPlace.from_dict(d.pop("my"))

        policy = Policy.from_dict(d.pop("policy"))

        def _parse_title(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        title = _parse_title(d.pop("title"))

        conversation = cls(
            created_at=created_at,
            head_seq=head_seq,
            history=history,
            id=id,
            kind=kind,
            member_count=member_count,
            my=my,
            policy=policy,
            title=title,
        )

        conversation.additional_properties = d
        return conversation

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
