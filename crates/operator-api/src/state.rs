//! What the routes for administrators share: their state, the headers and the problems of their
//! responses.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use audit::AccessRecorder;
use axum::http::{HeaderMap, HeaderValue};
use data_dir::{DataDir, ServerUrls};
use dispatcher::address::AllowedNetworks;
use event_log::reader::LogReader;
use event_stream::mirror::MirrorConfig;
use http_edge::Problem;
use moderation::LiveRulebook;
use projector::ProjectorConfig;
use search::index::IndexDir;
use sqlx::PgPool;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use utoipa::IntoResponses;

use super::jobs::JobSources;

/// The `Retry-After` if the database is away.
const RETRY_AFTER: Duration = Duration::from_secs(1);

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
    pub(super) recorder: AccessRecorder,
    pub(super) job_sources: JobSources,
    pub(super) shutdown: CancellationToken,
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
    /// Records what administrators do.
    pub recorder: AccessRecorder,
    /// The address of Postgres, for the connections of jobs.
    pub database_url: String,
    /// How jobs fold events.
    pub projector: ProjectorConfig,
    /// The key that vouches for the seals.
    pub seal_key_path: PathBuf,
    /// Cancelled when the process ends.
    pub shutdown: CancellationToken,
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
            recorder,
            database_url,
            projector,
            seal_key_path,
            shutdown,
        } = setup;
        let job_sources = JobSources {
            database_url,
            projector,
            index_dir: index_dir.clone(),
            seal_key_path,
        };
        Self {
            pool,
            nats,
            mirror,
            index_dir,
            recorder,
            job_sources,
            shutdown,
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

/// The headers of what does not depend on the read model: the head of the log.
pub(super) async fn head_headers(state: &OperatorState) -> Result<HeaderMap, Problem> {
    let reader = LogReader::new(state.writes.clone());
    let headers = async {
        let head = reader.head().await?.position;
        position_headers(&reader, head).await
    };
    headers.await.map_err(|error| database_away(&error))
}

/// The database does not answer.
pub(super) fn database_away(error: &sqlx::Error) -> Problem {
    tracing::debug!(%error, "A request of an administrator failed.");
    let detail = "The database is temporarily unavailable.";
    Problem::unavailable("unavailable", detail, RETRY_AFTER)
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
