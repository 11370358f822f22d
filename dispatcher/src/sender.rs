//! One delivery over HTTP, to where that is allowed.
//!
//! The address is looked at where it is used: a name's addresses when it is resolved for the connection, so
//! that nobody can answer one thing to the check and another to the connection, and each redirect as it
//! comes.

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

/// How long a receiver may take to answer. It should accept first and work later.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);

/// How long the making of a connection may take.
const CONNECT_WITHIN: Duration = Duration::from_secs(5);

/// Redirects that are followed.
const REDIRECTS: usize = 3;

/// Connections to one receiver that are kept for the next delivery.
const KEPT: usize = 16;

/// What is delivered.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// The same for every try of the same thing: receivers drop what they have by it.
    pub id: String,
    /// What `body` is.
    pub content_type: &'static str,
    /// As it is signed.
    pub body: Vec<u8>,
}

/// How a try ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The receiver has it.
    Accepted,
    /// The receiver wants nothing any more: 410.
    Gone,
    /// It did not get there, or was not taken.
    Failed {
        /// Why.
        why: String,
        /// The receiver named a wait.
        wait: Option<Duration>,
    },
}

/// Sends deliveries. Cheap to clone.
#[derive(Clone)]
pub struct Sender {
    allowed: Allowed,
    encrypted: Client,
    plain: Client,
}

impl Sender {
    /// One that reaches public addresses over TLS, and these networks with or without.
    pub fn new(allowed: Allowed) -> Result<Self, reqwest::Error> {
        // Somebody else may have chosen a provider already; any will do.
        let _ = rustls::crypto::ring::default_provider().install_default();
        Ok(Self {
            encrypted: client(&allowed, false)?,
            plain: client(&allowed, true)?,
            allowed,
        })
    }

    /// Delivers.
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
        // A proxy of the environment would connect for us, and to anywhere.
        .no_proxy()
        .referer(false)
        .redirect(Policy::custom(move |attempt| follow(attempt, &hop)))
        .dns_resolver(Arc::new(Resolver {
            allowed: allowed.clone(),
            is_plain,
        }))
        .build()
}

/// Follows a redirect that keeps method and body, to the same kind of connection, where it may go.
fn follow(attempt: Attempt<'_>, allowed: &Allowed) -> reqwest::redirect::Action {
    let keeps = [
        StatusCode::TEMPORARY_REDIRECT,
        StatusCode::PERMANENT_REDIRECT,
    ];
    if !keeps.contains(&attempt.status()) {
        return attempt.stop();
    }
    if attempt.previous().len() > REDIRECTS {
        return attempt.error(format!("more than {REDIRECTS} redirects"));
    }
    let before = attempt.previous().last().map(Url::scheme);
    if before != Some(attempt.url().scheme()) {
        return attempt.error("a redirect between http and https");
    }
    match allowed.check(attempt.url()) {
        Ok(()) => attempt.follow(),
        Err(forbidden) => attempt.error(forbidden),
    }
}

/// Resolves names to addresses that may be connected to.
struct Resolver {
    allowed: Allowed,
    is_plain: bool,
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let (allowed, is_plain) = (self.allowed.clone(), self.is_plain);
        Box::pin(async move {
            let found: Vec<SocketAddr> =
                tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            let permitted: Vec<SocketAddr> = found
                .iter()
                .copied()
                .filter(|address| allowed.permits(address.ip(), is_plain))
                .collect();
            match found.first().map(SocketAddr::ip) {
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
    let named = response.headers().get(RETRY_AFTER);
    let seconds = named.and_then(|value| value.to_str().ok()?.parse().ok());
    Outcome::Failed {
        why: format!("the receiver answered {status}"),
        wait: seconds.map(Duration::from_secs),
    }
}

/// Reads a short answer, so that the connection can be used again. One that is long is cut off.
async fn drained(mut response: Response) {
    const SHORT: usize = 16 * 1024;
    let mut read = 0;
    while let Ok(Some(chunk)) = response.chunk().await {
        read += chunk.len();
        if read > SHORT {
            return;
        }
    }
}

fn failed(why: String) -> Outcome {
    Outcome::Failed { why, wait: None }
}

/// An error with everything beneath it: what it is about stands at the bottom.
fn causes(error: &reqwest::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(deeper) = cause {
        let said = deeper.to_string();
        if !text.ends_with(&said) {
            text = format!("{text}: {said}");
        }
        cause = deeper.source();
    }
    text
}
