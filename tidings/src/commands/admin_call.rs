//! Calls of the running system as an administrator.

use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use reqwest::{Client, Method, Url};
use serde_json::Value;
use settings::SystemConfig;

use super::admin;

/// The timeout of one call.
const CALL_TIMEOUT: Duration = Duration::from_secs(60);

/// The user in whose name these commands act.
pub(super) const OPERATOR_USER: &str = "tidings-operator";

/// Calls the system that runs on the data directory, and returns what it answers. The error of a
/// refused call is what the system says.
pub async fn call(
    config: &SystemConfig,
    method: Method,
    path: &[&str],
    body: Option<&Value>,
) -> Result<Value> {
    call_with_query(config, method, path, &[], body).await
}

/// The same with a query.
pub async fn call_with_query(
    config: &SystemConfig,
    method: Method,
    path: &[&str],
    query: &[(&str, &str)],
    body: Option<&Value>,
) -> Result<Value> {
    let system = admin::find_running_system(config)?;
    let token = admin::sign_admin_token(config, OPERATOR_USER)?;
    let mut url = Url::parse(&system.url)?;
    url.path_segments_mut()
        .map_err(|()| anyhow::anyhow!("the address of the running system is not valid"))?
        .extend(path);
    if !query.is_empty() {
        url.query_pairs_mut().extend_pairs(query);
    }
    // Fails only if a provider is already installed; then that one is used.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut client = Client::builder().timeout(CALL_TIMEOUT);
    if let Some(tls) = system.tls {
        client = client.tls_backend_preconfigured(tls);
    }
    let mut request = client
        .build()?
        .request(method, url)
        .bearer_auth(token.reveal());
    if let Some(body) = body {
        request = request.json(body);
    }
    let response = request.send().await;
    let response = response.context("the running system did not respond")?;
    let status = response.status();
    let answer: Value = response.json().await.unwrap_or_default();
    if !status.is_success() {
        let first = &answer["errors"][0];
        let field = first["field"].as_str();
        let field = field.map_or_else(String::new, |field| format!("{field} "));
        let detail = first["message"].as_str().or(answer["detail"].as_str());
        bail!(
            "{field}{} ({status})",
            detail.unwrap_or("no reason was given")
        );
    }
    Ok(answer)
}
