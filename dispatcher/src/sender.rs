//! One delivery attempt over HTTP, to an allowed address.
//!
//! Addresses are checked at the point of use. Host names are checked when they are resolved for the
//! connection, so a DNS server cannot give the check another answer than the connection (DNS
//! rebinding). Each redirect is checked before it is followed.

use std::error::Error as _;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::{CONTENT_TYPE, RETRY_AFTER};
use reqwest::redirect::{Attempt, Policy};
use reqwest::{Client, Response, StatusCode, Url};
use time::OffsetDateTime;

use crate::address::{AddressError, AllowedNetworks};
use crate::secret::SigningSecret;

/// How long a receiver may take to answer. It should accept the delivery first and process it
/// later.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(10);

/// How long it may take to connect.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// The maximum number of redirects to follow.
const MAX_REDIRECTS: usize = 3;

/// The maximum number of idle connections per host.
const MAX_IDLE_CONNECTIONS: usize = 16;

/// The error of a delivery to a receiver that is gone.
pub const GONE: &str = "the receiver answered 410 Gone";

/// A message to deliver, as Standard Webhooks defines it.
#[derive(Debug, Clone)]
pub struct WebhookMessage {
    /// The id, which is the same for every attempt, so that receivers can drop duplicates.
    pub id: String,
    /// The media type of `body`.
    pub content_type: &'static str,
    /// The body, exactly as it is signed.
    pub body: Vec<u8>,
}

/// The outcome of a delivery attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeliveryOutcome {
    /// The receiver accepted the delivery.
    Accepted,
    /// The receiver answered 410 Gone: it wants no more deliveries.
    Gone,
    /// The receiver was not reached or did not accept the delivery.
    Failed {
        /// The reason.
        reason: String,
        /// The wait that the receiver requests with `Retry-After`.
        retry_after: Option<Duration>,
    },
}

/// An HTTP client for deliveries. Cheap to clone.
#[derive(Clone)]
pub struct WebhookSender {
    allowed: AllowedNetworks,
    tls_client: Client,
    plain_client: Client,
}

impl WebhookSender {
    /// Creates a sender that reaches public addresses over TLS, and the allowed networks with or
    /// without TLS.
    pub fn new(allowed: AllowedNetworks) -> Result<Self, reqwest::Error> {
        // Fails if a provider is already installed; any provider will do.
        let _ = rustls::crypto::ring::default_provider().install_default();
        Ok(Self {
            tls_client: build_client(&allowed, false)?,
            plain_client: build_client(&allowed, true)?,
            allowed,
        })
    }

    /// Makes one delivery attempt.
    pub async fn send(
        &self,
        url: &Url,
        secret: &SigningSecret,
        delivery: &WebhookMessage,
    ) -> DeliveryOutcome {
        if let Err(forbidden) = self.allowed.check_url(url) {
            return failed_outcome(forbidden.to_string());
        }
        let client = if url.scheme() == "https" {
            &self.tls_client
        } else {
            &self.plain_client
        };
        let timestamp = OffsetDateTime::now_utc().unix_timestamp();
        let request = client
            .post(url.clone())
            .header(CONTENT_TYPE, delivery.content_type)
            .header("webhook-id", &delivery.id)
            .header("webhook-timestamp", timestamp)
            .header(
                "webhook-signature",
                secret.sign(&delivery.id, timestamp, &delivery.body),
            )
            .body(delivery.body.clone());
        match request.send().await {
            Ok(response) => read_outcome(response).await,
            Err(error) => failed_outcome(format_error_chain(&error.without_url())),
        }
    }
}

fn build_client(allowed: &AllowedNetworks, is_plain: bool) -> Result<Client, reqwest::Error> {
    let hop = allowed.clone();
    Client::builder()
        .user_agent(concat!("tidings/", env!("CARGO_PKG_VERSION")))
        .timeout(RESPONSE_TIMEOUT)
        .connect_timeout(CONNECT_TIMEOUT)
        .pool_max_idle_per_host(MAX_IDLE_CONNECTIONS)
        // A proxy from the environment would connect on our behalf, without address checks.
        .no_proxy()
        .referer(false)
        .redirect(Policy::custom(move |attempt| {
            follow_redirect(attempt, &hop)
        }))
        .dns_resolver(Arc::new(AllowlistResolver {
            allowed: allowed.clone(),
            is_plain,
        }))
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

/// A DNS resolver that returns only allowed addresses.
struct AllowlistResolver {
    allowed: AllowedNetworks,
    is_plain: bool,
}

impl Resolve for AllowlistResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let (allowed, is_plain) = (self.allowed.clone(), self.is_plain);
        Box::pin(async move {
            let resolved: Vec<SocketAddr> =
                tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            let permitted: Vec<SocketAddr> = resolved
                .iter()
                .copied()
                .filter(|address| allowed.permits(address.ip(), is_plain))
                .collect();
            match resolved.first().map(SocketAddr::ip) {
                Some(refused) if permitted.is_empty() => {
                    Err(address_error(refused, &allowed).into())
                }
                _ => Ok(Box::new(permitted.into_iter()) as Addrs),
            }
        })
    }
}

fn address_error(address: IpAddr, allowed: &AllowedNetworks) -> AddressError {
    if allowed.permits(address, false) {
        AddressError::Scheme("http".to_owned())
    } else {
        AddressError::NotPublic(address)
    }
}

async fn read_outcome(response: Response) -> DeliveryOutcome {
    let status = response.status();
    if status.is_success() {
        drain(response).await;
        return DeliveryOutcome::Accepted;
    }
    if status == StatusCode::GONE {
        return DeliveryOutcome::Gone;
    }
    let retry_after = response.headers().get(RETRY_AFTER);
    let seconds = retry_after.and_then(|value| value.to_str().ok()?.parse().ok());
    DeliveryOutcome::Failed {
        reason: format!("the receiver answered {status}"),
        retry_after: seconds.map(Duration::from_secs),
    }
}

/// Reads a short response body, so that the connection can be reused. Gives up on a long one.
async fn drain(mut response: Response) {
    const MAX_RESPONSE_BYTES: usize = 16 * 1024;
    let mut length = 0;
    while let Ok(Some(chunk)) = response.chunk().await {
        length += chunk.len();
        if length > MAX_RESPONSE_BYTES {
            return;
        }
    }
}

fn failed_outcome(reason: String) -> DeliveryOutcome {
    DeliveryOutcome::Failed {
        reason,
        retry_after: None,
    }
}

/// Formats an error with all its sources; the root cause comes last.
fn format_error_chain(error: &reqwest::Error) -> String {
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
