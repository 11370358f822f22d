//! Builders of users, events and commands for the rule tests, with defaults for irrelevant fields.

use domain::body::{MessageBody, MessageType};
use domain::conversation::access_command::{
    AccessCommand, CreateLink, EndLink, JoinByLink, JoinConversation, JoinDecision, LiftSanction,
    SanctionKind, SanctionUser,
};
use domain::conversation::access_event::{
    ConversationPolicyChanged, JoinRequestDeclined, JoinRequested, LinkCreated, LinkEnded,
    MemberSanction, SanctionLifted,
};
use domain::conversation::command::{
    AddMembers, ChangeConversation, ConversationCommand, CreateConversation, EditMessage,
    RecallMessage, RemoveMember, SendMessage, UpdateReaction,
};
use domain::conversation::event::{
    ConversationChanged, ConversationCreated, ConversationEvent, ConversationKind,
    HistoryVisibility, InitialMember, MemberAdded, MemberRemoved, MemberRoleChanged, MessageEdited,
    MessageReaction, MessageRecalled, MessageSent, Role,
};
use domain::conversation::settings::{ConversationPolicy, PolicyChange};
use domain::ids::{ClientKey, JoinNote, ReactionKey, Title, UserId};
use domain::link_code::LinkId;
use domain::time::Timestamp;

pub fn user(name: &str) -> UserId {
    UserId::parse(name).unwrap()
}

pub fn users<const N: usize>(names: [&str; N]) -> Vec<UserId> {
    names.map(user).to_vec()
}

/// `user-0`, `user-1`, ...
pub fn numbered_users(count: usize) -> Vec<UserId> {
    (0..count).map(|n| user(&format!("user-{n}"))).collect()
}

pub fn title(text: &str) -> Title {
    Title::parse(text).unwrap()
}

pub fn key(text: &str) -> ReactionKey {
    ReactionKey::parse(text).unwrap()
}

/// The key of every message that these tests send.
pub fn client_key() -> ClientKey {
    ClientKey::parse("c0ffee-1").unwrap()
}

/// A time `millis` milliseconds after the noon at which these tests take place.
pub fn noon_plus(millis: i64) -> Timestamp {
    Timestamp::from_millis(1_793_534_400_000 + millis)
}

pub fn noon() -> Timestamp {
    noon_plus(0)
}

// Events.

fn created(kind: ConversationKind, members: &[&str], first: Role) -> ConversationEvent {
    let role = |index| if index == 0 { first } else { Role::Member };
    ConversationEvent::ConversationCreated(ConversationCreated {
        kind,
        title: None,
        history: HistoryVisibility::All,
        members: members
            .iter()
            .enumerate()
            .map(|(index, name)| InitialMember {
                user: user(name),
                role: role(index),
            })
            .collect(),
        by: user(members[0]),
        created_at: None,
        flags: vec![],
    })
}

/// A group whose first member is the owner.
pub fn group<const N: usize>(members: [&str; N]) -> ConversationEvent {
    created(ConversationKind::Group, &members, Role::Owner)
}

pub fn direct(one: &str, other: &str) -> ConversationEvent {
    created(ConversationKind::Direct, &[one, other], Role::Member)
}

pub fn changed(by: &str, name: Option<&str>, history: HistoryVisibility) -> ConversationEvent {
    ConversationEvent::ConversationChanged(ConversationChanged {
        title: name.map(title),
        history,
        by: user(by),
        flags: vec![],
    })
}

pub fn joined(by: &str, name: &str, role: Role) -> ConversationEvent {
    ConversationEvent::MemberAdded(MemberAdded {
        user: user(name),
        role,
        by: user(by),
        joined_at: None,
        link: None,
    })
}

pub fn left(by: &str, name: &str) -> ConversationEvent {
    ConversationEvent::MemberRemoved(MemberRemoved {
        user: user(name),
        by: user(by),
    })
}

pub fn role_changed(by: &str, name: &str, role: Role) -> ConversationEvent {
    ConversationEvent::MemberRoleChanged(MemberRoleChanged {
        user: user(name),
        role,
        by: user(by),
    })
}

pub fn message(seq: i64, sender: &str) -> MessageSent {
    MessageSent {
        seq,
        sender: user(sender),
        kind: MessageType::Text,
        body: MessageBody::from_text("hello"),
        reply_to: None,
        mentions: vec![],
        sent_at: noon(),
        client_message_id: Some(client_key()),
        thread: None,
        scheduled_for: None,
        flags: vec![],
    }
}

pub fn sent(seq: i64, sender: &str) -> ConversationEvent {
    ConversationEvent::MessageSent(message(seq, sender))
}

/// The messages from `first` to `last`, all sent by `sender`.
pub fn sent_all(first: i64, last: i64, sender: &str) -> impl Iterator<Item = ConversationEvent> {
    (first..=last).map(move |seq| sent(seq, sender))
}

