//! The position and the user for which a query is answered. By default that is the current state
//! for the caller; administrators can ask for an earlier position and for any user.

use axum::extract::{FromRef, FromRequestParts};
use axum::response::Response;
use domain::history::CursorReference;
use domain::ids::UserId;
use domain::time::Timestamp;
use event_log::reader::LogReader;
use http::request::Parts;
use http_edge::{Caller, Problem, Query};
use serde::Serialize;
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::{FromRow, PgPool, Postgres};

use super::min_position::{FreshnessGuard, MinPosition};
use super::position_params::{AsOfParams, AsUserParams};
use super::read_state::ReadState;
use crate::error::EndpointError;
use crate::params;
use crate::sql::as_of_sql::TemporalStatement;

/// The requested point in time: a log position or cursor, or a time.
#[derive(Debug, Clone, Copy)]
enum PointInTime {
    Cursor(CursorReference),
    Time(Timestamp),
}

/// The requested position and user. A query parses all its parameters before it waits with
/// [`ReadContext::wait`].
pub struct ReadContext {
    min_position: MinPosition,
    as_of: Option<PointInTime>,
    user: String,
    is_admin: bool,
    state: ReadState,
}

/// The requested user of a query that is answered for the current state only.
pub struct CurrentContext {
    /// The user for whom the query is answered.
    pub user: String,
    /// The requested minimum position.
    pub min_position: MinPosition,
}

/// The requested position, after the read model has reached it.
pub struct ReadSnapshot {
    guard: FreshnessGuard,
    as_of: Option<i64>,
    user: String,
    is_admin: bool,
    pool: PgPool,
    plain_reads: bool,
}

impl<S> FromRequestParts<S> for ReadContext
where
    ReadState: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let caller = Caller::from_request_parts(parts, state).await?;
        let Query(query) = Query::<AsOfParams>::from_request_parts(parts, state).await?;
        let as_of = params::non_empty(query.as_of.as_deref())
            .map(parse_as_of)
            .transpose()?;
        let as_user = params::non_empty(query.as_user.as_deref());
        if as_of.is_some() && !caller.is_admin() {
            return Err(Problem::forbidden());
        }
        let is_admin = caller.is_admin() && as_user.is_none();
        let user = choose_user(caller, as_user)?;
        Ok(Self {
            min_position: MinPosition::from_request(parts, state).await?,
            as_of,
            user,
            is_admin,
            state: ReadState::from_ref(state),
        })
    }
}

impl<S> FromRequestParts<S> for CurrentContext
where
    ReadState: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let caller = Caller::from_request_parts(parts, state).await?;
        let Query(as_of) = Query::<AsOfParams>::from_request_parts(parts, state).await?;
        // Ignoring the position would make a current response look like a historical one.
        if params::non_empty(as_of.as_of.as_deref()).is_some() {
            let expected = "this call is only available for the current state";
            return Err(Problem::malformed("as_of", expected));
        }
        let Query(query) = Query::<AsUserParams>::from_request_parts(parts, state).await?;
        Ok(Self {
            user: choose_user(caller, params::non_empty(query.as_user.as_deref()))?,
            min_position: MinPosition::from_request(parts, state).await?,
        })
    }
}

/// The user for whom a query is answered: the caller, unless an administrator names another.
fn choose_user(caller: Caller, as_user: Option<&str>) -> Result<String, Problem> {
    let Some(user) = as_user else {
        return Ok(caller.user);
    };
    if !caller.is_admin() {
        return Err(Problem::forbidden());
    }
    let user = UserId::parse(user).map_err(|invalid| Problem::malformed("as_user", invalid.0))?;
    Ok(user.as_str().to_owned())
}

