//! Who is told what, and when: computed from the log alone, as the contract says it. Shares no code with the
//! services, and asks neither sync nor live.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::journal::Key;

/// Conversations of so many members tell of reads and deliveries.
const RECEIPTS_UP_TO: usize = 100;

/// Of so many messages of a conversation, the newest, an ack tells the senders.
const ACK_MESSAGES: usize = 1_000;

/// Everything that the log says.
#[derive(Debug, Default)]
pub struct Told {
    /// When each position was, from 1 on, in milliseconds since 1970.
    times: Vec<i64>,
    rooms: BTreeMap<Arc<str>, Room>,
    /// What each user is told, in the order of the feed.
    entries: BTreeMap<Arc<str>, Vec<Entry>>,
    /// Acks by user and device: their own positions, and their cursors, which never go back.
    acks: BTreeMap<(String, String), Vec<(i64, i64)>>,
    /// The texts that were sent: conversation, seq and position, by the first word.
    pub sent: BTreeMap<String, Vec<(String, i64, i64)>>,
}

/// Something that a user is told.
#[derive(Debug, Clone)]
pub struct Entry {
    /// What.
    pub key: Key,
    /// It tells the user of the end of their own stay.
    pub own_removal: bool,
}

#[derive(Debug, Default)]
struct Room {
    since_join: bool,
    stays: BTreeMap<Arc<str>, Vec<Stay>>,
    /// Sender and position, by seq from 1 on.
    messages: Vec<(Arc<str>, i64)>,
}

#[derive(Debug, Clone, Copy)]
struct Stay {
    from: i64,
    to: Option<i64>,
}

impl Stay {
    fn covers(&self, position: i64) -> bool {
        self.from <= position && self.to.is_none_or(|to| position < to)
    }
}

impl Room {
    fn is_in(&self, user: &str, position: i64) -> bool {
        let stays = self.stays.get(user).into_iter().flatten();
        stays.rev().any(|stay| stay.covers(position))
    }

    fn members(&self, position: i64) -> Vec<Arc<str>> {
        let present = self.stays.keys().filter(|user| self.is_in(user, position));
        present.cloned().collect()
    }

    /// Whether a member is told of what happens to a message.
    fn sees(&self, user: &str, seq: i64) -> bool {
        let sent = usize::try_from(seq - 1).ok();
        let sent = sent.and_then(|index| self.messages.get(index));
        !self.since_join || sent.is_some_and(|(_, position)| self.is_in(user, *position))
    }
}

impl Told {
    /// Takes in the next event, as `GET /v1/events` serves it.
    pub fn take(&mut self, event: &Value, time: i64) -> Result<()> {
        let position = event["position"].as_i64().context("a position")?;
        if position != self.times.len() as i64 + 1 {
            bail!("{position} comes after {}", self.times.len());
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
            (Some(room), _) => self.happened(position, room, kind, data),
            (_, Some(user)) => self.noted(position, user, kind, data),
            _ => bail!("an unknown source: {event}"),
        }
        Ok(())
    }

    /// An event of a conversation: everybody is told who is in at that position, those who have just come
    /// or just gone too.
    fn happened(&mut self, position: i64, room: &str, kind: &str, data: &Value) {
        let id: Arc<str> = room.into();
        let room = self.rooms.entry(Arc::clone(&id)).or_default();
        let name = |value: &Value| -> Arc<str> { value.as_str().unwrap_or_default().into() };
        let join = |room: &mut Room, user: Arc<str>| {
            let stay = Stay {
                from: position,
                to: None,
            };
            room.stays.entry(user).or_default().push(stay);
        };
        match kind {
            "conversation_created" => {
                room.since_join = data["history"] == "since_join";
                for member in data["members"].as_array().into_iter().flatten() {
                    join(room, name(&member["user"]));
                }
            }
            "conversation_changed" => room.since_join = data["history"] == "since_join",
            "member_added" => join(room, name(&data["user"])),
            "message_sent" => {
                room.messages.push((name(&data["sender"]), position));
                let text = data["body"]["text"].as_str().unwrap_or_default();
                let word = text.split(' ').next().unwrap_or_default().to_owned();
                let seq = data["seq"].as_i64().unwrap_or_default();
                let sent = self.sent.entry(word).or_default();
                sent.push((id.to_string(), seq, position));
            }
            _ => {}
        }
        let of_message = match kind {
            "message_edited" | "message_recalled" | "reaction_added" | "reaction_removed" => {
                data["seq"].as_i64()
            }
            _ => None,
        };
        let mut told = room.members(position);
        told.retain(|user| of_message.is_none_or(|seq| room.sees(user, seq)));
        let gone = (kind == "member_removed").then(|| name(&data["user"]));
        if let Some(stays) = gone.as_ref().and_then(|user| room.stays.get_mut(user))
            && let Some(stay) = stays.last_mut()
        {
            stay.to = Some(position);
        }
        for user in told {
            let own_removal = gone.as_ref() == Some(&user);
            self.tell(user, Key::new(position, &id, kind), own_removal);
        }
    }

