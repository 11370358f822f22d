//! Generates valid random histories: the aggregates decide each command, and a rejected command
//! adds no events.

use std::collections::BTreeMap;

use cqrs_es::Aggregate as _;
use domain::body::{MessageBody, MessageType};
use domain::conversation::Conversation;
use domain::conversation::command::{
    AddMembers, ChangeConversation, ConversationCommand, CreateConversation, EditMessage,
    EraseContent, RecallMessage, RemoveMember, SendMessage, UpdateReaction,
};
use domain::conversation::event::{
    ConversationEvent, ConversationKind, HistoryVisibility as Visibility, Role,
};
use domain::envelope::{AggregateKind, Envelope};
use domain::event::EventFamily;
use domain::ids::{ConversationId, DeviceId, ReactionKey, Title, UserId};
use domain::limits::Limits;
use domain::mailbox::Mailbox;
use domain::mailbox::command::{AckCursor, MailboxCommand, MarkRead, MarkUnread, SetPreferences};
use domain::mailbox::event::MailboxEvent;
use domain::time::Timestamp;
use serde_json::value::RawValue;

/// A small random number generator (splitmix64): the same seed gives the same history.
pub struct Dice(u64);

impl Dice {
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

    fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }
}

/// Generates random events and collects them in a log.
pub struct World {
    pub dice: Dice,
    pub log: Vec<Envelope>,
    pub conversations: BTreeMap<ConversationId, Conversation>,
    pub mailboxes: BTreeMap<UserId, Mailbox>,
    users: Vec<UserId>,
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

impl World {
    /// A generator with an empty log.
    pub fn new(seed: u64, users: usize) -> Self {
        Self {
            dice: Dice::new(seed),
            log: Vec::new(),
            conversations: BTreeMap::new(),
            mailboxes: BTreeMap::new(),
            users: (0..users)
                .map(|n| user(&format!("user \u{e9}{n}")))
                .collect(),
            sequences: BTreeMap::new(),
            now: 1_700_000_000_000,
            limits: Limits::default(),
        }
    }

    /// A generator that has produced at least this many events.
    pub fn of(seed: u64, users: usize, events: usize) -> Self {
        let mut generator = Self::new(seed, users);
        while generator.log.len() < events {
            generator.happen();
        }
        generator
    }

    /// Runs one random command; a rejected one adds no events.
    pub fn happen(&mut self) {
        self.now += i64::try_from(self.dice.below(5_000)).unwrap();
        match self.dice.below(100) {
            0..4 => self.create(),
            4..12 => self.add(),
            12..17 => self.remove(),
            17..20 => self.change(),
            20..55 => self.send(),
            55..61 => self.edit(),
            61..64 => self.recall(),
            64 => self.erase(),
            65..73 => self.react(),
            73..82 => self.read(),
            82..85 => self.mark_unread(),
            85..88 => self.prefer(),
            88..98 => self.ack(),
            _ => self.block(),
        }
    }

    fn someone(&mut self) -> UserId {
        self.dice.pick(&self.users).clone()
    }

    /// A random conversation and one of its members; `None` if it has none.
    fn somewhere(&mut self) -> Option<(ConversationId, UserId)> {
        if self.conversations.is_empty() {
            return None;
        }
        let ids: Vec<_> = self.conversations.keys().cloned().collect();
        let id = self.dice.pick(&ids).clone();
        let members: Vec<_> = self
            .users
            .iter()
            .filter(|user| self.conversations[&id].is_member(user))
            .cloned()
            .collect();
        if members.is_empty() {
            return None;
        }
        let member = self.dice.pick(&members).clone();
        Some((id, member))
    }

    fn some_seq(&mut self, id: &ConversationId) -> i64 {
        let head = u64::try_from(self.conversations[id].head_seq()).unwrap();
        // Mostly recent messages.
        let reach = if self.dice.chance(70) {
            head.min(6)
        } else {
            head.min(200)
        };
        i64::try_from(head - self.dice.below(reach.max(1)))
            .unwrap()
            .max(1)
    }

    fn create(&mut self) {
        let by = self.someone();
        let other = self.someone();
        let number = self.conversations.len();
        if self.dice.chance(40) {
            let id = ConversationId::direct(&by, &other);
            let create = Self::creation(ConversationKind::Direct, None, vec![other], by);
            self.command(&id, ConversationCommand::Create(create));
            return;
        }
        let members = (0..self.dice.below(9)).map(|_| self.someone()).collect();
        let title = self
            .dice
            .chance(50)
            .then(|| Title::parse("A \"title\" \\ of it").unwrap());
        let create = Self::creation(ConversationKind::Group, title, members, by);
        self.command(
            &conversation(&format!("group-{number}")),
            ConversationCommand::Create(create),
        );
    }

