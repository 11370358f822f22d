//! Computes from the log alone who has to receive what, as the API contract says. Shares no code
//! with the services and uses neither sync nor live delivery.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::device_log::DeviceEntryKey;

/// Larger conversations send no receipts of reads and deliveries.
const MAX_RECEIPT_MEMBERS: usize = 100;

/// An ack notifies the senders of at most so many messages of a conversation, the newest.
const MAX_ACKED_MESSAGES: usize = 1_000;

/// The feeds that follow from the log.
#[derive(Debug, Default)]
pub struct ExpectedFeeds {
    /// The time of each position, starting with 1, in milliseconds since 1970.
    times: Vec<i64>,
    conversations: BTreeMap<Arc<str>, ExpectedConversation>,
    /// The entries of each user, in the order of the feed.
    entries: BTreeMap<Arc<str>, Vec<ExpectedEntry>>,
    /// The acks by user and device: their positions and their cursors, which never go back.
    acks: BTreeMap<(String, String), Vec<(i64, i64)>>,
    /// The sends by the first word of the text: conversation, seq and position.
    pub sent: BTreeMap<String, Vec<(String, i64, i64)>>,
}

/// An entry that a user has to receive.
#[derive(Debug, Clone)]
pub struct ExpectedEntry {
    /// Its key.
    pub key: DeviceEntryKey,
    /// Whether it reports the user's own removal.
    pub own_removal: bool,
}

#[derive(Debug, Default)]
struct ExpectedConversation {
    since_join: bool,
    spans: BTreeMap<Arc<str>, Vec<MemberSpan>>,
    /// Sender and position of each message, starting with seq 1.
    messages: Vec<(Arc<str>, i64)>,
}

#[derive(Debug, Clone, Copy)]
struct MemberSpan {
    from: i64,
    to: Option<i64>,
}

impl MemberSpan {
    fn covers(&self, position: i64) -> bool {
        self.from <= position && self.to.is_none_or(|to| position < to)
    }
}

impl ExpectedConversation {
    fn is_member(&self, user: &str, position: i64) -> bool {
        let spans = self.spans.get(user).into_iter().flatten();
        spans.rev().any(|span| span.covers(position))
    }

    fn members(&self, position: i64) -> Vec<Arc<str>> {
        let present = self
            .spans
            .keys()
            .filter(|user| self.is_member(user, position));
        present.cloned().collect()
    }

    /// Whether a member receives changes of a message.
    fn can_see(&self, user: &str, seq: i64) -> bool {
        let sent = usize::try_from(seq - 1).ok();
        let sent = sent.and_then(|index| self.messages.get(index));
        !self.since_join || sent.is_some_and(|(_, position)| self.is_member(user, *position))
    }
}

impl ExpectedFeeds {
    /// Applies the next event, as returned by `GET /v1/events`.
    pub fn apply(&mut self, event: &Value, time: i64) -> Result<()> {
        let position = event["position"].as_i64().context("a position")?;
        if position != self.times.len() as i64 + 1 {
            bail!("position {position} follows {}", self.times.len());
        }
        self.times.push(time);
        let source = event["source"].as_str().unwrap_or_default();
        let kind = event["type"].as_str().and_then(|it| it.split('.').nth(1));
        let kind = kind.with_context(|| event.to_string())?;
        let data = &event["data"];
        match (
            source.strip_prefix("/conversations/"),
            source.strip_prefix("/mailboxes/"),
        ) {
            (Some(conversation), _) => {
                self.apply_conversation_event(position, conversation, kind, data)
            }
            (_, Some(user)) => self.apply_mailbox_event(position, user, kind, data),
            _ => bail!("unknown source: {event}"),
        }
        Ok(())
    }

    /// An event of a conversation. All members at that position receive it, including a user who
    /// joins or leaves with it.
    fn apply_conversation_event(
        &mut self,
        position: i64,
        conversation: &str,
        kind: &str,
        data: &Value,
    ) {
        let id: Arc<str> = conversation.into();
        let conversation = self.conversations.entry(Arc::clone(&id)).or_default();
        let name = |value: &Value| -> Arc<str> { value.as_str().unwrap_or_default().into() };
        let join = |conversation: &mut ExpectedConversation, user: Arc<str>| {
            let span = MemberSpan {
                from: position,
                to: None,
            };
            conversation.spans.entry(user).or_default().push(span);
        };
        match kind {
            "conversation_created" => {
                conversation.since_join = data["history"] == "since_join";
                for member in data["members"].as_array().into_iter().flatten() {
                    join(conversation, name(&member["user"]));
                }
            }
            "conversation_changed" => conversation.since_join = data["history"] == "since_join",
            "member_added" => join(conversation, name(&data["user"])),
            "message_sent" => {
                conversation
                    .messages
                    .push((name(&data["sender"]), position));
                let text = data["body"]["text"].as_str().unwrap_or_default();
                let word = text.split(' ').next().unwrap_or_default().to_owned();
                let seq = data["seq"].as_i64().unwrap_or_default();
                let sent = self.sent.entry(word).or_default();
                sent.push((id.to_string(), seq, position));
            }
            _ => {}
        }
        let changed_seq = match kind {
            "message_edited" | "message_recalled" | "reaction_added" | "reaction_removed" => {
                data["seq"].as_i64()
            }
            _ => None,
        };
        let mut recipients = conversation.members(position);
        recipients.retain(|user| changed_seq.is_none_or(|seq| conversation.can_see(user, seq)));
        let removed = (kind == "member_removed").then(|| name(&data["user"]));
        if let Some(spans) = removed
            .as_ref()
            .and_then(|user| conversation.spans.get_mut(user))
            && let Some(span) = spans.last_mut()
        {
            span.to = Some(position);
        }
        for user in recipients {
            let own_removal = removed.as_ref() == Some(&user);
            self.push_entry(user, DeviceEntryKey::new(position, &id, kind), own_removal);
        }
    }

