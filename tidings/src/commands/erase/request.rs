//! Asks the running system.

use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use reqwest::{Client, StatusCode, Url};
use serde::Deserialize;
use serde_json::Value;

use crate::commands::admin;
use crate::config::Config;

/// How long one request may take: the log is read as a whole to find what a user has sent.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(600);

/// Who erases, when nobody says.
const ERASER: &str = "tidings-erase";

/// What was erased. The sum of all answers.
#[derive(Debug, Default)]
pub struct Erased {
    /// Messages.
    pub messages: u64,
    /// Titles.
    pub titles: u64,
    /// The position of the first event that says so.
    pub first: Option<i64>,
    /// That of the last, or the head.
    pub position: i64,
}

#[derive(Deserialize)]
struct Answer {
    messages: u64,
    titles: u64,
    first: Option<i64>,
    position: i64,
    next: Option<String>,
}

/// Asks until nothing is left.
pub async fn erase(config: &Config, mut what: Value) -> Result<Erased> {
    let (base, token) = admin::running(config, ERASER)?;
    let url = Url::parse(&base)?.join("v1/admin/erasures")?;
    // Fails only if a provider is there already, and then that one serves.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = Client::builder().timeout(REQUEST_TIMEOUT).build()?;
    let mut erased = Erased::default();
    loop {
        let sent = client.post(url.clone()).bearer_auth(token.reveal());
        let response = sent.json(&what).send().await;
        let response = response.context("the running system does not answer")?;
        let status = response.status();
        let body: Value = response.json().await.unwrap_or_default();
        if status == StatusCode::NOT_FOUND {
            bail!("not erased: there is no such conversation or message");
        }
        if !status.is_success() {
            let detail = body["detail"].as_str().unwrap_or("no reason was given");
            bail!(
                "not erased: {detail} ({status}); what was erased before stays so, run it again to go on"
            );
        }
        let answer: Answer = serde_json::from_value(body).context("the answer cannot be read")?;
        erased.messages += answer.messages;
        erased.titles += answer.titles;
        erased.first = erased.first.or(answer.first);
        erased.position = answer.position;
        match answer.next {
            Some(next) => what["from"] = next.into(),
            None => return Ok(erased),
        }
    }
}
