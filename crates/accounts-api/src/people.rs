//! What an account changes in the log: the profile of its user, and which tokens are revoked.

use accounts::PendingRevocation;
use domain::ids::UserId;
use domain::texts::DisplayName;
use http_edge::Problem;

use super::problems::database_away;
use super::state::AccountsState;

/// The name that others see.
pub(super) fn parse_name(text: &str) -> Result<DisplayName, Problem> {
    DisplayName::parse(text).map_err(|invalid| Problem::invalid("display_name", invalid.0))
}

impl AccountsState {
    /// Names the user of a new account. Returns whether a word list has masked parts of the name.
    pub(super) async fn set_display_name(
        &self,
        user: &UserId,
        name: DisplayName,
    ) -> Result<bool, Problem> {
        command_svc::set_display_name_for(&self.commands, user, name).await
    }

    /// Appends a revocation to the log, and forgets that it was pending. If the process ends in
    /// between, it is appended a second time, which changes nothing.
    pub(super) async fn settle_revocation(
        &self,
        pending: &PendingRevocation,
    ) -> Result<(), Problem> {
        let PendingRevocation { user, before } = pending;
        command_svc::revoke_tokens_for(&self.commands, user, *before).await?;
        let settled = self.store.settle(pending).await;
        settled.map_err(|error| database_away(&error))
    }
}
