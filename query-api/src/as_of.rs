//! The position and the user for which a query is answered. By default that is the current state
//! for the caller; administrators can ask for an earlier position and for any user.

use axum::extract::FromRequestParts;
use domain::ids::UserId;
use domain::time::Timestamp;
use event_log::reader::LogReader;
use http::request::Parts;
use http_edge::{Caller, Problem, Query};
use serde::Deserialize;
use sqlx::postgres::PgArguments;
use sqlx::{PgPool, Postgres};
use utoipa::IntoParams;

use crate::as_of_sql::TemporalStatement;
use crate::error::EndpointError;
use crate::min_position::{FreshnessGuard, MinPosition};
use crate::params;
use crate::state::QueryState;

/// The parameters of queries that can also be answered for an earlier position.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AsOfParams {
    /// Administrators only: answer as of this position of the log, or as of this time (RFC 3339).
    /// Messages that were recalled later are shown as they were.
    #[param(value_type = Option<String>, example = "41")]
    as_of: Option<String>,
    /// Administrators only: answer as for this user.
    #[param(value_type = Option<String>)]
    as_user: Option<String>,
}

impl AsOfParams {
    /// Returns the name of the first parameter that is present.
    pub fn first_present(&self) -> Option<&'static str> {
        let names = [("as_of", &self.as_of), ("as_user", &self.as_user)];
        let is_present = |value: &Option<String>| params::non_empty(value.as_deref()).is_some();
        names
            .into_iter()
            .find(|(_, value)| is_present(value))
            .map(|(name, _)| name)
    }
}

/// The requested point in time: a log position, or a time.
#[derive(Debug, Clone, Copy)]
enum PointInTime {
    Position(i64),
    Time(Timestamp),
}

/// The requested position and user. A query parses all its parameters before it waits with
/// [`ReadContext::wait`].
pub struct ReadContext {
    min_position: MinPosition,
    as_of: Option<PointInTime>,
    user: String,
    reader: LogReader,
    pool: PgPool,
}

/// The requested position, after the read model has reached it.
pub struct ReadSnapshot {
    guard: FreshnessGuard,
    as_of: Option<i64>,
}

impl FromRequestParts<QueryState> for ReadContext {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &QueryState) -> Result<Self, Problem> {
        let caller = Caller::from_request_parts(parts, state).await?;
        let Query(query) = Query::<AsOfParams>::from_request_parts(parts, state).await?;
        let as_of = params::non_empty(query.as_of.as_deref())
            .map(parse_as_of)
            .transpose()?;
        let as_user = params::non_empty(query.as_user.as_deref());
        if (as_of.is_some() || as_user.is_some()) && !caller.is_admin() {
            return Err(Problem::forbidden());
        }
        let user = match as_user {
            Some(user) => UserId::parse(user)
                .map_err(|invalid| Problem::malformed("as_user", invalid.0))?
                .as_str()
                .to_owned(),
            None => caller.user,
        };
        Ok(Self {
            min_position: MinPosition::from_request(parts, state).await?,
            as_of,
            user,
            reader: state.reader.clone(),
            pool: state.pool.clone(),
        })
    }
}

/// Parses a position or a time.
fn parse_as_of(text: &str) -> Result<PointInTime, Problem> {
    let expected = || format!("expected a position such as 41, or {}", Timestamp::FORMAT);
    let position = params::parse_position("as_of", Some(text));
    let time = || Timestamp::parse(text).map(PointInTime::Time);
    position
        .ok()
        .flatten()
        .map(PointInTime::Position)
        .or_else(time)
        .ok_or_else(|| Problem::malformed("as_of", expected()))
}

impl ReadContext {
    /// The user for whom the query is answered.
    pub fn user(&self) -> &str {
        &self.user
    }

    /// Waits until the read model has reached the requested position.
    pub async fn wait(self) -> Result<ReadSnapshot, EndpointError> {
        let Some(as_of) = self.as_of else {
            let guard = self.min_position.wait().await?;
            return Ok(ReadSnapshot { guard, as_of: None });
        };
        let position = resolve_position(as_of, &self.reader).await?;
        let guard = self.min_position.wait_for(position).await?;
        // Tables that a migration has upgraded have no history from before the migration.
        let past_from: i64 = sqlx::query_scalar("SELECT k.past_from FROM read.checkpoint k")
            .fetch_one(&self.pool)
            .await?;
        if position < past_from {
            let detail = format!(
                "The history of the read model starts at position {past_from}. Run `tidings rebuild` to \
                 make it complete."
            );
            return Err(Problem::malformed("as_of", detail).into());
        }
        let past = Some(position);
        Ok(ReadSnapshot { guard, as_of: past })
    }
}

/// Resolves a point in time to a position. A position beyond the head of the log is rejected.
async fn resolve_position(as_of: PointInTime, reader: &LogReader) -> Result<i64, EndpointError> {
    let head = reader.head().await?.position;
    match as_of {
        PointInTime::Position(position) if position > head => {
            let detail = format!("expected a position up to {head}, the end of the log");
            Err(Problem::malformed("as_of", detail).into())
        }
        PointInTime::Position(position) => Ok(position),
        // Events in the same millisecond are included.
        PointInTime::Time(time) => {
            let after = Timestamp::from_millis(time.millis().saturating_add(1));
            Ok(reader.last_position_before(after).await?)
        }
    }
}

impl ReadSnapshot {
    /// Returns the SQL of a statement for this position.
    pub(crate) fn sql(&self, statement: &'static TemporalStatement) -> &'static str {
        statement.sql(self.as_of.is_some())
    }

    /// Binds the position, after all parameters of the statement itself.
    pub fn bind<'q>(
        &self,
        query: sqlx::query::Query<'q, Postgres, PgArguments>,
    ) -> sqlx::query::Query<'q, Postgres, PgArguments> {
        match self.as_of {
            Some(position) => query.bind(position),
            None => query,
        }
    }

    /// Does the same for a statement with typed rows.
    pub fn bind_as<'q, O>(
        &self,
        query: sqlx::query::QueryAs<'q, Postgres, O, PgArguments>,
    ) -> sqlx::query::QueryAs<'q, Postgres, O, PgArguments> {
        match self.as_of {
            Some(position) => query.bind(position),
            None => query,
        }
    }
}

impl std::ops::Deref for ReadSnapshot {
    type Target = FreshnessGuard;

    fn deref(&self) -> &FreshnessGuard {
        &self.guard
    }
}
