//! The desks, their agents, and how long the day is.

use domain::ids::{ConversationId, DeskId, UserId};
use domain::time::Timestamp;
use serde_json::{Value, json};

pub const SECOND: i64 = 1_000;
pub const MINUTE: i64 = 60 * SECOND;
pub const HOUR: i64 = 60 * MINUTE;

pub const AGENTS: usize = 20;

pub const ADMINISTRATOR: &str = "root";

/// The customers of the full day; fewer come in fewer hours, so that agents are equally busy.
const ALL_CUSTOMERS: usize = 2_000;
const ALL_HOURS: i64 = 13;
const MIN_SPAN: i64 = 2 * HOUR;

/// The middle of the day is midnight in UTC, so that two dates have rows.
const MIDDLE: &str = "2026-11-03T00:00:00Z";

/// What an administrator sets for a desk.
pub struct DeskRules {
    pub id: &'static str,
    pub routing: &'static str,
    pub max_open: usize,
    pub idle_ms: i64,
    pub target_ms: i64,
    greeting: Option<&'static str>,
    first_agent: usize,
    last_agent: usize,
}

/// Some agents are at two desks, so that the sessions of both count for their limit.
pub const DESKS: [DeskRules; 3] = [
    DeskRules {
        id: "billing",
        routing: "manual",
        max_open: 5,
        idle_ms: 10 * MINUTE,
        target_ms: 2 * MINUTE,
        greeting: Some("Hello! How can we help?"),
        first_agent: 1,
        last_agent: 8,
    },
    DeskRules {
        id: "sales",
        routing: "round_robin",
        max_open: 3,
        idle_ms: 8 * MINUTE,
        target_ms: 90 * SECOND,
        greeting: None,
        first_agent: 7,
        last_agent: 14,
    },
    DeskRules {
        id: "support",
        routing: "least_busy",
        max_open: 4,
        idle_ms: 15 * MINUTE,
        target_ms: 5 * MINUTE,
        greeting: Some("Welcome to support."),
        first_agent: 13,
        last_agent: AGENTS,
    },
];

impl DeskRules {
    /// Its agents at the beginning of the day.
    pub fn agents(&self) -> Vec<String> {
        (self.first_agent..=self.last_agent).map(agent).collect()
    }

    pub fn is_manual(&self) -> bool {
        self.routing == "manual"
    }

    /// The body of the call that sets it.
    pub fn settings(&self, agents: &[String]) -> Value {
        json!({
            "title": format!("The {} desk", self.id), "agents": agents, "routing": self.routing,
            "max_open": self.max_open, "greeting": self.greeting,
            "reminders": true,
            "idle_close": format!("{}s", self.idle_ms / SECOND),
            "reply_target": format!("{}s", self.target_ms / SECOND),
        })
    }
}

pub fn agent(number: usize) -> String {
    format!("agent-{number:02}")
}

pub fn customer(number: usize) -> String {
    format!("customer-{number:04}")
}

/// The desk with this id.
pub fn desk_of(id: &str) -> usize {
    let found = DESKS.iter().position(|desk| desk.id == id);
    found.unwrap_or_else(|| panic!("there is no desk {id}"))
}

/// The address of the conversation of a customer with a desk.
pub fn conversation(desk: usize, customer: &str) -> String {
    let desk = DeskId::parse(DESKS[desk].id).expect("a desk");
    let customer = UserId::parse(customer).expect("a user");
    ConversationId::desk(&desk, &customer).as_str().to_owned()
}

/// How many customers come, and when.
#[derive(Debug, Clone, Copy)]
pub struct Hours {
    pub customers: usize,
    pub begin: i64,
    /// When the last customer comes, at the latest.
    pub end: i64,
}

impl Hours {
    pub fn new(customers: usize) -> Self {
        let middle = Timestamp::parse(MIDDLE).expect("a time").millis();
        let share = ALL_HOURS * HOUR * customers as i64 / ALL_CUSTOMERS as i64;
        let half = share.max(MIN_SPAN) / 2;
        Self {
            customers,
            begin: middle - half,
            end: middle + half,
        }
    }

    pub fn span(&self) -> i64 {
        self.end - self.begin
    }
}

/// A time as the API has it.
pub fn text_of(at: i64) -> String {
    Timestamp::from_millis(at).to_string()
}
