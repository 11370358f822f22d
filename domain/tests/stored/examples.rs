//! The expected event of each golden file, in the current types.

use domain::body::{MessageBody, MessageType};
use domain::conversation::access_event::{
    ConversationPolicyChanged, JoinRequestDeclined, JoinRequested, LinkCreated, LinkEnded,
    MemberSanction, SanctionLifted,
};
use domain::conversation::event::{
    ConversationChanged, ConversationCreated, ConversationEvent, ConversationKind,
    HistoryVisibility, InitialMember, InvitationEnded, InvitationOutcome, Invited, MemberAdded,
    MemberRemoved, MemberRoleChanged, MessageEdited, MessageErased, MessagePin, MessageReaction,
    MessageRecalled, MessageRestored, MessageSent, Role, TitleErased,
};
use domain::conversation::settings::{
    ConversationPolicy, JoinPolicy, PostPolicy, RetentionDays, SlowMode,
};
use domain::custom_fields::CustomFields;
use domain::ids::{ClientKey, JoinNote, ReactionKey, SanctionReason, Title, Topic};
use domain::limits::Limits;
use domain::link_code::LinkId;
use domain::texts::Avatar;
use serde_json::json;

use crate::example_values::{Example, time, user};

pub fn conversation() -> Vec<Example<ConversationEvent>> {
    let mut examples = membership_events();
    examples.extend(invitation_events());
    examples.extend(message_events());
    examples.extend(access_events());
    examples.extend(link_events());
    examples.extend(crate::desk_examples::sessions());
    examples
}

fn membership_events() -> Vec<Example<ConversationEvent>> {
    use ConversationEvent as E;
    let [anna, ben, cleo] = ["anna", "ben", "cleo"].map(user);
    let first = |name, role| InitialMember {
        user: user(name),
        role,
    };
    vec![
        (
            "conversation_created",
            1,
            E::ConversationCreated(ConversationCreated {
                kind: ConversationKind::Group,
                title: Some(Title::parse("Trip to Oslo").unwrap()),
                history: HistoryVisibility::All,
                members: vec![first("anna", Role::Owner), first("ben", Role::Member)],
                by: anna.clone(),
                created_at: None,
                flags: vec![],
            }),
        ),
        (
            "conversation_changed",
            1,
            E::ConversationChanged(ConversationChanged {
                title: None,
                history: HistoryVisibility::SinceJoin,
                by: anna.clone(),
                flags: vec![],
            }),
        ),
        (
            "member_added",
            1,
            E::MemberAdded(MemberAdded {
                user: cleo.clone(),
                role: Role::Admin,
                by: anna.clone(),
                joined_at: None,
                link: None,
            }),
        ),
        (
            "member_removed",
            1,
            E::MemberRemoved(MemberRemoved {
                user: ben.clone(),
                by: anna.clone(),
            }),
        ),
        (
            "member_role_changed",
            1,
            E::MemberRoleChanged(MemberRoleChanged {
                user: cleo.clone(),
                role: Role::Owner,
                by: anna,
            }),
        ),
        ("title_erased", 1, E::TitleErased(TitleErased { by: cleo })),
    ]
}

fn invitation_events() -> Vec<Example<ConversationEvent>> {
    use ConversationEvent as E;
    let (anna, zoe) = (user("anna"), user("zoë@example.org"));
    vec![
        (
            "invited",
            1,
            E::Invited(Invited {
                user: zoe.clone(),
                role: Role::Admin,
                by: anna.clone(),
            }),
        ),
        (
            "invitation_ended",
            1,
            E::InvitationEnded(InvitationEnded {
                user: zoe.clone(),
                outcome: InvitationOutcome::Declined,
                by: zoe,
                invited_by: anna,
            }),
        ),
    ]
}

