//! Generates valid random histories: the aggregates decide each command, and a rejected command
//! adds no events.

use std::collections::BTreeMap;

use cqrs_es::Aggregate as _;
use domain::body::{MessageBody, MessageType};
use domain::conversation::Conversation;
use domain::conversation::access_command::{
    AccessCommand, CreateLink, EndLink, JoinByLink, JoinConversation, JoinDecision, LiftSanction,
    SanctionKind, SanctionUser,
};
use domain::conversation::command::{
    AddMembers, ChangeConversation, ConversationCommand, CreateConversation, EditMessage,
    InvitationCommand, RecallMessage, RemoveMember, SendMessage, UpdateReaction,
};
use domain::conversation::event::{
    ConversationEvent, ConversationKind, HistoryVisibility as Visibility, Role,
};
use domain::conversation::invitation_command::{AcceptInvitation, UsersToAsk, WithdrawInvitation};
use domain::conversation::settings::{JoinPolicy, PolicyChange, PostPolicy};
use domain::envelope::{AggregateKind, Envelope};
use domain::event::EventFamily;
use domain::ids::{
    ClientKey, ConversationId, DeviceId, JoinNote, ReactionKey, SanctionReason, Title, Topic,
    UserId,
};
use domain::limits::Limits;
use domain::link_code::LinkCode;
use domain::mailbox::Mailbox;
use domain::mailbox::command::{
    AckCursor, AddContact, MailboxCommand, MarkRead, MarkUnread, RemoveContact, SetPreferences,
};
use domain::mailbox::event::MailboxEvent;
use domain::profile::Profile;
use domain::profile::command::{ChangeProfile, ChangeSettings, ProfileCommand, RevokeTokens};
use domain::profile::event::{ProfileEvent, UserKind};
use domain::texts::{ContactNote, DisplayName};
use domain::time::Timestamp;
use serde_json::value::RawValue;

/// A small random number generator (splitmix64): the same seed gives the same history.
pub struct HistoryRng(u64);

impl HistoryRng {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A random number from 0 to `n` - 1.
    pub fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % n
    }

    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[usize::try_from(self.below(from.len() as u64)).unwrap()]
    }

    pub fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }
}

/// Generates random events and collects them in a log.
pub struct HistoryGenerator {
    pub rng: HistoryRng,
    pub log: Vec<Envelope>,
    pub conversations: BTreeMap<ConversationId, Conversation>,
    pub mailboxes: BTreeMap<UserId, Mailbox>,
    pub profiles: BTreeMap<UserId, Profile>,
    pub(super) users: Vec<UserId>,
    sequences: BTreeMap<String, i64>,
    now: i64,
    limits: Limits,
}

pub fn user(name: &str) -> UserId {
    UserId::parse(name).unwrap()
}

pub fn conversation(name: &str) -> ConversationId {
    ConversationId::parse(name).unwrap()
}

impl HistoryGenerator {
    /// A generator with an empty log.
    pub fn new(seed: u64, users: usize) -> Self {
        Self {
            rng: HistoryRng::new(seed),
            log: Vec::new(),
            conversations: BTreeMap::new(),
            mailboxes: BTreeMap::new(),
            profiles: BTreeMap::new(),
            users: (0..users)
                .map(|n| user(&format!("user \u{e9}{n}")))
                .collect(),
            sequences: BTreeMap::new(),
            now: 1_700_000_000_000,
            limits: Limits::default(),
        }
    }

    /// A generator that has produced at least this many events.
    pub fn with_events(seed: u64, users: usize, events: usize) -> Self {
        let mut generator = Self::new(seed, users);
        while generator.log.len() < events {
            generator.run_random_command();
        }
        generator
    }

    /// Runs one random command; a rejected one adds no events.
    pub fn run_random_command(&mut self) {
        self.now += i64::try_from(self.rng.below(5_000)).unwrap();
        match self.rng.below(100) {
            0..4 => self.create(),
            4..12 => self.add(),
            12..16 => self.remove(),
            16 => self.answer_invitation(),
            17..20 => self.change(),
            20..23 => self.change_policy(),
            23..30 => self.run_access_command(),
            30..51 => self.send(),
            51..53 => self.restore(),
            53..55 => self.pin(),
            55..61 => self.edit(),
            61..64 => self.recall(),
            64 => self.erase(),
            65..73 => self.react(),
            73..82 => self.read(),
            82..85 => self.mark_unread(),
            85..88 => self.set_preferences(),
            88..94 => self.ack(),
            94 => self.mark_thread(),
            95 => self.clear(),
            96 => self.change_profile(),
            97 => self.govern_profile(),
            98 => self.contact(),
            _ => self.block(),
        }
    }

