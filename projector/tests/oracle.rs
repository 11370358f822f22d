//! The tables match the state of the aggregates, and the inboxes match a simple reference
//! implementation of the fan-out rules.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use std::collections::{BTreeMap, BTreeSet};

use cqrs_es::Aggregate as _;
use domain::conversation::Conversation;
use domain::conversation::event::{
    ConversationEvent, MessageErased, MessageRecalled, MessageRestored,
};
use domain::envelope::Envelope;
use domain::ids::{ConversationId, UserId};
use domain::mailbox::ContactState;
use domain::mailbox::event::MailboxEvent;
use domain::profile::event::ProfileEvent;
use support::history::{DomainEvent, HistoryGenerator, read};
use support::{ProjectorDatabase, config, fold};

/// User, position and conversation of an inbox row.
type Row = (String, i64, String);

/// The first and last position of a membership period.
type PeriodRange = (i64, Option<i64>);

/// The reference implementation: processes the log event by event, using only sets.
#[derive(Default)]
struct Oracle {
    states: BTreeMap<ConversationId, Conversation>,
    stays: BTreeMap<(ConversationId, UserId), Vec<PeriodRange>>,
    /// The position and sender of each message.
    messages: BTreeMap<ConversationId, Vec<(i64, UserId)>>,
    inbox: BTreeSet<Row>,
    /// The users who neither send nor see read receipts.
    receipts_off: BTreeSet<UserId>,
}

impl Oracle {
    fn apply(&mut self, event: &Envelope) {
        match read(event) {
            DomainEvent::Conversation(id, fact) => {
                self.apply_conversation(event.position, id, fact);
            }
            DomainEvent::Mailbox(owner, fact) => self.apply_mailbox(event.position, &owner, &fact),
            DomainEvent::Profile(user, fact) => self.apply_profile(user, &fact),
            // They concern nobody's inbox.
            DomainEvent::Case(..) | DomainEvent::File(..) => {}
        }
    }

    fn members_at(&self, id: &ConversationId, at: i64) -> Vec<UserId> {
        let memberships = self
            .stays
            .iter()
            .filter(|((conversation, _), _)| conversation == id);
        memberships
            .filter(|(_, stays)| {
                stays
                    .iter()
                    .any(|(from, to)| *from <= at && to.is_none_or(|to| to >= at))
            })
            .map(|((_, user), _)| user.clone())
            .collect()
    }

    fn add_inbox_rows(&mut self, users: &[UserId], at: i64, id: &ConversationId) {
        self.inbox.extend(
            users
                .iter()
                .map(|user| (user.to_string(), at, id.to_string())),
        );
    }

    fn begin_period(&mut self, id: &ConversationId, user: &UserId, at: i64) {
        self.stays
            .entry((id.clone(), user.clone()))
            .or_default()
            .push((at, None));
    }

    fn apply_conversation(&mut self, at: i64, id: ConversationId, fact: ConversationEvent) {
        match &fact {
            ConversationEvent::ConversationCreated(created) => {
                created
                    .members
                    .iter()
                    .for_each(|first| self.begin_period(&id, &first.user, at));
            }
            ConversationEvent::MemberAdded(added) => self.begin_period(&id, &added.user, at),
            ConversationEvent::MemberRemoved(removed) => {
                let stays = self
                    .stays
                    .get_mut(&(id.clone(), removed.user.clone()))
                    .unwrap();
                stays.last_mut().unwrap().1 = Some(at);
            }
            ConversationEvent::MessageSent(sent) => {
                self.messages
                    .entry(id.clone())
                    .or_default()
                    .push((at, sent.sender.clone()));
            }
            _ => {}
        }
        // Links, and remarks about service sessions, have no entries. Those of join requests and
        // invitations are for some users alone and belong to no conversation.
        let has_entry = !matches!(
            fact,
            ConversationEvent::JoinRequested(_)
                | ConversationEvent::JoinRequestDeclined(_)
                | ConversationEvent::LinkCreated(_)
                | ConversationEvent::LinkEnded(_)
                | ConversationEvent::Invited(_)
                | ConversationEvent::InvitationEnded(_)
                | ConversationEvent::SessionNoted(_)
                | ConversationEvent::SessionTagged(_)
                | ConversationEvent::SessionRated(_)
                | ConversationEvent::SessionReminded(_)
        );
        let inside = self.members_at(&id, at);
        if has_entry && inside.len() as i64 <= config().fanout_threshold {
            self.add_inbox_rows(&inside, at, &id);
        }
        self.states.entry(id).or_default().apply(fact);
    }