fn message_events() -> Vec<Example<ConversationEvent>> {
    use ConversationEvent as E;
    let cleo = user("cleo");
    let reaction = || MessageReaction {
        seq: 7,
        key: ReactionKey::parse("🎉").unwrap(),
        user: user("ben"),
    };
    vec![
        ("message_sent", 1, E::MessageSent(message())),
        ("message_edited", 1, E::MessageEdited(edit())),
        (
            "message_recalled",
            1,
            E::MessageRecalled(MessageRecalled {
                seq: 7,
                by: cleo.clone(),
            }),
        ),
        ("reaction_added", 1, E::ReactionAdded(reaction())),
        ("reaction_removed", 1, E::ReactionRemoved(reaction())),
        (
            "message_erased",
            1,
            E::MessageErased(MessageErased {
                seq: 7,
                by: cleo.clone(),
            }),
        ),
        (
            "message_restored",
            1,
            E::MessageRestored(MessageRestored { seq: 7, by: cleo }),
        ),
        ("message_pinned", 1, E::MessagePinned(pin())),
        ("message_unpinned", 1, E::MessageUnpinned(pin())),
    ]
}

/// A link of earlier releases, whose id is its code.
fn old_link() -> LinkId {
    LinkId::parse("5f3a9c21e0b74d6685f3a9c21e0b74d6.room").unwrap()
}

fn link() -> LinkId {
    LinkId::new(0x5f3a_9c21_e0b7_4d66_85f3_a9c2_1e0b_74d6)
}

fn policy() -> ConversationPolicy {
    ConversationPolicy {
        post: PostPolicy::Admins,
        join: JoinPolicy::Asked,
        slow_mode: SlowMode::try_from(30).unwrap(),
        retention_days: RetentionDays::try_from(7).ok(),
        frozen: true,
        topic: Topic::parse("Where we eat").ok(),
        avatar: Avatar::parse("https://example.org/a.png").ok(),
        custom: CustomFields::parse(&json!({ "colour": "blue", "size": 2.5 })).ok(),
    }
}

fn access_events() -> Vec<Example<ConversationEvent>> {
    use ConversationEvent as E;
    let [anna, ben, cleo] = ["anna", "ben", "cleo"].map(user);
    let until = Some(time("2026-11-02T09:30:00Z"));
    let sanction = || MemberSanction {
        user: ben.clone(),
        until,
        reason: SanctionReason::parse("spam").ok(),
        by: anna.clone(),
    };
    let lifted = || SanctionLifted {
        user: ben.clone(),
        by: anna.clone(),
    };
    let (policy, by) = (policy(), anna.clone());
    vec![
        (
            "conversation_policy_changed",
            1,
            E::ConversationPolicyChanged(ConversationPolicyChanged {
                policy,
                by,
                flags: vec![],
            }),
        ),
        ("member_silenced", 1, E::MemberSilenced(sanction())),
        ("member_unsilenced", 1, E::MemberUnsilenced(lifted())),
        ("member_banned", 1, E::MemberBanned(sanction())),
        ("member_unbanned", 1, E::MemberUnbanned(lifted())),
        (
            "join_requested",
            1,
            E::JoinRequested(JoinRequested {
                user: cleo.clone(),
                note: JoinNote::parse("I work next door.").ok(),
                admins: vec![],
            }),
        ),
        (
            "join_request_declined",
            1,
            E::JoinRequestDeclined(JoinRequestDeclined {
                user: cleo,
                by: anna.clone(),
                admins: vec![],
            }),
        ),
    ]
}

fn link_events() -> Vec<Example<ConversationEvent>> {
    use ConversationEvent as E;
    let anna = user("anna");
    let until = Some(time("2026-11-02T09:30:00Z"));
    vec![
        (
            "link_created",
            1,
            E::LinkCreated(LinkCreated {
                link: old_link(),
                max_uses: Some(10),
                expires_at: until,
                by: anna.clone(),
            }),
        ),
        (
            "link_created",
            2,
            E::LinkCreated(LinkCreated {
                link: link(),
                max_uses: Some(10),
                expires_at: until,
                by: anna.clone(),
            }),
        ),
        (
            "link_ended",
            1,
            E::LinkEnded(LinkEnded {
                link: old_link(),
                by: anna.clone(),
            }),
        ),
        (
            "link_ended",
            2,
            E::LinkEnded(LinkEnded {
                link: link(),
                by: anna.clone(),
            }),
        ),
    ]
}

