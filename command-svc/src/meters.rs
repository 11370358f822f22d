//! How commands are counted: `tidings_command_seconds{op,outcome}` and
//! `tidings_refused_total{code}`. Handles are made once, so counting a command allocates nothing.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use metrics::{Counter, Histogram};

use crate::answer::Answered;
use crate::no::No;

/// Every command, by the name that metrics, fingerprints and batches know it by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Op {
    Create,
    Change,
    AddMembers,
    RemoveMember,
    Send,
    Edit,
    Recall,
    React,
    Unreact,
    Read,
    Ack,
    Preferences,
    Block,
    Unblock,
    Batch,
    Import,
    Erase,
}

impl Op {
    const ALL: [Self; 17] = [
        Self::Create,
        Self::Change,
        Self::AddMembers,
        Self::RemoveMember,
        Self::Send,
        Self::Edit,
        Self::Recall,
        Self::React,
        Self::Unreact,
        Self::Read,
        Self::Ack,
        Self::Preferences,
        Self::Block,
        Self::Unblock,
        Self::Batch,
        Self::Import,
        Self::Erase,
    ];

    /// Stable: part of the fingerprints that the log keeps.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Change => "change",
            Self::AddMembers => "add_members",
            Self::RemoveMember => "remove_member",
            Self::Send => "send",
            Self::Edit => "edit",
            Self::Recall => "recall",
            Self::React => "react",
            Self::Unreact => "unreact",
            Self::Read => "read",
            Self::Ack => "ack",
            Self::Preferences => "preferences",
            Self::Block => "block",
            Self::Unblock => "unblock",
            Self::Batch => "batch",
            Self::Import => "import",
            Self::Erase => "erase",
        }
    }
}

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    Done,
    Replayed,
    Refused,
    Failed,
}

impl Outcome {
    const ALL: [Self; 4] = [Self::Done, Self::Replayed, Self::Refused, Self::Failed];

    fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Replayed => "replayed",
            Self::Refused => "refused",
            Self::Failed => "failed",
        }
    }
}

/// The handles.
pub(crate) struct Meters {
    seconds: Vec<Histogram>,
    refused: RwLock<HashMap<&'static str, Counter>>,
}

impl Meters {
    /// Registers with the recorder that is installed now.
    pub(crate) fn new() -> Self {
        let seconds = Op::ALL
            .iter()
            .flat_map(|op| Outcome::ALL.iter().map(move |outcome| (op.as_str(), outcome.as_str())))
            .map(|(op, outcome)| {
                metrics::histogram!("tidings_command_seconds", "op" => op, "outcome" => outcome)
            })
            .collect();
        Self {
            seconds,
            refused: RwLock::default(),
        }
    }

    /// Counts one command.
    pub(crate) fn ended(&self, op: Op, result: &Result<Answered, No>, took: Duration) {
        let outcome = match result {
            Ok(answered) if answered.replayed => Outcome::Replayed,
            Ok(_) => Outcome::Done,
            Err(No::Failed(_) | No::Busy) => Outcome::Failed,
            Err(no) => {
                self.refused(no.code());
                Outcome::Refused
            }
        };
        self.took(op, outcome, took);
    }

    /// Counts the time of something that is not one command.
    pub(crate) fn took(&self, op: Op, outcome: Outcome, took: Duration) {
        let place = op as usize * Outcome::ALL.len() + outcome as usize;
        if let Some(seconds) = self.seconds.get(place) {
            seconds.record(took);
        }
    }

    fn refused(&self, code: &'static str) {
        let known = self
            .refused
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(code)
            .cloned();
        let counter = known.unwrap_or_else(|| {
            let mut refused = self.refused.write().unwrap_or_else(PoisonError::into_inner);
            refused
                .entry(code)
                .or_insert_with(|| metrics::counter!("tidings_refused_total", "code" => code))
                .clone()
        });
        counter.increment(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_op_has_its_own_place() {
        for (place, op) in Op::ALL.into_iter().enumerate() {
            assert_eq!(op as usize, place, "{}", op.as_str());
        }
    }
}
