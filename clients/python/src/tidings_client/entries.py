"""What `Client.entries` yields."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast, get_args

from .generated import models
from .problems import CursorExpiredError

#: A message, in histories and as the `data` of a `MessageSentEntry`.
Message = (
    models.TextMessage
    | models.ImageMessage
    | models.FileMessage
    | models.AudioMessage
    | models.VideoMessage
    | models.LocationMessage
    | models.CustomMessage
    | models.ControlMessage
)


@dataclass(frozen=True)
class UnknownEntry:
    """An entry of a type that this version of the package does not know. Ignore it, or update."""

    position: int
    type_: str
    conversation_id: str | None
    at: datetime.datetime
    data: Any


#: An entry of the sync feed. `position` and `conversation_id` identify it.
Entry = (
    models.ContactAddedEntry
    | models.ContactRemovedEntry
    | models.ContactRequestedEntry
    | models.ConversationChangedEntry
    | models.ConversationClearedEntry
    | models.ConversationCreatedEntry
    | models.ConversationPolicyChangedEntry
    | models.ConversationReadEntry
    | models.DeliveredEntry
    | models.HeldMessageReleasedEntry
    | models.InvitationEndedEntry
    | models.InvitedEntry
    | models.JoinRequestEndedEntry
    | models.JoinRequestedEntry
    | models.MemberAddedEntry
    | models.MemberBannedEntry
    | models.MemberRemovedEntry
    | models.MemberRoleChangedEntry
    | models.MemberSilencedEntry
    | models.MemberUnbannedEntry
    | models.MemberUnsilencedEntry
    | models.MessageEditedEntry
    | models.MessageErasedEntry
    | models.MessageHeldEntry
    | models.MessagePinnedEntry
    | models.MessageRecalledEntry
    | models.MessageRefusedEntry
    | models.MessageRestoredEntry
    | models.MessageScheduledEntry
    | models.MessageSentEntry
    | models.MessageUnpinnedEntry
    | models.PreferencesChangedEntry
    | models.ReactionAddedEntry
    | models.ReactionRemovedEntry
    | models.ScheduledMessageCancelledEntry
    | models.ScheduledMessageChangedEntry
    | models.ScheduledMessageFailedEntry
    | models.ScheduledMessageSentEntry
    | models.SessionAcceptedEntry
    | models.SessionClosedEntry
    | models.SessionOpenedEntry
    | models.SessionRemindedEntry
    | models.SessionTransferredEntry
    | models.ThreadFollowedEntry
    | models.ThreadReadEntry
    | models.ThreadUnfollowedEntry
    | UnknownEntry
)


@dataclass(frozen=True)
class InboxSnapshot:
    """The inbox as it is now, in place of entries that cannot be had any more.

    It comes when the stored cursor is older than what the server keeps, or when the log of the
    server was restored from a backup. What is not in the inbox may have happened or may never have
    happened: read the histories of the conversations that matter.
    """

    #: The conversations, first those that are not archived.
    conversations: list[models.InboxConversation]
    #: The unread messages of those that are neither muted nor archived.
    total_unread: int
    #: The entries go on after this cursor.
    cursor: str
    #: Why the server refused the earlier cursor.
    reason: CursorExpiredError


#: What `Client.entries` yields.
Event = Entry | InboxSnapshot


def type_name(model: type[Any]) -> str:
    """The type of entry that a model is for: `message_sent` for `MessageSentEntry`."""
    words = model.__name__.removesuffix("Entry")
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in words).removeprefix("_")


ENTRY_MODELS: dict[str, Any] = {
    type_name(model): model for model in get_args(Entry) if model is not UnknownEntry
}


def parse_entry(document: Mapping[str, Any]) -> Entry:
    """The entry in a document of the server."""
    model = ENTRY_MODELS.get(document["type"])
    if model is not None:
        try:
            return cast(Entry, model.from_dict(document))
        except (ValueError, KeyError, TypeError, AttributeError):
            # A later version of the server may add values, such as a type of message.
            pass
    return UnknownEntry(
        position=int(document["position"]),
        type_=str(document["type"]),
        conversation_id=document["conversation_id"],
        at=datetime.datetime.fromisoformat(document["at"]),
        data=document.get("data"),
    )


def identity_of(entry: Entry) -> tuple[int, str | None]:
    """What identifies an entry within one history of the log."""
    return entry.position, entry.conversation_id
