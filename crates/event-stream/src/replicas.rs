//! How many nodes of a cluster have a copy of the stream.
//!
//! Every event is published with the expected last sequence. A replicated stream checks it against
//! what its leader has proposed, not against what is stored. Two releases matter for that:
//!
//! - 2.12 moved the check to the leader (<https://github.com/nats-io/nats-server/pull/7119>);
//! - 2.12.8 and 2.14.0 do not count a proposal that failed
//!   (<https://github.com/nats-io/nats-server/pull/8057>). Before, a node that lost and regained
//!   the lead could give an event a sequence that its replicas refused, and they started over.
//!
//! A new leader counts again from what it has stored, once it has applied what its predecessor had
//! proposed. servers.lock pins 2.15.1, which is newer than both. The relay does not rely on it
//! alone: it compares the sequence of each acknowledgement, and after each start the last event of
//! the stream, with the log.

use async_nats::jetstream::context::{CreateStreamError, CreateStreamErrorKind};
use async_nats::jetstream::stream::{Config, Info};
use async_nats::jetstream::{self, ErrorCode};

use crate::mirror::{self, MirrorConfig, MirrorError};

/// The number of replicas in a cluster, unless configured otherwise: one node may be lost.
const DEFAULT_REPLICAS: usize = 3;

/// The oldest server version whose replicated streams check the expected sequence correctly.
const MIN_REPLICATED_VERSION: (u64, u64, u64) = (2, 12, 8);

/// How many replicas the stream should have.
pub(crate) fn find_wanted(nats: &async_nats::Client, config: &MirrorConfig) -> usize {
    let default = match nats.server_info().cluster {
        Some(_) => DEFAULT_REPLICAS,
        None => 1,
    };
    let is_old = mirror::server_version(nats).is_none_or(|found| found < MIN_REPLICATED_VERSION);
    match config.replicas {
        None if is_old => 1,
        wanted => wanted.unwrap_or(default),
    }
}

/// Creates the stream with as many of the wanted replicas as the cluster has nodes.
pub(crate) async fn create_stream(
    jetstream: &jetstream::Context,
    config: Config,
    wanted: usize,
) -> Result<Info, MirrorError> {
    let mut replicas = wanted;
    loop {
        let config = Config {
            num_replicas: replicas,
            ..config.clone()
        };
        match jetstream.create_stream(config).await {
            Ok(stream) => return Ok(stream.cached_info().clone()),
            Err(error) if replicas > 1 && lacks_nodes(&error) => replicas -= 1,
            Err(error) => return Err(MirrorError::Unavailable(error.to_string())),
        }
    }
}

/// Changes the number of replicas of the stream. An explicit number is also lowered to. The error
/// says how many replicas the stream has instead, and why.
pub(crate) async fn adjust(
    jetstream: &jetstream::Context,
    config: &MirrorConfig,
    current: usize,
    wanted: usize,
) -> Result<(), String> {
    let is_right = match config.replicas {
        Some(_) => current == wanted,
        None => current >= wanted,
    };
    if is_right {
        return Ok(());
    }
    let shortage = |replicas: usize, error: &dyn std::fmt::Display| {
        format!(
            "the stream {} has {replicas} of {wanted} replicas: {error}",
            config.stream
        )
    };
    let stream = jetstream.get_stream(&config.stream).await;
    let stream = stream.map_err(|error| shortage(current, &error))?;
    let mut replicas = wanted;
    let mut first_error = None;
    while replicas != current {
        let changed = Config {
            num_replicas: replicas,
            ..stream.cached_info().config.clone()
        };
        match jetstream.update_stream(changed).await {
            Ok(_) => {
                tracing::info!(stream = config.stream, replicas, "replicated the stream");
                return match first_error {
                    None => Ok(()),
                    Some(error) => Err(shortage(replicas, &error)),
                };
            }
            Err(error) if replicas > current && lacks_nodes(&error) => {
                first_error.get_or_insert(error);
                replicas -= 1;
            }
            Err(error) => return Err(shortage(current, &error)),
        }
    }
    match first_error {
        None => Ok(()),
        Some(error) => Err(shortage(current, &error)),
    }
}

/// Whether the cluster has fewer nodes than replicas were asked for, or the server has no cluster.
fn lacks_nodes(error: &CreateStreamError) -> bool {
    matches!(
        error.kind(),
        CreateStreamErrorKind::JetStream(error) if matches!(
            error.error_code(),
            ErrorCode::CLUSTER_NO_PEERS | ErrorCode::STREAM_REPLICAS_NOT_SUPPORTED
        )
    )
}
