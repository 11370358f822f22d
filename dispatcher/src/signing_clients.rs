//! HTTP clients that sign what they post, and connect to allowed addresses only.
//!
//! Addresses are checked at the point of use. Host names are checked when they are resolved for the
//! connection, so a DNS server cannot give the check another answer than the connection (DNS
//! rebinding). Each redirect is checked before it is followed.

use std::error::Error as _;
use std::sync::Arc;
use std::time::Duration;

use reqwest::header::CONTENT_TYPE;
use reqwest::redirect::{Attempt, Policy};
use reqwest::{Client, RequestBuilder, StatusCode, Url};
use time::OffsetDateTime;

use crate::secret::SigningSecret;
use connectivity::AllowlistResolver;
use connectivity::address::{AddressError, AllowedNetworks};

/// How long a receiver may take to answer. It should accept the delivery first and process it
/// later.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(10);

/// How long it may take to connect.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// The maximum number of redirects to follow.
const MAX_REDIRECTS: usize = 3;

/// The maximum number of idle connections per host.
const MAX_IDLE_CONNECTIONS: usize = 16;

/// A message to post, as Standard Webhooks defines it.
#[derive(Debug, Clone)]
pub struct WebhookMessage {
    /// The id, which is the same for every attempt, so that receivers can drop duplicates.
    pub id: String,
    /// The media type of `body`.
    pub content_type: &'static str,
    /// The body, exactly as it is signed.
    pub body: Vec<u8>,
    /// The trace context of the request that caused it, if that is traced.
    pub traceparent: Option<String>,
}

/// Whether a client follows redirects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Redirects {
    Follow,
    Refuse,
}

/// The clients. Cheap to clone.
#[derive(Clone)]
pub(crate) struct SigningClients {
    allowed: AllowedNetworks,
    tls_client: Client,
    plain_client: Client,
}

impl SigningClients {
    /// Creates clients that reach public addresses over TLS, and the allowed networks with or
    /// without TLS.
    pub(crate) fn new(
        allowed: AllowedNetworks,
        redirects: Redirects,
    ) -> Result<Self, reqwest::Error> {
        // Fails if a provider is already installed; any provider will do.
        let _ = rustls::crypto::ring::default_provider().install_default();
        Ok(Self {
            tls_client: build_client(&allowed, redirects, false)?,
            plain_client: build_client(&allowed, redirects, true)?,
            allowed,
        })
    }

    /// The request that posts a signed message.
    pub(crate) fn post(
        &self,
        url: &Url,
        secret: &SigningSecret,
        message: &WebhookMessage,
    ) -> Result<RequestBuilder, AddressError> {
        self.allowed.check_url(url)?;
        let client = if url.scheme() == "https" {
            &self.tls_client
        } else {
            &self.plain_client
        };
        let timestamp = OffsetDateTime::now_utc().unix_timestamp();
        let mut request = client.post(url.clone());
        if let Some(traceparent) = &message.traceparent {
            request = request.header("traceparent", traceparent);
        }
        Ok(request
            .header(CONTENT_TYPE, message.content_type)
            .header("webhook-id", &message.id)
            .header("webhook-timestamp", timestamp)
            .header(
                "webhook-signature",
                secret.sign(&message.id, timestamp, &message.body),
            )
            .body(message.body.clone()))
    }
}

fn build_client(
    allowed: &AllowedNetworks,
    redirects: Redirects,
    is_plain: bool,
) -> Result<Client, reqwest::Error> {
    let hop = allowed.clone();
    let policy = match redirects {
        Redirects::Follow => Policy::custom(move |attempt| follow_redirect(attempt, &hop)),
        Redirects::Refuse => Policy::none(),
    };
    Client::builder()
        .user_agent(concat!("tidings/", env!("CARGO_PKG_VERSION")))
        .timeout(RESPONSE_TIMEOUT)
        .connect_timeout(CONNECT_TIMEOUT)
        .pool_max_idle_per_host(MAX_IDLE_CONNECTIONS)
        // A proxy from the environment would connect on our behalf, without address checks.
        .no_proxy()
        .referer(false)
        .redirect(policy)
        .dns_resolver(Arc::new(AllowlistResolver::new(allowed.clone(), is_plain)))
        .build()
}

/// Follows a redirect if it preserves the method and body, stays on the same scheme and leads to an
/// allowed address.
fn follow_redirect(attempt: Attempt<'_>, allowed: &AllowedNetworks) -> reqwest::redirect::Action {
    let preserving = [
        StatusCode::TEMPORARY_REDIRECT,
        StatusCode::PERMANENT_REDIRECT,
    ];
    if !preserving.contains(&attempt.status()) {
        return attempt.stop();
    }
    if attempt.previous().len() > MAX_REDIRECTS {
        return attempt.error(format!("more than {MAX_REDIRECTS} redirects"));
    }
    let before = attempt.previous().last().map(Url::scheme);
    if before != Some(attempt.url().scheme()) {
        return attempt.error("redirects between http and https are not allowed");
    }
    match allowed.check_url(attempt.url()) {
        Ok(()) => attempt.follow(),
        Err(forbidden) => attempt.error(forbidden),
    }
}

/// Formats an error with all its sources; the root cause comes last.
pub(crate) fn format_error_chain(error: &reqwest::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(source) = cause {
        let message = source.to_string();
        if !text.ends_with(&message) {
            text = format!("{text}: {message}");
        }
        cause = source.source();
    }
    text
}
