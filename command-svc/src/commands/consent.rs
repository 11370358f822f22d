//! The lookup of commands that reach other users: who of them must be asked first.

use domain::conversation::invitation_command::UsersToAsk;
use domain::ids::UserId;
use domain::mailbox::ContactState;
use domain::profile::settings::{Consent, UserSettings};
use event_log::{LogError, Observation};
use futures::{StreamExt as _, TryStreamExt as _, stream};

use crate::state::CommandState;

/// How many profiles are loaded at a time.
const PARALLEL_LOADS: usize = 8;

/// Finds those of the users who let only their contacts do something, while the caller is none of
/// them. `setting` says what it is about.
pub(super) async fn find_users_to_ask(
    state: &CommandState,
    caller: &UserId,
    users: &[UserId],
    setting: impl Fn(&UserSettings) -> Consent + Copy + Send + Sync,
    observed: &mut Vec<Observation>,
) -> Result<UsersToAsk, LogError> {
    let profiles = state.log().profiles();
    let others = users.iter().filter(|user| *user != caller);
    let load = |user: UserId| async move {
        let peeked = profiles.peek(user.as_str(), |profile| setting(profile.settings()));
        peeked
            .await
            .map(|(consent, observation)| (user, consent, observation))
    };
    let loads: Vec<_> = others.cloned().map(load).collect();
    let loaded: Vec<(UserId, Consent, Observation)> = stream::iter(loads)
        .buffer_unordered(PARALLEL_LOADS)
        .try_collect()
        .await?;
    let mut to_ask = UsersToAsk::new();
    for (user, consent, observation) in loaded {
        observed.push(observation);
        if consent == Consent::Contacts && !is_contact(state, caller, &user, observed).await? {
            to_ask.insert(user);
        }
    }
    Ok(to_ask)
}

/// Whether two users are contacts, which follows from the mailboxes of both.
async fn is_contact(
    state: &CommandState,
    one: &UserId,
    other: &UserId,
    observed: &mut Vec<Observation>,
) -> Result<bool, LogError> {
    let mailboxes = state.log().mailboxes();
    let (own, observation) = mailboxes
        .peek(one.as_str(), |mailbox| mailbox.contact_acts(other))
        .await?;
    observed.push(observation);
    let (theirs, observation) = mailboxes
        .peek(other.as_str(), |mailbox| mailbox.contact_acts(one))
        .await?;
    observed.push(observation);
    Ok(ContactState::between(own, theirs) == Some(ContactState::Contact))
}
