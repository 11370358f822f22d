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

/// The kind of a command. Its name appears in metrics, fingerprints and batches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CommandKind {
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
    ChangeProfile,
    ChangeSettings,
    SetUser,
    RevokeTokens,
    Join,
    AdmitMember,
    DeclineMember,
    CreateLink,
    EndLink,
    JoinByLink,
    Silence,
    Unsilence,
    Ban,
    Unban,
    Restore,
    Pin,
    Unpin,
    Clear,
    SwitchFeature,
    PlaceHold,
    LiftHold,
    SetWordList,
    RemoveWordList,
    SetLinkRules,
    SetFloodRules,
    Restrict,
    LiftRestriction,
    SetHook,
    RemoveHook,
    AddContact,
    RemoveContact,
    AcceptInvitation,
    DeclineInvitation,
    WithdrawInvitation,
    FollowThread,
    UnfollowThread,
    ReadThread,
    Schedule,
    ChangeScheduled,
    CancelScheduled,
    ReportMessage,
    ReportUser,
    AddEvidence,
    ResolveCase,
    ReopenCase,
    ReserveFile,
    StoreFile,
    DeleteFile,
    RegisterPush,
    DropPush,
    RemoveDevice,
}

impl CommandKind {
    const ALL: [Self; 68] = [
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
        Self::ChangeProfile,
        Self::ChangeSettings,
        Self::SetUser,
        Self::RevokeTokens,
        Self::Join,
        Self::AdmitMember,
        Self::DeclineMember,
        Self::CreateLink,
        Self::EndLink,
        Self::JoinByLink,
        Self::Silence,
        Self::Unsilence,
        Self::Ban,
        Self::Unban,
        Self::Restore,
        Self::Pin,
        Self::Unpin,
        Self::Clear,
        Self::SwitchFeature,
        Self::PlaceHold,
        Self::LiftHold,
        Self::SetWordList,
        Self::RemoveWordList,
        Self::SetLinkRules,
        Self::SetFloodRules,
        Self::Restrict,
        Self::LiftRestriction,
        Self::SetHook,
        Self::RemoveHook,
        Self::AddContact,
        Self::RemoveContact,
        Self::AcceptInvitation,
        Self::DeclineInvitation,
        Self::WithdrawInvitation,
        Self::FollowThread,
        Self::UnfollowThread,
        Self::ReadThread,
        Self::Schedule,
        Self::ChangeScheduled,
        Self::CancelScheduled,
        Self::ReportMessage,
        Self::ReportUser,
        Self::AddEvidence,
        Self::ResolveCase,
        Self::ReopenCase,
        Self::ReserveFile,
        Self::StoreFile,
        Self::DeleteFile,
        Self::RegisterPush,
        Self::DropPush,
        Self::RemoveDevice,
    ];

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
        )
    }

    /// The stable name, which is part of the fingerprints stored in the log.
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
            Self::ChangeProfile => "change_profile",
            Self::ChangeSettings => "change_settings",
            Self::SetUser => "set_user",
            Self::RevokeTokens => "revoke_tokens",
            Self::Join => "join",
            Self::AdmitMember => "admit_member",
            Self::DeclineMember => "decline_member",
            Self::CreateLink => "create_link",
            Self::EndLink => "end_link",
            Self::JoinByLink => "join_by_link",
            Self::Silence => "silence",
            Self::Unsilence => "unsilence",
            Self::Ban => "ban",
            Self::Unban => "unban",
            Self::Restore => "restore",
            Self::Pin => "pin",
            Self::Unpin => "unpin",
            Self::Clear => "clear",
            Self::SwitchFeature => "switch_feature",
            Self::PlaceHold => "place_hold",
            Self::LiftHold => "lift_hold",
            Self::SetWordList => "set_word_list",
            Self::RemoveWordList => "remove_word_list",
            Self::SetLinkRules => "set_link_rules",
            Self::SetFloodRules => "set_flood_rules",
            Self::Restrict => "restrict_user",
            Self::LiftRestriction => "lift_restriction",
            Self::SetHook => "set_hook",
            Self::RemoveHook => "remove_hook",
            Self::AddContact => "add_contact",
            Self::RemoveContact => "remove_contact",
            Self::AcceptInvitation => "accept_invitation",
            Self::DeclineInvitation => "decline_invitation",
            Self::WithdrawInvitation => "withdraw_invitation",
            Self::FollowThread => "follow_thread",
            Self::UnfollowThread => "unfollow_thread",
            Self::ReadThread => "read_thread",
            Self::Schedule => "schedule",
            Self::ChangeScheduled => "change_scheduled",
            Self::CancelScheduled => "cancel_scheduled",
            Self::ReportMessage => "report_message",
            Self::ReportUser => "report_user",
            Self::AddEvidence => "add_evidence",
            Self::ResolveCase => "resolve_case",
            Self::ReopenCase => "reopen_case",
            Self::ReserveFile => "reserve_file",
            Self::StoreFile => "store_file",
            Self::DeleteFile => "delete_file",
            Self::RegisterPush => "register_push",
            Self::DropPush => "drop_push",
            Self::RemoveDevice => "remove_device",
        }
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
