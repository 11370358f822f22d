//! Read your writes: `min_position=N` waits for the read model, and every answer says how far the
//! read model was in the snapshot that it was made from.

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

/// How far the read model is.
pub static TIDINGS_POSITION: HeaderName = HeaderName::from_static("tidings-position");

/// When to ask again for a position that the read model has not reached.
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

/// The position that the answer must have reached, 0 if the caller named none. A query parses all
/// its parameters before it waits with [`MinPosition::reached`], so that nobody waits to be refused.
#[derive(Debug)]
pub struct MinPosition {
    /// Parsed from the parameter.
    pub at_least: i64,
    watermark: Watermark,
}

impl MinPosition {
    /// What the parameter says.
    pub async fn of(parts: &mut Parts, state: &QueryState) -> Result<Self, Problem> {
        let Query(query) = Query::<MinPositionQuery>::from_request_parts(parts, state).await?;
        let at_least =
            params::position("min_position", query.min_position.as_deref())?.unwrap_or(0);
        Ok(Self {
            at_least,
            watermark: state.watermark.clone(),
        })
    }

    /// Waits until the read model is there and at `position`, of which the answer will speak.
    pub async fn reached_past(mut self, position: i64) -> Result<Fresh, Unanswered> {
        self.at_least = self.at_least.max(position);
        let Fresh(mut reached) = self.reached().await?;
        reached.at_least = position;
        Ok(Fresh(reached))
    }

    /// Waits until the read model is there; else `503 projection_behind`.
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
        // Silence would pass for an answer of the past.
        let Query(moment) = Query::<MomentQuery>::from_request_parts(parts, state).await?;
        if let Some(name) = moment.given() {
            return Err(Problem::malformed(
                name,
                "this call only tells what is now, to its caller",
            ));
        }
        Self::of(parts, state).await
    }
}

/// The read model has reached what was asked for: queries answer through this.
#[derive(Debug)]
pub struct Fresh(MinPosition);

impl Fresh {
    /// 200 with this value. The position is that of the snapshot the value was made from.
    pub fn answer<T: Serialize>(&self, position: i64, value: &T) -> Result<Response, Unanswered> {
        self.check(position)?;
        let json = serde_json::to_vec(value).map_err(|error| Failed::Corrupt {
            what: "an answer",
            reason: error.to_string(),
        })?;
        let content_type = (CONTENT_TYPE, HeaderValue::from_static("application/json"));
        Ok(at(position, ([content_type], json)))
    }

    /// 200 with the value, or the one 404 if there is none that the caller may know of.
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

    /// A refusal that was decided on this snapshot.
    pub fn refuse(&self, position: i64, problem: Problem) -> Result<Response, Unanswered> {
        self.check(position)?;
        Ok(at(position, problem))
    }

    /// No answer goes out that is older than what was asked for, whatever the bells have said.
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

/// Puts the position on a response.
pub fn at(position: i64, response: impl IntoResponse) -> Response {
    let mut response = response.into_response();
    response
        .headers_mut()
        .insert(TIDINGS_POSITION.clone(), HeaderValue::from(position));
    response
}

/// `503 projection_behind`.
pub fn behind(wanted: i64, known: i64) -> Problem {
    Problem::unavailable(
        "projection_behind",
        format!("The read model is at position {known}, not yet at {wanted}."),
        RETRY,
    )
    .with("position", known)
}
