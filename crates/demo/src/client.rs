//! Calls of the system. One that is refused because there are too many waits and tries again.

use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, bail};
use reqwest::header::RETRY_AFTER;
use reqwest::{Client, Method, StatusCode, Url};
use serde_json::Value;

/// The timeout of one call.
const CALL_TIMEOUT: Duration = Duration::from_secs(30);

/// How often a call is tried that gets 429 or 503.
const MAX_TRIES: u32 = 30;

/// How long to wait if the answer does not say it.
const DEFAULT_WAIT: Duration = Duration::from_secs(1);

/// A client of the system.
pub struct DemoClient {
    http: Client,
    base: Url,
}

/// What is called.
pub struct DemoCall<'a> {
    /// The method.
    pub method: Method,
    /// The segments of the path.
    pub path: &'a [&'a str],
    /// Who calls; nobody for an empty token.
    pub token: &'a str,
    /// The body.
    pub body: Option<Value>,
}

impl DemoClient {
    /// A client of the system at this address.
    pub fn new(base: &str) -> Result<Self> {
        // Fails only if a provider is already installed; then that one is used.
        let _ = rustls::crypto::ring::default_provider().install_default();
        Ok(Self {
            http: Client::builder().timeout(CALL_TIMEOUT).build()?,
            base: Url::parse(base)?,
        })
    }

    /// Calls, and returns the status and the answer.
    pub async fn try_call(&self, call: &DemoCall<'_>) -> Result<(StatusCode, Value)> {
        let mut url = self.base.clone();
        url.path_segments_mut()
            .map_err(|()| anyhow!("the address of the system is not valid"))?
            .extend(call.path);
        for _ in 0..MAX_TRIES {
            let mut request = self.http.request(call.method.clone(), url.clone());
            if !call.token.is_empty() {
                request = request.bearer_auth(call.token);
            }
            if let Some(body) = &call.body {
                request = request.json(body);
            }
            let response = request.send().await;
            let response = response.context("the system did not respond")?;
            let status = response.status();
            if ![
                StatusCode::TOO_MANY_REQUESTS,
                StatusCode::SERVICE_UNAVAILABLE,
            ]
            .contains(&status)
            {
                return Ok((status, response.json().await.unwrap_or_default()));
            }
            let seconds = response.headers().get(RETRY_AFTER);
            let seconds = seconds.and_then(|value| value.to_str().ok()?.parse().ok());
            tokio::time::sleep(seconds.map_or(DEFAULT_WAIT, Duration::from_secs)).await;
        }
        bail!("the system is overloaded: {} {url}", call.method)
    }

    /// Calls, and returns the answer. Any other answer than a success is an error.
    pub async fn call(&self, call: &DemoCall<'_>) -> Result<Value> {
        let (status, answer) = self.try_call(call).await?;
        if !status.is_success() {
            let path = call.path.join("/");
            bail!("{} {path}: {status}: {}", call.method, answer["detail"]);
        }
        Ok(answer)
    }
}
