//! The connection to NATS. It is optional: without it, only wake-ups are slower.

use std::time::Duration;

use async_nats::connection::State;
use async_nats::{Client, ConnectOptions, ServerAddr};
use percent_encoding::percent_decode_str;
use tokio_util::sync::CancellationToken;

/// How long one connection attempt may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// The backoff between attempts grows by this step, up to the maximum number of steps.
const RECONNECT_BACKOFF_STEP: Duration = Duration::from_millis(50);
const MAX_BACKOFF_STEPS: usize = 40;
/// How often the state of a pending connection is checked.
const POLL_INTERVAL: Duration = Duration::from_millis(50);

/// The NATS address is invalid. The message does not contain it, because it may hold a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the NATS address is invalid; expected a form like nats://user:password@host:4222")]
pub struct NatsAddressError;

/// Creates a client that connects as soon as the server is available, and reconnects after every
/// outage. Separate several addresses of one cluster with commas.
pub async fn connect(url: &str) -> Result<Client, NatsAddressError> {
    let addresses: Vec<ServerAddr> = url
        .split(',')
        .map(|address| address.trim().parse())
        .collect::<Result<_, _>>()
        .map_err(|_| NatsAddressError)?;
    let options = with_credentials(ConnectOptions::new(), &addresses)
        .name("tidings")
        .connection_timeout(CONNECT_TIMEOUT)
        .retry_on_initial_connect()
        .reconnect_delay_callback(|attempts| {
            RECONNECT_BACKOFF_STEP * u32::try_from(attempts.min(MAX_BACKOFF_STEPS)).unwrap_or(1)
        });
    options
        .connect(addresses)
        .await
        .map_err(|_| NatsAddressError)
}

/// Applies the credentials in the addresses, which the NATS client ignores: a user and a password,
/// or a token alone.
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

/// Waits until the client is connected. Returns false if `shutdown` comes first.
pub async fn wait_until_connected(client: &Client, shutdown: &CancellationToken) -> bool {
    while client.connection_state() != State::Connected {
        tokio::select! {
            () = shutdown.cancelled() => return false,
            () = tokio::time::sleep(POLL_INTERVAL) => {}
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::connect;

    #[tokio::test]
    async fn commas_separate_addresses_and_errors_do_not_reveal_them() {
        assert!(
            connect("nats://127.0.0.1:1, nats://127.0.0.1:2")
                .await
                .is_ok()
        );
        for url in ["nats://ann:secret@host:port", "nats://127.0.0.1:1,:::"] {
            let error = connect(url).await.err().map(|error| error.to_string());
            let error = error.unwrap_or_default();
            assert!(
                error.contains("is invalid") && !error.contains("secret"),
                "{error:?}"
            );
        }
    }
}
