//! The metrics of commands: `tidings_command_seconds{op,outcome}`, `tidings_refused_total{code}`
//! and `tidings_message_checks_total{outcome}`. Handles are created at the first use, so recording
//! a command does not allocate, and what never happens has no series: each costs a line for every
//! bucket.

use std::collections::HashMap;
use std::sync::{OnceLock, PoisonError, RwLock};
use std::time::Duration;

use domain::deployment::feature::Feature;
use metrics::{Counter, Histogram};

use crate::error::CommandError;
use crate::response::CommandResponse;

/// Defines [`CommandKind`], with the name of each kind.
macro_rules! command_kinds {
    ($($kind:ident => $name:literal,)*) => {
        /// The kind of a command. Its name appears in metrics, fingerprints and batches.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum CommandKind {
            $($kind,)*
        }

        impl CommandKind {
            const ALL: [Self; [$($name),*].len()] = [$(Self::$kind),*];

            /// The stable name, which is part of the fingerprints stored in the log.
            pub(crate) fn as_str(self) -> &'static str {
                match self {
                    $(Self::$kind => $name,)*
                }
            }
        }
    };
}

command_kinds! {
    Create => "create",
    Change => "change",
    AddMembers => "add_members",
    RemoveMember => "remove_member",
    Send => "send",
    Edit => "edit",
    Recall => "recall",
    React => "react",
    Unreact => "unreact",
    Read => "read",
    Ack => "ack",
    Preferences => "preferences",
    Block => "block",
    Unblock => "unblock",
    Batch => "batch",
    Import => "import",
    Erase => "erase",
    ChangeProfile => "change_profile",
    ChangeSettings => "change_settings",
    SetUser => "set_user",
    RevokeTokens => "revoke_tokens",
    Join => "join",
    AdmitMember => "admit_member",
    DeclineMember => "decline_member",
    CreateLink => "create_link",
    EndLink => "end_link",
    JoinByLink => "join_by_link",
    Silence => "silence",
    Unsilence => "unsilence",
    Ban => "ban",
    Unban => "unban",
    Restore => "restore",
    Pin => "pin",
    Unpin => "unpin",
    Clear => "clear",
    SwitchFeature => "switch_feature",
    PlaceHold => "place_hold",
    LiftHold => "lift_hold",
    SetWordList => "set_word_list",
    RemoveWordList => "remove_word_list",
    SetLinkRules => "set_link_rules",
    SetFloodRules => "set_flood_rules",
    Restrict => "restrict_user",
    LiftRestriction => "lift_restriction",
    SetHook => "set_hook",
    RemoveHook => "remove_hook",
    AddContact => "add_contact",
    RemoveContact => "remove_contact",
    AcceptInvitation => "accept_invitation",
    DeclineInvitation => "decline_invitation",
    WithdrawInvitation => "withdraw_invitation",
    FollowThread => "follow_thread",
    UnfollowThread => "unfollow_thread",
    ReadThread => "read_thread",
    Schedule => "schedule",
    ChangeScheduled => "change_scheduled",
    CancelScheduled => "cancel_scheduled",
    ReportMessage => "report_message",
    ReportUser => "report_user",
    AddEvidence => "add_evidence",
    ResolveCase => "resolve_case",
    ReopenCase => "reopen_case",
    ReserveFile => "reserve_file",
    StoreFile => "store_file",
    DeleteFile => "delete_file",
    RegisterPush => "register_push",
    DropPush => "drop_push",
    RemoveDevice => "remove_device",
    SetDesk => "set_desk",
    RemoveDesk => "remove_desk",
    OpenSession => "open_session",
    ContinueSession => "continue_session",
    AcceptSession => "accept_session",
    TransferSession => "transfer_session",
    CloseSession => "close_session",
    NoteSession => "note_session",
    TagSession => "tag_session",
    RateSession => "rate_session",
}