    fn creation(
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
        }
    }

    fn add(&mut self) {
        let Some((id, by)) = self.somewhere() else {
            return;
        };
        let users = (0..=self.dice.below(3)).map(|_| self.someone()).collect();
        let role = *self
            .dice
            .pick(&[None, Some(Role::Member), Some(Role::Admin)]);
        self.command(
            &id,
            ConversationCommand::AddMembers(AddMembers { users, role, by }),
        );
    }

    fn remove(&mut self) {
        let Some((id, by)) = self.somewhere() else {
            return;
        };
        let user = if self.dice.chance(50) {
            by.clone()
        } else {
            self.someone()
        };
        self.command(
            &id,
            ConversationCommand::RemoveMember(RemoveMember { user, by }),
        );
    }

    fn change(&mut self) {
        let Some((id, by)) = self.somewhere() else {
            return;
        };
        let title = *self.dice.pick(&["one", "two", ""]);
        let title = Some(Title::parse(title).ok());
        let history = *self
            .dice
            .pick(&[None, Some(Visibility::All), Some(Visibility::SinceJoin)]);
        self.command(
            &id,
            ConversationCommand::Change(ChangeConversation { title, history, by }),
        );
    }

    fn send(&mut self) {
        let Some((id, sender)) = self.somewhere() else {
            return;
        };
        let head = self.conversations[&id].head_seq();
        let kind = if self.dice.chance(12) {
            MessageType::Control
        } else {
            MessageType::Text
        };
        let mentions = if self.dice.chance(15) {
            vec![sender.clone()]
        } else {
            vec![]
        };
        let reply_to = (head > 0 && self.dice.chance(20)).then(|| self.some_seq(&id));
        let body = MessageBody::from_text(&format!("message {} \u{0}\n", self.log.len()));
        let now = Timestamp::from_millis(self.now);
        let send = SendMessage {
            sender,
            kind,
            body,
            reply_to,
            mentions,
            now,
            blocked: false,
        };
        self.command(&id, ConversationCommand::Send(send));
    }

