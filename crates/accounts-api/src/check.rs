//! Compares a password within the limits.

use std::net::IpAddr;

use accounts::{AccountCredentials, HashingError, LoginAttempt, Password};
use http_edge::Problem;
use metrics::counter;

use super::problems::{database_away, not_hashed, too_many_attempts};
use super::state::AccountsState;

impl AccountsState {
    /// Compares a password with that of the user, and returns the credentials that it matches. The
    /// answer and the work are the same for a wrong password and for a user without an account.
    pub(super) async fn check_password(
        &self,
        user: &str,
        password: &str,
        address: IpAddr,
    ) -> Result<AccountCredentials, Problem> {
        let recorded = self.attempts.record(user, address).await;
        let attempt = match recorded.map_err(|error| database_away(&error))? {
            Ok(attempt) => attempt,
            Err(error) => {
                count("limited");
                return Err(too_many_attempts(error));
            }
        };
        let stored = match self.store.find_credentials(user).await {
            Ok(stored) => stored,
            Err(error) => return Err(self.give_up(&attempt, database_away(&error)).await),
        };
        let password = Password::candidate(password);
        let hash = stored.as_ref().map(|credentials| credentials.hash.clone());
        match self.hasher.verify(password, hash).await {
            Ok(matches) => self.conclude(&attempt, stored.filter(|_| matches)).await,
            Err(error) => Err(self.give_up_hashing(&attempt, &error).await),
        }
    }

    async fn conclude(
        &self,
        attempt: &LoginAttempt,
        matching: Option<AccountCredentials>,
    ) -> Result<AccountCredentials, Problem> {
        let Some(credentials) = matching else {
            count("wrong");
            return Err(Problem::wrong_password());
        };
        let forgiven = self.attempts.forgive(attempt).await;
        forgiven.map_err(|error| database_away(&error))?;
        count("accepted");
        Ok(credentials)
    }

    async fn give_up_hashing(&self, attempt: &LoginAttempt, error: &HashingError) -> Problem {
        if matches!(error, HashingError::Overloaded) {
            count("overloaded");
        }
        self.give_up(attempt, not_hashed(error)).await
    }

    /// An attempt whose password was not compared does not count.
    async fn give_up(&self, attempt: &LoginAttempt, problem: Problem) -> Problem {
        if let Err(error) = self.attempts.forgive(attempt).await {
            tracing::debug!(%error, "an attempt to sign in counts that was not compared");
        }
        problem
    }
}

fn count(outcome: &'static str) {
    counter!("tidings_logins_total", "outcome" => outcome).increment(1);
}