    fn random_user(&mut self) -> UserId {
        self.rng.pick(&self.users).clone()
    }

    /// A random conversation and one of its members; `None` if it has none.
    pub(super) fn random_membership(&mut self) -> Option<(ConversationId, UserId)> {
        if self.conversations.is_empty() {
            return None;
        }
        let ids: Vec<_> = self.conversations.keys().cloned().collect();
        let id = self.rng.pick(&ids).clone();
        let members: Vec<_> = self
            .users
            .iter()
            .filter(|user| self.conversations[&id].is_member(user))
            .cloned()
            .collect();
        if members.is_empty() {
            return None;
        }
        let member = self.rng.pick(&members).clone();
        Some((id, member))
    }

    pub(super) fn random_seq(&mut self, id: &ConversationId) -> i64 {
        let head = u64::try_from(self.conversations[id].head_seq()).unwrap();
        // Mostly recent messages.
        let reach = if self.rng.chance(70) {
            head.min(6)
        } else {
            head.min(200)
        };
        i64::try_from(head - self.rng.below(reach.max(1)))
            .unwrap()
            .max(1)
    }

    fn create(&mut self) {
        let by = self.random_user();
        let other = self.random_user();
        let number = self.conversations.len();
        if self.rng.chance(40) {
            let id = ConversationId::direct(&by, &other);
            let create = Self::create_command(ConversationKind::Direct, None, vec![other], by);
            self.run_command(&id, ConversationCommand::Create(create));
            return;
        }
        let members: Vec<UserId> = (0..self.rng.below(9)).map(|_| self.random_user()).collect();
        let to_ask = self.some_of(&members);
        let title = self
            .rng
            .chance(50)
            .then(|| Title::parse("A \"title\" \\ of it").unwrap());
        let create = Self::create_command(ConversationKind::Group, title, members, by);
        self.run_command(
            &conversation(&format!("group-{number}")),
            ConversationCommand::Invitation(InvitationCommand::Create(create, to_ask)),
        );
    }

    /// A few of these users: those who must be asked before they are added.
    fn some_of(&mut self, users: &[UserId]) -> UsersToAsk {
        let mut some = UsersToAsk::new();
        for user in users {
            if self.rng.chance(25) {
                some.insert(user.clone());
            }
        }
        some
    }

    /// Answers or withdraws an invitation, or tries to.
    fn answer_invitation(&mut self) {
        let Some((id, by)) = self.random_membership() else {
            return;
        };
        let invited: Vec<UserId> = self
            .users
            .iter()
            .filter(|user| self.conversations[&id].inviter_of(user).is_some())
            .cloned()
            .collect();
        if invited.is_empty() {
            return;
        }
        let user = self.rng.pick(&invited).clone();
        let command = match self.rng.below(3) {
            0 => InvitationCommand::Accept(AcceptInvitation {
                user,
                blocks_inviter: false,
                now: Timestamp::from_millis(self.now),
            }),
            1 => InvitationCommand::Decline(user),
            _ => InvitationCommand::Withdraw(WithdrawInvitation { user, by }),
        };
        self.run_command(&id, ConversationCommand::Invitation(command));
    }

    fn create_command(
        kind: ConversationKind,
        title: Option<Title>,
        members: Vec<UserId>,
        by: UserId,
    ) -> CreateConversation {
        CreateConversation {
            kind,
            title,
            members,
            by,
            blocked: false,
            created_at: None,
        }
    }

    fn add(&mut self) {
        let Some((id, by)) = self.random_membership() else {
            return;
        };
        let users: Vec<UserId> = (0..=self.rng.below(3))
            .map(|_| self.random_user())
            .collect();
        let to_ask = self.some_of(&users);
        let role = *self
            .rng
            .pick(&[None, Some(Role::Member), Some(Role::Admin)]);
        let add = AddMembers {
            users,
            role,
            by,
            now: Timestamp::from_millis(self.now),
        };
        let command = InvitationCommand::AddMembers(add, to_ask);
        self.run_command(&id, ConversationCommand::Invitation(command));
    }

    fn remove(&mut self) {
        let Some((id, by)) = self.random_membership() else {
            return;
        };
        let user = if self.rng.chance(50) {
            by.clone()
        } else {
            self.random_user()
        };
        self.run_command(
            &id,
            ConversationCommand::RemoveMember(RemoveMember { user, by }),
        );
    }

