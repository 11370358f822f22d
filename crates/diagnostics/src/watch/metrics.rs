//! The metrics of the running process, as `/metrics` has them.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use data_dir::RunInfo;
use http_edge::tls::pinned;

/// How long to wait for the answer. The screen shows the rest without it.
const SCRAPE_TIMEOUT: Duration = Duration::from_secs(2);

/// The values of one scrape.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Metrics(Vec<ScrapedSeries>);

/// One line of a scrape.
#[derive(Debug, Clone, PartialEq)]
struct ScrapedSeries {
    name: String,
    /// As written: `route="/v1/inbox",status="200"`.
    labels: String,
    value: f64,
}

impl Metrics {
    /// Scrapes the process that runs on the data directory. `listen` is the port of the metrics, if
    /// they have one of their own.
    pub async fn scrape(running: &RunInfo, listen: Option<SocketAddr>) -> Result<Self> {
        // Fails only if a provider is already installed; then that one is used.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut client = reqwest::Client::builder().timeout(SCRAPE_TIMEOUT);
        let url = match (listen, &running.tls_cert) {
            (Some(address), _) => format!("http://{address}/metrics"),
            (None, certificate) => {
                if let Some(certificate) = certificate {
                    client = client.tls_backend_preconfigured(pinned::client_config(certificate)?);
                }
                format!("{}/metrics", running.base_url())
            }
        };
        let answer = client.build()?.get(&url).send().await;
        let answer = answer.context("the process does not answer /metrics")?;
        if !answer.status().is_success() {
            bail!("/metrics answers {}", answer.status());
        }
        Ok(Self::parse(&answer.text().await?))
    }

    /// Parses the text format of Prometheus. Lines that it does not have are left out.
    pub fn parse(text: &str) -> Self {
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        Self(lines.filter_map(parse_line).collect())
    }

    /// The sum of the series with this name whose labels contain a text. `None` if there is none.
    pub fn sum(&self, name: &str, label: &str) -> Option<f64> {
        let series = self.0.iter();
        let mut found = series
            .filter(|series| series.name == name && series.labels.contains(label))
            .map(|series| series.value)
            .peekable();
        found.peek()?;
        Some(found.sum())
    }
}

fn parse_line(line: &str) -> Option<ScrapedSeries> {
    let (series, value) = line.rsplit_once(' ')?;
    let (name, labels) = match series.split_once('{') {
        Some((name, labels)) => (name, labels.trim_end_matches('}')),
        None => (series, ""),
    };
    Some(ScrapedSeries {
        name: name.to_owned(),
        labels: labels.to_owned(),
        value: value.parse().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn series_are_summed_by_name_and_label() {
        let metrics = Metrics::parse(
            "# HELP a An example.\n# TYPE a counter\na{status=\"200\",route=\"/x y\"} 3\n\
             a{status=\"503\"} 2\na{status=\"500\"} 1\nab 7\nb 1.5e3\nbroken\n",
        );
        assert_eq!(metrics.sum("a", ""), Some(6.0));
        assert_eq!(metrics.sum("a", "status=\"5"), Some(3.0));
        assert_eq!(metrics.sum("b", ""), Some(1500.0));
        assert_eq!(metrics.sum("c", ""), None);
    }
}
