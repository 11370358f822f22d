//! Read your own writes: `min_position=N` waits for the read model, and every response carries the
//! position of the read model in its snapshot.

use std::time::Duration;

use axum::extract::FromRequestParts;
use axum::response::{IntoResponse, Response};
use http::header::CONTENT_TYPE;
use http::request::Parts;
use http::{HeaderName, HeaderValue};
use http_edge::{Problem, Query};
use serde::{Deserialize, Serialize};
use utoipa::IntoParams;

use crate::failed::{Failed, Unanswered};
use crate::moment::MomentQuery;
use crate::params;
use crate::state::QueryState;
use crate::watermark::Watermark;

/// The response header with the position of the read model.
pub static TIDINGS_POSITION: HeaderName = HeaderName::from_static("tidings-position");

/// The `Retry-After` when the read model has not reached the requested position.
const RETRY: Duration = Duration::from_secs(1);

/// The parameter that every query takes.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct MinPositionQuery {
    /// Wait until the read model has reached this position (at most 5 s by default, then 503
    /// `projection_behind`).
    #[param(value_type = Option<i64>, minimum = 0)]
    min_position: Option<String>,
}

/// The minimum position of the response, 0 by default. A query parses all its parameters before it
/// waits with [`MinPosition::wait`], so that an invalid request is rejected without waiting.
#[derive(Debug)]
pub struct MinPosition {
    /// The value of the parameter.
    pub at_least: i64,
    watermark: Watermark,
}

impl MinPosition {
    /// Parses the parameter of a request.
    pub async fn of(parts: &mut Parts, state: &QueryState) -> Result<Self, Problem> {
        let Query(query) = Query::<MinPositionQuery>::from_request_parts(parts, state).await?;
        let at_least =
            params::position("min_position", query.min_position.as_deref())?.unwrap_or(0);
        Ok(Self {
            at_least,
            watermark: state.watermark.clone(),
        })
    }

    /// Waits until the read model has reached both the minimum position and `position`, as of which
    /// the query is answered.
    pub async fn reached_past(mut self, position: i64) -> Result<Fresh, Unanswered> {
        self.at_least = self.at_least.max(position);
        let Fresh(mut min_position) = self.reached().await?;
        min_position.at_least = position;
        Ok(Fresh(min_position))
    }

    /// Waits until the read model has reached the minimum position; fails with `503
    /// projection_behind` after the timeout.
    pub async fn reached(self) -> Result<Fresh, Unanswered> {
        self.watermark
            .reached(self.at_least)
            .await
            .map_err(|known| behind(self.at_least, known))?;
        Ok(Fresh(self))
    }
}

impl FromRequestParts<QueryState> for MinPosition {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &QueryState) -> Result<Self, Problem> {
        // Ignoring these parameters would make a current response look like a historical one.
        let Query(as_of) = Query::<MomentQuery>::from_request_parts(parts, state).await?;
        if let Some(name) = as_of.given() {
            return Err(Problem::malformed(
                name,
                "this call is only available for the current state and the caller",
            ));
        }
        Self::of(parts, state).await
    }
}

/// Proof that the read model has reached the minimum position; queries respond through it.
#[derive(Debug)]
pub struct Fresh(MinPosition);

impl Fresh {
    /// Responds with 200 and the value. `position` is that of the snapshot that the value was read
    /// from.
    pub fn answer<T: Serialize>(&self, position: i64, value: &T) -> Result<Response, Unanswered> {
        self.check(position)?;
        let json = serde_json::to_vec(value).map_err(|error| Failed::Corrupt {
            what: "a response",
            reason: error.to_string(),
        })?;
        let content_type = (CONTENT_TYPE, HeaderValue::from_static("application/json"));
        Ok(at(position, ([content_type], json)))
    }

    /// Responds with 200 and the value, or with the uniform 404 if there is none that the caller
    /// may know of.
    pub fn found<T: Serialize>(
        &self,
        position: i64,
        value: Option<&T>,
    ) -> Result<Response, Unanswered> {
        match value {
            Some(value) => self.answer(position, value),
            None => self.refuse(position, Problem::not_found()),
        }
    }

    /// Responds with a problem that was determined on this snapshot.
    pub fn refuse(&self, position: i64, problem: Problem) -> Result<Response, Unanswered> {
        self.check(position)?;
        Ok(at(position, problem))
    }

    /// Fails if the snapshot is older than the minimum position, regardless of earlier signals.
    fn check(&self, position: i64) -> Result<(), Unanswered> {
        let MinPosition {
            at_least,
            watermark,
        } = &self.0;
        if position < *at_least {
            watermark.fell_back_to(position);
            return Err(behind(*at_least, position).into());
        }
        watermark.observe(position);
        Ok(())
    }
}

/// Adds the position header to a response.
pub fn at(position: i64, response: impl IntoResponse) -> Response {
    let mut response = response.into_response();
    response
        .headers_mut()
        .insert(TIDINGS_POSITION.clone(), HeaderValue::from(position));
    response
}

/// The problem `503 projection_behind`.
pub fn behind(wanted: i64, known: i64) -> Problem {
    Problem::unavailable(
        "projection_behind",
        format!("The read model is at position {known}, not yet at {wanted}."),
        RETRY,
    )
    .with_member("position", known)
}