    fn apply_profile(&mut self, user: UserId, fact: &ProfileEvent) {
        if let ProfileEvent::SettingsChanged(settings) = fact {
            if settings.read_receipts {
                self.receipts_off.remove(&user);
            } else {
                self.receipts_off.insert(user);
            }
        }
    }

    fn apply_mailbox(&mut self, at: i64, owner: &UserId, fact: &MailboxEvent) {
        match fact {
            MailboxEvent::ConversationRead(mark) => {
                let mut inside = self.members_at(&mark.conversation, at);
                let is_small = inside.len() as i64 <= config().max_receipt_members;
                let recipients = if is_small && !self.receipts_off.contains(owner) {
                    inside.retain(|user| user == owner || !self.receipts_off.contains(user));
                    inside
                } else {
                    vec![owner.clone()]
                };
                self.add_inbox_rows(&recipients, at, &mark.conversation);
            }
            MailboxEvent::ConversationMarkedUnread(mark) => {
                self.add_inbox_rows(std::slice::from_ref(owner), at, &mark.conversation);
            }
            MailboxEvent::PreferencesChanged(changed) => {
                self.add_inbox_rows(std::slice::from_ref(owner), at, &changed.conversation);
            }
            MailboxEvent::ConversationCleared(cleared) => {
                self.add_inbox_rows(std::slice::from_ref(owner), at, &cleared.conversation);
            }
            MailboxEvent::ThreadFollowed(thread) | MailboxEvent::ThreadUnfollowed(thread) => {
                self.add_inbox_rows(std::slice::from_ref(owner), at, &thread.conversation);
            }
            MailboxEvent::ThreadRead(mark) => {
                self.add_inbox_rows(std::slice::from_ref(owner), at, &mark.conversation);
            }
            MailboxEvent::MessageScheduled(event) => {
                self.add_inbox_rows(std::slice::from_ref(owner), at, &event.conversation);
            }
            MailboxEvent::ScheduledMessageChanged(event) => {
                self.add_inbox_rows(std::slice::from_ref(owner), at, &event.conversation);
            }
            MailboxEvent::ScheduledMessageCancelled(event) => {
                self.add_inbox_rows(std::slice::from_ref(owner), at, &event.conversation);
            }
            MailboxEvent::ScheduledMessageSent(event) => {
                self.add_inbox_rows(std::slice::from_ref(owner), at, &event.conversation);
            }
            MailboxEvent::ScheduledMessageFailed(event) => {
                self.add_inbox_rows(std::slice::from_ref(owner), at, &event.conversation);
            }
            MailboxEvent::MessageHeld(held) => self.add_held_entry(at, owner, &held.conversation),
            MailboxEvent::HeldMessageReleased(released) => {
                self.add_held_entry(at, owner, &released.conversation);
            }
            MailboxEvent::HeldMessageRefused(refused) => {
                self.add_held_entry(at, owner, &refused.conversation);
            }
            MailboxEvent::DeviceAcked(acked) => {
                let ids: Vec<_> = self.states.keys().cloned().collect();
                for id in ids {
                    self.apply_delivery(at, &id, owner, acked.previous, acked.cursor);
                }
            }
            // Their entries belong to no conversation.
            MailboxEvent::UserBlocked(_)
            | MailboxEvent::UserUnblocked(_)
            | MailboxEvent::ContactRequested(_)
            | MailboxEvent::ContactAdded(_)
            | MailboxEvent::ContactRemoved(_)
            | MailboxEvent::PushRegistered(_)
            | MailboxEvent::PushDropped(_)
            | MailboxEvent::DeviceRemoved(_)
            | MailboxEvent::NotesErased(_) => {}
        }
    }

