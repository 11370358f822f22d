//! The HTTP clients of the providers.

use std::error::Error as _;
use std::sync::Arc;
use std::time::Duration;

use connectivity::AllowlistResolver;
use connectivity::address::AllowedNetworks;
use reqwest::redirect::Policy;
use reqwest::{Client, ClientBuilder, Response};
use serde_json::Value;

use crate::outcome::{FailureKind, PushOutcome};

/// How long a provider may take to answer.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(10);

/// How long it may take to connect.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// How often an idle HTTP/2 connection is checked: Apple closes those that are silent for long.
const PING_INTERVAL: Duration = Duration::from_secs(60);

/// The maximum size of an answer.
const MAX_ANSWER_BYTES: usize = 64 * 1024;

fn builder() -> ClientBuilder {
    // Fails if a provider is already installed; any provider will do.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder()
        .user_agent(concat!("tidings/", env!("CARGO_PKG_VERSION")))
        .timeout(RESPONSE_TIMEOUT)
        .connect_timeout(CONNECT_TIMEOUT)
        .referer(false)
        .redirect(Policy::none())
}

/// A client that speaks only HTTP/2, as APNs does.
pub(crate) fn http2_client() -> Result<Client, reqwest::Error> {
    builder()
        .http2_prior_knowledge()
        .http2_keep_alive_interval(PING_INTERVAL)
        .http2_keep_alive_while_idle(true)
        .build()
}

/// A client for a server that the operator has named.
pub(crate) fn client() -> Result<Client, reqwest::Error> {
    builder().build()
}

/// A client for addresses that users have named, with TLS or without it.
pub(crate) fn restricted_client(
    allowed: &AllowedNetworks,
    is_plain: bool,
) -> Result<Client, reqwest::Error> {
    builder()
        // A proxy from the environment would connect on our behalf, without address checks.
        .no_proxy()
        .dns_resolver(Arc::new(AllowlistResolver::new(allowed.clone(), is_plain)))
        .build()
}

/// A provider that was not reached. Its address, which can name a device, is left out.
pub(crate) fn unreachable(error: reqwest::Error) -> PushOutcome {
    let error = error.without_url();
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(source) = cause {
        text = format!("{text}: {source}");
        cause = source.source();
    }
    PushOutcome::failed(FailureKind::Unavailable, text)
}

/// Reads an answer as JSON. Null if it is none, or too large.
pub(crate) async fn read_json(mut response: Response) -> Value {
    let mut answer = Vec::new();
    while let Ok(Some(chunk)) = response.chunk().await {
        if answer.len() + chunk.len() > MAX_ANSWER_BYTES {
            return Value::Null;
        }
        answer.extend_from_slice(&chunk);
    }
    serde_json::from_slice(&answer).unwrap_or_default()
}
