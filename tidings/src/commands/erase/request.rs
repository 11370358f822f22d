//! Requests an erasure from the running system.

use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use diagnostics::ErasureSummary;
use reqwest::{Client, StatusCode, Url};
use serde::Deserialize;
use serde_json::Value;
use settings::SystemConfig;

use crate::commands::admin;

/// The timeout of one request. Finding everything that a user has sent reads the whole log.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(600);

/// The user in whose name the command erases.
const ERASE_USER: &str = "tidings-erase";

#[derive(Deserialize)]
struct ErasureResponse {
    messages: u64,
    titles: u64,
    first: Option<i64>,
    position: i64,
    next: Option<String>,
}

/// Sends requests until nothing is left to erase. Returns the sum of all responses.
pub async fn request_erasure(config: &SystemConfig, mut scope: Value) -> Result<ErasureSummary> {
    let system = admin::find_running_system(config)?;
    let token = admin::sign_admin_token(config, ERASE_USER)?;
    let url = Url::parse(&system.url)?.join("v1/admin/erasures")?;
    // Fails only if a provider is already installed; then that one is used.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut client = Client::builder().timeout(REQUEST_TIMEOUT);
    if let Some(tls) = system.tls {
        client = client.tls_backend_preconfigured(tls);
    }
    let client = client.build()?;
    let mut erased = ErasureSummary::default();
    loop {
        let sent = client.post(url.clone()).bearer_auth(token.reveal());
        let response = sent.json(&scope).send().await;
        let response = response.context("the running system did not respond")?;
        let status = response.status();
        let body: Value = response.json().await.unwrap_or_default();
        if status == StatusCode::NOT_FOUND {
            bail!("nothing was erased: there is no such conversation or message");
        }
        if !status.is_success() {
            let detail = body["detail"].as_str().unwrap_or("no reason was given");
            bail!(
                "the erasure stopped: {detail} ({status}); content erased so far stays erased; run the command again to erase \
                 the rest"
            );
        }
        let answer: ErasureResponse =
            serde_json::from_value(body).context("the response is not valid")?;
        erased.messages += answer.messages;
        erased.titles += answer.titles;
        erased.first = erased.first.or(answer.first);
        erased.position = answer.position;
        match answer.next {
            Some(next) => scope["from"] = next.into(),
            None => return Ok(erased),
        }
    }
}
