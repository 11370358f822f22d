//! Generates valid random histories: the aggregates decide each command, and a rejected command
//! adds no events.

use std::collections::BTreeMap;

use cqrs_es::Aggregate as _;
use domain::body::{MessageBody, MessageType};
use domain::case::Case;
use domain::case::event::CaseEvent;
use domain::case::target::CaseId;
use domain::conversation::Conversation;
use domain::conversation::command::{
    ConversationCommand, EditMessage, RecallMessage, SendMessage, UpdateReaction,
};
use domain::conversation::event::ConversationEvent;
use domain::envelope::{AggregateKind, Envelope};
use domain::event::EventFamily;
use domain::file::File;
use domain::file::event::FileEvent;
use domain::ids::{ClientKey, ConversationId, FileId, ReactionKey, UserId};
use domain::limits::Limits;
use domain::mailbox::Mailbox;
use domain::mailbox::command::MailboxCommand;
use domain::mailbox::event::MailboxEvent;
use domain::profile::Profile;
use domain::profile::command::ProfileCommand;
use domain::profile::event::ProfileEvent;
use domain::time::Timestamp;

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
    pub cases: BTreeMap<CaseId, Case>,
    pub files: BTreeMap<FileId, File>,
    pub(super) users: Vec<UserId>,
    sequences: BTreeMap<String, i64>,
    pub(super) now: i64,
    pub(super) limits: Limits,
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
            cases: BTreeMap::new(),
            files: BTreeMap::new(),
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
        self.run_case_command();
        self.run_file_command();
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
            88..91 => self.use_device(),
            91 => self.hold(),
            92..94 => self.schedule(),
            94 => self.mark_thread(),
            95 => self.clear(),
            96 => self.change_profile(),
            97 => self.govern_profile(),
            98 => self.contact(),
            _ => self.block(),
        }
    }

    pub(super) fn random_user(&mut self) -> UserId {
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
        let reach = if self.rng.chance(70) {
            head.min(6)
        } else {
            head.min(200)
        };
        i64::try_from(head - self.rng.below(reach.max(1)))
            .unwrap()
            .max(1)
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
        let send = SendMessage {
            sender,
            kind,
            body,
            reply_to,
            mentions,
            client_message_id: ClientKey::parse(&format!("key {}", self.log.len())).unwrap(),
            now: Timestamp::from_millis(self.now),
            blocked: false,
            thread: self.random_thread(&id),
            scheduled_for: None,
            desk: None,
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
            // Now and then, a service acts for the user.
            actor: (self.log.len() % 7 == 3).then(|| "robot".to_owned()),
            traceparent: None,
            data: event.encode().unwrap(),
        });
    }
}

/// A decoded event.
pub enum DomainEvent {
    Conversation(ConversationId, ConversationEvent),
    Mailbox(UserId, MailboxEvent),
    Profile(UserId, ProfileEvent),
    Case(CaseId, CaseEvent),
    File(FileId, FileEvent),
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
        AggregateKind::Case => {
            let fact = CaseEvent::decode(&event.event_type, event.version, data).unwrap();
            DomainEvent::Case(CaseId::parse(&event.aggregate_id).unwrap(), fact)
        }
        AggregateKind::File => {
            let fact = FileEvent::decode(&event.event_type, event.version, data).unwrap();
            DomainEvent::File(FileId::parse(&event.aggregate_id).unwrap(), fact)
        }
        AggregateKind::Deployment | AggregateKind::Desk => {
            panic!("random histories have no such events")
        }
    }
}
