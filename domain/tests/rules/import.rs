//! Importing messages from another system.

use domain::body::{MessageBody, MessageType};
use domain::conversation::Conversation;
use domain::conversation::command::{
    ConversationCommand, ImportItem, ImportedEdit, ImportedMessage, ImportedReaction, ReplyTarget,
};
use domain::conversation::event::{
    ConversationEvent, IMPORT_AGE, MemberAdded, MessageEdited, MessageSent, Role,
};
use domain::ids::{MAX_TITLE_CHARS, MAX_USER_ID_CHARS, Title, UserId, clean_imported_name};
use domain::time::Timestamp;

use crate::builders::*;
use crate::given_when_then::{Given, given};

fn group_of_two() -> Given<Conversation> {
    given([group(["anna", "ben"]), sent(1, "anna")])
}

fn imported(sender: &str, reply_to: Option<ReplyTarget>, millis: i64) -> ImportedMessage {
    ImportedMessage {
        sender: user(sender),
        kind: MessageType::Text,
        body: MessageBody::from_text("hello"),
        reply_to,
        thread: None,
        sent_at: noon_plus(millis),
        edit: None,
        reactions: vec![],
    }
}

/// A message from Ben with these reactions.
fn with_reactions<const N: usize>(reactions: [(&str, &str); N]) -> ImportedMessage {
    let reaction = |(with, name)| ImportedReaction {
        key: key(with),
        user: user(name),
    };
    ImportedMessage {
        reactions: reactions.map(reaction).to_vec(),
        ..imported("ben", None, 0)
    }
}

/// An edited message from Ben.
fn with_edit(original: Option<&str>) -> ImportedMessage {
    ImportedMessage {
        edit: Some(ImportedEdit {
            edited_at: noon_plus(7),
            original: original.map(MessageBody::from_text),
        }),
        ..imported("ben", None, 0)
    }
}

fn edited_at(seq: i64, by: &str, millis: i64) -> ConversationEvent {
    ConversationEvent::MessageEdited(MessageEdited {
        seq,
        body: MessageBody::from_text("hello"),
        by: user(by),
        edited_at: noon_plus(millis),
        flags: vec![],
    })
}

fn sent_at(seq: i64, sender: &str, reply_to: Option<i64>, millis: i64) -> ConversationEvent {
    let sent_at = noon_plus(millis);
    ConversationEvent::MessageSent(MessageSent {
        reply_to,
        sent_at,
        client_message_id: None,
        thread: None,
        scheduled_for: None,
        ..message(seq, sender)
    })
}

fn import<const N: usize>(messages: [ImportedMessage; N]) -> ConversationCommand {
    ConversationCommand::Import(messages.map(ImportItem::Message).into())
}

fn members_item<const N: usize>(names: [&str; N]) -> ImportItem {
    ImportItem::Members {
        users: users(names),
        joined_at: None,
    }
}

/// A user who joins by themselves, with a message of this time.
fn joined_at(name: &str, role: Role, millis: i64) -> ConversationEvent {
    ConversationEvent::MemberAdded(MemberAdded {
        user: user(name),
        role,
        by: user(name),
        joined_at: Some(noon_plus(millis)),
        link: None,
    })
}

#[test]
fn messages_keep_their_order_and_their_time() {
    group_of_two()
        .when(import([
            imported("ben", None, -5_000),
            imported("anna", None, -9_000),
        ]))
        .then([
            sent_at(2, "ben", None, -5_000),
            sent_at(3, "anna", None, -9_000),
        ]);
}

#[test]
fn a_sender_joins_with_their_first_message() {
    group_of_two()
        .when(import([
            imported("ben", None, 0),
            imported("cleo", None, 1),
            imported("cleo", None, 2),
            imported("dora", None, 3),
        ]))
        .then([
            sent_at(2, "ben", None, 0),
            joined_at("cleo", Role::Member, 1),
            sent_at(3, "cleo", None, 1),
            sent_at(4, "cleo", None, 2),
            joined_at("dora", Role::Member, 3),
            sent_at(5, "dora", None, 3),
        ]);
}

