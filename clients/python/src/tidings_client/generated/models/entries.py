from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.contact_added_entry import ContactAddedEntry
    from ..models.contact_removed_entry import ContactRemovedEntry
    from ..models.contact_requested_entry import ContactRequestedEntry
    from ..models.conversation_changed_entry import ConversationChangedEntry
    from ..models.conversation_cleared_entry import ConversationClearedEntry
    from ..models.conversation_created_entry import ConversationCreatedEntry
    from ..models.conversation_policy_changed_entry import ConversationPolicyChangedEntry
    from ..models.conversation_read_entry import ConversationReadEntry
    from ..models.delivered_entry import DeliveredEntry
    from ..models.held_message_released_entry import HeldMessageReleasedEntry
    from ..models.invitation_ended_entry import InvitationEndedEntry
    from ..models.invited_entry import InvitedEntry
    from ..models.join_request_ended_entry import JoinRequestEndedEntry
    from ..models.join_requested_entry import JoinRequestedEntry
    from ..models.member_added_entry import MemberAddedEntry
    from ..models.member_banned_entry import MemberBannedEntry
    from ..models.member_removed_entry import MemberRemovedEntry
    from ..models.member_role_changed_entry import MemberRoleChangedEntry
    from ..models.member_silenced_entry import MemberSilencedEntry
    from ..models.member_unbanned_entry import MemberUnbannedEntry
    from ..models.member_unsilenced_entry import MemberUnsilencedEntry
    from ..models.message_edited_entry import MessageEditedEntry
    from ..models.message_erased_entry import MessageErasedEntry
    from ..models.message_held_entry import MessageHeldEntry
    from ..models.message_pinned_entry import MessagePinnedEntry
    from ..models.message_recalled_entry import MessageRecalledEntry
    from ..models.message_refused_entry import MessageRefusedEntry
    from ..models.message_restored_entry import MessageRestoredEntry
    from ..models.message_scheduled_entry import MessageScheduledEntry
    from ..models.message_sent_entry import MessageSentEntry
    from ..models.message_unpinned_entry import MessageUnpinnedEntry
    from ..models.preferences_changed_entry import PreferencesChangedEntry
    from ..models.reaction_added_entry import ReactionAddedEntry
    from ..models.reaction_removed_entry import ReactionRemovedEntry
    from ..models.scheduled_message_cancelled_entry import ScheduledMessageCancelledEntry
    from ..models.scheduled_message_changed_entry import ScheduledMessageChangedEntry
    from ..models.scheduled_message_failed_entry import ScheduledMessageFailedEntry
    from ..models.scheduled_message_sent_entry import ScheduledMessageSentEntry
    from ..models.session_accepted_entry import SessionAcceptedEntry
    from ..models.session_closed_entry import SessionClosedEntry
    from ..models.session_opened_entry import SessionOpenedEntry
    from ..models.session_reminded_entry import SessionRemindedEntry
    from ..models.session_transferred_entry import SessionTransferredEntry
    from ..models.thread_followed_entry import ThreadFollowedEntry
    from ..models.thread_read_entry import ThreadReadEntry
    from ..models.thread_unfollowed_entry import ThreadUnfollowedEntry


T = TypeVar("T", bound="Entries")