    /// To a user who has left, the entry belongs to no conversation.
    fn add_held_entry(&mut self, at: i64, owner: &UserId, id: &ConversationId) {
        if self.members_at(id, at).contains(owner) {
            self.add_inbox_rows(std::slice::from_ref(owner), at, id);
        }
    }

    fn apply_delivery(
        &mut self,
        at: i64,
        id: &ConversationId,
        owner: &UserId,
        after: i64,
        up_to: i64,
    ) {
        let inside = self.members_at(id, at);
        if !inside.contains(owner) || inside.len() as i64 > config().max_receipt_members {
            return;
        }
        let messages: Vec<_> = self
            .messages
            .get(id)
            .into_iter()
            .flatten()
            .cloned()
            .collect();
        for (position, sender) in messages {
            let covered = position > after
                && position <= up_to
                && self.members_at(id, position).contains(owner);
            if covered && sender != *owner && inside.contains(&sender) {
                self.add_inbox_rows(&[sender], at, id);
            }
        }
    }
}

#[tokio::test]
async fn inboxes_match_the_fan_out_rules() {
    let generator = HistoryGenerator::with_events(23, 9, 4_000);
    let database = ProjectorDatabase::new().await;
    fold(&database.pool, config(), &generator.log, 500).await;
    let mut oracle = Oracle::default();
    generator.log.iter().for_each(|event| oracle.apply(event));
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT u.name, i.position, c.name FROM read.inbox i JOIN read.users u ON u.id = i.user_id \
         JOIN read.conversations c ON c.id = i.conversation",
    )
    .fetch_all(&database.pool)
    .await
    .unwrap();
    let rows: BTreeSet<Row> = rows.into_iter().collect();
    let missing: Vec<_> = oracle.inbox.difference(&rows).take(5).collect();
    let excess: Vec<_> = rows.difference(&oracle.inbox).take(5).collect();
    assert!(
        missing.is_empty() && excess.is_empty(),
        "missing {missing:?}, unexpected {excess:?}"
    );
    assert!(
        database
            .number("SELECT count(*) FROM read.timeline WHERE type = 'delivered'")
            .await
            > 50
    );
    database.close().await;
}

#[tokio::test]
async fn inbox_rows_and_fanned_out_entries_match() {
    let generator = HistoryGenerator::with_events(31, 9, 2_000);
    let database = ProjectorDatabase::new().await;
    fold(&database.pool, config(), &generator.log, 300).await;
    let orphaned = "SELECT count(*) FROM read.inbox i WHERE seq IS NULL AND NOT EXISTS (SELECT FROM read.timeline t \
                WHERE t.conversation = i.conversation AND t.position = i.position AND t.fanned)";
    assert_eq!(database.number(orphaned).await, 0);
    let orphaned = "SELECT count(*) FROM read.inbox i WHERE seq IS NOT NULL AND NOT EXISTS (SELECT FROM read.messages m \
                WHERE m.conversation = i.conversation AND m.position = i.position AND m.seq = i.seq AND m.fanned)";
    assert_eq!(database.number(orphaned).await, 0);
    let undelivered = "SELECT count(*) FROM (SELECT conversation, position FROM read.timeline WHERE fanned \
                  UNION ALL SELECT conversation, position FROM read.messages WHERE fanned) e \
                  WHERE NOT EXISTS (SELECT FROM read.inbox i WHERE i.conversation = e.conversation \
                  AND i.position = e.position)";
    assert_eq!(database.number(undelivered).await, 0);
    let unmerged = "SELECT count(*) FROM read.conversations c WHERE unfanned <> (SELECT coalesce(max(position), 0) \
                    FROM (SELECT position FROM read.timeline t WHERE t.conversation = c.id AND NOT fanned \
                    UNION ALL SELECT position FROM read.messages m WHERE m.conversation = c.id AND NOT fanned) e)";
    assert_eq!(database.number(unmerged).await, 0);
    database.close().await;
}