    fn change(&mut self) {
        let Some((id, by)) = self.random_membership() else {
            return;
        };
        let title = Some(Title::parse(self.rng.pick::<&str>(&["one", "two", ""])).ok());
        let history = *self
            .rng
            .pick(&[None, Some(Visibility::All), Some(Visibility::SinceJoin)]);
        self.run_command(
            &id,
            ConversationCommand::Change(ChangeConversation {
                title,
                history,
                policy: PolicyChange::default(),
                by,
                now: Timestamp::from_millis(self.now),
            }),
        );
    }

    fn change_policy(&mut self) {
        let Some((id, by)) = self.random_membership() else {
            return;
        };
        let topic = *self.rng.pick(&["a topic", ""]);
        let policy = PolicyChange {
            post: *self
                .rng
                .pick(&[None, Some(PostPolicy::Members), Some(PostPolicy::Admins)]),
            join: *self
                .rng
                .pick(&[None, Some(JoinPolicy::Asked), Some(JoinPolicy::Open)]),
            topic: Some(Topic::parse(topic).ok()),
            ..PolicyChange::default()
        };
        self.run_command(
            &id,
            ConversationCommand::Change(ChangeConversation {
                title: None,
                history: None,
                policy,
                by,
                now: Timestamp::from_millis(self.now),
            }),
        );
    }

    /// Runs a random command about joining, links, silences or bans.
    fn run_access_command(&mut self) {
        let Some((id, by)) = self.random_membership() else {
            return;
        };
        let user = self.random_user();
        let now = Timestamp::from_millis(self.now);
        let kind = *self.rng.pick(&[SanctionKind::Silence, SanctionKind::Ban]);
        let code = LinkCode::new(u128::from(self.rng.below(4)), &id);
        let decision = JoinDecision {
            user: user.clone(),
            by: by.clone(),
            now,
        };
        let command = match self.rng.below(10) {
            0 => AccessCommand::Sanction(SanctionUser {
                kind,
                user,
                until: None,
                reason: SanctionReason::parse("a reason").ok(),
                by,
                by_moderator: self.rng.chance(30),
                now,
            }),
            1..3 => AccessCommand::Lift(LiftSanction {
                kind,
                user,
                by,
                by_moderator: true,
                now,
            }),
            3..6 => AccessCommand::Join(JoinConversation {
                user,
                note: JoinNote::parse("a note").ok(),
                now,
            }),
            6 => AccessCommand::Admit(decision),
            7 => AccessCommand::Decline(decision),
            8 if !self.has_link(&id, &code) => AccessCommand::CreateLink(CreateLink {
                code,
                max_uses: Some(3),
                expires_at: None,
                by,
                now,
            }),
            8 => AccessCommand::EndLink(EndLink { code, by }),
            _ => AccessCommand::JoinByLink(JoinByLink { code, user, now }),
        };
        self.run_command(&id, ConversationCommand::Access(command));
    }

    /// Whether this link was ever created: a real code is never used twice.
    fn has_link(&self, id: &ConversationId, code: &LinkCode) -> bool {
        let created = format!("{{\"code\":\"{code}\",\"max");
        let mut events = self.log.iter();
        events.any(|event| {
            event.aggregate_id == id.as_str() && event.data.get().starts_with(&created)
        })
    }

    fn send(&mut self) {
        let Some((id, sender)) = self.random_membership() else {
            return;
        };
        let head = self.conversations[&id].head_seq();
        let is_control = self.rng.chance(12);
        let kind = [MessageType::Text, MessageType::Control][usize::from(is_control)];
        let mentions = if self.rng.chance(15) {
            vec![sender.clone()]
        } else {
            vec![]
        };
        let reply_to = (head > 0 && self.rng.chance(20)).then(|| self.random_seq(&id));
        let body = MessageBody::from_text(&format!("message {} \u{0}\n", self.log.len()));
        let now = Timestamp::from_millis(self.now);
        let send = SendMessage {
            sender,
            kind,
            body,
            reply_to,
            mentions,
            client_message_id: ClientKey::parse(&format!("key {}", self.log.len())).unwrap(),
            now,
            blocked: false,
            thread: self.random_thread(&id),
        };
        self.run_command(&id, ConversationCommand::Send(send));
    }

    fn edit(&mut self) {
        let Some((id, _)) = self.random_membership() else {
            return;
        };
        let seq = self.random_seq(&id);
        let Some(by) = self.conversations[&id]
            .recent_message(seq)
            .map(|message| message.sender.clone())
        else {
            return;
        };
        let body = serde_json::json!({ "text": format!("edit {}", self.log.len()) });
        let now = Timestamp::from_millis(self.now);
        self.run_command(
            &id,
            ConversationCommand::Edit(EditMessage {
                seq,
                body,
                by,
                now,
                message: None,
            }),
        );
    }