@_attrs_define
class Entries:
    """A page of the sync feed.

    Attributes:
        cursor (str): What to pass as `after` for the next page: a log position, a dot and the tag of its history.
            Example: 1234.5f3a9c21.
        entries (list[ContactAddedEntry | ContactRemovedEntry | ContactRequestedEntry | ConversationChangedEntry |
            ConversationClearedEntry | ConversationCreatedEntry | ConversationPolicyChangedEntry | ConversationReadEntry |
            DeliveredEntry | HeldMessageReleasedEntry | InvitationEndedEntry | InvitedEntry | JoinRequestedEntry |
            JoinRequestEndedEntry | MemberAddedEntry | MemberBannedEntry | MemberRemovedEntry | MemberRoleChangedEntry |
            MemberSilencedEntry | MemberUnbannedEntry | MemberUnsilencedEntry | MessageEditedEntry | MessageErasedEntry |
            MessageHeldEntry | MessagePinnedEntry | MessageRecalledEntry | MessageRefusedEntry | MessageRestoredEntry |
            MessageScheduledEntry | MessageSentEntry | MessageUnpinnedEntry | PreferencesChangedEntry | ReactionAddedEntry |
            ReactionRemovedEntry | ScheduledMessageCancelledEntry | ScheduledMessageChangedEntry |
            ScheduledMessageFailedEntry | ScheduledMessageSentEntry | SessionAcceptedEntry | SessionClosedEntry |
            SessionOpenedEntry | SessionRemindedEntry | SessionTransferredEntry | ThreadFollowedEntry | ThreadReadEntry |
            ThreadUnfollowedEntry]): The entries, oldest first.
        has_more (bool): Whether there are more entries now.
    """

    cursor: str
    entries: list[
        ContactAddedEntry
        | ContactRemovedEntry
        | ContactRequestedEntry
        | ConversationChangedEntry
        | ConversationClearedEntry
        | ConversationCreatedEntry
        | ConversationPolicyChangedEntry
        | ConversationReadEntry
        | DeliveredEntry
        | HeldMessageReleasedEntry
        | InvitationEndedEntry
        | InvitedEntry
        | JoinRequestedEntry
        | JoinRequestEndedEntry
        | MemberAddedEntry
        | MemberBannedEntry
        | MemberRemovedEntry
        | MemberRoleChangedEntry
        | MemberSilencedEntry
        | MemberUnbannedEntry
        | MemberUnsilencedEntry
        | MessageEditedEntry
        | MessageErasedEntry
        | MessageHeldEntry
        | MessagePinnedEntry
        | MessageRecalledEntry
        | MessageRefusedEntry
        | MessageRestoredEntry
        | MessageScheduledEntry
        | MessageSentEntry
        | MessageUnpinnedEntry
        | PreferencesChangedEntry
        | ReactionAddedEntry
        | ReactionRemovedEntry
        | ScheduledMessageCancelledEntry
        | ScheduledMessageChangedEntry
        | ScheduledMessageFailedEntry
        | ScheduledMessageSentEntry
        | SessionAcceptedEntry
        | SessionClosedEntry
        | SessionOpenedEntry
        | SessionRemindedEntry
        | SessionTransferredEntry
        | ThreadFollowedEntry
        | ThreadReadEntry
        | ThreadUnfollowedEntry
    ]
    has_more: bool
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.contact_added_entry import ContactAddedEntry  # noqa: PLC0415
        from ..models.contact_removed_entry import ContactRemovedEntry  # noqa: PLC0415
        from ..models.contact_requested_entry import ContactRequestedEntry  # noqa: PLC0415
        from ..models.conversation_changed_entry import ConversationChangedEntry  # noqa: PLC0415
        from ..models.conversation_cleared_entry import ConversationClearedEntry  # noqa: PLC0415
        from ..models.conversation_created_entry import ConversationCreatedEntry  # noqa: PLC0415
        from ..models.conversation_policy_changed_entry import (
            ConversationPolicyChangedEntry,  # noqa: PLC0415
        )
        from ..models.conversation_read_entry import ConversationReadEntry  # noqa: PLC0415
        from ..models.delivered_entry import DeliveredEntry  # noqa: PLC0415
        from ..models.held_message_released_entry import HeldMessageReleasedEntry  # noqa: PLC0415
        from ..models.invitation_ended_entry import InvitationEndedEntry  # noqa: PLC0415
        from ..models.invited_entry import InvitedEntry  # noqa: PLC0415
        from ..models.join_request_ended_entry import JoinRequestEndedEntry  # noqa: PLC0415
        from ..models.join_requested_entry import JoinRequestedEntry  # noqa: PLC0415
        from ..models.member_added_entry import MemberAddedEntry  # noqa: PLC0415
        from ..models.member_banned_entry import MemberBannedEntry  # noqa: PLC0415
        from ..models.member_removed_entry import MemberRemovedEntry  # noqa: PLC0415
        from ..models.member_role_changed_entry import MemberRoleChangedEntry  # noqa: PLC0415
        from ..models.member_silenced_entry import MemberSilencedEntry  # noqa: PLC0415
        from ..models.member_unbanned_entry import MemberUnbannedEntry  # noqa: PLC0415
        from ..models.member_unsilenced_entry import MemberUnsilencedEntry  # noqa: PLC0415
        from ..models.message_edited_entry import MessageEditedEntry  # noqa: PLC0415
        from ..models.message_erased_entry import MessageErasedEntry  # noqa: PLC0415
        from ..models.message_held_entry import MessageHeldEntry  # noqa: PLC0415
        from ..models.message_pinned_entry import MessagePinnedEntry  # noqa: PLC0415
        from ..models.message_recalled_entry import MessageRecalledEntry  # noqa: PLC0415
        from ..models.message_restored_entry import MessageRestoredEntry  # noqa: PLC0415
        from ..models.message_scheduled_entry import MessageScheduledEntry  # noqa: PLC0415
        from ..models.message_sent_entry import MessageSentEntry  # noqa: PLC0415
        from ..models.message_unpinned_entry import MessageUnpinnedEntry  # noqa: PLC0415
        from ..models.preferences_changed_entry import PreferencesChangedEntry  # noqa: PLC0415
        from ..models.reaction_added_entry import ReactionAddedEntry  # noqa: PLC0415
        from ..models.reaction_removed_entry import ReactionRemovedEntry  # noqa: PLC0415
        from ..models.scheduled_message_cancelled_entry import (
            ScheduledMessageCancelledEntry,  # noqa: PLC0415
        )
        from ..models.scheduled_message_changed_entry import (
            ScheduledMessageChangedEntry,  # noqa: PLC0415
        )
        from ..models.scheduled_message_failed_entry import ScheduledMessageFailedEntry  # noqa: PLC0415
        from ..models.scheduled_message_sent_entry import ScheduledMessageSentEntry  # noqa: PLC0415
        from ..models.session_accepted_entry import SessionAcceptedEntry  # noqa: PLC0415
        from ..models.session_closed_entry import SessionClosedEntry  # noqa: PLC0415
        from ..models.session_opened_entry import SessionOpenedEntry  # noqa: PLC0415
        from ..models.session_reminded_entry import SessionRemindedEntry  # noqa: PLC0415
        from ..models.session_transferred_entry import SessionTransferredEntry  # noqa: PLC0415
        from ..models.thread_followed_entry import ThreadFollowedEntry  # noqa: PLC0415
        from ..models.thread_read_entry import ThreadReadEntry  # noqa: PLC0415
        from ..models.thread_unfollowed_entry import ThreadUnfollowedEntry  # noqa: PLC0415

        cursor = self.cursor

        entries = []
        for entries_item_data in self.entries:
            entries_item: dict[str, Any]
            if isinstance(entries_item_data, ConversationCreatedEntry):
                entries_item = entries_item_data.to_dict()
            elif isinstance(entries_item_data, ConversationChangedEntry):
                entries_item = entries_item_data.to_dict()
            elif isinstance(entries_item_data, MemberAddedEntry):
                entries_item = entries_item_data.to_dict()
            elif isinstance(entries_item_data, MemberRemovedEntry):
                entries_item = entries_item_data.to_dict()
            elif isinstance(entries_item_data, MemberRoleChangedEntry):
                entries_item = entries_item_data.to_dict()
            elif isinstance(entries_item_data, MessageSentEntry):
                entries_item = entries_item_data.to_dict()
            elif isinstance(entries_item_data, MessageEditedEntry):
                entries_item = entries_item_data.to_dict()
            elif isinstance(entries_item_data, MessageRecalledEntry):
                entries_item = entries_item_data.to_dict()
            elif isinstance(entries_item_data, MessageErasedEntry):
                entries_item = entries_item_data.to_dict()
            elif isinstance(entries_item_data, ReactionAddedEntry):
                entries_item = entries_item_data.to_dict()
            elif isinstance(entries_item_data, ReactionRemovedEntry):
                entries_item = entries_item_data.to_dict()
            elif isinstance(entries_item_data, ConversationReadEntry):
                entries_item = entries_item_data.to_dict()
            elif isinstance(entries_item_data, DeliveredEntry):
                entries_item = entries_item_data.to_dict()
            elif isinstance(entries_item_data, PreferencesChangedEntry):
                entries_item = entries_item_data.to_dict()
            elif isinstance(entries_item_data, ConversationPolicyChangedEntry):
                entries_item = entries_item_data.to_dict()
            elif isinstance(entries_item_data, MemberSilencedEntry):
                entries_item = entries_item_data.to_dict()
            elif isinstance(entries_item_data, MemberUnsilencedEntry):
                entries_item = entries_item_data.to_dict()
            elif isinstance(entries_item_data, MemberBannedEntry):
                entries_item = entries_item_data.to_dict()
            elif isinstance(entries_item_data, MemberUnbannedEntry):
                entries_item = entries_item_data.to_dict()
            elif isinstance(entries_item_data, MessageRestoredEntry):
                entries_item = entries_item_data.to_dict()
            elif isinstance(entries_item_data, MessagePinnedEntry):
                entries_item = entries_item_data.to_dict()
            elif isinstance(entries_item_data, MessageUnpinnedEntry):
                entries_item = entries_item_data.to_dict()
            elif isinstance(entries_item_data, ConversationClearedEntry):
                entries_item = entries_item_data.to_dict()
            elif isinstance(entries_item_data, ContactRequestedEntry):
                entries_item = entries_item_data.to_dict()
            elif isinstance(entries_item_data, ContactAddedEntry):
                entries_item = entries_item_data.to_dict()
            elif isinstance(entries_item_data, ContactRemovedEntry):
                entries_item = entries_item_data.to_dict()
            elif isinstance(entries_item_data, InvitedEntry):
                entries_item = entries_item_data.to_dict()
            elif isinstance(entries_item_data, InvitationEndedEntry):
                entries_item = entries_item_data.to_dict()
            elif isinstance(entries_item_data, JoinRequestedEntry):
                entries_item = entries_item_data.to_dict()
            elif isinstance(entries_item_data, JoinRequestEndedEntry):
                entries_item = entries_item_data.to_dict()
            elif isinstance(entries_item_data, ThreadFollowedEntry):
                entries_item = entries_item_data.to_dict()
            elif isinstance(entries_item_data, ThreadUnfollowedEntry):
                entries_item = entries_item_data.to_dict()
            elif isinstance(entries_item_data, ThreadReadEntry):
                entries_item = entries_item_data.to_dict()
            elif isinstance(entries_item_data, MessageScheduledEntry):
                entries_item = entries_item_data.to_dict()
            elif isinstance(entries_item_data, ScheduledMessageChangedEntry):
                entries_item = entries_item_data.to_dict()
            elif isinstance(entries_item_data, ScheduledMessageCancelledEntry):
                entries_item = entries_item_data.to_dict()
            elif isinstance(entries_item_data, ScheduledMessageSentEntry):
                entries_item = entries_item_data.to_dict()
            elif isinstance(entries_item_data, ScheduledMessageFailedEntry):
                entries_item = entries_item_data.to_dict()
            elif isinstance(entries_item_data, MessageHeldEntry):
                entries_item = entries_item_data.to_dict()
            elif isinstance(entries_item_data, HeldMessageReleasedEntry):
                entries_item = entries_item_data.to_dict()
            elif isinstance(entries_item_data, SessionOpenedEntry):
                entries_item = entries_item_data.to_dict()
            elif isinstance(entries_item_data, SessionAcceptedEntry):
                entries_item = entries_item_data.to_dict()
            elif isinstance(entries_item_data, SessionTransferredEntry):
                entries_item = entries_item_data.to_dict()
            elif isinstance(entries_item_data, SessionClosedEntry):
                entries_item = entries_item_data.to_dict()
            elif isinstance(entries_item_data, SessionRemindedEntry):
                entries_item = entries_item_data.to_dict()
            else:
                entries_item = entries_item_data.to_dict()

            entries.append(entries_item)

        has_more = self.has_more

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "cursor": cursor,
                "entries": entries,
                "has_more": has_more,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.contact_added_entry import ContactAddedEntry  # noqa: PLC0415
        from ..models.contact_removed_entry import ContactRemovedEntry  # noqa: PLC0415
        from ..models.contact_requested_entry import ContactRequestedEntry  # noqa: PLC0415
        from ..models.conversation_changed_entry import ConversationChangedEntry  # noqa: PLC0415
        from ..models.conversation_cleared_entry import ConversationClearedEntry  # noqa: PLC0415
        from ..models.conversation_created_entry import ConversationCreatedEntry  # noqa: PLC0415
        from ..models.conversation_policy_changed_entry import (
            ConversationPolicyChangedEntry,  # noqa: PLC0415
        )
        from ..models.conversation_read_entry import ConversationReadEntry  # noqa: PLC0415
        from ..models.delivered_entry import DeliveredEntry  # noqa: PLC0415
        from ..models.held_message_released_entry import HeldMessageReleasedEntry  # noqa: PLC0415
        from ..models.invitation_ended_entry import InvitationEndedEntry  # noqa: PLC0415
        from ..models.invited_entry import InvitedEntry  # noqa: PLC0415
        from ..models.join_request_ended_entry import JoinRequestEndedEntry  # noqa: PLC0415
        from ..models.join_requested_entry import JoinRequestedEntry  # noqa: PLC0415
        from ..models.member_added_entry import MemberAddedEntry  # noqa: PLC0415
        from ..models.member_banned_entry import MemberBannedEntry  # noqa: PLC0415
        from ..models.member_removed_entry import MemberRemovedEntry  # noqa: PLC0415
        from ..models.member_role_changed_entry import MemberRoleChangedEntry  # noqa: PLC0415
        from ..models.member_silenced_entry import MemberSilencedEntry  # noqa: PLC0415
        from ..models.member_unbanned_entry import MemberUnbannedEntry  # noqa: PLC0415
        from ..models.member_unsilenced_entry import MemberUnsilencedEntry  # noqa: PLC0415
        from ..models.message_edited_entry import MessageEditedEntry  # noqa: PLC0415
        from ..models.message_erased_entry import MessageErasedEntry  # noqa: PLC0415
        from ..models.message_held_entry import MessageHeldEntry  # noqa: PLC0415
        from ..models.message_pinned_entry import MessagePinnedEntry  # noqa: PLC0415
        from ..models.message_recalled_entry import MessageRecalledEntry  # noqa: PLC0415
        from ..models.message_refused_entry import MessageRefusedEntry  # noqa: PLC0415
        from ..models.message_restored_entry import MessageRestoredEntry  # noqa: PLC0415
        from ..models.message_scheduled_entry import MessageScheduledEntry  # noqa: PLC0415
        from ..models.message_sent_entry import MessageSentEntry  # noqa: PLC0415
        from ..models.message_unpinned_entry import MessageUnpinnedEntry  # noqa: PLC0415
        from ..models.preferences_changed_entry import PreferencesChangedEntry  # noqa: PLC0415
        from ..models.reaction_added_entry import ReactionAddedEntry  # noqa: PLC0415
        from ..models.reaction_removed_entry import ReactionRemovedEntry  # noqa: PLC0415
        from ..models.scheduled_message_cancelled_entry import (
            ScheduledMessageCancelledEntry,  # noqa: PLC0415
        )
        from ..models.scheduled_message_changed_entry import (
            ScheduledMessageChangedEntry,  # noqa: PLC0415
        )
        from ..models.scheduled_message_failed_entry import ScheduledMessageFailedEntry  # noqa: PLC0415
        from ..models.scheduled_message_sent_entry import ScheduledMessageSentEntry  # noqa: PLC0415
        from ..models.session_accepted_entry import SessionAcceptedEntry  # noqa: PLC0415
        from ..models.session_closed_entry import SessionClosedEntry  # noqa: PLC0415
        from ..models.session_opened_entry import SessionOpenedEntry  # noqa: PLC0415
        from ..models.session_reminded_entry import SessionRemindedEntry  # noqa: PLC0415
        from ..models.session_transferred_entry import SessionTransferredEntry  # noqa: PLC0415
        from ..models.thread_followed_entry import ThreadFollowedEntry  # noqa: PLC0415
        from ..models.thread_read_entry import ThreadReadEntry  # noqa: PLC0415
        from ..models.thread_unfollowed_entry import ThreadUnfollowedEntry  # noqa: PLC0415

        d = dict(src_dict)
        cursor = d.pop("cursor")

        entries = []
        _entries = d.pop("entries")
        for entries_item_data in _entries:

            def _parse_entries_item(
                data: object,
            ) -> (
                ContactAddedEntry
                | ContactRemovedEntry
                | ContactRequestedEntry
                | ConversationChangedEntry
                | ConversationClearedEntry
                | ConversationCreatedEntry
                | ConversationPolicyChangedEntry
                | ConversationReadEntry
                | DeliveredEntry
                | HeldMessageReleasedEntry
                | InvitationEndedEntry
                | InvitedEntry
                | JoinRequestedEntry
                | JoinRequestEndedEntry
                | MemberAddedEntry
                | MemberBannedEntry
                | MemberRemovedEntry
                | MemberRoleChangedEntry
                | MemberSilencedEntry
                | MemberUnbannedEntry
                | MemberUnsilencedEntry
                | MessageEditedEntry
                | MessageErasedEntry
                | MessageHeldEntry
                | MessagePinnedEntry
                | MessageRecalledEntry
                | MessageRefusedEntry
                | MessageRestoredEntry
                | MessageScheduledEntry
                | MessageSentEntry
                | MessageUnpinnedEntry
                | PreferencesChangedEntry
                | ReactionAddedEntry
                | ReactionRemovedEntry
                | ScheduledMessageCancelledEntry
                | ScheduledMessageChangedEntry
                | ScheduledMessageFailedEntry
                | ScheduledMessageSentEntry
                | SessionAcceptedEntry
                | SessionClosedEntry
                | SessionOpenedEntry
                | SessionRemindedEntry
                | SessionTransferredEntry
                | ThreadFollowedEntry
                | ThreadReadEntry
                | ThreadUnfollowedEntry
            ):
                try:
                    if not isinstance(data, dict):
                        raise TypeError()
                    componentsschemas_entry_type_0 = ConversationCreatedEntry.from_dict(data)

                    return componentsschemas_entry_type_0
                except (TypeError, ValueError, AttributeError, KeyError):
                    pass
                try:
                    if not isinstance(data, dict):
                        raise TypeError()
                    componentsschemas_entry_type_1 = ConversationChangedEntry.from_dict(data)

                    return componentsschemas_entry_type_1
                except (TypeError, ValueError, AttributeError, KeyError):
                    pass
                try:
                    if not isinstance(data, dict):
                        raise TypeError()
                    componentsschemas_entry_type_2 = MemberAddedEntry.from_dict(data)

                    return componentsschemas_entry_type_2
                except (TypeError, ValueError, AttributeError, KeyError):
                    pass
                try:
                    if not isinstance(data, dict):
                        raise TypeError()
                    componentsschemas_entry_type_3 = MemberRemovedEntry.from_dict(data)

                    return componentsschemas_entry_type_3
                except (TypeError, ValueError, AttributeError, KeyError):
                    pass
                try:
                    if not isinstance(data, dict):
                        raise TypeError()
                    componentsschemas_entry_type_4 = MemberRoleChangedEntry.from_dict(data)

                    return componentsschemas_entry_type_4
                except (TypeError, ValueError, AttributeError, KeyError):
                    pass
                try:
                    if not isinstance(data, dict):
                        raise TypeError()
                    componentsschemas_entry_type_5 = MessageSentEntry.from_dict(data)

                    return componentsschemas_entry_type_5
                except (TypeError, ValueError, AttributeError, KeyError):
                    pass
                try:
                    if not isinstance(data, dict):
                        raise TypeError()
                    componentsschemas_entry_type_6 = MessageEditedEntry.from_dict(data)

                    return componentsschemas_entry_type_6
                except (TypeError, ValueError, AttributeError, KeyError):
                    pass
                try:
                    if not isinstance(data, dict):
                        raise TypeError()
                    componentsschemas_entry_type_7 = MessageRecalledEntry.from_dict(data)

                    return componentsschemas_entry_type_7
                except (TypeError, ValueError, AttributeError, KeyError):
                    pass
                try:
                    if not isinstance(data, dict):
                        raise TypeError()
                    componentsschemas_entry_type_8 = MessageErasedEntry.from_dict(data)

                    return componentsschemas_entry_type_8
                except (TypeError, ValueError, AttributeError, KeyError):
                    pass
                try:
                    if not isinstance(data, dict):
                        raise TypeError()
                    componentsschemas_entry_type_9 = ReactionAddedEntry.from_dict(data)

                    return componentsschemas_entry_type_9
                except (TypeError, ValueError, AttributeError, KeyError):
                    pass
                try:
                    if not isinstance(data, dict):
                        raise TypeError()
                    componentsschemas_entry_type_10 = ReactionRemovedEntry.from_dict(data)

                    return componentsschemas_entry_type_10
                except (TypeError, ValueError, AttributeError, KeyError):
                    pass
                try:
                    if not isinstance(data, dict):
                        raise TypeError()
                    componentsschemas_entry_type_11 = ConversationReadEntry.from_dict(data)

                    return componentsschemas_entry_type_11
                except (TypeError, ValueError, AttributeError, KeyError):
                    pass
                try:
                    if not isinstance(data, dict):
                        raise TypeError()
                    componentsschemas_entry_type_12 = DeliveredEntry.from_dict(data)

                    return componentsschemas_entry_type_12
                except (TypeError, ValueError, AttributeError, KeyError):
                    pass
                try:
                    if not isinstance(data, dict):
                        raise TypeError()
                    componentsschemas_entry_type_13 = PreferencesChangedEntry.from_dict(data)

                    return componentsschemas_entry_type_13
                except (TypeError, ValueError, AttributeError, KeyError):
                    pass
                try:
                    if not isinstance(data, dict):
                        raise TypeError()
                    componentsschemas_entry_type_14 = ConversationPolicyChangedEntry.from_dict(data)

                    return componentsschemas_entry_type_14
                except (TypeError, ValueError, AttributeError, KeyError):
                    pass
                try:
                    if not isinstance(data, dict):
                        raise TypeError()
                    componentsschemas_entry_type_15 = MemberSilencedEntry.from_dict(data)

                    return componentsschemas_entry_type_15
                except (TypeError, ValueError, AttributeError, KeyError):
                    pass
                try:
                    if not isinstance(data, dict):
                        raise TypeError()
                    componentsschemas_entry_type_16 = MemberUnsilencedEntry.from_dict(data)

                    return componentsschemas_entry_type_16
                except (TypeError, ValueError, AttributeError, KeyError):
                    pass
                try:
                    if not isinstance(data, dict):
                        raise TypeError()
                    componentsschemas_entry_type_17 = MemberBannedEntry.from_dict(data)

                    return componentsschemas_entry_type_17
                except (TypeError, ValueError, AttributeError, KeyError):
                    pass
                try:
                    if not isinstance(data, dict):
                        raise TypeError()
                    componentsschemas_entry_type_18 = MemberUnbannedEntry.from_dict(data)

                    return componentsschemas_entry_type_18
                except (TypeError, ValueError, AttributeError, KeyError):
                    pass
                try:
                    if not isinstance(data, dict):
                        raise TypeError()
                    componentsschemas_entry_type_19 = MessageRestoredEntry.from_dict(data)

                    return componentsschemas_entry_type_19
                except (TypeError, ValueError, AttributeError, KeyError):
                    pass
                try:
                    if not isinstance(data, dict):
                        raise TypeError()
                    componentsschemas_entry_type_20 = MessagePinnedEntry.from_dict(data)

                    return componentsschemas_entry_type_20
                except (TypeError, ValueError, AttributeError, KeyError):
                    pass
                try:
                    if not isinstance(data, dict):
                        raise TypeError()
                    componentsschemas_entry_type_21 = MessageUnpinnedEntry.from_dict(data)

                    return componentsschemas_entry_type_21
                except (TypeError, ValueError, AttributeError, KeyError):
                    pass
                try:
                    if not isinstance(data, dict):
                        raise TypeError()
                    componentsschemas_entry_type_22 = ConversationClearedEntry.from_dict(data)

                    return componentsschemas_entry_type_22
                except (TypeError, ValueError, AttributeError, KeyError):
                    pass
                try:
                    if not isinstance(data, dict):
                        raise TypeError()
                    componentsschemas_entry_type_23 = ContactRequestedEntry.from_dict(data)

                    return componentsschemas_entry_type_23
                except (TypeError, ValueError, AttributeError, KeyError):
                    pass
                try:
                    if not isinstance(data, dict):
                        raise TypeError()
                    componentsschemas_entry_type_24 = ContactAddedEntry.from_dict(data)

                    return componentsschemas_entry_type_24
                except (TypeError, ValueError, AttributeError, KeyError):
                    pass
                try:
                    if not isinstance(data, dict):
                        raise TypeError()
                    componentsschemas_entry_type_25 = ContactRemovedEntry.from_dict(data)

                    return componentsschemas_entry_type_25
                except (TypeError, ValueError, AttributeError, KeyError):
                    pass
                try:
                    if not isinstance(data, dict):
                        raise TypeError()
                    componentsschemas_entry_type_26 = InvitedEntry.from_dict(data)

                    return componentsschemas_entry_type_26
                except (TypeError, ValueError, AttributeError, KeyError):
                    pass
                try:
                    if not isinstance(data, dict):
                        raise TypeError()
                    componentsschemas_entry_type_27 = InvitationEndedEntry.from_dict(data)

                    return componentsschemas_entry_type_27
                except (TypeError, ValueError, AttributeError, KeyError):
                    pass
                try:
                    if not isinstance(data, dict):
                        raise TypeError()
                    componentsschemas_entry_type_28 = JoinRequestedEntry.from_dict(data)

                    return componentsschemas_entry_type_28
                except (TypeError, ValueError, AttributeError, KeyError):
                    pass
                try:
                    if not isinstance(data, dict):
                        raise TypeError()
                    componentsschemas_entry_type_29 = JoinRequestEndedEntry.from_dict(data)

                    return componentsschemas_entry_type_29
                except (TypeError, ValueError, AttributeError, KeyError):
                    pass
                try:
                    if not isinstance(data, dict):
                        raise TypeError()
                    componentsschemas_entry_type_30 = ThreadFollowedEntry.from_dict(data)

                    return componentsschemas_entry_type_30
                except (TypeError, ValueError, AttributeError, KeyError):
                    pass
                try:
                    if not isinstance(data, dict):
                        raise TypeError()
                    componentsschemas_entry_type_31 = ThreadUnfollowedEntry.from_dict(data)

                    return componentsschemas_entry_type_31
                except (TypeError, ValueError, AttributeError, KeyError):
                    pass
                try:
                    if not isinstance(data, dict):
                        raise TypeError()
                    componentsschemas_entry_type_32 = ThreadReadEntry.from_dict(data)

                    return componentsschemas_entry_type_32
                except (TypeError, ValueError, AttributeError, KeyError):
                    pass
                try:
                    if not isinstance(data, dict):
                        raise TypeError()
                    componentsschemas_entry_type_33 = MessageScheduledEntry.from_dict(data)

                    return componentsschemas_entry_type_33
                except (TypeError, ValueError, AttributeError, KeyError):
                    pass
                try:
                    if not isinstance(data, dict):
                        raise TypeError()
                    componentsschemas_entry_type_34 = ScheduledMessageChangedEntry.from_dict(data)

                    return componentsschemas_entry_type_34
                except (TypeError, ValueError, AttributeError, KeyError):
                    pass
                try:
                    if not isinstance(data, dict):
                        raise TypeError()
                    componentsschemas_entry_type_35 = ScheduledMessageCancelledEntry.from_dict(data)

                    return componentsschemas_entry_type_35
                except (TypeError, ValueError, AttributeError, KeyError):
                    pass
                try:
                    if not isinstance(data, dict):
                        raise TypeError()
                    componentsschemas_entry_type_36 = ScheduledMessageSentEntry.from_dict(data)

                    return componentsschemas_entry_type_36
                except (TypeError, ValueError, AttributeError, KeyError):
                    pass
                try:
                    if not isinstance(data, dict):
                        raise TypeError()
                    componentsschemas_entry_type_37 = ScheduledMessageFailedEntry.from_dict(data)

                    return componentsschemas_entry_type_37
                except (TypeError, ValueError, AttributeError, KeyError):
                    pass
                try:
                    if not isinstance(data, dict):
                        raise TypeError()
                    componentsschemas_entry_type_38 = MessageHeldEntry.from_dict(data)

                    return componentsschemas_entry_type_38
                except (TypeError, ValueError, AttributeError, KeyError):
                    pass
                try:
                    if not isinstance(data, dict):
                        raise TypeError()
                    componentsschemas_entry_type_39 = HeldMessageReleasedEntry.from_dict(data)

                    return componentsschemas_entry_type_39
                except (TypeError, ValueError, AttributeError, KeyError):
                    pass
                try:
                    if not isinstance(data, dict):
                        raise TypeError()
                    componentsschemas_entry_type_40 = SessionOpenedEntry.from_dict(data)

                    return componentsschemas_entry_type_40
                except (TypeError, ValueError, AttributeError, KeyError):
                    pass
                try:
                    if not isinstance(data, dict):
                        raise TypeError()
                    componentsschemas_entry_type_41 = SessionAcceptedEntry.from_dict(data)

                    return componentsschemas_entry_type_41
                except (TypeError, ValueError, AttributeError, KeyError):
                    pass
                try:
                    if not isinstance(data, dict):
                        raise TypeError()
                    componentsschemas_entry_type_42 = SessionTransferredEntry.from_dict(data)

                    return componentsschemas_entry_type_42
                except (TypeError, ValueError, AttributeError, KeyError):
                    pass
                try:
                    if not isinstance(data, dict):
                        raise TypeError()
                    componentsschemas_entry_type_43 = SessionClosedEntry.from_dict(data)

                    return componentsschemas_entry_type_43
                except (TypeError, ValueError, AttributeError, KeyError):
                    pass
                try:
                    if not isinstance(data, dict):
                        raise TypeError()
                    componentsschemas_entry_type_44 = SessionRemindedEntry.from_dict(data)

                    return componentsschemas_entry_type_44
                except (TypeError, ValueError, AttributeError, KeyError):
                    pass
                if not isinstance(data, dict):
                    raise TypeError()
                componentsschemas_entry_type_45 = MessageRefusedEntry.from_dict(data)

                return componentsschemas_entry_type_45

            entries_item = _parse_entries_item(entries_item_data)

            entries.append(entries_item)

        has_more = d.pop("has_more")

        entries = cls(
            cursor=cursor,
            entries=entries,
            has_more=has_more,
        )

        entries.additional_properties = d
        return entries

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
