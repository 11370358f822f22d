//! The names and the shape of the mirror in JetStream: what the relay makes and a projector reads.

use std::time::Duration;

use async_nats::jetstream;
use async_nats::jetstream::stream::{Config, DiscardPolicy, StorageType};
use sqlx::types::Uuid;

/// The oldest server that honours `first_seq` and whose access control has no known hole.
const OLDEST_SERVER: (u64, u64, u64) = (2, 11, 1);

/// Where the stream says whose log it mirrors.
pub(crate) const LOG_ID: &str = "tidings.log-id";

/// How the mirror is named, and how much of the log it keeps.
#[derive(Debug, Clone)]
pub struct MirrorConfig {
    /// The stream.
    pub stream: String,
    /// The first part of every subject.
    pub subject_prefix: String,
    /// Events kept. A reader further behind reads from Postgres.
    pub keep: i64,
}

impl Default for MirrorConfig {
    fn default() -> Self {
        Self {
            stream: "TIDINGS".into(),
            subject_prefix: domain::subject::PREFIX.into(),
            keep: 5_000_000,
        }
    }
}

impl MirrorConfig {
    /// A mirror beside others on the same server: its own stream and its own subjects.
    pub fn named(name: &str) -> Self {
        Self {
            stream: format!("TIDINGS_{name}"),
            subject_prefix: format!("tidings-{name}.events"),
            ..Self::default()
        }
    }

    /// Rung by whoever appended without mirroring. The payload is the position as text.
    pub fn appended_bell(&self) -> String {
        format!("{}.bell.appended", self.stream)
    }

    /// Rung by the projector after each batch. The payload is a [`Bell`](crate::bell::Bell).
    pub fn projected_bell(&self) -> String {
        format!("{}.bell.projected", self.stream)
    }

    /// Where gateways tell each other who is online and who types. Not a subject of the stream.
    pub fn gossip(&self) -> String {
        format!("{}.gossip", self.stream)
    }

    /// Whether what is published on a subject would be stored in the mirror, or heard as one of its bells.
    pub fn owns(&self, subject: &str) -> bool {
        [&self.subject_prefix, &self.stream]
            .into_iter()
            .any(|first| {
                let rest = subject.strip_prefix(first.as_str());
                rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
            })
    }

    pub(crate) fn stream_config(&self, log_id: Uuid, first: i64) -> Config {
        Config {
            name: self.stream.clone(),
            description: Some("The event log of Tidings: sequence = position".into()),
            subjects: vec![format!("{}.>", self.subject_prefix)],
            storage: StorageType::File,
            discard: DiscardPolicy::Old,
            max_messages: self.keep,
            // Publishing twice is made impossible by the expected sequence; the window only costs memory.
            duplicate_window: Duration::from_secs(1),
            first_sequence: u64::try_from(first).ok(),
            metadata: [(LOG_ID.to_owned(), log_id.to_string())].into(),
            allow_direct: true,
            ..Config::default()
        }
    }
}

/// Why the mirror cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum MirrorError {
    /// The server is too old.
    #[error("nats-server {found} is too old: {}.{}.{} or newer is needed (older ones silently ignore a stream's first sequence); update it or set NATS_URL to a newer one", OLDEST_SERVER.0, OLDEST_SERVER.1, OLDEST_SERVER.2)]
    TooOld {
        /// Its version.
        found: String,
    },
    /// The server runs without JetStream.
    #[error(
        "nats-server runs without JetStream: start it with -js or a jetstream block in its configuration"
    )]
    NoJetStream,
    /// The stream belongs to something else.
    #[error(
        "stream {stream} is not this log's mirror: {reason}; remove it, or choose another name"
    )]
    NotOurs {
        /// The stream's name.
        stream: String,
        /// What does not fit.
        reason: String,
    },
    /// Something that may go away by itself.
    #[error("the mirror is not available: {0}")]
    Unavailable(String),
    /// Postgres is away.
    #[error("the log is not available: {0}")]
    Log(#[from] sqlx::Error),
}

impl MirrorError {
    /// Whether trying again can help.
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::Unavailable(_) | Self::Log(_))
    }
}

/// Refuses a server that is too old.
pub fn check_version(client: &async_nats::Client) -> Result<(), MirrorError> {
    let info = client.server_info();
    if version(&info.version).is_none_or(|found| found < OLDEST_SERVER) {
        return Err(MirrorError::TooOld {
            found: info.version,
        });
    }
    if !info.jetstream {
        return Err(MirrorError::NoJetStream);
    }
    Ok(())
}

fn version(text: &str) -> Option<(u64, u64, u64)> {
    let numbers = text.trim_start_matches('v').split(['-', '+']).next()?;
    let mut numbers = numbers.split('.').map(str::parse);
    Some((
        numbers.next()?.ok()?,
        numbers.next()?.ok()?,
        numbers.next()?.ok()?,
    ))
}

/// The stream as the server has it.
#[derive(Debug, Clone)]
pub struct MirrorState {
    /// The first sequence that is kept.
    pub first: i64,
    /// The last sequence: the position up to which the mirror is complete.
    pub last: i64,
    /// Whose log it says it mirrors.
    pub log_id: Option<String>,
}

/// What the server says of the stream, `None` if there is none.
pub async fn state(
    jetstream: &jetstream::Context,
    config: &MirrorConfig,
) -> Result<Option<MirrorState>, MirrorError> {
    use jetstream::context::GetStreamErrorKind;
    let mut stream = match jetstream.get_stream(&config.stream).await {
        Ok(stream) => stream,
        Err(error) => {
            return match error.kind() {
                GetStreamErrorKind::JetStream(error)
                    if error.error_code() == jetstream::ErrorCode::STREAM_NOT_FOUND =>
                {
                    Ok(None)
                }
                _ => Err(MirrorError::Unavailable(error.to_string())),
            };
        }
    };
    let info = stream
        .info()
        .await
        .map_err(|error| MirrorError::Unavailable(error.to_string()))?;
    let wanted = vec![format!("{}.>", config.subject_prefix)];
    if info.config.subjects != wanted {
        return Err(MirrorError::NotOurs {
            stream: config.stream.clone(),
            reason: format!(
                "its subjects are {:?}, expected {wanted:?}",
                info.config.subjects
            ),
        });
    }
    Ok(Some(MirrorState {
        first: info.state.first_sequence as i64,
        last: info.state.last_sequence as i64,
        log_id: info.config.metadata.get(LOG_ID).cloned(),
    }))
}