pub fn edited(seq: i64, by: &str, text: &str) -> ConversationEvent {
    ConversationEvent::MessageEdited(MessageEdited {
        seq,
        body: MessageBody::from_text(text),
        by: user(by),
        edited_at: noon(),
        flags: vec![],
    })
}

pub fn recalled(seq: i64, by: &str) -> ConversationEvent {
    ConversationEvent::MessageRecalled(MessageRecalled { seq, by: user(by) })
}

pub fn reacted(seq: i64, by: &str, with: &str) -> ConversationEvent {
    ConversationEvent::ReactionAdded(MessageReaction {
        seq,
        key: key(with),
        user: user(by),
    })
}

pub fn unreacted(seq: i64, by: &str, with: &str) -> ConversationEvent {
    ConversationEvent::ReactionRemoved(MessageReaction {
        seq,
        key: key(with),
        user: user(by),
    })
}

// Commands.

pub fn create_with(kind: ConversationKind, by: &str, members: Vec<UserId>) -> CreateConversation {
    CreateConversation {
        kind,
        title: None,
        members,
        by: user(by),
        blocked: false,
        created_at: None,
    }
}

pub fn create_group<const N: usize>(by: &str, members: [&str; N]) -> ConversationCommand {
    ConversationCommand::Create(create_with(ConversationKind::Group, by, users(members)))
}

pub fn create_direct<const N: usize>(by: &str, members: [&str; N]) -> ConversationCommand {
    ConversationCommand::Create(create_with(ConversationKind::Direct, by, users(members)))
}

pub fn change(
    by: &str,
    name: Option<Option<&str>>,
    history: Option<HistoryVisibility>,
) -> ConversationCommand {
    let title = name.map(|name| name.map(title));
    ConversationCommand::Change(ChangeConversation {
        title,
        history,
        policy: PolicyChange::default(),
        by: user(by),
        now: noon(),
    })
}

pub fn add<const N: usize>(by: &str, names: [&str; N]) -> ConversationCommand {
    ConversationCommand::AddMembers(AddMembers {
        users: users(names),
        role: None,
        by: user(by),
        now: noon(),
    })
}

pub fn add_as<const N: usize>(by: &str, names: [&str; N], role: Role) -> ConversationCommand {
    let role = Some(role);
    ConversationCommand::AddMembers(AddMembers {
        users: users(names),
        role,
        by: user(by),
        now: noon(),
    })
}

pub fn remove(by: &str, name: &str) -> ConversationCommand {
    ConversationCommand::RemoveMember(RemoveMember {
        user: user(name),
        by: user(by),
    })
}

pub fn send_by(sender: &str) -> SendMessage {
    SendMessage {
        sender: user(sender),
        kind: MessageType::Text,
        body: MessageBody::from_text("hello"),
        reply_to: None,
        mentions: vec![],
        client_message_id: client_key(),
        now: noon(),
        blocked: false,
        thread: None,
        scheduled_for: None,
        desk: None,
    }
}

pub fn send(sender: &str) -> ConversationCommand {
    ConversationCommand::Send(send_by(sender))
}

pub fn edit_by(by: &str, seq: i64, text: &str) -> EditMessage {
    let body = serde_json::json!({ "text": text });
    EditMessage {
        seq,
        body,
        by: user(by),
        now: noon(),
        message: None,
    }
}

pub fn edit(by: &str, seq: i64, text: &str) -> ConversationCommand {
    ConversationCommand::Edit(edit_by(by, seq, text))
}

pub fn recall_by(by: &str, seq: i64) -> RecallMessage {
    RecallMessage {
        seq,
        by: user(by),
        now: noon(),
        message: None,
    }
}

pub fn recall(by: &str, seq: i64) -> ConversationCommand {
    ConversationCommand::Recall(recall_by(by, seq))
}

pub fn react_by(by: &str, seq: i64, with: &str) -> UpdateReaction {
    UpdateReaction {
        seq,
        key: key(with),
        by: user(by),
        now: noon(),
        message: None,
    }
}

pub fn react(by: &str, seq: i64, with: &str) -> ConversationCommand {
    ConversationCommand::React(react_by(by, seq, with))
}

pub fn unreact(by: &str, seq: i64, with: &str) -> ConversationCommand {
    ConversationCommand::Unreact(react_by(by, seq, with))
}

// Access: policies, silences and bans, joining, links.

pub fn policy_changed(by: &str, policy: ConversationPolicy) -> ConversationEvent {
    ConversationEvent::ConversationPolicyChanged(ConversationPolicyChanged {
        policy,
        by: user(by),
        flags: vec![],
    })
}

fn sanction_of(by: &str, name: &str, until: Option<Timestamp>) -> MemberSanction {
    MemberSanction {
        user: user(name),
        until,
        reason: None,
        by: user(by),
    }
}

pub fn silenced(by: &str, name: &str, until: Option<Timestamp>) -> ConversationEvent {
    ConversationEvent::MemberSilenced(sanction_of(by, name, until))
}

