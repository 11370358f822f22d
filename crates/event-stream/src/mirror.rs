//! The mirror in JetStream: the names and the configuration of the stream that the relay writes and
//! event sources read.

use std::time::Duration;

use async_nats::jetstream;
use async_nats::jetstream::message::StreamMessage;
use async_nats::jetstream::stream::{Config, DiscardPolicy, RawMessageErrorKind, StorageType};
use domain::envelope::{Envelope, EnvelopeError};
use domain::time::Timestamp;
use sqlx::types::Uuid;

/// The oldest server version that honours `first_seq` and has no known access control hole.
const MIN_SERVER_VERSION: (u64, u64, u64) = (2, 11, 1);

/// How long the stream may be without a leader before it is recreated, unless configured otherwise.
/// An election takes seconds, and a restart of a node less than a minute.
pub const RECREATE_AFTER: Duration = Duration::from_secs(60);

/// The metadata key for the id of the mirrored log.
pub(crate) const LOG_ID_METADATA_KEY: &str = "tidings.log-id";

/// The names of the mirror, and how much of the log it retains.
#[derive(Debug, Clone)]
pub struct MirrorConfig {
    /// The name of the stream.
    pub stream: String,
    /// The first part of every subject.
    pub subject_prefix: String,
    /// How many events the stream retains. A consumer that lags further behind reads from Postgres.
    pub max_events: i64,
    /// How many nodes of a cluster have a copy of the stream. If `None`, three, or as many as the
    /// cluster has.
    pub replicas: Option<usize>,
    /// How long the stream may be without a leader before it is recreated from the log.
    pub recreate_after: Duration,
}

impl Default for MirrorConfig {
    fn default() -> Self {
        Self {
            stream: "TIDINGS".into(),
            subject_prefix: domain::subject::PREFIX.into(),
            max_events: 5_000_000,
            replicas: None,
            recreate_after: RECREATE_AFTER,
        }
    }
}

impl MirrorConfig {
    /// A mirror next to others on the same server, with its own stream and subjects.
    pub fn named(name: &str) -> Self {
        Self {
            stream: format!("TIDINGS_{name}"),
            subject_prefix: format!("tidings-{name}.events"),
            ..Self::default()
        }
    }

    /// The subject on which a standby relay reports appends of its process. The payload is the
    /// position as text.
    pub fn appended_subject(&self) -> String {
        format!("{}.bell.appended", self.stream)
    }

    /// Whether a subject belongs to the mirror: messages on it would be stored in the stream, or
    /// received as signals.
    pub fn reserves_subject(&self, subject: &str) -> bool {
        [&self.subject_prefix, &self.stream]
            .into_iter()
            .any(|first| {
                let rest = subject.strip_prefix(first.as_str());
                rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
            })
    }

    /// The subjects that the stream stores.
    pub(crate) fn stream_subject(&self) -> String {
        format!("{}.>", self.subject_prefix)
    }

    pub(crate) fn stream_config(&self, log_id: Uuid, first: i64) -> Config {
        Config {
            name: self.stream.clone(),
            description: Some("The event log of Tidings: sequence = position".into()),
            subjects: vec![self.stream_subject()],
            storage: StorageType::File,
            discard: DiscardPolicy::Old,
            max_messages: self.max_events,
            // The expected sequence prevents duplicates already; the window would only cost memory.
            duplicate_window: Duration::from_secs(1),
            first_sequence: u64::try_from(first).ok(),
            metadata: [(LOG_ID_METADATA_KEY.to_owned(), log_id.to_string())].into(),
            allow_direct: true,
            ..Config::default()
        }
    }
}

/// An error of the mirror.
#[derive(Debug, thiserror::Error)]
pub enum MirrorError {
    /// The server is too old.
    #[error("nats-server {found} is too old: {}.{}.{} or newer is needed (older ones silently ignore a stream's first sequence); update it or set NATS_URL to a newer one", MIN_SERVER_VERSION.0, MIN_SERVER_VERSION.1, MIN_SERVER_VERSION.2)]
    ServerTooOld {
        /// The version of the server.
        found: String,
    },
    /// The server runs without JetStream.
    #[error(
        "nats-server runs without JetStream: start it with -js, or add a jetstream block to its configuration"
    )]
    NoJetStream,
    /// The stream does not mirror this log.
    #[error(
        "stream {stream} is not the mirror of this log: {reason}; remove it or choose another name"
    )]
    ForeignStream {
        /// The name of the stream.
        stream: String,
        /// What does not match.
        reason: String,
    },
    /// Nobody answers for the stream: no node leads it, or NATS does not answer at all.
    #[error("nobody answers for the stream {stream}: {reason}")]
    NoAnswer {
        /// The name of the stream.
        stream: String,
        /// What happened instead.
        reason: String,
    },
    /// There is no connection to NATS, which says itself why.
    #[error("NATS is not connected")]
    NotConnected,
    /// Another transient error.
    #[error("the mirror is unavailable: {0}")]
    Unavailable(String),
    /// Postgres is unavailable.
    #[error("the log is unavailable: {0}")]
    Log(#[from] sqlx::Error),
}

impl MirrorError {
    /// Whether a retry can help.
    pub fn is_transient(&self) -> bool {
        matches!(
            self,
            Self::NoAnswer { .. } | Self::NotConnected | Self::Unavailable(_) | Self::Log(_)
        )
    }
}

/// Rejects a server that is too old or runs without JetStream.
pub fn check_server(client: &async_nats::Client) -> Result<(), MirrorError> {
    let info = client.server_info();
    if parse_version(&info.version).is_none_or(|found| found < MIN_SERVER_VERSION) {
        return Err(MirrorError::ServerTooOld {
            found: info.version,
        });
    }
    if !info.jetstream {
        return Err(MirrorError::NoJetStream);
    }
    Ok(())
}

