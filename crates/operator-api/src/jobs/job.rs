//! What a job is, and how the API shows it.

use domain::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

/// What a job does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum JobKind {
    /// Builds another version, compares the two, and serves the new one.
    Rebuild,
    /// Compares, and changes nothing.
    Verify,
}

/// With what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum JobSubject {
    /// The read models.
    ReadModels,
    /// The search index of the machine on which the job runs.
    Search,
    /// The seals of the log; they are only verified.
    Seals,
}

/// Where a rebuild begins.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RebuildOrigin {
    /// At the beginning of the log, or where an interrupted rebuild has come to.
    #[default]
    Log,
    /// With what an earlier rebuild has kept.
    Kept,
}

/// What has become of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum JobState {
    /// It runs.
    Running,
    /// It has come to its end; `result` says with what.
    Done,
    /// It has failed; `error` says why.
    Failed,
    /// Somebody has stopped it.
    Stopped,
    /// Its process has ended. A rebuild that is started again continues.
    Interrupted,
}

/// A rebuild or a verification.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Job {
    /// Identifies the job.
    #[schema(value_type = String)]
    pub id: Uuid,
    /// What it does.
    pub kind: JobKind,
    /// What it works on.
    pub of: JobSubject,
    /// What has become of it.
    pub state: JobState,
    /// How many events or messages it has worked on.
    pub done: i64,
    /// About how many there are; 0 as long as that is unknown.
    pub total: i64,
    /// What `done` and `total` count: `events` or `messages`.
    pub unit: &'static str,
    /// Who has started it.
    pub by: String,
    /// When it was started.
    #[schema(value_type = String, format = DateTime)]
    pub started_at: Timestamp,
    /// When its process has last reported.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Timestamp,
    /// When it ended; null while it runs, and if its process has ended.
    #[schema(value_type = Option<String>, format = DateTime, required = true)]
    pub ended_at: Option<Timestamp>,
    /// Whether somebody has asked it to stop.
    pub stop_requested: bool,
    /// What the commands on the machine print with `--json`, and for a rebuild where it began and
    /// how long the swap took; null unless it is done.
    #[schema(value_type = Option<std::collections::HashMap<String, Value>>, required = true)]
    pub result: Option<Value>,
    /// Why it has failed.
    #[schema(required = true)]
    pub error: Option<String>,
}

impl JobKind {
    /// The word in the API and in the table.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rebuild => "rebuild",
            Self::Verify => "verify",
        }
    }
}

impl JobSubject {
    /// The word in the API and in the table.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ReadModels => "read_models",
            Self::Search => "search",
            Self::Seals => "seals",
        }
    }

    /// What its progress counts.
    pub fn unit(self) -> &'static str {
        match self {
            Self::ReadModels | Self::Seals => "events",
            Self::Search => "messages",
        }
    }
}

impl JobState {
    /// The word in the API and in the table.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Stopped => "stopped",
            Self::Interrupted => "interrupted",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_the_table_are_those_of_the_api() {
        for kind in [JobKind::Rebuild, JobKind::Verify] {
            assert_eq!(serde_json::json!(kind), kind.as_str());
        }
        for subject in [
            JobSubject::ReadModels,
            JobSubject::Search,
            JobSubject::Seals,
        ] {
            assert_eq!(serde_json::json!(subject), subject.as_str());
        }
        for state in [
            JobState::Running,
            JobState::Done,
            JobState::Failed,
            JobState::Stopped,
            JobState::Interrupted,
        ] {
            assert_eq!(serde_json::json!(state), state.as_str());
        }
    }
}
