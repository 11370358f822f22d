//! Reads the log from its beginning: at every position, each session has at most one agent.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use domain::time::Timestamp;
use serde_json::Value;
use sqlx::PgPool;

use super::people::Presence;
use super::roster::{DESKS, desk_of, text_of};

/// A session as the events so far have it.
#[derive(Debug, Default)]
struct KnownSession {
    conversation: String,
    desk: usize,
    agent: Option<String>,
    /// When it got its agent.
    since: i64,
    /// The position at which it came to the desk, and since when it waits.
    order: i64,
    waits_since: i64,
    is_closed: bool,
    is_between_desks: bool,
}

#[derive(Debug, Default)]
struct Audit {
    sessions: BTreeMap<String, KnownSession>,
    /// The agents who are members of each conversation.
    members: HashMap<String, BTreeSet<String>>,
    agents: BTreeMap<usize, Vec<String>>,
    last_idle_end: i64,
}

/// What the log has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AuditResult {
    pub opened: usize,
    pub closed: usize,
}

/// An event, with what it says.
struct KnownEvent {
    position: i64,
    kind: String,
    aggregate: String,
    data: Value,
}

impl KnownEvent {
    fn text(&self, field: &str) -> Option<&str> {
        self.data[field].as_str()
    }

    fn require(&self, field: &str) -> String {
        let text = self.text(field);
        let found = text.unwrap_or_else(|| panic!("{} has no {field}", self.position));
        found.to_owned()
    }

    fn at(&self) -> i64 {
        let time = Timestamp::parse(&self.require("at"));
        time.expect("a time").millis()
    }
}

/// Checks all events of desks and their sessions.
pub async fn check_log(pool: &PgPool, presence: &[Presence]) -> AuditResult {
    let events: Vec<(i64, String, String, String)> = sqlx::query_as(
        "SELECT position, type, aggregate_id, payload::text FROM events
         WHERE type IN ('session_opened', 'session_accepted', 'session_transferred',
                        'session_closed', 'member_added', 'member_removed', 'desk_set')
         ORDER BY position",
    )
    .fetch_all(pool)
    .await
    .expect("the events are readable");
    let mut audit = Audit::default();
    for (position, kind, aggregate, data) in events {
        let event = KnownEvent {
            position,
            kind,
            aggregate,
            data: serde_json::from_str(&data).expect("JSON"),
        };
        audit.check(&event, presence);
    }
    let closed = audit.sessions.values().filter(|session| session.is_closed);
    AuditResult {
        opened: audit.sessions.len(),
        closed: closed.count(),
    }
}

/// Whether an agent was online at a time. At the instant of a change, both are possible.
fn may_be_online(presence: &[Presence], agent: &str, at: i64) -> bool {
    let changes = presence.iter().filter(|change| change.agent == agent);
    let (before, now): (Vec<&Presence>, Vec<&Presence>) = changes
        .filter(|change| change.at <= at)
        .partition(|change| change.at < at);
    let last = before.last().copied();
    last.into_iter().chain(now).any(|change| change.is_online)
}

impl Audit {
    fn check(&mut self, event: &KnownEvent, presence: &[Presence]) {
        match event.kind.as_str() {
            "desk_set" => {
                let agents = event.data["settings"]["agents"].as_array();
                let agents = agents.expect("agents").iter();
                let agents = agents.map(|agent| agent.as_str().expect("a user").to_owned());
                self.agents
                    .insert(desk_of(&event.aggregate), agents.collect());
            }
            "member_added" => {
                let members = self.members.entry(event.aggregate.clone()).or_default();
                members.insert(event.require("user"));
            }
            "member_removed" => {
                let members = self.members.entry(event.aggregate.clone()).or_default();
                assert!(members.remove(&event.require("user")), "{}", event.position);
            }
            "session_opened" => self.open(event),
            "session_accepted" => self.accept(event, presence),
            "session_transferred" => self.transfer(event),
            _ => self.close(event),
        }
    }

