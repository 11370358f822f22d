//! The status of a system, in the format of `--json`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use dispatcher::webhook::WebhookStatus;
use domain::time::Timestamp;
use log_integrity::erasure::ledger::ErasureProgress;
use log_integrity::erasure::retention::RetentionProgress;
use serde::Serialize;
use utoipa::ToSchema;

use crate::database_load::{RecentSends, SlowStatement, WriteAheadLog};
use crate::disk_usage::DiskSpace;
use crate::lag::{ModerationLag, ProjectionLag};

/// The status of the system.
#[derive(Debug, Serialize, ToSchema)]
pub struct SystemStatus {
    /// `running`, `starting` (it does not serve requests yet), `stopped` or, if external servers
    /// are configured, `external`.
    #[schema(value_type = String)]
    pub state: &'static str,
    /// The path of the data directory.
    #[schema(value_type = String)]
    pub data: PathBuf,
    /// The size of the data directory in bytes, including a linked `servers` directory.
    pub data_bytes: u64,
    /// The disk of the data directory. None if it cannot be measured.
    #[schema(required = true)]
    pub disk: Option<DiskSpace>,
    /// The process that runs on the data directory, if any.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = ProcessStatus, required = false)]
    pub process: Option<ProcessStatus>,
    /// The major version of Postgres that the data directory is bound to.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = u32, required = false)]
    pub postgres_major: Option<u32>,
    /// The status of the database. None if the system is stopped.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = DatabaseStatus, required = false)]
    pub database: Option<DatabaseStatus>,
    /// Where NATS is. None if the system is stopped.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = NatsStatus, required = false)]
    pub nats: Option<NatsStatus>,
    /// The status of the mirror, or the reason why it is unavailable.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = MirrorStatus, required = false)]
    pub mirror: Option<MirrorStatus>,
}

/// Where NATS is.
#[derive(Debug, Serialize, ToSchema)]
pub struct NatsStatus {
    /// The address, with the password masked.
    pub url: String,
}

/// The process that runs on the data directory.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProcessStatus {
    /// The process id.
    pub pid: u32,
    /// The base URL of its HTTP port.
    pub address: String,
    /// The time at which it started.
    #[schema(value_type = String, format = DateTime)]
    pub started_at: Timestamp,
    /// Its embedded servers.
    pub servers: Vec<String>,
}

/// The status of the database.
#[derive(Debug, Serialize, ToSchema)]
pub struct DatabaseStatus {
    /// The address, with the password masked.
    pub url: String,
    /// The version of Postgres.
    pub version: String,
    /// The time of the log's last event.
    #[schema(value_type = String, format = DateTime)]
    pub head_time: Timestamp,
    /// The head of the log and the lag of the read model.
    pub projection: ProjectionLag,
    /// The search index, or the reason why it is unavailable.
    pub search: SearchIndexStatus,
    /// The number of parked events: those that could not be folded, and those that wait behind
    /// them.
    pub parked_events: i64,
    /// The progress of erasures.
    pub erasure: ErasureProgress,
    /// How far the log is sealed. None if there is no seal yet.
    #[schema(required = true)]
    pub seal: Option<SealStatus>,
    /// Who is connected to Postgres.
    pub sessions: SessionStatus,
    /// The positions up to which retention has erased expired messages.
    pub retention: Vec<RetentionProgress>,
    /// Sync entries at or before this position have been removed, because of the offline window.
    pub sync_floor: i64,
    /// How far the log has been followed for moderators.
    pub moderation: ModerationLag,
    /// The webhooks.
    pub webhooks: Vec<WebhookStatus>,
    /// The sizes on disk.
    pub sizes: StorageSizes,
    /// The write-ahead log of Postgres.
    pub wal: WriteAheadLog,
    /// The statements that have been running for more than a second, the slowest first.
    pub slow_statements: Vec<SlowStatement>,
    /// The conversations that are busiest at the end of the log.
    pub recent_sends: RecentSends,
}

/// The last seal.
#[derive(Debug, Serialize, ToSchema)]
pub struct SealStatus {
    /// The position of the last sealed event.
    pub position: i64,
    /// When it was sealed.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// The public key that signed it, in hexadecimal digits.
    pub public_key: String,
    /// The age of the oldest event that is not sealed, in seconds.
    pub lag_seconds: f64,
}

/// The sessions of Postgres.
#[derive(Debug, Serialize, ToSchema)]
pub struct SessionStatus {
    /// The number of sessions with this database, of all programs.
    pub open: i64,
    /// The number that the server allows.
    pub max: i64,
    /// The number of each part of Tidings, also on other machines.
    pub by_name: BTreeMap<String, i64>,
    /// The number of sessions that are `active`, `idle`, `idle in transaction` or `other`.
    pub by_state: BTreeMap<String, i64>,
    /// The age of the oldest transaction, in seconds.
    pub oldest_transaction_seconds: f64,
}

/// The status of the search index.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub enum SearchIndexStatus {
    /// The index can be read.
    Available(SearchIndexProgress),
    /// The index does not exist or cannot be read.
    Unavailable(StatusError),
}

/// A search index that can be read.
#[derive(Debug, Serialize, ToSchema)]
pub struct SearchIndexProgress {
    /// The position of the last indexed event.
    pub position: u64,
    /// The number of events by which it lags behind the read model.
    pub lag_events: i64,
    /// The number of messages in it.
    pub messages: u64,
    /// The size on disk in bytes.
    pub bytes: u64,
}

/// A part of the status that cannot be read.
#[derive(Debug, Serialize, ToSchema)]
pub struct StatusError {
    /// The reason.
    pub error: String,
}

/// Sizes on disk in bytes, including database indexes.
#[derive(Debug, Serialize, ToSchema)]
pub struct StorageSizes {
    /// The size of the whole database.
    pub database: i64,
    /// The size of the log.
    pub log: i64,
    /// The size of the read models.
    pub read: i64,
}

/// The status of the mirror in NATS.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub enum MirrorStatus {
    /// The stream exists.
    Available(MirrorProgress),
    /// The stream does not exist or NATS cannot be reached.
    Unavailable(StatusError),
}

/// A mirror that can be read.
#[derive(Debug, Serialize, ToSchema)]
pub struct MirrorProgress {
    /// The version of nats-server.
    pub version: String,
    /// The position of its first event.
    pub first: i64,
    /// The position of its last event.
    pub position: i64,
    /// The number of events by which it lags behind the log.
    pub lag_events: i64,
}