#[tokio::test]
async fn members_and_read_marks_match_the_aggregates() {
    let generator = HistoryGenerator::with_events(41, 10, 4_000);
    let database = ProjectorDatabase::new().await;
    fold(&database.pool, config(), &generator.log, 777).await;
    let rows: Vec<(String, String, String, i64, i64)> = sqlx::query_as(
        "SELECT c.name, u.name, m.role, m.read_seq, c.head_seq FROM read.members m \
         JOIN read.users u ON u.id = m.user_id JOIN read.conversations c ON c.id = m.conversation \
         WHERE m.present ORDER BY 1, 2",
    )
    .fetch_all(&database.pool)
    .await
    .unwrap();
    let mut expected = Vec::new();
    for (id, state) in &generator.conversations {
        for user in (0..10).map(|n| support::history::user(&format!("user \u{e9}{n}"))) {
            let Some(standing) = state.membership_snapshot(&user) else {
                continue;
            };
            let mailbox = generator.mailboxes.get(&user).cloned().unwrap_or_default();
            let role = serde_json::to_value(state.role_of(&user))
                .unwrap()
                .as_str()
                .unwrap()
                .to_owned();
            let mark = mailbox.read_mark(id, standing);
            expected.push((
                id.to_string(),
                user.to_string(),
                role,
                mark,
                standing.head_seq,
            ));
        }
    }
    expected.sort();
    let mut rows = rows;
    rows.sort();
    assert_eq!(rows, expected);
    let miscounted = "SELECT count(*) FROM read.conversations c WHERE member_count <> \
                   (SELECT count(*) FROM read.members m WHERE m.conversation = c.id AND present) \
                   OR member_count <> (SELECT count(*) FROM read.stays s WHERE s.conversation = c.id AND to_position IS NULL) \
                   OR head_seq <> (SELECT count(*) FROM read.messages m WHERE m.conversation = c.id) \
                   OR countable <> (SELECT count(*) FROM read.messages m WHERE m.conversation = c.id AND type <> 'control')";
    assert_eq!(database.number(miscounted).await, 0);
    database.close().await;
}

/// The conversation, seq, body, original, bodies of versions and recall flag of a message.
type MessageTuple = (
    String,
    i64,
    Option<String>,
    Option<String>,
    Vec<Option<String>>,
    bool,
);

#[tokio::test]
async fn messages_reflect_their_edits_recalls_and_erasures() {
    let generator = HistoryGenerator::with_events(43, 6, 3_000);
    let database = ProjectorDatabase::new().await;
    fold(&database.pool, config(), &generator.log, 250).await;
    // Body, original body, version bodies and recall flag of each message, by conversation and seq.
    // A recalled message keeps its content here until the end.
    let mut expected = BTreeMap::new();
    let mut restores = 0;
    for event in &generator.log {
        let DomainEvent::Conversation(id, fact) = read(event) else {
            continue;
        };
        match fact {
            ConversationEvent::MessageSent(sent) => {
                let body = Some(sent.body.as_json().to_owned());
                expected.insert(
                    (id.to_string(), sent.seq),
                    (body, None::<String>, Vec::new(), false),
                );
            }
            ConversationEvent::MessageEdited(edited) => {
                let message = expected.get_mut(&(id.to_string(), edited.seq)).unwrap();
                let before = message.0.replace(edited.body.as_json().to_owned());
                message.1 = message.1.take().or(before);
                message.2.push(message.0.clone());
            }
            ConversationEvent::MessageRecalled(MessageRecalled { seq, .. }) => {
                expected.get_mut(&(id.to_string(), seq)).unwrap().3 = true;
            }
            ConversationEvent::MessageRestored(MessageRestored { seq, .. }) => {
                expected.get_mut(&(id.to_string(), seq)).unwrap().3 = false;
                restores += 1;
            }
            ConversationEvent::MessageErased(MessageErased { seq, .. }) => {
                let message = expected.get_mut(&(id.to_string(), seq)).unwrap();
                *message = (None, None, vec![None; message.2.len()], true);
            }
            _ => {}
        }
    }
    for message in expected.values_mut().filter(|message| message.3) {
        *message = (None, None, vec![None; message.2.len()], true);
    }
    assert!(restores > 10, "only {restores} messages were restored");
    let rows: Vec<MessageTuple> = sqlx::query_as(
        "SELECT c.name, m.seq, m.body, m.original, ARRAY(SELECT body FROM read.versions v \
         WHERE v.conversation = m.conversation AND v.seq = m.seq ORDER BY v.position), m.recalled \
         FROM read.messages m JOIN read.conversations c ON c.id = m.conversation",
    )
    .fetch_all(&database.pool)
    .await
    .unwrap();
    let rows: BTreeMap<_, _> = rows
        .into_iter()
        .map(|(id, seq, body, original, versions, recalled)| {
            ((id, seq), (body, original, versions, recalled))
        })
        .collect();
    assert_eq!(rows, expected);
    assert!(
        rows.values().any(|row| row.3 && !row.2.is_empty()),
        "no edited message was recalled"
    );
    database.close().await;
}

