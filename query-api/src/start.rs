//! Starts the query service: the one place that creates its tasks and the state of its endpoints.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::FromRef;
use domain::ids::{DeviceId, UserId};
use domain::profile::settings::Consent;
use event_log::reader::LogReader;
use event_stream::mirror::MirrorConfig;
use file_store::Previews;
use moderation::LiveRulebook;
use read_model::projection_signal::ProjectionSignalChannel;
use search::index::IndexDir;
use sqlx::PgPool;
use sqlx::postgres::PgConnectOptions;
use tokio::sync::{broadcast, watch};
use tokio_util::sync::CancellationToken;

use crate::answer_budget::AnswerBudget;
use crate::consistency::pending_changes::PendingChanges;
use crate::consistency::read_history::{self, ReadHistory};
use crate::consistency::read_state::ReadState;
use crate::consistency::watermark::{self, Watermark, WatermarkTracker};
use crate::idle_feeds::{self, IdleFeedMode, IdleFeeds};
use crate::live::state::LiveState;
use crate::live::{self, Acks, Admission, Deliverer, DeskCounts, Hub, PresenceService};
use crate::log_tail::LogState;
use crate::people::{Directory, PeopleState};
use crate::routes::webpush_key::WebPushKey;
use crate::search::index_reader::{self, IndexReader};
use crate::search::state::SearchState;

/// The default for how long a query waits for `min_position`.
pub const MIN_POSITION_TIMEOUT: Duration = Duration::from_secs(5);

/// The default time limit of one statement. Every query is a few hundred index probes; if one takes
/// this long, failing is better than occupying a connection.
pub const STATEMENT_TIMEOUT: Duration = Duration::from_secs(10);

/// The state of the query service. Each endpoint takes the part that it needs. Cheap to clone.
#[derive(Clone)]
pub struct QueryState {
    read: ReadState,
    log: LogState,
    search: SearchState,
    live: LiveState,
    people: PeopleState,
    rulebook: LiveRulebook,
    previews: Previews,
    webpush_key: Arc<str>,
}

/// The dependencies and settings from which [`QueryState::start`] builds the service.
pub struct QuerySetup<'a> {
    /// Connections that read `read.*`, with the options of [`session_options`].
    pub pool: PgPool,
    /// Connections that may write who was online last.
    pub presence_pool: PgPool,
    /// Reads the log, from the same server as `pool`.
    pub reader: LogReader,
    /// Reads the log from the primary, if `pool` reads a replica.
    pub primary: Option<LogReader>,
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
    /// Who can see whose profile.
    pub directory: Directory,
    /// Who may add users to groups who have not chosen that.
    pub groups_from: Consent,
    /// The maximum number of simultaneous live connections.
    pub max_live_connections: usize,
    /// The maximum number of simultaneous live connections of one user; 0 for no limit.
    pub max_live_per_user: usize,
    /// The memory for answers that have not been written, in bytes.
    pub answer_bytes: usize,
    /// Whether plain cases of the hot queries have small statements of their own. The answers are
    /// the same; tests compare them.
    pub plain_reads: bool,
    /// Whether syncs that find nothing are answered from memory.
    pub idle_feeds: IdleFeedMode,
    /// How long a query waits for `min_position`.
    pub min_position_timeout: Duration,
    /// The bytes of files, and previews of images.
    pub previews: Previews,
    /// The public key with which browsers subscribe to pushes, in base64url.
    pub webpush_key: String,
    /// The rules of the deployment, which a task that follows the log keeps current.
    pub rulebook: LiveRulebook,
    /// The devices that users remove from now on.
    pub removed_devices: broadcast::Receiver<(UserId, DeviceId)>,
    /// Cancelled when the service stops.
    pub shutdown: CancellationToken,
}

impl QuerySetup<'_> {
    /// Starts the task that reads the history again and again.
    fn follow_history(&self) -> ReadHistory {
        let (pool, reader) = (self.pool.clone(), self.reader.clone());
        let history = ReadHistory::new(pool, reader, self.primary.clone());
        tokio::spawn(read_history::follow(history.clone(), self.shutdown.clone()));
        history
    }

    /// The limits of live connections.
    fn build_admission(&self) -> Admission {
        Admission::new(self.max_live_connections, self.max_live_per_user)
    }

    /// Starts the task that tracks the position of the read model.
    async fn follow_projector(
        &self,
        history: &ReadHistory,
    ) -> (Watermark, PendingChanges, IdleFeeds) {
        let watermark = Watermark::new(self.min_position_timeout);
        let idle_feeds = self.follow_idle_feeds(history, &watermark);
        let mut tracker = WatermarkTracker::new(
            watermark.clone(),
            history.clone(),
            self.pool.clone(),
            self.nats,
            self.mirror,
            self.local_signal.as_ref(),
        )
        .await
        .with_idle_feeds(idle_feeds.clone());
        if self.primary.is_some() {
            tracker = tracker.for_replica();
        }
        let pending_changes = tracker.subscribe_changes();
        tokio::spawn(watermark::run(tracker, self.shutdown.clone()));
        (watermark, pending_changes, idle_feeds)
    }

    /// Starts the task that notices lost signals. Without any signals, memory knows nothing.
    fn follow_idle_feeds(&self, history: &ReadHistory, watermark: &Watermark) -> IdleFeeds {
        let mode = if self.nats.is_none() && self.local_signal.is_none() {
            IdleFeedMode::Database
        } else {
            self.idle_feeds
        };
        let (pool, history) = (self.pool.clone(), history.clone());
        let feeds = IdleFeeds::new(mode, pool, history, watermark.subscribe());
        tokio::spawn(idle_feeds::follow(feeds.clone(), self.shutdown.clone()));
        feeds
    }

    /// Starts the task that follows the search index.
    fn follow_index(&self) -> IndexReader {
        let (dir, reader) = (self.index.clone(), self.reader.clone());
        let index = IndexReader::new(dir, reader, self.min_position_timeout);
        tokio::spawn(index_reader::follow(index.clone(), self.shutdown.clone()));
        index
    }

    /// Starts the task that delivers to live connections.
    fn start_delivery(&self, hub: &Hub, history: &ReadHistory, pending_changes: PendingChanges) {
        let deliverer = Deliverer::new(
            hub.clone(),
            &self.pool,
            history.clone(),
            pending_changes,
            self.local_signal.clone(),
            self.rulebook.clone(),
        );
        tokio::spawn(live::run(deliverer, self.shutdown.clone()));
    }

    /// Starts the task that notifies agents of what waits at their desks.
    fn start_desk_counts(&self, hub: &Hub, watermark: &Watermark) {
        let counts = DeskCounts::new(hub.clone(), self.pool.clone());
        let changes = watermark.subscribe();
        let counting = live::run_desk_counts(counts, changes, self.shutdown.clone());
        tokio::spawn(counting);
    }

    /// Starts the tasks that share who is online.
    async fn start_presence(&self, hub: &Hub) -> PresenceService {
        PresenceService::start(
            hub.clone(),
            (self.pool.clone(), self.presence_pool.clone()),
            self.nats,
            self.mirror,
            self.rulebook.clone(),
            self.shutdown.clone(),
        )
        .await
    }
}

