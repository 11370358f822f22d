from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.conversation_kind import ConversationKind
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.last_message import LastMessage


T = TypeVar("T", bound="InboxConversation")


@_attrs_define
class InboxConversation:
    """A conversation in the inbox.

    Attributes:
        activity (int): The sort key: pinned conversations come first, then those with the larger `activity`. It is
            the position of the newest message that is not a control message, or of the creation of
            the conversation, whether the caller can see that message or not.
        archived (bool): Whether it is hidden from the list and excluded from the total.
        avatar (None | str): The avatar of a group: the id of a file or an https URL; null if it has none. The avatar of
            a direct conversation is that of its peer.
        id (str): The id of the conversation.
        kind (ConversationKind): `direct` is a conversation of two users that never changes; users can join and leave a
            `group`;
            in a conversation with a `desk`, a customer writes with the agents who have their sessions.
        last_message (LastMessage | None):
        member_count (int): The current number of members.
        mentions (int): The number of unread messages that mention the caller.
        muted (bool): Whether it is excluded from the total.
        pinned (bool): Whether it is listed first.
        read_seq (int): The caller's read mark.
        title (None | str): The title of a group; null if it has none.
        unread (int): The number of unread messages.
        peer (str | Unset): The other user of a direct conversation.
    """

    activity: int
    archived: bool
    avatar: None | str
    id: str
    kind: ConversationKind
    last_message: LastMessage | None
    member_count: int
    mentions: int
    muted: bool
    pinned: bool
    read_seq: int
    title: None | str
    unread: int
    peer: str | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.last_message import LastMessage  # noqa: PLC0415

        activity = self.activity

        archived = self.archived

        avatar: None | str
        avatar = self.avatar

        id = self.id

        kind = self.kind.value

        last_message: dict[str, Any] | None
        if isinstance(self.last_message, LastMessage):
            last_message = self.last_message.to_dict()
        else:
            last_message = self.last_message

        member_count = self.member_count

        mentions = self.mentions

        muted = self.muted

        pinned = self.pinned

        read_seq = self.read_seq

        title: None | str
        title = self.title

        unread = self.unread

        peer = self.peer

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "activity": activity,
                "archived": archived,
                "avatar": avatar,
                "id": id,
                "kind": kind,
                "last_message": last_message,
                "member_count": member_count,
                "mentions": mentions,
                "muted": muted,
                "pinned": pinned,
                "read_seq": read_seq,
                "title": title,
                "unread": unread,
            }
        )
        if peer is not UNSET:
            field_dict["peer"] = peer

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.last_message import LastMessage  # noqa: PLC0415

        d = dict(src_dict)
        activity = d.pop("activity")

        archived = d.pop("archived")

        def _parse_avatar(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        avatar = _parse_avatar(d.pop("avatar"))

        id = d.pop("id")

        kind = ConversationKind(d.pop("kind"))

        def _parse_last_message(data: object) -> LastMessage | None:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                last_message_type_0 = LastMessage.from_dict(data)

                return last_message_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(LastMessage | None, data)

        last_message = _parse_last_message(d.pop("last_message"))

        member_count = d.pop("member_count")

        mentions = d.pop("mentions")

        muted = d.pop("muted")

        pinned = d.pop("pinned")

        read_seq = d.pop("read_seq")

        def _parse_title(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        title = _parse_title(d.pop("title"))

        unread = d.pop("unread")

        peer = d.pop("peer", UNSET)

        inbox_conversation = cls(
            activity=activity,
            archived=archived,
            avatar=avatar,
            id=id,
            kind=kind,
            last_message=last_message,
            member_count=member_count,
            mentions=mentions,
            muted=muted,
            pinned=pinned,
            read_seq=read_seq,
            title=title,
            unread=unread,
            peer=peer,
        )

        inbox_conversation.additional_properties = d
        return inbox_conversation

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
