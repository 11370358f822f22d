//! The audit of calls that leave no event of their own: a middleware records views, and acts that
//! change something outside of the log. What is an event anyway names who called by itself.
//!
//! - `recorded_call`: which calls are recorded, and as what. Pure.
//! - `recent_views`: what this process has recorded within the last minute.
//! - [`AccessRecorder`]: records. [`AccessRecord`]: the row of the table `audit.accesses`.
//!
//! The records are beside the log, because reading must not change it. The answer waits for the
//! record. If it cannot be written, the answer is sent all the same: an outage must not make the
//! log unreadable. The service logs what was not recorded.

#![deny(missing_docs)]
#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a failing test panics"))]

mod access_record;
mod recent_views;
mod recorded_call;

pub use access_record::{AccessAct, AccessRecord};

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{FromRequestParts as _, MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use domain::ids::UserId;
use http::StatusCode;
use http_edge::Caller;
use sqlx::PgPool;
use tokio::time::timeout;

use recent_views::RecentViews;
use recorded_call::RecordedCall;

/// How long an answer waits for its record.
const RECORD_TIMEOUT: Duration = Duration::from_secs(3);

/// Records what is viewed and done. Cheap to clone.
#[derive(Clone)]
pub struct AccessRecorder {
    pool: PgPool,
    recent: Arc<RecentViews>,
}

impl AccessRecorder {
    /// Records in this database.
    pub fn new(pool: PgPool) -> Self {
        Self {
            pool,
            recent: Arc::default(),
        }
    }

    /// Records an act of the caller that changes something outside of the log.
    pub async fn record_act(
        &self,
        caller: &Caller,
        act: AccessAct,
        target: Option<&str>,
        call: &str,
    ) {
        let Ok(actor) = UserId::parse(caller.token_user()) else {
            return;
        };
        let access = AccessRecord {
            actor,
            act,
            target: target.map(str::to_owned),
            call: call.to_owned(),
        };
        self.record(&access).await;
    }

    /// Records this, and logs it if that fails.
    pub async fn record(&self, access: &AccessRecord) {
        if access.act.is_view() && self.recent.contains(access) {
            return;
        }
        let error = match timeout(RECORD_TIMEOUT, access.write(&self.pool)).await {
            Ok(Ok(is_new)) => {
                if is_new && access.act.is_view() {
                    self.recent.insert(access);
                }
                return;
            }
            Ok(Err(error)) => error.to_string(),
            Err(_) => "Postgres does not answer".to_owned(),
        };
        tracing::error!(
            actor = access.actor.as_str(),
            act = access.act.as_str(),
            target = access.target.as_deref(),
            error,
            "an access was not recorded in the audit"
        );
    }
}

/// Answers the request, and records it if it succeeded and is one to record.
pub async fn record_calls(
    State(recorder): State<AccessRecorder>,
    request: Request,
    next: Next,
) -> Response {
    let path = request.extensions().get::<MatchedPath>().cloned();
    let (mut parts, body) = request.into_parts();
    let caller = Caller::from_request_parts(&mut parts, &()).await.ok();
    let access = caller.zip(path).and_then(|(caller, path)| {
        let call = RecordedCall {
            caller: &caller,
            method: &parts.method,
            route: path.as_str(),
            uri: &parts.uri,
        };
        call.find_access()
    });
    let response = next.run(Request::from_parts(parts, body)).await;
    let status = response.status();
    let is_done = status.is_success() || status == StatusCode::SWITCHING_PROTOCOLS;
    if let Some(access) = access.filter(|_| is_done) {
        recorder.record(&access).await;
    }
    response
}