    fn recall(&mut self) {
        let Some((id, by)) = self.random_membership() else {
            return;
        };
        let seq = self.random_seq(&id);
        let now = Timestamp::from_millis(self.now);
        self.run_command(
            &id,
            ConversationCommand::Recall(RecallMessage {
                seq,
                by,
                now,
                message: None,
            }),
        );
    }

    fn react(&mut self) {
        let Some((id, by)) = self.random_membership() else {
            return;
        };
        let key = ReactionKey::parse(self.rng.pick::<&str>(&["+1", "\u{1f389}"])).unwrap();
        let react = UpdateReaction {
            seq: self.random_seq(&id),
            key,
            by,
            now: Timestamp::from_millis(self.now),
            message: None,
        };
        let command = if self.rng.chance(60) {
            ConversationCommand::React(react)
        } else {
            ConversationCommand::Unreact(react)
        };
        self.run_command(&id, command);
    }

    fn read(&mut self) {
        let Some((id, member)) = self.random_membership() else {
            return;
        };
        let Some(standing) = self.conversations[&id].membership_snapshot(&member) else {
            return;
        };
        let up_to = self.random_seq(&id);
        self.run_mailbox_command(
            &member,
            MailboxCommand::MarkRead(MarkRead {
                conversation: id,
                up_to,
                membership: standing,
            }),
        );
    }

    fn mark_unread(&mut self) {
        let Some((id, member)) = self.random_membership() else {
            return;
        };
        let Some(standing) = self.conversations[&id].membership_snapshot(&member) else {
            return;
        };
        let from = self.random_seq(&id);
        let visible = self.conversations[&id].can_see(&member, from);
        let mark = MarkUnread {
            conversation: id,
            from,
            membership: standing,
            visible,
        };
        self.run_mailbox_command(&member, MailboxCommand::MarkUnread(mark));
    }

    fn set_preferences(&mut self) {
        let Some((id, member)) = self.random_membership() else {
            return;
        };
        let Some(standing) = self.conversations[&id].membership_snapshot(&member) else {
            return;
        };
        let set = SetPreferences {
            conversation: id,
            muted: *self.rng.pick(&[None, Some(true), Some(false)]),
            pinned: *self.rng.pick(&[None, Some(true), Some(false)]),
            archived: *self.rng.pick(&[None, Some(true), Some(false)]),
            mentions: *self.rng.pick(&[None, Some(true), Some(false)]),
            membership: standing,
        };
        self.run_mailbox_command(&member, MailboxCommand::SetPreferences(set));
    }

    fn ack(&mut self) {
        let who = self.random_user();
        let head = self.log.len() as u64;
        let back = if self.rng.chance(80) {
            self.rng.below(20)
        } else {
            self.rng.below(head + 1)
        };
        let ack = AckCursor {
            device: DeviceId::parse(self.rng.pick::<&str>(&["phone", "web"])).unwrap(),
            cursor: i64::try_from(head.saturating_sub(back)).unwrap(),
            head: i64::try_from(head).unwrap(),
        };
        self.run_mailbox_command(&who, MailboxCommand::Ack(ack));
    }

    fn block(&mut self) {
        let (who, other) = (self.random_user(), self.random_user());
        let command = if self.rng.chance(60) {
            MailboxCommand::Block(other)
        } else {
            MailboxCommand::Unblock(other)
        };
        self.run_mailbox_command(&who, command);
    }

    fn contact(&mut self) {
        let (who, other) = (self.random_user(), self.random_user());
        if who == other {
            return;
        }
        let acts = self.mailboxes.get(&other);
        let acts = acts.map(|mailbox| mailbox.contact_acts(&who));
        let acts = acts.unwrap_or_default();
        let note = *self.rng.pick(&[None, Some("hi \u{5f20}")]);
        let command = if self.rng.chance(70) {
            MailboxCommand::AddContact(AddContact {
                user: other,
                note: note.map(|note| ContactNote::parse(note).unwrap()),
                other: acts,
            })
        } else {
            MailboxCommand::RemoveContact(RemoveContact {
                user: other,
                other: acts,
            })
        };
        self.run_mailbox_command(&who, command);
    }

