//! What an examination finds.

use serde::Serialize;

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum FindingLevel {
    /// All is well.
    Ok,
    /// Something that an operator should know. Everything works.
    Note,
    /// Something must change.
    Problem,
}

/// One thing that was examined.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// How much it matters.
    pub level: FindingLevel,
    /// What was examined: `postgres`, `nats`, `disk`.
    pub subject: &'static str,
    /// What was found, and what to do about it.
    pub text: String,
}

impl Finding {
    pub(super) fn ok(subject: &'static str, text: impl Into<String>) -> Self {
        Self::new(FindingLevel::Ok, subject, text)
    }

    pub(super) fn note(subject: &'static str, text: impl Into<String>) -> Self {
        Self::new(FindingLevel::Note, subject, text)
    }

    pub(super) fn problem(subject: &'static str, text: impl Into<String>) -> Self {
        Self::new(FindingLevel::Problem, subject, text)
    }

    pub(super) fn new(level: FindingLevel, subject: &'static str, text: impl Into<String>) -> Self {
        Self {
            level,
            subject,
            text: text.into(),
        }
    }
}

/// How many sessions with Postgres a process of a role needs.
#[derive(Debug, Clone, Copy)]
pub struct RoleSessions {
    /// The subcommand: `up`.
    pub role: &'static str,
    /// The number.
    pub sessions: u32,
}
