//! The state of a [`FixtureLog`](crate::fixture_log::FixtureLog).

use std::collections::BTreeMap;

/// The time of a position. Positions are one second apart, so that all times differ.
pub fn time_at(position: i64) -> String {
    let t = time::OffsetDateTime::from_unix_timestamp(1_700_000_000 + position).unwrap();
    domain::time::Timestamp::from(t).to_string()
}

#[derive(Debug, Clone)]
pub struct FixtureStay {
    pub from: i64,
    pub to: Option<i64>,
    pub after_seq: i64,
    pub until_seq: Option<i64>,
}

impl FixtureStay {
    pub fn covers(&self, position: i64) -> bool {
        self.from <= position && self.to.is_none_or(|to| position <= to)
    }
}

#[derive(Debug, Clone, Default)]
#[expect(clippy::struct_excessive_bools, reason = "a row has so many columns")]
pub struct FixtureMember {
    pub present: bool,
    pub role: &'static str,
    pub joined_position: i64,
    pub joined_order: i64,
    pub joined_seq: i64,
    pub read_seq: i64,
    pub read_high: i64,
    pub own_seq: i64,
    pub muted: bool,
    pub pinned: bool,
    pub archived: bool,
    /// The last seq that the user has cleared from their own view.
    pub cleared_seq: i64,
    pub stays: Vec<FixtureStay>,
}

#[derive(Debug, Clone)]
pub struct FixtureMessage {
    pub seq: i64,
    pub position: i64,
    pub sender: i64,
    pub kind: &'static str,
    pub ordinal: i64,
    pub reply_to: Option<i64>,
    pub mentions: Vec<i64>,
    /// The body as sent and as edited, with the positions.
    pub bodies: Vec<(i64, String)>,
    pub recalled: bool,
    pub fanned: bool,
    /// (key, user, position)
    pub reactions: Vec<(String, i64, i64)>,
}

/// A timeline row. Only the user in `only` receives it, or all members if it is `None`.
#[derive(Debug, Clone)]
pub struct FixtureEvent {
    pub position: i64,
    pub kind: &'static str,
    pub subject: Option<i64>,
    pub seq: Option<i64>,
    pub data: Option<String>,
    pub fanned: bool,
    pub only: Option<i64>,
}

#[derive(Debug, Clone)]
pub struct FixtureRoom {
    pub id: i64,
    pub name: String,
    pub kind: &'static str,
    pub title: Option<String>,
    pub history: &'static str,
    pub created: i64,
    pub unfanned: i64,
    pub joins: i64,
    pub members: BTreeMap<i64, FixtureMember>,
    pub messages: Vec<FixtureMessage>,
    pub events: Vec<FixtureEvent>,
}

impl FixtureRoom {
    pub fn head_seq(&self) -> i64 {
        self.messages.len() as i64
    }

    pub fn countable(&self) -> i64 {
        self.messages
            .iter()
            .filter(|message| message.kind != "control")
            .count() as i64
    }

    pub fn member_count(&self) -> i64 {
        self.members
            .values()
            .filter(|member| member.present)
            .count() as i64
    }

    pub fn is_in(&self, user: i64) -> bool {
        self.members.get(&user).is_some_and(|member| member.present)
    }

    /// The visibility rule, by brute force.
    pub fn can_see(&self, user: i64, seq: i64) -> bool {
        let Some(member) = self.members.get(&user).filter(|member| member.present) else {
            return false;
        };
        let within = |stay: &FixtureStay| {
            stay.after_seq < seq && stay.until_seq.is_none_or(|until| seq <= until)
        };
        let is_covered = self.history == "all" || member.stays.iter().any(within);
        is_covered && seq > member.cleared_seq
    }

    pub fn is_unread(&self, user: i64, message: &FixtureMessage) -> bool {
        let Some(member) = self.members.get(&user) else {
            return false;
        };
        message.kind != "control"
            && !message.recalled
            && message.sender != user
            && message.seq > member.read_seq
            && self.can_see(user, message.seq)
    }

    pub fn unread(&self, user: i64) -> i64 {
        self.messages
            .iter()
            .filter(|message| self.is_unread(user, message))
            .count() as i64
    }

    pub fn last_message(&self) -> Option<&FixtureMessage> {
        self.messages
            .iter()
            .rfind(|message| message.kind != "control")
    }

    pub fn activity(&self) -> i64 {
        self.last_message()
            .map_or(self.created, |message| message.position)
    }
}

/// Adds a member, or a former member again.
pub fn add_member(room: &mut FixtureRoom, user: i64, position: i64) {
    let head = room.head_seq();
    room.joins += 1;
    let joins = room.joins;
    let member = room.members.entry(user).or_default();
    *member = FixtureMember {
        present: true,
        role: "member",
        joined_position: position,
        joined_order: joins,
        joined_seq: head,
        read_seq: head,
        read_high: member.read_high.max(head),
        own_seq: member.own_seq,
        muted: false,
        pinned: false,
        archived: false,
        cleared_seq: member.cleared_seq,
        stays: std::mem::take(&mut member.stays),
    };
    member.stays.push(FixtureStay {
        from: position,
        to: None,
        after_seq: head,
        until_seq: None,
    });
}
