//! The connection to NATS. It is optional: without it, only wake-ups are slower.

use std::fmt::Display;
use std::time::Duration;

use async_nats::connection::State;
use async_nats::{Client, ConnectOptions, Event, ServerAddr};
use connectivity::OutageLog;
use percent_encoding::percent_decode_str;
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// How long one connection attempt may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// The backoff between attempts grows by this step, up to the maximum number of steps.
const RECONNECT_BACKOFF_STEP: Duration = Duration::from_millis(50);
const MAX_BACKOFF_STEPS: usize = 40;
/// How many events of the connection wait for the log: more than attempts fit into the time that it
/// takes to ask the hosts.
const EVENT_CAPACITY: usize = 256;
/// How often the state of a pending connection is checked.
const POLL_INTERVAL: Duration = Duration::from_millis(50);

/// The NATS address is invalid. The message does not contain it, because it may hold a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the NATS address is invalid; expected a form like nats://user:password@host:4222")]
pub struct NatsAddressError;

/// Why NATS cannot be used now.
#[derive(Debug, thiserror::Error)]
pub enum NatsConnectError {
    /// The address is invalid.
    #[error(transparent)]
    Address(#[from] NatsAddressError),
    /// No server accepts a connection. The text names each and says why.
    #[error("{0}")]
    Refused(String),
}

/// Creates a client that connects as soon as the server is available, and reconnects after every
/// outage. Separate several addresses of one cluster with commas.
pub async fn connect(url: &str) -> Result<Client, NatsAddressError> {
    let addresses = parse_addresses(url)?;
    let events = ConnectionChanges::new(&addresses).start();
    let options = client_options(&addresses)
        .retry_on_initial_connect()
        .event_callback(move |event| {
            // A full queue means that the log is behind by many failed attempts.
            let _ = events.try_send(event);
            std::future::ready(())
        });
    options
        .connect(addresses)
        .await
        .map_err(|_| NatsAddressError)
}

/// Connects now, for a command that does not wait for an outage to end.
pub async fn connect_now(url: &str) -> Result<Client, NatsConnectError> {
    let addresses = parse_addresses(url)?;
    let hosts = HostNames::new(&addresses);
    match client_options(&addresses).connect(addresses).await {
        Ok(client) => Ok(client),
        // The kind alone: the source of the error belongs to one address of one host.
        Err(error) => Err(NatsConnectError::Refused(
            hosts.explain(&error.kind()).await,
        )),
    }
}

fn parse_addresses(url: &str) -> Result<Vec<ServerAddr>, NatsAddressError> {
    let addresses = url.split(',').map(|address| address.trim().parse());
    addresses
        .collect::<Result<_, _>>()
        .map_err(|_| NatsAddressError)
}

fn client_options(addresses: &[ServerAddr]) -> ConnectOptions {
    with_credentials(ConnectOptions::new(), addresses)
        .name("tidings")
        .connection_timeout(CONNECT_TIMEOUT)
        .reconnect_delay_callback(|attempts| {
            RECONNECT_BACKOFF_STEP * u32::try_from(attempts.min(MAX_BACKOFF_STEPS)).unwrap_or(1)
        })
}

/// Logs that NATS is away, where and why, and that it is back.
struct ConnectionChanges {
    hosts: HostNames,
    outages: OutageLog,
}

impl ConnectionChanges {
    fn new(addresses: &[ServerAddr]) -> Self {
        Self {
            hosts: HostNames::new(addresses),
            outages: OutageLog::new("The connection to NATS"),
        }
    }

    /// Records what arrives, in order, until the client has gone: asking the hosts takes time.
    fn start(self) -> mpsc::Sender<Event> {
        let (sender, mut events) = mpsc::channel(EVENT_CAPACITY);
        tokio::spawn(async move {
            while let Some(event) = events.recv().await {
                self.record(event).await;
            }
        });
        sender
    }

    async fn record(&self, event: Event) {
        match event {
            Event::Connected => self.outages.record_success(),
            // The hosts are asked once for each outage.
            Event::ClientError(error) if !self.outages.is_away() => {
                let cause = self.hosts.explain(&error.to_string()).await;
                self.outages.record_failure(&cause);
            }
            Event::ClientError(error) => self.outages.record_failure(&error),
            Event::ServerError(error) => {
                tracing::debug!(%error, "nats-server reports an error");
            }
            event => tracing::debug!(%event, "the connection to NATS has changed"),
        }
    }
}

/// The hosts and ports of an address, without its passwords.
struct HostNames(Vec<(String, u16)>);

impl HostNames {
    fn new(addresses: &[ServerAddr]) -> Self {
        let host = |address: &ServerAddr| (address.host().to_owned(), address.port());
        Self(addresses.iter().map(host).collect())
    }

    /// Names each host with what it answers to a connection. The client says of every failure of
    /// the network only that there was one; `reason` is what it says of a server that answers.
    async fn explain(&self, reason: &impl Display) -> String {
        let mut causes = Vec::new();
        for (host, port) in &self.0 {
            let opening = TcpStream::connect((host.as_str(), *port));
            let cause = match tokio::time::timeout(CONNECT_TIMEOUT, opening).await {
                Ok(Ok(_)) => reason.to_string(),
                Ok(Err(error)) => error.to_string(),
                Err(_) => format!("no answer within {} s", CONNECT_TIMEOUT.as_secs()),
            };
            causes.push(format!("{host}:{port}: {cause}"));
        }
        causes.join("; ")
    }
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
    use tokio::net::TcpListener;

    use super::{connect, connect_now};

    #[tokio::test]
    async fn a_refused_connection_is_explained_without_the_password() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        drop(listener);
        let url = format!("nats://ann:s3cret@{address}");
        let error = connect_now(&url).await.expect_err("nothing listens");
        let text = error.to_string();
        assert!(
            text.starts_with(&format!("{address}: Connection refused")),
            "{text}"
        );
    }

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
