//! One fetch of a JWKS document.

use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use reqwest::header::{ACCEPT, CACHE_CONTROL, HeaderMap};
use reqwest::redirect::Policy;
use reqwest::{Client, Url};
use settings::JwksUrl;

/// How long the server may take to answer, and to connect.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(10);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// The maximum size of a document. One of 32 keys has a few KiB.
const MAX_DOCUMENT_BYTES: usize = 256 * 1024;

/// An HTTP client for one document.
pub struct JwksClient {
    client: Client,
    url: Url,
}

/// A document that was fetched.
pub struct FetchedKeys {
    /// The JWKS document.
    pub document: Vec<u8>,
    /// For how long it is fresh, if its server says so.
    pub fresh_for: Option<Duration>,
}

impl JwksClient {
    /// A client that follows no redirects, which could lead to an address without TLS.
    pub fn new(url: &JwksUrl) -> Result<Self> {
        // Fails if a provider is already installed; any provider will do.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder()
            .user_agent(concat!("tidings/", env!("CARGO_PKG_VERSION")))
            .timeout(RESPONSE_TIMEOUT)
            .connect_timeout(CONNECT_TIMEOUT)
            .redirect(Policy::none())
            .referer(false)
            .no_proxy()
            .build()
            .context("keys of tokens cannot be fetched")?;
        Ok(Self {
            client,
            url: url.as_url().clone(),
        })
    }

    /// Fetches the document.
    pub async fn fetch(&self) -> Result<FetchedKeys> {
        let request = self.client.get(self.url.clone());
        let request = request.header(ACCEPT, "application/jwk-set+json, application/json");
        let mut response = request.send().await.with_context(|| self.url.to_string())?;
        if !response.status().is_success() {
            bail!("{} answered {}", self.url, response.status());
        }
        let fresh_for = fresh_for(response.headers());
        let mut document = Vec::new();
        while let Some(chunk) = response.chunk().await? {
            document.extend_from_slice(&chunk);
            if document.len() > MAX_DOCUMENT_BYTES {
                bail!("{} answered more than {MAX_DOCUMENT_BYTES} bytes", self.url);
            }
        }
        Ok(FetchedKeys {
            document,
            fresh_for,
        })
    }
}

/// For how long a response is fresh, as its `Cache-Control` says.
fn fresh_for(headers: &HeaderMap) -> Option<Duration> {
    let values = headers.get_all(CACHE_CONTROL).iter();
    let mut max_age = None;
    for directive in values
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
    {
        let directive = directive.trim().to_ascii_lowercase();
        if directive == "no-store" || directive == "no-cache" {
            return Some(Duration::ZERO);
        }
        if let Some(seconds) = directive.strip_prefix("max-age=") {
            max_age = seconds.trim_matches('"').parse().ok();
        }
    }
    max_age.map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(value: &'static str) -> Option<u64> {
        let value = reqwest::header::HeaderValue::from_static(value);
        let headers = HeaderMap::from_iter([(CACHE_CONTROL, value)]);
        fresh_for(&headers).map(|fresh| fresh.as_secs())
    }

    #[test]
    fn cache_control_says_how_long_keys_are_fresh() {
        assert_eq!(parse("public, max-age=3600, must-revalidate"), Some(3600));
        assert_eq!(parse("Max-Age=\"60\""), Some(60));
        assert_eq!(parse("max-age=60, no-cache"), Some(0));
        assert_eq!(parse("no-store"), Some(0));
        assert_eq!(parse("public"), None);
        assert_eq!(parse("max-age=soon"), None);
        assert_eq!(fresh_for(&HeaderMap::new()), None);
    }
}
