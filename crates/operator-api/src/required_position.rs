//! Read your own writes: with `min_position`, these queries wait for the read model too.

use std::time::Duration;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use diagnostics::read_model_position;
use domain::history::{CursorParseError, CursorReference};
use domain::refusal::Refusal;
use event_log::reader::LogReader;
use http_edge::extract::MinPositionParams;
use http_edge::{Problem, Query};
use sqlx::PgPool;
use tokio::time::{Instant, sleep};

use super::state::database_away;

/// How often the position of the read model is read.
const POLL_INTERVAL: Duration = Duration::from_millis(20);

/// How long a query waits.
const WAIT_TIMEOUT: Duration = Duration::from_secs(5);

/// The `Retry-After` when the read model has not reached the position.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// The position that the read model must have reached.
pub(super) struct RequiredPosition(CursorReference);

impl RequiredPosition {
    /// Waits until the read model of this database has reached the position. A request has parsed
    /// all its parameters before it waits.
    pub(super) async fn wait(self, pool: &PgPool) -> Result<(), Problem> {
        let wanted = self.0;
        if wanted.position == 0 {
            return Ok(());
        }
        self.check_history(pool).await?;
        let deadline = Instant::now() + WAIT_TIMEOUT;
        loop {
            let known = read_model_position(pool).await;
            let known = known.map_err(|error| database_away(&error))?;
            if known >= wanted.position {
                return Ok(());
            }
            if Instant::now() >= deadline {
                let wanted = wanted.position;
                let detail = format!("The read model is at position {known}, not yet at {wanted}.");
                let problem = Problem::unavailable("projection_behind", detail, RETRY_AFTER);
                return Err(problem.with_member("position", known));
            }
            sleep(POLL_INTERVAL).await;
        }
    }

    /// A cursor of another history can never be reached.
    async fn check_history(&self, pool: &PgPool) -> Result<(), Problem> {
        if self.0.tag.is_none() {
            return Ok(());
        }
        let history = LogReader::new(pool.clone()).history().await;
        if history
            .map_err(|error| database_away(&error))?
            .contains(self.0)
        {
            return Ok(());
        }
        let refusal = Refusal::foreign_cursor(self.0);
        Err(Problem::gone(refusal.code, refusal.detail))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for RequiredPosition {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Query(query) = Query::<MinPositionParams>::from_request_parts(parts, state).await?;
        let text = query.min_position.filter(|text| !text.is_empty());
        let cursor = text.map(|text| text.parse()).transpose();
        let cursor = cursor.map_err(|error: CursorParseError| {
            Problem::malformed("min_position", error.to_string())
        })?;
        Ok(Self(cursor.unwrap_or(CursorReference::bare(0))))
    }
}