impl CommandKind {
    /// The feature that it belongs to, if that can be switched off.
    pub(crate) fn feature(self) -> Option<Feature> {
        match self {
            Self::React | Self::Unreact => Some(Feature::Reactions),
            Self::Edit => Some(Feature::Edits),
            Self::Import => Some(Feature::Imports),
            Self::ReserveFile | Self::StoreFile => Some(Feature::Uploads),
            _ => None,
        }
    }

    /// Whether it is writing, which a silenced user may not do.
    pub(crate) fn is_writing(self) -> bool {
        matches!(
            self,
            Self::Create
                | Self::Change
                | Self::Send
                | Self::Edit
                | Self::Recall
                | Self::React
                | Self::Unreact
                | Self::ReserveFile
                | Self::OpenSession
        )
    }
}

/// The outcome of a command, as a metric label.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CommandOutcome {
    Done,
    Replayed,
    Refused,
    Failed,
}

impl CommandOutcome {
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

/// The outcome of a question to the service that checks messages, as a metric label.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CheckOutcome {
    Allow,
    Refuse,
    Hold,
    Unanswered,
}

impl CheckOutcome {
    const ALL: [Self; 4] = [Self::Allow, Self::Refuse, Self::Hold, Self::Unanswered];

    fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Refuse => "refuse",
            Self::Hold => "hold",
            Self::Unanswered => "unanswered",
        }
    }
}

/// The metric handles of the command service.
pub(crate) struct CommandMetrics {
    durations: [[OnceLock<Histogram>; CommandOutcome::ALL.len()]; CommandKind::ALL.len()],
    refusals: RwLock<HashMap<&'static str, Counter>>,
    checks: [OnceLock<Counter>; CheckOutcome::ALL.len()],
}

impl CommandMetrics {
    /// The metrics, without a series yet.
    pub(crate) fn new() -> Self {
        Self {
            durations: std::array::from_fn(|_| Default::default()),
            refusals: RwLock::default(),
            checks: std::array::from_fn(|_| OnceLock::new()),
        }
    }

    /// Records the result and duration of one command.
    pub(crate) fn record_result(
        &self,
        op: CommandKind,
        result: &Result<CommandResponse, CommandError>,
        took: Duration,
    ) {
        let outcome = match result {
            Ok(response) if response.replayed => CommandOutcome::Replayed,
            Ok(_) => CommandOutcome::Done,
            Err(CommandError::Log(_) | CommandError::Contention) => CommandOutcome::Failed,
            Err(error) => {
                self.count_refusal(error.code());
                CommandOutcome::Refused
            }
        };
        self.record_duration(op, outcome, took);
    }

    /// Records the duration of a request that is not a single command, such as a batch.
    pub(crate) fn record_duration(&self, op: CommandKind, outcome: CommandOutcome, took: Duration) {
        let seconds = self.durations[op as usize][outcome as usize].get_or_init(|| {
            let (op, outcome) = (op.as_str(), outcome.as_str());
            metrics::histogram!("tidings_command_seconds", "op" => op, "outcome" => outcome)
        });
        seconds.record(took);
    }

    /// Counts an answer of the service that checks messages, or that there was none.
    pub(crate) fn count_check(&self, outcome: CheckOutcome) {
        let counter = self.checks[outcome as usize].get_or_init(
            || metrics::counter!("tidings_message_checks_total", "outcome" => outcome.as_str()),
        );
        counter.increment(1);
    }

    fn count_refusal(&self, code: &'static str) {
        let known = self
            .refusals
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(code)
            .cloned();
        let counter = known.unwrap_or_else(|| {
            let mut refused = self
                .refusals
                .write()
                .unwrap_or_else(PoisonError::into_inner);
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
    fn every_label_has_its_own_index() {
        for (index, op) in CommandKind::ALL.into_iter().enumerate() {
            assert_eq!(op as usize, index, "{}", op.as_str());
        }
        for (index, outcome) in CheckOutcome::ALL.into_iter().enumerate() {
            assert_eq!(outcome as usize, index, "{}", outcome.as_str());
        }
    }
}