    /// An event of a mailbox.
    fn noted(&mut self, position: i64, user: &str, kind: &str, data: &Value) {
        let room = data["conversation"].as_str().unwrap_or_default();
        let told = match kind {
            "conversation_read" => self.witnesses(position, user, room),
            "conversation_marked_unread" | "preferences_changed" => vec![user.into()],
            "device_acked" => return self.delivered(position, user, data),
            _ => return,
        };
        let kind = match kind {
            "conversation_marked_unread" => "conversation_read",
            other => other,
        };
        let is_in = self
            .rooms
            .get(room)
            .is_some_and(|it| it.is_in(user, position));
        for witness in told.into_iter().filter(|_| is_in) {
            self.tell(witness, Key::new(position, room, kind), false);
        }
    }

    /// Who is told that somebody has read: the members of a small conversation.
    fn witnesses(&self, position: i64, user: &str, room: &str) -> Vec<Arc<str>> {
        let members = self.rooms.get(room).map(|room| room.members(position));
        let members = members.unwrap_or_default();
        if members.len() <= RECEIPTS_UP_TO {
            members
        } else {
            vec![user.into()]
        }
    }

    /// The senders of what an ack newly covers are told, each in the conversations where that is.
    fn delivered(&mut self, position: i64, user: &str, data: &Value) {
        let number = |field: &str| data[field].as_i64().unwrap_or_default();
        let (cursor, previous) = (number("cursor"), number("previous"));
        let device = data["device"].as_str().unwrap_or_default().to_owned();
        let acks = self.acks.entry((user.to_owned(), device)).or_default();
        acks.push((position, cursor));
        let mut told = Vec::new();
        for (id, room) in &self.rooms {
            let head = room.messages.last().map_or(0, |(_, position)| *position);
            if head <= previous || !room.is_in(user, position) {
                continue;
            }
            let members = room.members(position);
            if members.len() > RECEIPTS_UP_TO {
                continue;
            }
            let from = room.messages.partition_point(|(_, sent)| *sent <= previous);
            let to = room.messages.partition_point(|(_, sent)| *sent <= cursor);
            let from = from.max(to.saturating_sub(ACK_MESSAGES));
            let mut senders: Vec<&Arc<str>> = room.messages[from.min(to)..to]
                .iter()
                .filter(|(sender, sent)| **sender != *user && room.is_in(user, *sent))
                .map(|(sender, _)| sender)
                .filter(|sender| members.contains(sender))
                .collect();
            senders.sort();
            senders.dedup();
            let key = Key::new(position, id, "delivered");
            told.extend(senders.into_iter().map(|it| (Arc::clone(it), key.clone())));
        }
        for (sender, key) in told {
            self.tell(sender, key, false);
        }
    }

    fn tell(&mut self, user: Arc<str>, key: Key, own_removal: bool) {
        let entries = self.entries.entry(user).or_default();
        entries.push(Entry { key, own_removal });
    }

    /// Everything that a user was told while it happened, in the order of the feed.
    pub fn of(&self, user: &str) -> &[Entry] {
        self.entries.get(user).map_or(&[], Vec::as_slice)
    }

    /// How far the log is.
    pub fn head(&self) -> i64 {
        self.times.len() as i64
    }

    /// The last position that the log had reached by a time.
    pub fn by(&self, time: i64) -> i64 {
        self.times.partition_point(|at| *at <= time) as i64
    }

    /// What a device had acknowledged when the log was at a position.
    pub fn acked(&self, user: &str, device: &str, by: i64) -> i64 {
        let acks = self.acks.get(&(user.to_owned(), device.to_owned()));
        let acks = acks.map_or(&[][..], Vec::as_slice);
        let before = acks.partition_point(|(position, _)| *position <= by);
        before.checked_sub(1).map_or(0, |last| acks[last].1)
    }

    /// Whether a user was in a conversation at some moment from one position to another.
    pub fn was_in(&self, user: &str, room: &str, from: i64, to: i64) -> bool {
        let stays = self.rooms.get(room).and_then(|room| room.stays.get(user));
        let mut stays = stays.into_iter().flatten();
        stays.any(|stay| stay.from <= to && stay.to.is_none_or(|end| from < end))
    }

    /// Where the stay ended in which something was told, if it has.
    pub fn left_after(&self, user: &str, room: &str, position: i64) -> Option<i64> {
        let stays = self.rooms.get(room).and_then(|room| room.stays.get(user));
        let ends = stays.into_iter().flatten().filter_map(|stay| stay.to);
        ends.filter(|end| *end > position).min()
    }

    /// Whether sync serves an entry at the end of the log: what is of a conversation that the user is in,
    /// and what tells of the end of an own stay.
    pub fn is_served(&self, user: &str, entry: &Entry) -> bool {
        let head = self.head();
        entry.own_removal || self.was_in(user, &entry.key.conversation, head, head)
    }
}