pub fn banned(by: &str, name: &str, until: Option<Timestamp>) -> ConversationEvent {
    ConversationEvent::MemberBanned(sanction_of(by, name, until))
}

pub fn unsilenced(by: &str, name: &str) -> ConversationEvent {
    let (user, by) = (user(name), user(by));
    ConversationEvent::MemberUnsilenced(SanctionLifted { user, by })
}

pub fn unbanned(by: &str, name: &str) -> ConversationEvent {
    let (user, by) = (user(name), user(by));
    ConversationEvent::MemberUnbanned(SanctionLifted { user, by })
}

/// The owner and admins of the groups in which users ask to join.
fn admins() -> Vec<UserId> {
    ["anna", "ben"].map(user).into()
}

pub fn join_requested(name: &str, note: Option<&str>) -> ConversationEvent {
    let note = note.map(|note| JoinNote::parse(note).unwrap());
    let user = user(name);
    ConversationEvent::JoinRequested(JoinRequested {
        user,
        note,
        admins: admins(),
    })
}

pub fn join_declined(by: &str, name: &str) -> ConversationEvent {
    let (user, by) = (user(name), user(by));
    ConversationEvent::JoinRequestDeclined(JoinRequestDeclined {
        user,
        by,
        admins: admins(),
    })
}

pub fn link_id(number: u128) -> LinkId {
    LinkId::new(number)
}

pub fn link_created(
    by: &str,
    number: u128,
    max_uses: Option<u32>,
    expires_at: Option<Timestamp>,
) -> ConversationEvent {
    ConversationEvent::LinkCreated(LinkCreated {
        link: link_id(number),
        max_uses,
        expires_at,
        by: user(by),
    })
}

pub fn link_ended(by: &str, number: u128) -> ConversationEvent {
    let (link, by) = (link_id(number), user(by));
    ConversationEvent::LinkEnded(LinkEnded { link, by })
}

/// A user joined by a link.
pub fn joined_by_link(name: &str, number: u128) -> ConversationEvent {
    ConversationEvent::MemberAdded(MemberAdded {
        user: user(name),
        role: Role::Member,
        by: user(name),
        joined_at: None,
        link: Some(link_id(number)),
    })
}

pub fn change_policy(by: &str, policy: PolicyChange) -> ConversationCommand {
    ConversationCommand::Change(ChangeConversation {
        title: None,
        history: None,
        policy,
        by: user(by),
        now: noon(),
    })
}

pub fn sanction_by(by: &str, name: &str, kind: SanctionKind) -> SanctionUser {
    SanctionUser {
        kind,
        user: user(name),
        until: None,
        reason: None,
        by: user(by),
        by_moderator: false,
        now: noon(),
    }
}

pub fn access(command: AccessCommand) -> ConversationCommand {
    ConversationCommand::Access(command)
}

pub fn sanction(sanction: SanctionUser) -> ConversationCommand {
    access(AccessCommand::Sanction(sanction))
}

pub fn silence(by: &str, name: &str) -> ConversationCommand {
    sanction(sanction_by(by, name, SanctionKind::Silence))
}

pub fn ban(by: &str, name: &str) -> ConversationCommand {
    sanction(sanction_by(by, name, SanctionKind::Ban))
}

pub fn lift(by: &str, name: &str, kind: SanctionKind) -> ConversationCommand {
    access(AccessCommand::Lift(LiftSanction {
        kind,
        user: user(name),
        by: user(by),
        by_moderator: false,
        now: noon(),
    }))
}

pub fn join(name: &str, note: Option<&str>) -> ConversationCommand {
    access(AccessCommand::Join(JoinConversation {
        user: user(name),
        note: note.map(|note| JoinNote::parse(note).unwrap()),
        now: noon(),
    }))
}

fn decision(by: &str, name: &str) -> JoinDecision {
    JoinDecision {
        user: user(name),
        by: user(by),
        now: noon(),
    }
}

pub fn admit(by: &str, name: &str) -> ConversationCommand {
    access(AccessCommand::Admit(decision(by, name)))
}

pub fn decline(by: &str, name: &str) -> ConversationCommand {
    access(AccessCommand::Decline(decision(by, name)))
}

pub fn create_link(by: &str, number: u128) -> ConversationCommand {
    access(AccessCommand::CreateLink(CreateLink {
        link: link_id(number),
        max_uses: None,
        expires_at: None,
        by: user(by),
        now: noon(),
    }))
}

pub fn end_link(by: &str, number: u128) -> ConversationCommand {
    let (link, by) = (link_id(number), user(by));
    access(AccessCommand::EndLink(EndLink { link, by }))
}

pub fn join_by_link(name: &str, number: u128) -> ConversationCommand {
    access(AccessCommand::JoinByLink(JoinByLink {
        link: link_id(number),
        user: user(name),
        now: noon(),
    }))
}
