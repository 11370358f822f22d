//! What administrators set for a desk.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::texts::Greeting;
use crate::deployment::flood::RuleDuration;
use crate::ids::{Title, UserId};
use crate::refusal::Refusal;

/// The maximum number of agents of a desk.
pub const MAX_AGENTS: usize = 1_000;

/// The maximum number of sessions that an agent can be given at the same time.
pub const MAX_OPEN: u32 = 1_000;

/// The longest time until a session closes by itself, and until a customer is to have a reply: 30
/// days.
const MAX_SECONDS: u32 = 30 * 24 * 3_600;

/// How waiting sessions get an agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Routing {
    /// Agents accept them.
    #[default]
    Manual,
    /// The system gives them to the agents in turn.
    RoundRobin,
    /// The system gives them to the agent with the fewest open sessions.
    LeastBusy,
}

impl Routing {
    /// The name in the log and in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Manual => "manual",
            Self::RoundRobin => "round_robin",
            Self::LeastBusy => "least_busy",
        }
    }
}

/// The settings of a desk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeskSettings {
    /// The name that people see.
    pub title: Title,
    /// The agents, in the order of their turns.
    pub agents: Vec<UserId>,
    /// How waiting sessions get an agent.
    pub routing: Routing,
    /// Automatic routing gives no session to an agent who has this many.
    pub max_open: u32,
    /// How long after the last message a session closes by itself.
    pub idle_close: RuleDuration,
    /// Within which time a customer is to have a reply.
    pub reply_target: RuleDuration,
    /// The first message of every session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub greeting: Option<Greeting>,
    /// Whether agents are reminded of a customer who has no reply within `reply_target`. Snapshots
    /// of older releases have no such field.
    #[serde(default)]
    pub reminders: bool,
}

impl DeskSettings {
    /// Whether this user is an agent of the desk.
    pub fn has_agent(&self, user: &UserId) -> bool {
        self.agents.contains(user)
    }

    /// Checks what the types leave open.
    pub(super) fn check(&self) -> Result<(), Refusal> {
        if self.agents.len() > MAX_AGENTS {
            let detail = format!("A desk has at most {MAX_AGENTS} agents.");
            return Err(Refusal::invalid("agents", detail));
        }
        let distinct: BTreeSet<&UserId> = self.agents.iter().collect();
        if distinct.len() < self.agents.len() {
            return Err(Refusal::invalid("agents", "An agent is named twice."));
        }
        if !(1..=MAX_OPEN).contains(&self.max_open) {
            let detail = format!("Expected 1 to {MAX_OPEN} sessions.");
            return Err(Refusal::invalid("max_open", detail));
        }
        for (field, duration) in [
            ("idle_close", &self.idle_close),
            ("reply_target", &self.reply_target),
        ] {
            if duration.seconds() > MAX_SECONDS {
                let detail = "Expected a duration of at most 30d, such as 10m.";
                return Err(Refusal::invalid(field, detail));
            }
        }
        Ok(())
    }
}