    fn change_profile(&mut self) {
        let who = self.random_user();
        let name = self
            .rng
            .pick(&[None, Some("Zo\u{eb} O'Brien"), Some("\u{5f35}\u{4e09}")]);
        let change = ChangeProfile {
            display_name: Some(name.map(|name| DisplayName::parse(name).unwrap())),
            avatar: None,
            about: None,
            locale: None,
            custom: None,
            kind: *self.rng.pick(&[None, None, Some(UserKind::Bot)]),
            deactivated: *self.rng.pick(&[None, None, Some(true), Some(false)]),
            by: who.clone(),
        };
        self.run_profile_command(&who, ProfileCommand::Change(change));
    }

    fn govern_profile(&mut self) {
        let who = self.random_user();
        let command = match self.rng.below(3) {
            0 => ProfileCommand::Erase(who.clone()),
            1 => ProfileCommand::RevokeTokens(RevokeTokens {
                before: Timestamp::from_millis(self.now),
                by: who.clone(),
            }),
            _ => ProfileCommand::ChangeSettings(ChangeSettings {
                read_receipts: *self.rng.pick(&[None, Some(true), Some(false)]),
                last_seen: *self.rng.pick(&[None, Some(true), Some(false)]),
                ..ChangeSettings::default()
            }),
        };
        self.run_profile_command(&who, command);
    }

    /// Decides a command of a profile, and applies and records its events.
    pub fn run_profile_command(&mut self, user: &UserId, command: ProfileCommand) {
        let mut state = self.profiles.get(user).cloned().unwrap_or_default();
        for event in state.decide(command).unwrap() {
            self.append(AggregateKind::Profile, user.as_str(), &event);
            state.apply(event);
        }
        self.profiles.insert(user.clone(), state);
    }

    /// Decides a command of a conversation, and applies and records its events. Returns whether the
    /// command was accepted.
    pub fn run_command(&mut self, id: &ConversationId, command: ConversationCommand) -> bool {
        let mut state = self.conversations.get(id).cloned().unwrap_or_default();
        let Ok(events) = state.decide(command, &self.limits) else {
            return false;
        };
        for event in events {
            self.append(AggregateKind::Conversation, id.as_str(), &event);
            state.apply(event);
        }
        if state.exists() {
            self.conversations.insert(id.clone(), state);
        }
        true
    }

    /// Decides a command of a mailbox, and applies and records its events. Returns whether the
    /// command was accepted.
    pub fn run_mailbox_command(&mut self, owner: &UserId, command: MailboxCommand) -> bool {
        let mut state = self.mailboxes.get(owner).cloned().unwrap_or_default();
        let Ok(events) = state.decide(command, &self.limits) else {
            return false;
        };
        for event in events {
            self.append(AggregateKind::Mailbox, owner.as_str(), &event);
            state.apply(event);
        }
        self.mailboxes.insert(owner.clone(), state);
        true
    }

    /// Appends an event to the log without any checks.
    pub fn append<E: EventFamily>(&mut self, aggregate: AggregateKind, id: &str, event: &E) {
        let data = String::from_utf8(event.encode().unwrap()).unwrap();
        let sequence = self
            .sequences
            .entry(format!("{aggregate:?}{id}"))
            .or_default();
        *sequence += 1;
        self.log.push(Envelope {
            position: self.log.len() as i64 + 1,
            tag: None,
            aggregate,
            aggregate_id: id.to_owned(),
            sequence: *sequence,
            event_type: event.name().to_owned(),
            version: event.version(),
            time: Timestamp::from_millis(self.now),
            actor: None,
            data: RawValue::from_string(data).unwrap(),
        });
    }
}

/// A decoded event.
pub enum DomainEvent {
    Conversation(ConversationId, ConversationEvent),
    Mailbox(UserId, MailboxEvent),
    Profile(UserId, ProfileEvent),
}

/// Decodes an event that is known to be valid.
pub fn read(event: &Envelope) -> DomainEvent {
    let data = event.data.get().as_bytes();
    match event.aggregate {
        AggregateKind::Conversation => {
            let fact = ConversationEvent::decode(&event.event_type, event.version, data).unwrap();
            DomainEvent::Conversation(conversation(&event.aggregate_id), fact)
        }
        AggregateKind::Mailbox => {
            let fact = MailboxEvent::decode(&event.event_type, event.version, data).unwrap();
            DomainEvent::Mailbox(user(&event.aggregate_id), fact)
        }
        AggregateKind::Profile => {
            let fact = ProfileEvent::decode(&event.event_type, event.version, data).unwrap();
            DomainEvent::Profile(user(&event.aggregate_id), fact)
        }
        AggregateKind::Deployment => panic!("random histories have no such events"),
    }
}
