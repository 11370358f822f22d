//! The handlers that silence a user who floods. A silence or restriction that is at least as strict
//! stays, and one that would have ended is left out.

use domain::conversation::Conversation;
use domain::conversation::access_command::{AccessCommand, SanctionKind, SanctionUser};
use domain::conversation::command::ConversationCommand;
use domain::conversation::event::ConversationEvent;
use domain::digest;
use domain::ids::{ClientKey, ConversationId, SanctionReason, UserId};
use domain::profile::Profile;
use domain::profile::command::{ProfileCommand, RestrictUser};
use domain::profile::event::{ProfileEvent, RestrictionKind};
use domain::time::Timestamp;
use event_log::{LockedAggregate, LogError, Receipt, ReceiptKey};

use crate::error::CommandError;
use crate::execute::execute;
use crate::handler::{AttemptError, CommandHandler, CommandMeta, Decision, TargetAggregate};
use crate::idempotency::Idempotency;
use crate::metrics::CommandKind;
use crate::state::CommandState;

/// Whom to silence, until when and why.
#[derive(Debug, Clone)]
pub(super) struct SilenceTerms {
    pub user: UserId,
    pub until: Timestamp,
    pub reason: String,
    /// The position of the event because of which it is done.
    pub position: i64,
}

/// Silences a user in a conversation.
pub(super) async fn silence_in(
    state: &CommandState,
    conversation: &ConversationId,
    terms: SilenceTerms,
) -> Result<(), CommandError> {
    let meta = new_meta(conversation.clone(), &terms);
    execute(state, &SilenceHandler { meta, terms }).await?;
    Ok(())
}

/// Silences a user everywhere.
pub(super) async fn silence_everywhere(
    state: &CommandState,
    terms: SilenceTerms,
) -> Result<(), CommandError> {
    let meta = new_meta(terms.user.clone(), &terms);
    execute(state, &RestrictionHandler { meta, terms }).await?;
    Ok(())
}

/// The receipt of such a command makes sure that it is not done again after a moderator has lifted
/// the silence.
fn new_meta<T: TargetAggregate>(aggregate_id: T::Id, terms: &SilenceTerms) -> CommandMeta<T> {
    let system = UserId::system();
    let position = terms.position;
    let key = ClientKey::parse(&format!("flood-{}-{position}", T::TYPE)).ok();
    let fingerprint = digest::fingerprint(&[&position.to_be_bytes()]);
    CommandMeta {
        kind: CommandKind::Silence,
        aggregate_id,
        caller: system.clone(),
        actor: Some(system.clone()),
        idempotency: key.map(|key| Idempotency {
            key: ReceiptKey::for_command(&system, &key),
            fingerprint,
        }),
    }
}

struct SilenceHandler {
    meta: CommandMeta<Conversation>,
    terms: SilenceTerms,
}

impl CommandHandler for SilenceHandler {
    type Target = Conversation;
    type Lookups = ();

    fn meta(&self) -> &CommandMeta<Conversation> {
        &self.meta
    }

    async fn decide(
        &self,
        state: &CommandState,
        locked: &LockedAggregate<Conversation>,
        (): (),
    ) -> Result<Decision<ConversationEvent>, AttemptError> {
        let now = state.now();
        let SilenceTerms {
            user,
            until,
            reason,
            position: _,
        } = &self.terms;
        let conversation = locked.state();
        if *until <= now || conversation.is_silenced_until(user, *until, now) {
            return Ok(Decision::from_events(Vec::new()));
        }
        let command = AccessCommand::Sanction(SanctionUser {
            kind: SanctionKind::Silence,
            user: user.clone(),
            until: Some(*until),
            reason: SanctionReason::parse(reason).ok(),
            by: self.meta.caller.clone(),
            by_moderator: true,
            now,
        });
        let command = ConversationCommand::Access(command);
        Ok(Decision::from_events(
            conversation.decide(command, state.limits())?,
        ))
    }

    async fn may_replay(&self, _: &CommandState, _: &Receipt) -> Result<bool, LogError> {
        Ok(true)
    }
}

struct RestrictionHandler {
    meta: CommandMeta<Profile>,
    terms: SilenceTerms,
}

impl CommandHandler for RestrictionHandler {
    type Target = Profile;
    type Lookups = ();

    fn meta(&self) -> &CommandMeta<Profile> {
        &self.meta
    }

    async fn decide(
        &self,
        state: &CommandState,
        locked: &LockedAggregate<Profile>,
        (): (),
    ) -> Result<Decision<ProfileEvent>, AttemptError> {
        let now = state.now();
        let until = self.terms.until;
        let profile = locked.state();
        let known = profile.restriction();
        let in_force = known.filter(|known| known.until.is_none_or(|end| end > now));
        let is_stricter = in_force.is_some_and(|known| {
            known.kind == RestrictionKind::Banned || known.until.is_none_or(|end| end >= until)
        });
        if until <= now || is_stricter {
            return Ok(Decision::from_events(Vec::new()));
        }
        let command = ProfileCommand::Restrict(RestrictUser {
            kind: RestrictionKind::Silenced,
            until: Some(until),
            reason: Some(self.terms.reason.clone()),
            by: self.meta.caller.clone(),
            now,
        });
        Ok(Decision::from_events(profile.decide(command)?))
    }

    async fn may_replay(&self, _: &CommandState, _: &Receipt) -> Result<bool, LogError> {
        Ok(true)
    }
}
