//! The state that all command routes share.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};

use access::{AccessRefusal, SharedAccess};
use domain::body::MessageType;
use domain::deployment::feature::Feature;
use domain::file::name::FileName;
use domain::ids::{ConversationId, FileId, UserId};
use domain::limits::Limits;
use domain::profile::settings::Consent;
use domain::refusal::Refusal;
use domain::time::Timestamp;
use event_log::{EventLog, LogError};
use http_edge::Problem;
use moderation::{LiveRulebook, Rulebook};
use push::PushRegistry;
use serde_json::json;

use crate::clock::Clock;
use crate::desk_board::SharedBoard;
use crate::error::CommandError;
use crate::message_check::MessageCheck;
use crate::metrics::{CommandKind, CommandMetrics};
use crate::screening;
use crate::single_flight::SingleFlight;

/// Whether the first user can see the profile of the second, when the read models have reached a
/// position. They are not part of the log, so the program that runs the service provides this.
pub type ProfileSight = Box<dyn Fn(UserId, UserId, i64) -> ProfileSightFuture + Send + Sync>;

/// The answer to such a question.
pub type ProfileSightFuture = Pin<Box<dyn Future<Output = Result<bool, LogError>> + Send>>;

/// Files that are deleted soon if nothing uses them, because of an erasure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ErasedFiles {
    /// Those that erased messages and avatars used.
    Used(Vec<FileId>),
    /// All files of an erased user.
    Of(UserId),
}

/// Receives the files of an erasure.
pub type ErasedFilesNotice = Box<dyn Fn(ErasedFiles) -> ErasedFilesFuture + Send + Sync>;

/// The end of such a notice.
pub type ErasedFilesFuture = Pin<Box<dyn Future<Output = ()> + Send>>;

/// The event log, limits, clock and metrics of a command service. Clones share the same state.
/// Create it after the metrics recorder is installed, because it registers its metrics on creation.
#[derive(Clone)]
pub struct CommandState(Arc<Inner>);

struct Inner {
    log: EventLog,
    limits: Arc<Limits>,
    clock: Clock,
    single_flight: SingleFlight,
    metrics: CommandMetrics,
    rulebook: LiveRulebook,
    access: SharedAccess,
    groups_from: OnceLock<Consent>,
    profile_sight: OnceLock<ProfileSight>,
    erased_files: OnceLock<ErasedFilesNotice>,
    message_check: OnceLock<Arc<dyn MessageCheck>>,
    checks_in_flight: SingleFlight,
    push: OnceLock<PushRegistry>,
    desk_board: SharedBoard,
}

impl CommandState {
    /// A service that appends to this log within these limits. Tasks that follow the log keep
    /// `rulebook` and `access` current.
    pub fn new(
        log: EventLog,
        limits: Arc<Limits>,
        clock: Clock,
        rulebook: LiveRulebook,
        access: SharedAccess,
    ) -> Self {
        let desk_board = SharedBoard::new(log.pool().clone());
        Self(Arc::new(Inner {
            log,
            limits,
            clock,
            single_flight: SingleFlight::default(),
            metrics: CommandMetrics::new(),
            rulebook,
            access,
            groups_from: OnceLock::new(),
            profile_sight: OnceLock::new(),
            erased_files: OnceLock::new(),
            message_check: OnceLock::new(),
            checks_in_flight: SingleFlight::default(),
            push: OnceLock::new(),
            desk_board,
        }))
    }

    /// Sets what carries questions to the service that checks messages. It is set once, before the
    /// first command. Without it, no question is answered.
    pub fn set_message_check(&self, check: Arc<dyn MessageCheck>) {
        let _ = self.0.message_check.set(check);
    }

    pub(crate) fn message_check(&self) -> Option<&Arc<dyn MessageCheck>> {
        self.0.message_check.get()
    }

    /// Provides what registers devices for pushes. It is set once, before the first command.
    pub fn set_push(&self, registry: PushRegistry) {
        let _ = self.0.push.set(registry);
    }

    pub(crate) fn push(&self) -> Result<&PushRegistry, LogError> {
        let missing = || LogError::Unavailable("this process registers no devices".into());
        self.0.push.get().ok_or_else(missing)
    }

    /// The service desks and their unfinished sessions.
    pub(crate) fn desk_board(&self) -> &SharedBoard {
        &self.0.desk_board
    }

    /// The sends that are being checked: a repeated one waits for the first.
    pub(crate) fn checks_in_flight(&self) -> &SingleFlight {
        &self.0.checks_in_flight
    }

    /// The rules of the deployment, which a task that follows the log keeps current.
    pub fn live_rulebook(&self) -> &LiveRulebook {
        &self.0.rulebook
    }