fn pin() -> MessagePin {
    MessagePin {
        seq: 7,
        by: user("ben"),
    }
}

pub fn message() -> MessageSent {
    MessageSent {
        seq: 7,
        sender: user("anna"),
        kind: MessageType::Text,
        body: MessageBody::from_text("Grüße, 世界 👋\n\"quoted\""),
        reply_to: Some(3),
        mentions: vec![user("cleo"), user("ben")],
        sent_at: time("2026-11-01T09:30:00.250Z"),
        client_message_id: None,
        thread: None,
        scheduled_for: None,
        flags: vec![],
    }
}

/// An optional field that an event got without a new version, the type of the event, and an event
/// that has it.
pub type Addition<E> = (&'static str, &'static str, E);

pub fn additions() -> Vec<Addition<ConversationEvent>> {
    let mut additions = message_additions();
    additions.extend(membership_additions());
    additions
}

fn message_additions() -> Vec<Addition<ConversationEvent>> {
    use ConversationEvent as E;
    vec![
        (
            "client_message_id",
            "message_sent",
            E::MessageSent(MessageSent {
                seq: 8,
                body: MessageBody::from_text("hello"),
                reply_to: None,
                mentions: vec![],
                client_message_id: Some(ClientKey::parse("7f3c-1").unwrap()),
                ..message()
            }),
        ),
        (
            "thread",
            "message_sent",
            E::MessageSent(MessageSent {
                seq: 8,
                body: MessageBody::from_text("hello"),
                reply_to: None,
                mentions: vec![],
                thread: Some(3),
                ..message()
            }),
        ),
        (
            "scheduled_for",
            "message_sent",
            E::MessageSent(MessageSent {
                seq: 8,
                body: MessageBody::from_text("hello"),
                reply_to: None,
                mentions: vec![],
                scheduled_for: Some(time("2026-11-01T09:31:00Z")),
                ..message()
            }),
        ),
    ]
}

fn membership_additions() -> Vec<Addition<ConversationEvent>> {
    use ConversationEvent as E;
    let [anna, cleo] = ["anna", "cleo"].map(user);
    let long_ago = Some(time("2019-03-04T08:00:00Z"));
    vec![
        (
            "joined_at",
            "member_added",
            E::MemberAdded(MemberAdded {
                user: cleo.clone(),
                role: Role::Member,
                by: cleo.clone(),
                joined_at: long_ago,
                link: None,
            }),
        ),
        (
            "link",
            "member_added",
            E::MemberAdded(MemberAdded {
                user: cleo.clone(),
                role: Role::Member,
                by: cleo,
                joined_at: None,
                link: Some(old_link()),
            }),
        ),
        (
            "admins",
            "join_requested",
            E::JoinRequested(JoinRequested {
                user: user("zoe"),
                note: None,
                admins: vec![anna.clone(), user("ben")],
            }),
        ),
        (
            "admins",
            "join_request_declined",
            E::JoinRequestDeclined(JoinRequestDeclined {
                user: user("zoe"),
                by: user("ben"),
                admins: vec![anna.clone(), user("ben")],
            }),
        ),
        (
            "created_at",
            "conversation_created",
            E::ConversationCreated(ConversationCreated {
                kind: ConversationKind::Group,
                title: Some(Title::parse("Trip to Oslo").unwrap()),
                history: HistoryVisibility::All,
                members: vec![InitialMember {
                    user: anna.clone(),
                    role: Role::Owner,
                }],
                by: anna,
                created_at: long_ago,
                flags: vec![],
            }),
        ),
    ]
}

fn edit() -> MessageEdited {
    let body = json!({ "size": u64::MAX, "pages": [1, 2.5, null], "name": "map.pdf" });
    MessageEdited {
        seq: 7,
        body: MessageBody::parse(MessageType::Custom, &body, &Limits::default()).unwrap(),
        by: user("anna"),
        edited_at: time("2026-11-01T09:31:00Z"),
        flags: vec![],
    }
}