#[tokio::test]
async fn contacts_match_the_mailboxes_of_both_users() {
    let generator = HistoryGenerator::with_events(47, 6, 6_000);
    let database = ProjectorDatabase::new().await;
    fold(&database.pool, config(), &generator.log, 111).await;
    let rows: Vec<(String, String, String)> = sqlx::query_as(
        "SELECT u.name, o.name, x.state FROM read.contacts x JOIN read.users u ON u.id = x.user_id \
         JOIN read.users o ON o.id = x.other",
    )
    .fetch_all(&database.pool)
    .await
    .unwrap();
    let rows: BTreeSet<_> = rows.into_iter().collect();
    let mut expected = BTreeSet::new();
    for (one, mailbox) in &generator.mailboxes {
        for other in (0..6).map(|n| support::history::user(&format!("user \u{e9}{n}"))) {
            let theirs = generator.mailboxes.get(&other);
            let theirs = theirs.map(|mailbox| mailbox.contact_acts(one));
            let own = mailbox.contact_acts(&other);
            if let Some(state) = ContactState::between(own, theirs.unwrap_or_default()) {
                expected.insert((
                    one.to_string(),
                    other.to_string(),
                    state.as_str().to_owned(),
                ));
            }
        }
    }
    assert_eq!(rows, expected);
    for state in ["contact", "incoming", "outgoing"] {
        assert!(rows.iter().any(|row| row.2 == state), "no row is {state}");
    }
    // Every entry without a conversation has its one inbox row, and the number of its user.
    let strays = "SELECT count(*) FROM read.inbox i FULL JOIN read.timeline t \
                  ON t.conversation = i.conversation AND t.position = i.position \
                  WHERE (i.conversation < 0 OR t.conversation < 0) \
                  AND (i.user_id = -t.conversation AND t.subject = i.user_id) IS NOT TRUE";
    assert_eq!(database.number(strays).await, 0);
    let private = "SELECT count(*) FROM read.inbox i WHERE i.conversation < 0";
    assert!(database.number(private).await > 50);
    database.close().await;
}

#[tokio::test]
async fn invitations_match_the_aggregates() {
    let generator = HistoryGenerator::with_events(53, 9, 3_000);
    let database = ProjectorDatabase::new().await;
    fold(&database.pool, config(), &generator.log, 123).await;
    let rows: Vec<(String, String, String)> = sqlx::query_as(
        "SELECT c.name, u.name, o.name FROM read.invitations i JOIN read.users u ON u.id = i.user_id \
         JOIN read.users o ON o.id = i.by JOIN read.conversations c ON c.id = i.conversation",
    )
    .fetch_all(&database.pool)
    .await
    .unwrap();
    let rows: BTreeSet<_> = rows.into_iter().collect();
    let mut expected = BTreeSet::new();
    for (id, state) in &generator.conversations {
        for user in (0..9).map(|n| support::history::user(&format!("user \u{e9}{n}"))) {
            if let Some(inviter) = state.inviter_of(&user) {
                expected.insert((id.to_string(), user.to_string(), inviter.to_string()));
            }
        }
    }
    assert_eq!(rows, expected);
    assert!(rows.len() > 5, "{rows:?}");
    for kind in ["invited", "invitation_ended"] {
        let entries = format!("SELECT count(*) FROM read.timeline WHERE type = '{kind}'");
        assert!(database.number(&entries).await > 10, "{kind}");
    }
    database.close().await;
}