impl QueryState {
    /// Starts the tasks that track the watermark, follow the search index and deliver to live
    /// connections. They end when `shutdown` is cancelled.
    pub async fn start(setup: QuerySetup<'_>) -> Self {
        let history = setup.follow_history();
        let (watermark, pending_changes, idle_feeds) = setup.follow_projector(&history).await;
        let index = setup.follow_index();
        let hub = Hub::default();
        setup.start_delivery(&hub, &history, pending_changes);
        let presence = setup.start_presence(&hub).await;
        setup.start_desk_counts(&hub, &watermark);
        let admission = setup.build_admission();
        let answers = AnswerBudget::new(setup.answer_bytes);
        let QuerySetup {
            pool,
            reader,
            primary,
            acks,
            directory,
            groups_from,
            plain_reads,
            previews,
            webpush_key,
            rulebook,
            removed_devices,
            shutdown,
            ..
        } = setup;
        let ending = live::end_removed(hub.clone(), removed_devices, shutdown.clone());
        tokio::spawn(ending);
        Self {
            people: PeopleState {
                pool: pool.clone(),
                presence: presence.clone(),
                directory,
                groups_from,
            },
            search: SearchState {
                pool: pool.clone(),
                index,
            },
            live: LiveState {
                pool: pool.clone(),
                reader: reader.clone(),
                history: history.clone(),
                hub,
                answers: answers.clone(),
                plain_reads,
                admission,
                presence,
                acks,
                shutdown: shutdown.clone(),
            },
            log: LogState {
                reader: reader.clone(),
                watermark: watermark.clone(),
                history: history.clone(),
                shutdown,
            },
            read: ReadState {
                pool,
                reader: primary.unwrap_or(reader),
                watermark,
                history,
                idle_feeds,
                answers,
                plain_reads,
            },
            rulebook,
            previews,
            webpush_key: webpush_key.into(),
        }
    }
}

impl QueryState {
    /// A channel with the position of the read model, as far as this process knows.
    pub fn subscribe_position(&self) -> watch::Receiver<i64> {
        self.read.watermark.subscribe()
    }

    /// The history that the read model belongs to.
    pub(crate) fn history(&self) -> ReadHistory {
        self.read.history.clone()
    }
}

impl FromRef<QueryState> for ReadState {
    fn from_ref(state: &QueryState) -> Self {
        state.read.clone()
    }
}

impl FromRef<QueryState> for Previews {
    fn from_ref(state: &QueryState) -> Self {
        state.previews.clone()
    }
}

impl FromRef<QueryState> for WebPushKey {
    fn from_ref(state: &QueryState) -> Self {
        Self {
            key: state.webpush_key.as_ref().to_owned(),
        }
    }
}

impl FromRef<QueryState> for LiveRulebook {
    fn from_ref(state: &QueryState) -> Self {
        state.rulebook.clone()
    }
}

impl FromRef<QueryState> for LogState {
    fn from_ref(state: &QueryState) -> Self {
        state.log.clone()
    }
}

impl FromRef<QueryState> for SearchState {
    fn from_ref(state: &QueryState) -> Self {
        state.search.clone()
    }
}

impl FromRef<QueryState> for PeopleState {
    fn from_ref(state: &QueryState) -> Self {
        state.people.clone()
    }
}

impl FromRef<QueryState> for LiveState {
    fn from_ref(state: &QueryState) -> Self {
        state.live.clone()
    }
}

/// Connection options for these queries: read-only, with a timeout for every statement, and without
/// JIT compilation, which takes longer than any of these queries runs. Nor are there hash joins,
/// merge joins or scans of tables where an index can do: a query is for one user, and Postgres
/// prefers to read all conversations to probing an index for those of the user.
pub fn session_options(options: PgConnectOptions, statement_timeout: Duration) -> PgConnectOptions {
    options.options([
        ("jit", "off".to_owned()),
        ("enable_hashjoin", "off".to_owned()),
        ("enable_mergejoin", "off".to_owned()),
        ("enable_seqscan", "off".to_owned()),
        (
            "statement_timeout",
            format!("{}ms", statement_timeout.as_millis()),
        ),
        ("default_transaction_read_only", "on".to_owned()),
    ])
}