#[test]
fn replies_refer_to_existing_or_earlier_imported_messages() {
    group_of_two()
        .when(import([
            imported("ben", Some(ReplyTarget::Seq(1)), 0),
            imported("ben", Some(ReplyTarget::Index(0)), 1),
        ]))
        .then([sent_at(2, "ben", Some(1), 0), sent_at(3, "ben", Some(2), 1)]);
}

#[test]
fn replies_to_missing_messages_are_dropped() {
    for missing in [
        ReplyTarget::Seq(0),
        ReplyTarget::Seq(-1),
        ReplyTarget::Seq(2),
        ReplyTarget::Seq(i64::MAX),
        ReplyTarget::Index(0),
        ReplyTarget::Index(1),
        ReplyTarget::Index(usize::MAX),
    ] {
        group_of_two()
            .when(import([imported("ben", Some(missing), 0)]))
            .then([sent_at(2, "ben", None, 0)]);
    }
}

#[test]
fn an_empty_import_changes_nothing() {
    group_of_two().when(import([])).then_nothing();
}

#[test]
fn the_first_user_to_join_an_empty_group_owns_it() {
    given::<Conversation>([group(["anna"]), left("anna", "anna")])
        .when(import([
            imported("ben", None, 0),
            imported("cleo", None, 1),
        ]))
        .then([
            joined_at("ben", Role::Owner, 0),
            sent_at(1, "ben", None, 0),
            joined_at("cleo", Role::Member, 1),
            sent_at(2, "cleo", None, 1),
        ]);
}

#[test]
fn an_import_does_not_bring_users_back() {
    let removed = || {
        let events = [group(["anna", "ben"]), sent(1, "anna"), left("anna", "ben")];
        given::<Conversation>(events)
    };
    removed()
        .when(import([imported("ben", None, 0)]))
        .then_refused("forbidden");
    removed()
        .when(import([ImportedMessage {
            sender: user("anna"),
            ..with_reactions([("ok", "ben")])
        }]))
        .then([sent_at(2, "anna", None, 0)]);
}

#[test]
fn senders_can_join_only_within_the_group_size() {
    let small = || group_of_two().with_limits(|limits| limits.group_members = 3);
    small()
        .when(import([imported("cleo", None, 0)]))
        .then_accepted();
    small()
        .when(import([
            imported("cleo", None, 0),
            imported("dora", None, 0),
        ]))
        .then_over_limit("sender", 3);
}

#[test]
fn an_import_cannot_add_users_to_a_direct_conversation() {
    let pair = || given::<Conversation>([direct("anna", "ben")]);
    pair()
        .when(import([imported("cleo", None, 0)]))
        .then_invalid("sender");
    pair()
        .when(import([imported("ben", None, 0)]))
        .then([sent_at(1, "ben", None, 0)]);
}

#[test]
fn an_edited_message_is_sent_and_then_edited() {
    let original = ConversationEvent::MessageSent(MessageSent {
        body: MessageBody::from_text("helo"),
        client_message_id: None,
        thread: None,
        scheduled_for: None,
        ..message(2, "ben")
    });
    group_of_two()
        .when(import([
            with_edit(Some("helo")),
            with_edit(None),
            imported("anna", Some(ReplyTarget::Index(0)), 9),
        ]))
        .then([
            original,
            edited_at(2, "ben", 7),
            sent_at(3, "ben", None, 0),
            edited_at(3, "ben", 7),
            sent_at(4, "anna", Some(2), 9),
        ]);
}

#[test]
fn reactions_follow_their_message_and_reacting_users_join() {
    group_of_two()
        .when(import([
            with_reactions([
                ("+1", "anna"),
                ("+1", "cleo"),
                ("tada", "cleo"),
                ("+1", "anna"),
            ]),
            imported("cleo", None, 1),
        ]))
        .then([
            sent_at(2, "ben", None, 0),
            reacted(2, "anna", "+1"),
            joined_at("cleo", Role::Member, 0),
            reacted(2, "cleo", "+1"),
            reacted(2, "cleo", "tada"),
            sent_at(3, "cleo", None, 1),
        ]);
}