    /// An event of a mailbox.
    fn apply_mailbox_event(&mut self, position: i64, user: &str, kind: &str, data: &Value) {
        let conversation = data["conversation"].as_str().unwrap_or_default();
        let recipients = match kind {
            "conversation_read" => self.read_recipients(position, user, conversation),
            "conversation_marked_unread" | "preferences_changed" => vec![user.into()],
            "device_acked" => return self.apply_ack(position, user, data),
            _ => return,
        };
        let kind = match kind {
            "conversation_marked_unread" => "conversation_read",
            other => other,
        };
        let is_member = self
            .conversations
            .get(conversation)
            .is_some_and(|it| it.is_member(user, position));
        for recipient in recipients.into_iter().filter(|_| is_member) {
            self.push_entry(
                recipient,
                DeviceEntryKey::new(position, conversation, kind),
                false,
            );
        }
    }

    /// Who receives a read receipt: the members of a small conversation, otherwise only the reader.
    fn read_recipients(&self, position: i64, user: &str, conversation: &str) -> Vec<Arc<str>> {
        let members = self
            .conversations
            .get(conversation)
            .map(|conversation| conversation.members(position));
        let members = members.unwrap_or_default();
        if members.len() <= MAX_RECEIPT_MEMBERS {
            members
        } else {
            vec![user.into()]
        }
    }

    /// The senders of the messages that an ack newly covers receive an entry for each conversation.
    fn apply_ack(&mut self, position: i64, user: &str, data: &Value) {
        let number = |field: &str| data[field].as_i64().unwrap_or_default();
        let (cursor, previous) = (number("cursor"), number("previous"));
        let device = data["device"].as_str().unwrap_or_default().to_owned();
        let acks = self.acks.entry((user.to_owned(), device)).or_default();
        acks.push((position, cursor));
        let mut recipients = Vec::new();
        for (id, conversation) in &self.conversations {
            let head = conversation
                .messages
                .last()
                .map_or(0, |(_, position)| *position);
            if head <= previous || !conversation.is_member(user, position) {
                continue;
            }
            let members = conversation.members(position);
            if members.len() > MAX_RECEIPT_MEMBERS {
                continue;
            }
            let from = conversation
                .messages
                .partition_point(|(_, sent)| *sent <= previous);
            let to = conversation
                .messages
                .partition_point(|(_, sent)| *sent <= cursor);
            let from = from.max(to.saturating_sub(MAX_ACKED_MESSAGES));
            let mut senders: Vec<&Arc<str>> = conversation.messages[from.min(to)..to]
                .iter()
                .filter(|(sender, sent)| **sender != *user && conversation.is_member(user, *sent))
                .map(|(sender, _)| sender)
                .filter(|sender| members.contains(sender))
                .collect();
            senders.sort();
            senders.dedup();
            let key = DeviceEntryKey::new(position, id, "delivered");
            recipients.extend(senders.into_iter().map(|it| (Arc::clone(it), key.clone())));
        }
        for (sender, key) in recipients {
            self.push_entry(sender, key, false);
        }
    }

    fn push_entry(&mut self, user: Arc<str>, key: DeviceEntryKey, own_removal: bool) {
        let entries = self.entries.entry(user).or_default();
        entries.push(ExpectedEntry { key, own_removal });
    }

    /// Everything that a user had to receive while it happened, in the order of the feed.
    pub fn entries_of(&self, user: &str) -> &[ExpectedEntry] {
        self.entries.get(user).map_or(&[], Vec::as_slice)
    }

    /// The head of the log.
    pub fn head(&self) -> i64 {
        self.times.len() as i64
    }

    /// The last position of the log at a time.
    pub fn position_at(&self, time: i64) -> i64 {
        self.times.partition_point(|at| *at <= time) as i64
    }

    /// What a device had acknowledged when the log was at a position.
    pub fn acked_cursor(&self, user: &str, device: &str, by: i64) -> i64 {
        let acks = self.acks.get(&(user.to_owned(), device.to_owned()));
        let acks = acks.map_or(&[][..], Vec::as_slice);
        let before = acks.partition_point(|(position, _)| *position <= by);
        before.checked_sub(1).map_or(0, |last| acks[last].1)
    }

    /// Whether a user was a member of a conversation at any moment between two positions.
    pub fn was_member(&self, user: &str, conversation: &str, from: i64, to: i64) -> bool {
        let spans = self
            .conversations
            .get(conversation)
            .and_then(|conversation| conversation.spans.get(user));
        let mut spans = spans.into_iter().flatten();
        spans.any(|span| span.from <= to && span.to.is_none_or(|end| from < end))
    }

    /// The position at which the user left after `position`, if they did.
    pub fn next_departure(&self, user: &str, conversation: &str, position: i64) -> Option<i64> {
        let spans = self
            .conversations
            .get(conversation)
            .and_then(|conversation| conversation.spans.get(user));
        let ends = spans.into_iter().flatten().filter_map(|span| span.to);
        ends.filter(|end| *end > position).min()
    }

    /// Whether sync returns an entry at the end of the log: entries of conversations of which the
    /// user is a member, and the user's own removals.
    pub fn is_served(&self, user: &str, entry: &ExpectedEntry) -> bool {
        let head = self.head();
        entry.own_removal || self.was_member(user, &entry.key.conversation, head, head)
    }
}
