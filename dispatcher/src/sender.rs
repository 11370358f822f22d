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

use crate::address::{Allowed, Forbidden};
use crate::secret::Secret;

/// How long a receiver may take to answer. It should accept the delivery first and process it
/// later.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);

/// How long it may take to connect.
const CONNECT_WITHIN: Duration = Duration::from_secs(5);

/// The maximum number of redirects to follow.
const REDIRECTS: usize = 3;

/// The maximum number of idle connections per host.
const KEPT: usize = 16;

/// A message to deliver, as Standard Webhooks defines it.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// The id, which is the same for every attempt, so that receivers can drop duplicates.
    pub id: String,
    /// The media type of `body`.
    pub content_type: &'static str,
    /// The body, exactly as it is signed.
    pub body: Vec<u8>,
}

/// The outcome of a delivery attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The receiver accepted the delivery.
    Accepted,
    /// The receiver answered 410 Gone: it wants no more deliveries.
    Gone,
    /// The receiver was not reached or did not accept the delivery.
    Failed {
        /// The reason.
        why: String,
        /// The wait that the receiver requests with `Retry-After`.
        wait: Option<Duration>,
    },
}

/// An HTTP client for deliveries. Cheap to clone.
#[derive(Clone)]
pub struct Sender {
    allowed: Allowed,
    encrypted: Client,
    plain: Client,
}

impl Sender {
    /// Creates a sender that reaches public addresses over TLS, and the allowed networks with or
    /// without TLS.
    pub fn new(allowed: Allowed) -> Result<Self, reqwest::Error> {
        // Fails if a provider is already installed; any provider will do.
        let _ = rustls::crypto::ring::default_provider().install_default();
        Ok(Self {
            encrypted: client(&allowed, false)?,
            plain: client(&allowed, true)?,
            allowed,
        })
    }

    /// Makes one delivery attempt.
    pub async fn send(&self, url: &Url, secret: &Secret, delivery: &Delivery) -> Outcome {
        if let Err(forbidden) = self.allowed.check(url) {
            return failed(forbidden.to_string());
        }
        let client = if url.scheme() == "https" {
            &self.encrypted
        } else {
            &self.plain
        };
        let timestamp = OffsetDateTime::now_utc().unix_timestamp();
        let request = client
            .post(url.clone())
            .header(CONTENT_TYPE, delivery.content_type)
            .header("webhook-id", &delivery.id)
            .header("webhook-timestamp", timestamp)
            .header(
                "webhook-signature",
                secret.signature(&delivery.id, timestamp, &delivery.body),
            )
            .body(delivery.body.clone());
        match request.send().await {
            Ok(response) => outcome(response).await,
            Err(error) => failed(causes(&error.without_url())),
        }
    }
}

fn client(allowed: &Allowed, is_plain: bool) -> Result<Client, reqwest::Error> {
    let hop = allowed.clone();
    Client::builder()
        .user_agent(concat!("tidings/", env!("CARGO_PKG_VERSION")))
        .timeout(ANSWER_WITHIN)
        .connect_timeout(CONNECT_WITHIN)
        .pool_max_idle_per_host(KEPT)
        // A proxy from the environment would connect on our behalf, without address checks.
        .no_proxy()
        .referer(false)
        .redirect(Policy::custom(move |attempt| follow(attempt, &hop)))
        .dns_resolver(Arc::new(Resolver {
            allowed: allowed.clone(),
            is_plain,
        }))
        .build()
}

/// Follows a redirect if it preserves the method and body, stays on the same scheme and leads to an
/// allowed address.
fn follow(attempt: Attempt<'_>, allowed: &Allowed) -> reqwest::redirect::Action {
    let preserving = [
        StatusCode::TEMPORARY_REDIRECT,
        StatusCode::PERMANENT_REDIRECT,
    ];
    if !preserving.contains(&attempt.status()) {
        return attempt.stop();
    }
    if attempt.previous().len() > REDIRECTS {
        return attempt.error(format!("more than {REDIRECTS} redirects"));
    }
    let before = attempt.previous().last().map(Url::scheme);
    if before != Some(attempt.url().scheme()) {
        return attempt.error("redirects between http and https are not allowed");
    }
    match allowed.check(attempt.url()) {
        Ok(()) => attempt.follow(),
        Err(forbidden) => attempt.error(forbidden),
    }
}

/// A DNS resolver that returns only allowed addresses.
struct Resolver {
    allowed: Allowed,
    is_plain: bool,
}

impl Resolve for Resolver {
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
                Some(refused) if permitted.is_empty() => Err(refusal(refused, &allowed).into()),
                _ => Ok(Box::new(permitted.into_iter()) as Addrs),
            }
        })
    }
}

fn refusal(address: IpAddr, allowed: &Allowed) -> Forbidden {
    if allowed.permits(address, false) {
        Forbidden::Scheme("http".to_owned())
    } else {
        Forbidden::Private(address)
    }
}

async fn outcome(response: Response) -> Outcome {
    let status = response.status();
    if status.is_success() {
        drained(response).await;
        return Outcome::Accepted;
    }
    if status == StatusCode::GONE {
        return Outcome::Gone;
    }
    let retry_after = response.headers().get(RETRY_AFTER);
    let seconds = retry_after.and_then(|value| value.to_str().ok()?.parse().ok());
    Outcome::Failed {
        why: format!("the receiver answered {status}"),
        wait: seconds.map(Duration::from_secs),
    }
}

/// Reads a short response body, so that the connection can be reused. Gives up on a long one.
async fn drained(mut response: Response) {
    const SHORT: usize = 16 * 1024;
    let mut length = 0;
    while let Ok(Some(chunk)) = response.chunk().await {
        length += chunk.len();
        if length > SHORT {
            return;
        }
    }
}

fn failed(why: String) -> Outcome {
    Outcome::Failed { why, wait: None }
}

/// Formats an error with all its sources; the root cause comes last.
fn causes(error: &reqwest::Error) -> String {
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
