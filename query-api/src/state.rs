//! The state that all query handlers share, and how it is started.

use std::sync::Arc;
use std::time::Duration;

use ::search::index::IndexDir;
use event_log::reader::LogReader;
use event_stream::mirror::MirrorConfig;
use read_model::projection_signal::ProjectionSignalChannel;
use sqlx::PgPool;
use sqlx::postgres::PgConnectOptions;
use tokio_util::sync::CancellationToken;

use crate::live::{self, Acks, Admission, Deliverer, Hub, PendingChanges, PresenceService};
use crate::search::{self, IndexReader};
use crate::watermark::{self, Watermark, WatermarkTracker};

/// The default for how long a query waits for `min_position`.
pub const MIN_POSITION_TIMEOUT: Duration = Duration::from_secs(5);

/// The default time limit of one statement. Every query is a few hundred index probes; if one takes
/// this long, failing is better than occupying a connection.
pub const STATEMENT_TIMEOUT: Duration = Duration::from_secs(10);

/// The state of the query service, shared by all handlers. Cheap to clone.
#[derive(Clone)]
pub struct QueryState {
    /// Connections that read `read.*`, with the options of [`session_options`].
    pub pool: PgPool,
    /// Reads the log: its events for `GET /v1/events`, and its head position.
    pub reader: LogReader,
    /// The position that the read model has reached, as far as this process knows.
    pub watermark: Watermark,
    /// The search index.
    pub search: IndexReader,
    /// Delivers entries to live connections.
    pub hub: Hub,
    /// Limits the number of live connections.
    pub admission: Admission,
    /// Tracks which users are online.
    pub presence: PresenceService,
    /// Records acknowledgements that arrive over live connections.
    pub acks: Arc<dyn Acks>,
    /// Cancelled when the service stops; open streams then end.
    pub shutdown: CancellationToken,
}

/// The dependencies and settings from which [`QueryState::start`] builds the service.
pub struct QuerySetup<'a> {
    /// Connections that read `read.*`, with the options of [`session_options`].
    pub pool: PgPool,
    /// Reads the log.
    pub reader: LogReader,
    /// With NATS, the projector's signal wakes waiting requests.
    pub nats: Option<&'a async_nats::Client>,
    /// Names the subject of the projector's signal.
    pub mirror: &'a MirrorConfig,
    /// The signal of a projector in this process, if there is one.
    pub local_signal: Option<ProjectionSignalChannel>,
    /// The directory of the search index.
    pub index: IndexDir,
    /// Records acknowledgements that arrive over live connections.
    pub acks: Arc<dyn Acks>,
    /// The maximum number of simultaneous live connections.
    pub max_live_connections: usize,
    /// How long a query waits for `min_position`.
    pub min_position_timeout: Duration,
    /// Cancelled when the service stops.
    pub shutdown: CancellationToken,
}

impl QueryState {
    /// Starts the tasks that track the watermark, follow the search index and deliver to live
    /// connections. They end when `shutdown` is cancelled.
    pub async fn start(setup: QuerySetup<'_>) -> Self {
        let QuerySetup {
            pool,
            reader,
            nats,
            mirror,
            local_signal,
            index,
            acks,
            max_live_connections,
            min_position_timeout,
            shutdown,
        } = setup;
        let watermark = Watermark::new(min_position_timeout);
        let pending_changes = PendingChanges::default();
        let tracker = WatermarkTracker::new(
            watermark.clone(),
            pending_changes.clone(),
            pool.clone(),
            nats,
            mirror,
            local_signal.as_ref(),
        )
        .await;
        tokio::spawn(watermark::run(tracker, shutdown.clone()));
        let search = IndexReader::new(index, reader.clone(), min_position_timeout);
        tokio::spawn(search::follow(search.clone(), shutdown.clone()));
        let hub = Hub::default();
        let deliverer = Deliverer::new(hub.clone(), &pool, pending_changes, local_signal);
        tokio::spawn(live::run(deliverer, shutdown.clone()));
        let presence =
            PresenceService::start(hub.clone(), pool.clone(), nats, mirror, shutdown.clone()).await;
        Self {
            pool,
            reader,
            watermark,
            search,
            hub,
            admission: Admission::new(max_live_connections),
            presence,
            acks,
            shutdown,
        }
    }
}

/// Connection options for these queries: read-only, with a timeout for every statement, and without
/// JIT compilation, which takes longer than any of these queries runs.
pub fn session_options(options: PgConnectOptions, statement_timeout: Duration) -> PgConnectOptions {
    options.options([
        ("jit", "off".to_owned()),
        (
            "statement_timeout",
            format!("{}ms", statement_timeout.as_millis()),
        ),
        ("default_transaction_read_only", "on".to_owned()),
    ])
}