/// Parses a position or a time.
fn parse_as_of(text: &str) -> Result<PointInTime, Problem> {
    let expected = || {
        format!(
            "expected a position such as 41, a cursor such as 41.5f3a9c21, or {}",
            Timestamp::FORMAT
        )
    };
    let cursor = params::parse_cursor("as_of", Some(text));
    let time = || Timestamp::parse(text).map(PointInTime::Time);
    cursor
        .ok()
        .flatten()
        .map(PointInTime::Cursor)
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
        let ReadState {
            plain_reads,
            pool,
            reader,
            history,
            ..
        } = self.state;
        let (guard, as_of) = match self.as_of {
            None => (self.min_position.wait().await?, None),
            Some(as_of) => {
                if let PointInTime::Cursor(cursor) = as_of {
                    history.check(cursor).await?;
                }
                let position = resolve_position(as_of, &reader).await?;
                let guard = self.min_position.wait_for(position).await?;
                check_recorded(position, &pool).await?;
                (guard, Some(position))
            }
        };
        Ok(ReadSnapshot {
            guard,
            as_of,
            user: self.user,
            is_admin: self.is_admin,
            pool,
            plain_reads,
        })
    }
}

/// Rejects a position that is older than the history in the read model. Tables that a migration has
/// upgraded have no history from before the migration.
async fn check_recorded(position: i64, pool: &PgPool) -> Result<(), EndpointError> {
    let past_from: i64 = sqlx::query_scalar("SELECT k.past_from FROM read.checkpoint k")
        .fetch_one(pool)
        .await?;
    if position < past_from {
        let detail = format!(
            "The history of the read model starts at position {past_from}. Run `tidings rebuild` to \
             make it complete."
        );
        return Err(Problem::malformed("as_of", detail).into());
    }
    Ok(())
}

/// Resolves a point in time to a position. A position beyond the head of the log is rejected.
async fn resolve_position(as_of: PointInTime, reader: &LogReader) -> Result<i64, EndpointError> {
    let head = reader.head().await?.position;
    match as_of {
        PointInTime::Cursor(cursor) if cursor.position > head => {
            let detail = format!("expected a position up to {head}, the end of the log");
            Err(Problem::malformed("as_of", detail).into())
        }
        PointInTime::Cursor(cursor) => Ok(cursor.position),
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

    /// Whether a statement for plain cases may answer: it reads the current state only.
    pub fn can_be_plain(&self) -> bool {
        self.plain_reads && self.as_of.is_none()
    }

    /// The user for whom the query is answered.
    pub fn user(&self) -> &str {
        &self.user
    }

    /// Whether an administrator asks, and not for another user.
    pub fn is_admin(&self) -> bool {
        self.is_admin
    }

    /// The position for which the query is answered; `None` for the current state.
    pub fn as_of(&self) -> Option<i64> {
        self.as_of
    }

    /// Connections that read the read model.
    pub fn pool(&self) -> &PgPool {
        &self.pool
    }

    /// Executes a query, and binds the position after the parameters of the query itself.
    pub async fn fetch_rows(
        &self,
        query: sqlx::query::Query<'_, Postgres, PgArguments>,
    ) -> Result<Vec<PgRow>, sqlx::Error> {
        let query = match self.as_of {
            Some(position) => query.bind(position),
            None => query,
        };
        query.fetch_all(&self.pool).await
    }

    /// Does the same for a query with typed rows.
    pub async fn fetch_all<O>(
        &self,
        query: sqlx::query::Query<'_, Postgres, PgArguments>,
    ) -> Result<Vec<O>, sqlx::Error>
    where
        O: for<'r> FromRow<'r, PgRow>,
    {
        let rows = self.fetch_rows(query).await?;
        rows.iter().map(O::from_row).collect()
    }

    /// Responds as [`FreshnessGuard::respond`] does.
    pub fn respond<T: Serialize>(
        self,
        position: i64,
        value: &T,
    ) -> Result<Response, EndpointError> {
        self.guard.respond(position, value)
    }

    /// Responds as [`FreshnessGuard::reject`] does.
    pub fn reject(self, position: i64, problem: Problem) -> Result<Response, EndpointError> {
        self.guard.reject(position, problem)
    }

    /// Responds as [`FreshnessGuard::respond_or_not_found`] does.
    pub fn respond_or_not_found<T: Serialize>(
        self,
        position: i64,
        value: Option<&T>,
    ) -> Result<Response, EndpointError> {
        self.guard.respond_or_not_found(position, value)
    }
}