    fn open(&mut self, event: &KnownEvent) {
        let id = event.require("session");
        let known = self.sessions.get(&id);
        match known {
            // It arrives at another desk.
            Some(known) => assert!(
                known.is_between_desks && event.text("from") == Some(&known.conversation),
                "{id} is opened twice, again at {}",
                event.position
            ),
            None => assert_eq!(event.text("from"), None, "{id} at {}", event.position),
        }
        let is_other = |other: &&KnownSession| {
            other.conversation == event.aggregate && !other.is_closed && !other.is_between_desks
        };
        let other = self.sessions.values().find(is_other);
        assert!(other.is_none(), "{id} is opened beside {other:?}");
        let session = KnownSession {
            conversation: event.aggregate.clone(),
            desk: desk_of(&event.require("desk")),
            order: event.position,
            waits_since: event.at(),
            ..KnownSession::default()
        };
        self.sessions.insert(id, session);
        self.check_members(event);
    }

    fn accept(&mut self, event: &KnownEvent, presence: &[Presence]) {
        let (id, agent, at) = (event.require("session"), event.require("agent"), event.at());
        if event.text("by") == Some("tidings") {
            self.check_routing(event, presence);
        }
        let members = self.members.get(&event.aggregate);
        let is_member = members.is_some_and(|members| members.contains(&agent));
        assert!(is_member, "{agent} is no member at {}", event.position);
        let session = self.find(event, &id);
        assert_eq!(
            session.agent, None,
            "{id} has two agents at {}",
            event.position
        );
        (session.agent, session.since) = (Some(agent), at);
    }

    /// The system gives a session to an agent of the desk who is online and has room, and the one
    /// first that has waited longest.
    fn check_routing(&self, event: &KnownEvent, presence: &[Presence]) {
        let (id, agent, at) = (event.require("session"), event.require("agent"), event.at());
        let place = format!("{id} for {agent} at {}, {}", event.position, text_of(at));
        let session = &self.sessions[&id];
        let rules = &DESKS[session.desk];
        assert!(!rules.is_manual(), "{place}");
        assert!(self.agents[&session.desk].contains(&agent), "{place}");
        assert!(may_be_online(presence, &agent, at), "{place}");
        // What the agent has accepted in this instant may have come too late to count.
        let counts = |other: &&KnownSession| {
            other.agent.as_deref() == Some(&agent) && !other.is_closed && other.since < at
        };
        let load = self.sessions.values().filter(counts).count();
        assert!(load < rules.max_open, "{place}: {load} are open");
        let is_earlier = |other: &&KnownSession| {
            let waits = other.agent.is_none() && !other.is_closed && !other.is_between_desks;
            waits
                && other.desk == session.desk
                && other.order < session.order
                && other.waits_since < at
        };
        let earlier = self.sessions.values().find(is_earlier);
        assert!(earlier.is_none(), "{place}: {earlier:?} waits longer");
    }

    fn transfer(&mut self, event: &KnownEvent) {
        let (id, at) = (event.require("session"), event.at());
        let session = self.find(event, &id);
        assert!(session.agent.is_some(), "{id} at {}", event.position);
        assert_eq!(
            session.agent.as_deref(),
            event.text("from"),
            "{id} at {}",
            event.position
        );
        session.agent = event.text("agent").map(str::to_owned);
        (session.since, session.waits_since) = (at, at);
        session.is_between_desks = event.text("to").is_some();
    }

    fn close(&mut self, event: &KnownEvent) {
        let (id, at) = (event.require("session"), event.at());
        let session = self.find(event, &id);
        assert_eq!(
            session.agent.as_deref(),
            event.text("agent"),
            "{id} at {}",
            event.position
        );
        let is_last = session.since.max(session.waits_since) <= at;
        assert!(
            is_last,
            "{id} ended before it got its agent: {}",
            event.position
        );
        session.is_closed = true;
        if event.text("by") == Some("tidings") {
            let is_ordered = self.last_idle_end <= at;
            assert!(is_ordered, "{id} was due earlier: at {}", event.position);
            self.last_idle_end = at;
        }
        self.check_members(event);
    }

    /// The session, which is in this conversation and not closed.
    fn find(&mut self, event: &KnownEvent, id: &str) -> &mut KnownSession {
        let found = self.sessions.get_mut(id);
        let found = found.unwrap_or_else(|| panic!("{id} was not opened: {}", event.position));
        assert!(
            !found.is_closed && !found.is_between_desks && found.conversation == event.aggregate,
            "{id} is {found:?} at {}",
            event.position
        );
        found
    }

    /// Between two decisions, at most one agent is a member.
    fn check_members(&self, event: &KnownEvent) {
        let members = self.members.get(&event.aggregate);
        let count = members.map_or(0, BTreeSet::len);
        assert!(count <= 1, "{members:?} are members at {}", event.position);
    }
}