    fn edit(&mut self) {
        let Some((id, _)) = self.somewhere() else {
            return;
        };
        let seq = self.some_seq(&id);
        let Some(by) = self.conversations[&id]
            .recent_message(seq)
            .map(|message| message.sender.clone())
        else {
            return;
        };
        let body = serde_json::json!({ "text": format!("edit {}", self.log.len()) });
        let now = Timestamp::from_millis(self.now);
        self.command(
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
        let Some((id, by)) = self.somewhere() else {
            return;
        };
        let seq = self.some_seq(&id);
        let now = Timestamp::from_millis(self.now);
        self.command(
            &id,
            ConversationCommand::Recall(RecallMessage {
                seq,
                by,
                now,
                message: None,
            }),
        );
    }

    fn erase(&mut self) {
        let Some((id, by)) = self.somewhere() else {
            return;
        };
        let seqs = if self.conversations[&id].head_seq() > 0 {
            vec![self.some_seq(&id)]
        } else {
            vec![]
        };
        let title = self.dice.chance(30);
        self.command(
            &id,
            ConversationCommand::Erase(EraseContent { seqs, title, by }),
        );
    }

    fn react(&mut self) {
        let Some((id, by)) = self.somewhere() else {
            return;
        };
        let key = ReactionKey::parse(self.dice.pick::<&str>(&["+1", "\u{1f389}"])).unwrap();
        let react = UpdateReaction {
            seq: self.some_seq(&id),
            key,
            by,
            message: None,
        };
        let command = if self.dice.chance(60) {
            ConversationCommand::React(react)
        } else {
            ConversationCommand::Unreact(react)
        };
        self.command(&id, command);
    }

    fn read(&mut self) {
        let Some((id, member)) = self.somewhere() else {
            return;
        };
        let Some(standing) = self.conversations[&id].membership_snapshot(&member) else {
            return;
        };
        let up_to = self.some_seq(&id);
        self.mail(
            &member,
            MailboxCommand::MarkRead(MarkRead {
                conversation: id,
                up_to,
                membership: standing,
            }),
        );
    }

    fn mark_unread(&mut self) {
        let Some((id, member)) = self.somewhere() else {
            return;
        };
        let Some(standing) = self.conversations[&id].membership_snapshot(&member) else {
            return;
        };
        let from = self.some_seq(&id);
        let visible = self.conversations[&id].can_see(&member, from);
        let mark = MarkUnread {
            conversation: id,
            from,
            membership: standing,
            visible,
        };
        self.mail(&member, MailboxCommand::MarkUnread(mark));
    }

    fn prefer(&mut self) {
        let Some((id, member)) = self.somewhere() else {
            return;
        };
        let Some(standing) = self.conversations[&id].membership_snapshot(&member) else {
            return;
        };
        let set = SetPreferences {
            conversation: id,
            muted: *self.dice.pick(&[None, Some(true), Some(false)]),
            pinned: *self.dice.pick(&[None, Some(true), Some(false)]),
            archived: *self.dice.pick(&[None, Some(true), Some(false)]),
            mentions: *self.dice.pick(&[None, Some(true), Some(false)]),
            membership: standing,
        };
        self.mail(&member, MailboxCommand::SetPreferences(set));
    }

    fn ack(&mut self) {
        let who = self.someone();
        let head = self.log.len() as u64;
        let back = if self.dice.chance(80) {
            self.dice.below(20)
        } else {
            self.dice.below(head + 1)
        };
        let ack = AckCursor {
            device: DeviceId::parse(self.dice.pick::<&str>(&["phone", "web"])).unwrap(),
            cursor: i64::try_from(head.saturating_sub(back)).unwrap(),
            head: i64::try_from(head).unwrap(),
        };
        self.mail(&who, MailboxCommand::Ack(ack));
    }

    fn block(&mut self) {
        let (who, other) = (self.someone(), self.someone());
        let command = if self.dice.chance(60) {
            MailboxCommand::Block(other)
        } else {
            MailboxCommand::Unblock(other)
        };
        self.mail(&who, command);
    }

    /// Decides a command of a conversation, and applies and records its events. Returns whether the
    /// command was accepted.
    pub fn command(&mut self, id: &ConversationId, command: ConversationCommand) -> bool {
        let mut state = self.conversations.get(id).cloned().unwrap_or_default();
        let Ok(events) = state.decide(command, &self.limits) else {
            return false;
        };
        for event in events {
            self.record(AggregateKind::Conversation, id.as_str(), &event);
            state.apply(event);
        }
        if state.exists() {
            self.conversations.insert(id.clone(), state);
        }
        true
    }

    /// Decides a command of a mailbox, and applies and records its events. Returns whether the
    /// command was accepted.
    pub fn mail(&mut self, owner: &UserId, command: MailboxCommand) -> bool {
        let mut state = self.mailboxes.get(owner).cloned().unwrap_or_default();
        let Ok(events) = state.decide(command, &self.limits) else {
            return false;
        };
        for event in events {
            self.record(AggregateKind::Mailbox, owner.as_str(), &event);
            state.apply(event);
        }
        self.mailboxes.insert(owner.clone(), state);
        true
    }

    /// Appends an event to the log without any checks.
    pub fn record<E: EventFamily>(&mut self, aggregate: AggregateKind, id: &str, event: &E) {
        let data = String::from_utf8(event.encode().unwrap()).unwrap();
        let sequence = self
            .sequences
            .entry(format!("{aggregate:?}{id}"))
            .or_default();
        *sequence += 1;
        self.log.push(Envelope {
            position: self.log.len() as i64 + 1,
            aggregate,
            aggregate_id: id.to_owned(),
            sequence: *sequence,
            event_type: event.name().to_owned(),
            version: event.version(),
            time: Timestamp::from_millis(self.now),
            data: RawValue::from_string(data).unwrap(),
        });
    }
}

/// A decoded event.
pub enum Fact {
    Conversation(ConversationId, ConversationEvent),
    Mailbox(UserId, MailboxEvent),
}

/// Decodes an event that is known to be valid.
pub fn read(event: &Envelope) -> Fact {
    let data = event.data.get().as_bytes();
    match event.aggregate {
        AggregateKind::Conversation => {
            let fact = ConversationEvent::decode(&event.event_type, event.version, data).unwrap();
            Fact::Conversation(conversation(&event.aggregate_id), fact)
        }
        AggregateKind::Mailbox => {
            let fact = MailboxEvent::decode(&event.event_type, event.version, data).unwrap();
            Fact::Mailbox(user(&event.aggregate_id), fact)
        }
    }
}
