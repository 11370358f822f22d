//! The types of entries of the sync feed.

/// Defines the enum from one `Variant = "name"` line per type.
macro_rules! entry_types {
    ($($(#[$doc:meta])+ $variant:ident = $name:literal;)+) => {
        /// The type of an entry. All but `delivered` are named after the event that they come from.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum EntryType {
            $($(#[$doc])+ $variant,)+
        }

        impl EntryType {
            /// All types.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The name that the tables and the API use.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                }
            }
        }
    };
}

entry_types! {
    /// The conversation was created.
    ConversationCreated = "conversation_created";
    /// The title or the history visibility changed.
    ConversationChanged = "conversation_changed";
    /// A user joined.
    MemberAdded = "member_added";
    /// A member left or was removed.
    MemberRemoved = "member_removed";
    /// The role of a member changed.
    MemberRoleChanged = "member_role_changed";
    /// A message was sent.
    MessageSent = "message_sent";
    /// A message was edited.
    MessageEdited = "message_edited";
    /// A message was recalled.
    MessageRecalled = "message_recalled";
    /// A message was permanently erased.
    MessageErased = "message_erased";
    /// A user added a reaction.
    ReactionAdded = "reaction_added";
    /// A user removed a reaction.
    ReactionRemoved = "reaction_removed";
    /// The read mark of a member moved.
    ConversationRead = "conversation_read";
    /// Messages reached a device of a member.
    Delivered = "delivered";
    /// The reader of the feed changed the preferences of the conversation.
    PreferencesChanged = "preferences_changed";
    /// The policy changed.
    ConversationPolicyChanged = "conversation_policy_changed";
    /// A user was silenced.
    MemberSilenced = "member_silenced";
    /// A silence was lifted.
    MemberUnsilenced = "member_unsilenced";
    /// A user was banned.
    MemberBanned = "member_banned";
    /// A ban was lifted.
    MemberUnbanned = "member_unbanned";
    /// A recalled message was restored.
    MessageRestored = "message_restored";
    /// A message was pinned.
    MessagePinned = "message_pinned";
    /// A message was unpinned.
    MessageUnpinned = "message_unpinned";
    /// The reader of the feed cleared the beginning of the conversation.
    ConversationCleared = "conversation_cleared";
    /// A user asked another one to be a contact.
    ContactRequested = "contact_requested";
    /// Two users became contacts.
    ContactAdded = "contact_added";
    /// A request or a contact ended.
    ContactRemoved = "contact_removed";
    /// The reader of the feed was invited to a group.
    Invited = "invited";
    /// An invitation of the reader of the feed ended.
    InvitationEnded = "invitation_ended";
    /// A user asked to join a group: the owner, an admin or that user reads the feed.
    JoinRequested = "join_requested";
    /// A join request was declined or withdrawn.
    JoinRequestEnded = "join_request_ended";
    /// The reader of the feed followed a thread.
    ThreadFollowed = "thread_followed";
    /// The reader of the feed no longer follows a thread.
    ThreadUnfollowed = "thread_unfollowed";
    /// The reader of the feed read a thread.
    ThreadRead = "thread_read";
    /// The reader of the feed scheduled a message.
    MessageScheduled = "message_scheduled";
    /// The reader of the feed changed a scheduled message.
    ScheduledMessageChanged = "scheduled_message_changed";
    /// A scheduled message was cancelled.
    ScheduledMessageCancelled = "scheduled_message_cancelled";
    /// A scheduled message was sent.
    ScheduledMessageSent = "scheduled_message_sent";
    /// A rule refused a scheduled message.
    ScheduledMessageFailed = "scheduled_message_failed";
    /// A message of the reader of the feed is held.
    MessageHeld = "message_held";
    /// A held message was released: it is sent.
    HeldMessageReleased = "held_message_released";
    /// A service session was opened.
    SessionOpened = "session_opened";
    /// A service session has an agent.
    SessionAccepted = "session_accepted";
    /// A service session went to another agent or desk.
    SessionTransferred = "session_transferred";
    /// A service session was closed.
    SessionClosed = "session_closed";
    /// The customer of a service session has no reply in time.
    SessionReminded = "session_reminded";
    /// A held message was refused.
    MessageRefused = "message_refused";
}

#[cfg(test)]
mod tests {
    use domain::conversation::event::ConversationEvent;
    use domain::event::EventFamily;
    use domain::mailbox::event::MailboxEvent;

    use super::*;

    #[test]
    fn types_are_named_after_events() {
        let conversation = ConversationEvent::TYPES.iter();
        let events: Vec<&str> = conversation
            .chain(MailboxEvent::TYPES)
            .map(|event| event.name)
            .collect();
        // These stand for several events, or say what an event means for one user.
        let others = [
            EntryType::Delivered,
            EntryType::JoinRequestEnded,
            EntryType::MessageRefused,
        ];
        for entry in EntryType::ALL {
            let is_event = events.contains(&entry.as_str());
            assert_eq!(is_event, !others.contains(entry), "{entry:?}");
        }
    }
}