#[test]
fn reactions_beyond_the_limit_are_dropped_and_their_users_do_not_join() {
    group_of_two()
        .with_limits(|limits| limits.reaction_keys = 2)
        .when(import([with_reactions([
            ("a", "anna"),
            ("b", "anna"),
            ("c", "cleo"),
            ("b", "dora"),
        ])]))
        .then([
            sent_at(2, "ben", None, 0),
            reacted(2, "anna", "a"),
            reacted(2, "anna", "b"),
            joined_at("dora", Role::Member, 0),
            reacted(2, "dora", "b"),
        ]);
}

#[test]
fn users_can_join_without_a_message() {
    group_of_two()
        .when(ConversationCommand::Import(vec![
            members_item(["cleo", "anna", "cleo"]),
            ImportItem::Message(imported("cleo", Some(ReplyTarget::Index(0)), 0)),
            members_item(["cleo", "dora"]),
            ImportItem::Message(imported("ben", Some(ReplyTarget::Index(1)), 1)),
        ]))
        .then([
            joined("cleo", "cleo", Role::Member),
            sent_at(2, "cleo", None, 0),
            joined("dora", "dora", Role::Member),
            sent_at(3, "ben", Some(2), 1),
        ]);
    group_of_two()
        .when(ConversationCommand::Import(vec![members_item([
            "anna", "ben",
        ])]))
        .then_nothing();
    let known = ImportItem::Members {
        users: users(["cleo"]),
        joined_at: Some(noon_plus(-9)),
    };
    group_of_two()
        .when(ConversationCommand::Import(vec![known]))
        .then([joined_at("cleo", Role::Member, -9)]);
}

#[test]
fn limits_apply_to_users_who_join_by_import() {
    let small = || group_of_two().with_limits(|limits| limits.group_members = 3);
    small()
        .when(ConversationCommand::Import(vec![members_item([
            "cleo", "dora",
        ])]))
        .then_over_limit("members", 3);
    small()
        .when(import([with_reactions([("+1", "cleo"), ("+1", "dora")])]))
        .then_over_limit("reactions", 3);
    group_of_two()
        .with_limits(|limits| limits.users_per_command = 2)
        .when(ConversationCommand::Import(vec![members_item([
            "anna", "cleo", "dora",
        ])]))
        .then_over_limit("members", 2);
    let pair = || given::<Conversation>([direct("anna", "ben")]);
    pair()
        .when(ConversationCommand::Import(vec![members_item(["cleo"])]))
        .then_invalid("members");
    pair()
        .when(import([with_reactions([("+1", "cleo")])]))
        .then_invalid("reactions");
    pair()
        .when(import([with_reactions([("+1", "anna")])]))
        .then([sent_at(1, "ben", None, 0), reacted(1, "anna", "+1")]);
}

#[test]
fn a_message_is_imported_if_it_is_more_than_a_day_old_when_appended() {
    let day_ms = i64::try_from(IMPORT_AGE.as_millis()).unwrap();
    assert_eq!(day_ms, 24 * 3_600 * 1_000);
    let is_imported = |age_ms| {
        let ConversationEvent::MessageSent(message) = sent(1, "anna") else {
            panic!("expected a message");
        };
        let sent_at = message.sent_at.millis();
        message.is_imported(Timestamp::from_millis(sent_at + age_ms))
    };
    assert!(is_imported(day_ms + 1));
    for age_ms in [day_ms, day_ms - 1, 0, -1, -day_ms - 1] {
        assert!(!is_imported(age_ms), "{age_ms}");
    }
}

#[test]
fn a_name_of_another_system_is_cut_so_that_it_is_valid_here() {
    assert_eq!((MAX_USER_ID_CHARS, MAX_TITLE_CHARS), (128, 200));
    let clean = clean_imported_name;
    assert_eq!(clean("a\u{7}n\nn\u{85}", MAX_USER_ID_CHARS), "ann");
    let long = format!("\u{7}{}", "é".repeat(300));
    let user = clean(&long, MAX_USER_ID_CHARS);
    assert_eq!(user, "é".repeat(128));
    assert!(UserId::parse(&user).is_ok());
    let title = clean(&long, MAX_TITLE_CHARS);
    assert_eq!(title, "é".repeat(200));
    assert!(Title::parse(&title).is_ok());
    // Nothing is made up for a name without visible characters.
    assert_eq!(clean("\u{7}\n", MAX_USER_ID_CHARS), "");
}
