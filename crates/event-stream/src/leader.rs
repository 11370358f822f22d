//! A stream without a leader: the node that led it was lost, and no other node has a copy that
//! could lead. Nothing can read or write such a stream, and its name stays taken.

use std::time::Duration;

use async_nats::jetstream;
use tokio::time::{Instant, sleep};

use crate::mirror::{MirrorConfig, MirrorError};

/// How long the cluster may take to forget a deleted stream. It does not confirm the deletion of a
/// stream without a leader, because the leader would send the confirmation.
const DELETE_TIMEOUT: Duration = Duration::from_secs(10);

const DELETE_POLL_INTERVAL: Duration = Duration::from_millis(100);

/// Whether the cluster knows the stream. Call it when the stream itself has not answered: then the
/// stream exists, and no node leads it. A cluster that has itself no leader does not know any
/// stream, and a server without a cluster never loses a leader.
pub(crate) async fn is_missing(
    nats: &async_nats::Client,
    jetstream: &jetstream::Context,
    config: &MirrorConfig,
) -> bool {
    nats.server_info().cluster.is_some() && is_assigned(jetstream, config).await == Ok(true)
}

/// Deletes the stream, and waits until the cluster has forgotten it.
pub(crate) async fn delete_stream(
    jetstream: &jetstream::Context,
    config: &MirrorConfig,
) -> Result<(), MirrorError> {
    let unconfirmed = jetstream.delete_stream(&config.stream).await.err();
    let deadline = Instant::now() + DELETE_TIMEOUT;
    while is_assigned(jetstream, config).await != Ok(false) {
        if Instant::now() >= deadline {
            let reason = unconfirmed.map_or_else(String::new, |error| format!(": {error}"));
            return Err(MirrorError::Unavailable(format!(
                "the stream {} cannot be deleted{reason}",
                config.stream
            )));
        }
        sleep(DELETE_POLL_INTERVAL).await;
    }
    Ok(())
}

/// Whether the cluster has assigned the stream to nodes, according to its leader.
async fn is_assigned(jetstream: &jetstream::Context, config: &MirrorConfig) -> Result<bool, ()> {
    use jetstream::context::GetStreamByNameErrorKind;
    match jetstream.stream_by_subject(config.stream_subject()).await {
        Ok(name) => Ok(name == config.stream),
        Err(error) if error.kind() == GetStreamByNameErrorKind::NotFound => Ok(false),
        Err(_) => Err(()),
    }
}
