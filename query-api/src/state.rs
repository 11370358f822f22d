//! What every query works with.

use std::sync::Arc;
use std::time::Duration;

use ::search::index::Place;
use event_log::bell::NearBell;
use event_log::mirror::MirrorConfig;
use event_log::reader::Reader;
use sqlx::PgPool;
use sqlx::postgres::PgConnectOptions;
use tokio_util::sync::CancellationToken;

use crate::live::{self, Acks, Admission, Delivering, Gossip, Hub, News};
use crate::search::{self, Served};
use crate::watermark::{self, Lookout, Watermark};

/// How long a query waits for `min_position`, unless configured otherwise.
pub const MIN_POSITION_PATIENCE: Duration = Duration::from_secs(5);

/// How long one statement may take, unless configured otherwise. Every query is a few hundred index
/// probes; one that takes this long is better refused than left to hold a connection.
pub const STATEMENT_TIMEOUT: Duration = Duration::from_secs(10);

/// Cheap to clone.
#[derive(Clone)]
pub struct QueryState {
    /// Reads `read.*`. Made with [`session`].
    pub pool: PgPool,
    /// Reads the log, for `GET /v1/events` and to know its head.
    pub reader: Reader,
    /// How far the read model is.
    pub watermark: Watermark,
    /// The search index.
    pub search: Served,
    /// Live connections.
    pub hub: Hub,
    /// How many of them there may be.
    pub admission: Admission,
    /// Who is online.
    pub gossip: Gossip,
    /// Where acknowledgements of live connections go.
    pub acks: Arc<dyn Acks>,
    /// The service is stopping: answers that are kept open end.
    pub shutdown: CancellationToken,
}

/// What a query service is made of.
pub struct QuerySetup<'a> {
    /// Reads `read.*`. Made with [`session`].
    pub pool: PgPool,
    /// Reads the log.
    pub reader: Reader,
    /// With NATS the projector's bell wakes those who wait.
    pub nats: Option<&'a async_nats::Client>,
    /// How its bell is called.
    pub mirror: &'a MirrorConfig,
    /// The bell of a projector in this process.
    pub near_bell: Option<NearBell>,
    /// Where the search index is.
    pub index: Place,
    /// Where acknowledgements of live connections go.
    pub acks: Arc<dyn Acks>,
    /// Live connections at the same time.
    pub max_live: usize,
    /// How long a query waits for `min_position`.
    pub min_position_patience: Duration,
    /// The service is stopping.
    pub shutdown: CancellationToken,
}

impl QueryState {
    /// Starts the tasks that keep the watermark, follow the search index and deliver to live
    /// connections; they end with `shutdown`.
    pub async fn start(setup: QuerySetup<'_>) -> Self {
        let QuerySetup {
            pool,
            reader,
            nats,
            mirror,
            near_bell,
            index,
            acks,
            max_live,
            min_position_patience,
            shutdown,
        } = setup;
        let watermark = Watermark::new(min_position_patience);
        let news = News::default();
        let lookout = Lookout::new(
            watermark.clone(),
            news.clone(),
            pool.clone(),
            nats,
            mirror,
            near_bell.as_ref(),
        )
        .await;
        tokio::spawn(watermark::run(lookout, shutdown.clone()));
        let search = Served::new(index, reader.clone(), min_position_patience);
        tokio::spawn(search::follow(search.clone(), shutdown.clone()));
        let hub = Hub::default();
        let delivering = Delivering::new(hub.clone(), &pool, news, near_bell);
        tokio::spawn(live::run(delivering, shutdown.clone()));
        let gossip = Gossip::start(hub.clone(), pool.clone(), nats, mirror, shutdown.clone()).await;
        Self {
            pool,
            reader,
            watermark,
            search,
            hub,
            admission: Admission::new(max_live),
            gossip,
            acks,
            shutdown,
        }
    }
}

/// Settings of a connection that runs these queries: a bound on every statement, and no compiling
/// of plans, which takes longer than any of these queries runs.
pub fn session(options: PgConnectOptions, statement_timeout: Duration) -> PgConnectOptions {
    options.options([
        ("jit", "off".to_owned()),
        (
            "statement_timeout",
            format!("{}ms", statement_timeout.as_millis()),
        ),
        ("default_transaction_read_only", "on".to_owned()),
    ])
}