    /// Sets who may add users to groups who have not chosen that. It is set once, before the first
    /// command; without it, everybody may.
    pub fn set_groups_from(&self, default: Consent) {
        let _ = self.0.groups_from.set(default);
    }

    pub(crate) fn groups_from(&self) -> Consent {
        self.0.groups_from.get().copied().unwrap_or_default()
    }

    /// Provides what tells who can see whose profile. Until then, nobody sees anybody.
    pub fn set_profile_sight(&self, sight: ProfileSight) {
        // A second one changes nothing: it would be the same.
        let _ = self.0.profile_sight.set(sight);
    }

    /// Sets what receives the files of erasures. Without it, they go a day after nothing uses them.
    pub fn set_erased_files(&self, notice: ErasedFilesNotice) {
        // A second one changes nothing: it would be the same.
        let _ = self.0.erased_files.set(notice);
    }

    pub(crate) async fn notify_erased_files(&self, files: ErasedFiles) {
        if let Some(notice) = self.0.erased_files.get() {
            notice(files).await;
        }
    }

    /// Whether a user can see the profile of another, now.
    pub(crate) async fn sees_profile(
        &self,
        caller: &UserId,
        user: &UserId,
    ) -> Result<bool, LogError> {
        let Some(sight) = self.0.profile_sight.get() else {
            return Ok(false);
        };
        let head = self.log().head().await?;
        sight(caller.clone(), user.clone(), head).await
    }

    /// The rules of the deployment that count now.
    pub(crate) fn rulebook(&self) -> Arc<Rulebook> {
        self.0.rulebook.current()
    }

    /// Fails if the feature of this kind of command is switched off.
    pub(crate) fn check_switch(&self, kind: CommandKind) -> Result<(), CommandError> {
        kind.feature()
            .map_or(Ok(()), |feature| self.check_feature(feature))
    }

    /// Fails if this feature is switched off.
    fn check_feature(&self, feature: Feature) -> Result<(), CommandError> {
        match self.rulebook().switched_off(feature, self.now()) {
            None => Ok(()),
            Some(retry_after) => Err(CommandError::SwitchedOff {
                feature,
                retry_after,
            }),
        }
    }

    /// Fails if this user can now read but not write.
    pub(crate) fn check_may_write(&self, user: &UserId) -> Result<(), Refusal> {
        match self.0.access.view().find_silence(user.as_str(), self.now()) {
            None => Ok(()),
            Some(silence) => Err(Refusal::sanctioned(
                "silenced",
                "You are silenced: you can read, but not write.",
                silence.until,
            )),
        }
    }

    /// The code with which every call of this user is refused now, if one is.
    pub(crate) fn find_bar(&self, user: &UserId) -> Option<&'static str> {
        let view = self.0.access.view();
        let refusal = view.check_user(user.as_str(), self.now()).err();
        refusal.map(AccessRefusal::code)
    }

    /// Fails if nobody can open an account at the moment.
    pub fn check_signup(&self) -> Result<(), Problem> {
        Ok(self.check_feature(Feature::Signup)?)
    }

    /// Fails if nobody can upload files at the moment.
    pub fn check_uploads(&self) -> Result<(), Problem> {
        Ok(self.check_feature(Feature::Uploads)?)
    }

    /// Checks the name of a new file against the word lists. Returns it with the words masked that
    /// are to be masked.
    pub fn screen_file_name(&self, name: FileName) -> Result<FileName, Problem> {
        let body = json!({ "name": name.as_str() });
        let screened = screening::screen_body(&self.rulebook(), MessageType::File, &body);
        let screened = screened.map_err(CommandError::Rejected)?;
        let masked = screened
            .value
            .as_ref()
            .and_then(|body| body["name"].as_str());
        Ok(masked
            .map_or(Ok(name), FileName::clean)
            .map_err(|invalid| CommandError::Rejected(Refusal::invalid("name", invalid.0)))?)
    }

    pub(crate) fn log(&self) -> &EventLog {
        &self.0.log
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.0.limits
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.0.clock.now()
    }

    /// Whether this user is currently a member of the conversation.
    pub(crate) async fn is_member(
        &self,
        conversation: &ConversationId,
        user: &UserId,
    ) -> Result<bool, LogError> {
        let (is_member, _) = self
            .log()
            .conversations()
            .peek(conversation.as_str(), |conversation| {
                conversation.is_member(user)
            })
            .await?;
        Ok(is_member)
    }

    pub(crate) fn single_flight(&self) -> &SingleFlight {
        &self.0.single_flight
    }

    pub(crate) fn metrics(&self) -> &CommandMetrics {
        &self.0.metrics
    }
}
