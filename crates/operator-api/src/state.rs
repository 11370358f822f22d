//! What the routes for administrators share: their state, the headers and the problems of their
//! responses.

use std::sync::Arc;

use axum::http::{HeaderMap, HeaderValue};
use data_dir::{DataDir, ServerUrls};
use dispatcher::address::AllowedNetworks;
use event_log::reader::LogReader;
use event_stream::mirror::MirrorConfig;
use http_edge::Problem;
use moderation::LiveRulebook;
use search::index::IndexDir;
use sqlx::PgPool;
use tokio::sync::Semaphore;
use utoipa::IntoResponses;

/// The maximum number of concurrent passes over the log.
const MAX_LOG_PASSES: usize = 1;

/// What the routes need. Cheap to clone.
#[derive(Clone)]
pub struct OperatorState {
    pub(super) pool: PgPool,
    pub(super) nats: async_nats::Client,
    pub(super) mirror: MirrorConfig,
    pub(super) index_dir: IndexDir,
    pub(super) log_passes: Arc<Semaphore>,
    pub(super) writes: PgPool,
    pub(super) data: DataDir,
    pub(super) servers: ServerUrls,
    pub(super) webhook_networks: AllowedNetworks,
    pub(super) rulebook: LiveRulebook,
}

/// What the routes are about.
pub struct OperatorSetup {
    /// Reads the log, the read models and the webhooks.
    pub pool: PgPool,
    /// Changes webhooks.
    pub writes: PgPool,
    /// The broker.
    pub nats: async_nats::Client,
    /// The names of the mirror in it.
    pub mirror: MirrorConfig,
    /// The search index of this machine.
    pub index_dir: IndexDir,
    /// The data directory.
    pub data: DataDir,
    /// The configured servers.
    pub servers: ServerUrls,
    /// Where webhooks may deliver to.
    pub webhook_networks: AllowedNetworks,
    /// What this process sheds.
    pub rulebook: LiveRulebook,
}

impl OperatorState {
    /// The state of the routes.
    pub fn new(setup: OperatorSetup) -> Self {
        let OperatorSetup {
            pool,
            writes,
            nats,
            mirror,
            index_dir,
            data,
            servers,
            webhook_networks,
            rulebook,
        } = setup;
        Self {
            pool,
            nats,
            mirror,
            index_dir,
            writes,
            data,
            servers,
            webhook_networks,
            rulebook,
            log_passes: Arc::new(Semaphore::new(MAX_LOG_PASSES)),
        }
    }
}

/// The headers that every query answers with: the position that the answer has reached, and its
/// cursor.
pub(super) async fn position_headers(
    reader: &LogReader,
    position: i64,
) -> Result<HeaderMap, sqlx::Error> {
    let cursor = reader.history().await?.cursor_at(position);
    let mut headers = HeaderMap::new();
    headers.insert("tidings-position", HeaderValue::from(position));
    if let Ok(cursor) = HeaderValue::from_str(&cursor.to_string()) {
        headers.insert("tidings-cursor", cursor);
    }
    Ok(headers)
}

/// The problem responses of these routes.
#[derive(IntoResponses)]
pub enum OperatorProblems {
    /// A parameter is malformed; `errors` names it.
    #[response(status = 400, content_type = "application/problem+json")]
    Malformed(#[to_schema] Problem),
    /// The request has no valid token.
    #[response(status = 401, content_type = "application/problem+json")]
    Unauthorized(#[to_schema] Problem),
    /// The token does not have the scope `admin`.
    #[response(status = 403, content_type = "application/problem+json")]
    Forbidden(#[to_schema] Problem),
    /// Too many queries of the user are under way. `Retry-After` says when to try again.
    #[response(status = 429, content_type = "application/problem+json")]
    TooMany(#[to_schema] Problem),
    /// Postgres is unavailable (`unavailable`), or another pass over the log is under way
    /// (`overloaded`). `Retry-After` says when to try again.
    #[response(status = 503, content_type = "application/problem+json")]
    Unavailable(#[to_schema] Problem),
}