/// The version of the server that the client is connected to; `None` if it is not a number.
pub(crate) fn server_version(client: &async_nats::Client) -> Option<(u64, u64, u64)> {
    parse_version(&client.server_info().version)
}

fn parse_version(text: &str) -> Option<(u64, u64, u64)> {
    let numbers = text.trim_start_matches('v').split(['-', '+']).next()?;
    let mut numbers = numbers.split('.').map(str::parse);
    Some((
        numbers.next()?.ok()?,
        numbers.next()?.ok()?,
        numbers.next()?.ok()?,
    ))
}

/// The state of the stream on the server.
#[derive(Debug, Clone)]
pub struct MirrorState {
    /// The first sequence that the stream retains.
    pub first: i64,
    /// The last sequence: the position up to which the mirror is complete.
    pub last: i64,
    /// The id of the log that the stream mirrors, from its metadata.
    pub log_id: Option<String>,
    /// How many nodes have a copy.
    pub replicas: usize,
    /// Whether it retains as much as it is configured to. Somebody else may have changed that.
    pub has_configured_limits: bool,
}

/// Loads the state of the stream. `None` if the stream does not exist.
pub async fn load_state(
    jetstream: &jetstream::Context,
    config: &MirrorConfig,
) -> Result<Option<MirrorState>, MirrorError> {
    use jetstream::context::GetStreamErrorKind;
    let no_answer = |error: &jetstream::context::GetStreamError| MirrorError::NoAnswer {
        stream: config.stream.clone(),
        reason: error.to_string(),
    };
    let stream = match jetstream.get_stream(&config.stream).await {
        Ok(stream) => stream,
        Err(error) => {
            return match error.kind() {
                GetStreamErrorKind::JetStream(error)
                    if error.error_code() == jetstream::ErrorCode::STREAM_NOT_FOUND =>
                {
                    Ok(None)
                }
                GetStreamErrorKind::Request => Err(no_answer(&error)),
                GetStreamErrorKind::JetStream(cause)
                    if cause.error_code() == jetstream::ErrorCode::CLUSTER_NOT_AVAILABLE =>
                {
                    Err(no_answer(&error))
                }
                _ => Err(MirrorError::Unavailable(error.to_string())),
            };
        }
    };
    let info = stream.cached_info();
    let expected = vec![config.stream_subject()];
    if info.config.subjects != expected {
        return Err(MirrorError::ForeignStream {
            stream: config.stream.clone(),
            reason: format!(
                "its subjects are {:?}, expected {expected:?}",
                info.config.subjects
            ),
        });
    }
    Ok(Some(MirrorState {
        first: info.state.first_sequence as i64,
        last: info.state.last_sequence as i64,
        log_id: info.config.metadata.get(LOG_ID_METADATA_KEY).cloned(),
        replicas: info.config.num_replicas,
        has_configured_limits: has_limits_of(&info.config, config),
    }))
}

/// Whether a stream retains as many events as this, whatever their size, age and subject.
fn has_limits_of(stream: &Config, config: &MirrorConfig) -> bool {
    stream.max_messages == config.max_events
        && stream.max_bytes <= 0
        && stream.max_messages_per_subject <= 0
        && stream.max_age.is_zero()
}

/// Sets the limits of the stream again.
pub(crate) async fn restore_limits(
    jetstream: &jetstream::Context,
    config: &MirrorConfig,
) -> Result<(), MirrorError> {
    let unavailable = |error: String| MirrorError::Unavailable(error);
    let stream = jetstream.get_stream(&config.stream).await;
    let stream = stream.map_err(|error| unavailable(error.to_string()))?;
    let restored = Config {
        max_messages: config.max_events,
        max_bytes: -1,
        max_messages_per_subject: -1,
        max_age: Duration::ZERO,
        ..stream.cached_info().config.clone()
    };
    let updated = jetstream.update_stream(restored).await;
    updated
        .map(|_| ())
        .map_err(|error| unavailable(error.to_string()))
}

/// Loads the event at a sequence of the stream; `None` if the stream does not retain it, or if the
/// sequence is 0, which an empty stream ends with. The inner result is an error if the message is
/// not an event.
pub(crate) async fn load_event(
    jetstream: &jetstream::Context,
    config: &MirrorConfig,
    sequence: i64,
) -> Result<Option<Result<Envelope, EnvelopeError>>, MirrorError> {
    let message = load_message(jetstream, config, sequence).await?;
    Ok(message.map(|message| Envelope::from_json(&message.payload)))
}

/// When the stream stored the event at a position; `None` if it does not retain it.
pub async fn load_stored_at(
    jetstream: &jetstream::Context,
    config: &MirrorConfig,
    position: i64,
) -> Result<Option<Timestamp>, MirrorError> {
    let message = load_message(jetstream, config, position).await?;
    Ok(message.map(|message| Timestamp::from(message.time)))
}

async fn load_message(
    jetstream: &jetstream::Context,
    config: &MirrorConfig,
    sequence: i64,
) -> Result<Option<StreamMessage>, MirrorError> {
    if sequence == 0 {
        // nats-server refuses to look for it (error code 10003).
        return Ok(None);
    }
    let unavailable = |error: String| MirrorError::Unavailable(error);
    let stream = jetstream
        .get_stream_no_info(&config.stream)
        .await
        .map_err(|error| unavailable(error.to_string()))?;
    match stream.get_raw_message(sequence.unsigned_abs()).await {
        Ok(message) => Ok(Some(message)),
        Err(error) if error.kind() == RawMessageErrorKind::NoMessageFound => Ok(None),
        Err(error) => Err(unavailable(error.to_string())),
    }
}
