//! The connection to NATS. It need not be there: everything but the speed of wake-ups does without.

use std::time::Duration;

use async_nats::connection::State;
use async_nats::{Client, ConnectOptions, ServerAddr};
use percent_encoding::percent_decode_str;
use tokio_util::sync::CancellationToken;

/// How long one try to connect may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// The pauses between tries grow by this much, up to the longest.
const PAUSE: Duration = Duration::from_millis(50);
const PAUSES: usize = 40;
/// How often a connection that is not there yet is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Not an address. It is not shown: it may hold a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the address of NATS cannot be read; it looks like nats://user:password@host:4222")]
pub struct UnreadableAddress;

/// A client that connects as soon as the server is there, and again whenever it was away. Several
/// addresses of one cluster are separated by commas.
pub async fn client(url: &str) -> Result<Client, UnreadableAddress> {
    let addresses: Vec<ServerAddr> = url
        .split(',')
        .map(|one| one.trim().parse())
        .collect::<Result<_, _>>()
        .map_err(|_| UnreadableAddress)?;
    let options = with_credentials(ConnectOptions::new(), &addresses)
        .name("tidings")
        .connection_timeout(CONNECT_TIMEOUT)
        .retry_on_initial_connect()
        .reconnect_delay_callback(|tries| PAUSE * u32::try_from(tries.min(PAUSES)).unwrap_or(1));
    options
        .connect(addresses)
        .await
        .map_err(|_| UnreadableAddress)
}

/// The client does not look for credentials in addresses; people put them there: a user and a
/// password, or a token alone.
fn with_credentials(options: ConnectOptions, addresses: &[ServerAddr]) -> ConnectOptions {
    let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    let Some(address) = addresses.iter().find(|address| address.has_user_pass()) else {
        return options;
    };
    match (address.username(), address.password()) {
        (Some(user), Some(password)) => options.user_and_password(decoded(user), decoded(password)),
        (Some(token), None) => options.token(decoded(token)),
        _ => options,
    }
}

/// Waits until the client is connected; false if `ending` comes first.
pub async fn connected(client: &Client, ending: &CancellationToken) -> bool {
    while client.connection_state() != State::Connected {
        tokio::select! {
            () = ending.cancelled() => return false,
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::client;

    #[tokio::test]
    async fn a_cluster_is_named_with_commas_and_what_cannot_be_read_is_not_shown() {
        assert!(
            client("nats://127.0.0.1:1, nats://127.0.0.1:2")
                .await
                .is_ok()
        );
        for url in ["nats://ann:secret@host:port", "nats://127.0.0.1:1,:::"] {
            let error = client(url).await.err().map(|error| error.to_string());
            let error = error.unwrap_or_default();
            assert!(
                error.contains("cannot be read") && !error.contains("secret"),
                "{error:?}"
            );
        }
    }
}
