//! Read your own writes: `min_position=N` waits for the read model, and every response carries the
//! position of the read model in its snapshot.

use std::time::Duration;

use axum::extract::{FromRef, FromRequestParts, State};
use axum::response::{IntoResponse, Response};
use domain::history::CursorReference;
use http::header::CONTENT_TYPE;
use http::request::Parts;
use http::{HeaderName, HeaderValue};
use http_edge::{Problem, Query};
use serde::Serialize;

use super::position_params::{AsOfParams, MinPositionParams};
use super::read_history::ReadHistory;
use super::read_state::ReadState;
use crate::answer_budget::AnswerReservation;
use crate::error::{EndpointError, QueryError};
use crate::page::to_json;
use crate::params;

/// The response header with the position of the read model.
pub static TIDINGS_POSITION: HeaderName = HeaderName::from_static("tidings-position");

/// The response header with the cursor of that position.
static TIDINGS_CURSOR: HeaderName = HeaderName::from_static("tidings-cursor");

/// The `Retry-After` when the read model has not reached the requested position.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// The minimum position of the response, 0 by default. A query parses all its parameters before it
/// waits with [`MinPosition::wait`], so that an invalid request is rejected without waiting.
pub struct MinPosition {
    /// The position of the parameter.
    pub at_least: i64,
    /// The parameter, which may name a history.
    cursor: CursorReference,
    state: ReadState,
}

impl MinPosition {
    /// Parses the parameter of a request.
    pub async fn from_request<S>(parts: &mut Parts, state: &S) -> Result<Self, Problem>
    where
        ReadState: FromRef<S>,
        S: Send + Sync,
    {
        let Query(query) = Query::<MinPositionParams>::from_request_parts(parts, state).await?;
        let cursor = params::parse_cursor("min_position", query.min_position.as_deref())?
            .unwrap_or(CursorReference::bare(0));
        Ok(Self {
            at_least: cursor.position,
            cursor,
            state: ReadState::from_ref(state),
        })
    }

    /// Waits until the read model has reached both the minimum position and `position`, as of which
    /// the query is answered.
    pub async fn wait_for(mut self, position: i64) -> Result<FreshnessGuard, EndpointError> {
        self.at_least = self.at_least.max(position);
        let mut guard = self.wait().await?;
        guard.min_position.at_least = position;
        Ok(guard)
    }

    /// Waits until the read model has reached the minimum position, and then reserves memory for
    /// the answer. Waiting for a position holds no memory.
    pub async fn wait(self) -> Result<FreshnessGuard, EndpointError> {
        self.wait_until_fresh().await?;
        self.reserve_answer().await
    }

    /// Reserves memory for the answer; fails with `503 overloaded`. The read model must have
    /// reached the minimum position.
    pub async fn reserve_answer(self) -> Result<FreshnessGuard, EndpointError> {
        let reservation = self.state.answers.reserve().await?;
        Ok(FreshnessGuard {
            min_position: self,
            reservation,
        })
    }

    /// Waits until the read model has reached the minimum position, and the end of the log if it
    /// was found empty; fails with `503 projection_behind` after the timeout, with `410
    /// cursor_expired` if the minimum belongs to another history, and with `503 history_mismatch`
    /// if the read model does.
    pub async fn wait_until_fresh(&self) -> Result<(), EndpointError> {
        let ReadState {
            watermark, history, ..
        } = &self.state;
        history.check(self.cursor).await?;
        let at_least = self.at_least.max(history.served_from().await?);
        watermark
            .wait_for(at_least)
            .await
            .map_err(|known| projection_behind(at_least, known))?;
        Ok(())
    }
}

impl<S> FromRequestParts<S> for MinPosition
where
    ReadState: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        // Ignoring these parameters would make a current response look like a historical one.
        let Query(as_of) = Query::<AsOfParams>::from_request_parts(parts, state).await?;
        if let Some(name) = as_of.first_present() {
            return Err(Problem::malformed(
                name,
                "this call is only available for the current state and the caller",
            ));
        }
        Self::from_request(parts, state).await
    }
}

/// Proof that the read model has reached the minimum position, with the memory for the answer;
/// queries respond through it.
pub struct FreshnessGuard {
    min_position: MinPosition,
    reservation: AnswerReservation,
}

impl FreshnessGuard {
    /// Responds with 200 and the value. `position` is that of the snapshot that the value was read
    /// from.
    pub fn respond<T: Serialize>(
        self,
        position: i64,
        value: &T,
    ) -> Result<Response, EndpointError> {
        self.verify_position(position)?;
        let json = to_json(value).map_err(|error| QueryError::Corrupt {
            value: "a response",
            reason: error.to_string(),
        })?;
        let content_type = (CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let body = self.reservation.into_body(json);
        Ok(with_position(position, ([content_type], body)))
    }

    /// Responds with 200 and the value, or with the uniform 404 if there is none that the caller
    /// may know of. Without a minimum position, it says how to ask for one.
    pub fn respond_or_not_found<T: Serialize>(
        self,
        position: i64,
        value: Option<&T>,
    ) -> Result<Response, EndpointError> {
        match value {
            Some(value) => self.respond(position, value),
            None if self.min_position.at_least > 0 => self.reject(position, Problem::not_found()),
            None => self.reject(position, Problem::not_found_yet()),
        }
    }

    /// Responds with a problem that was determined on this snapshot.
    pub fn reject(self, position: i64, problem: Problem) -> Result<Response, EndpointError> {
        self.verify_position(position)?;
        Ok(with_position(position, problem))
    }

    /// Fails if the snapshot is older than the minimum position, regardless of earlier signals.
    fn verify_position(&self, position: i64) -> Result<(), EndpointError> {
        let MinPosition {
            at_least, state, ..
        } = &self.min_position;
        let watermark = &state.watermark;
        if position < *at_least {
            watermark.reset(position);
            return Err(projection_behind(*at_least, position).into());
        }
        watermark.observe(position);
        Ok(())
    }
}

/// Adds the position header to a response.
pub fn with_position(position: i64, response: impl IntoResponse) -> Response {
    let mut response = response.into_response();
    response
        .headers_mut()
        .insert(TIDINGS_POSITION.clone(), HeaderValue::from(position));
    response
}

/// Adds the cursor header to a response with a position header.
pub async fn add_cursor(
    State(history): State<ReadHistory>,
    mut response: Response,
) -> Result<Response, EndpointError> {
    let position = response.headers().get(&TIDINGS_POSITION);
    let position = position.and_then(|value| value.to_str().ok()?.parse().ok());
    if let Some(position) = position {
        let cursor = history.cursor_at(position).await?.to_string();
        let value = HeaderValue::try_from(cursor).map_err(|error| QueryError::Corrupt {
            value: "a cursor",
            reason: error.to_string(),
        })?;
        response.headers_mut().insert(TIDINGS_CURSOR.clone(), value);
    }
    Ok(response)
}

/// The problem `503 projection_behind`.
pub fn projection_behind(wanted: i64, known: i64) -> Problem {
    Problem::unavailable(
        "projection_behind",
        format!("The read model is at position {known}, not yet at {wanted}."),
        RETRY_AFTER,
    )
    .with_member("position", known)
}
