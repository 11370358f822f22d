//! Operational endpoints: `/livez`, `/readyz`, `/metrics`.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use futures::future::{BoxFuture, join_all};
use http::StatusCode;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER};
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};
use metrics_process::Collector;
use serde::Serialize;
use tokio::sync::Mutex;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::metric_descriptions::describe_metrics;

/// A check that takes longer counts as failed. The default timeout of a Kubernetes probe is 1 s.
const CHECK_TIMEOUT: Duration = Duration::from_millis(900);

/// How long a readiness report is reused, so that frequent probes do not load the dependencies.
const REPORT_CACHE_TTL: Duration = Duration::from_millis(250);

/// How often the histogram buffers are drained; without this they grow until `/metrics` is
/// requested.
const UPKEEP_INTERVAL: Duration = Duration::from_secs(5);

/// Histogram buckets for durations, from 0.1 ms to 30 s.
const SECONDS_BUCKETS: [f64; 16] = [
    0.0001, 0.000_25, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5,
    10.0, 30.0,
];

/// Histogram buckets for the durations of commands, which have a series for each command and
/// outcome: from 1 ms, because a command waits for a disk, to the time after which it gives up.
const COMMAND_SECONDS_BUCKETS: [f64; 11] = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0,
];

/// Histogram buckets for counts, such as the events in one commit.
const COUNT_BUCKETS: [f64; 10] = [
    1.0, 2.0, 5.0, 10.0, 25.0, 50.0, 100.0, 250.0, 500.0, 1_000.0,
];

/// Installs the Prometheus recorder of this process, with bucketed histograms. Call it once, before
/// any metric is recorded.
pub fn install_recorder() -> Result<PrometheusHandle, BuildError> {
    let metrics = PrometheusBuilder::new()
        .set_buckets(&COUNT_BUCKETS)?
        .set_buckets_for_metric(Matcher::Suffix("_seconds".into()), &SECONDS_BUCKETS)?
        .set_buckets_for_metric(
            Matcher::Full("tidings_command_seconds".into()),
            &COMMAND_SECONDS_BUCKETS,
        )?
        .install_recorder()?;
    describe_metrics();
    Collector::default().describe();
    Ok(metrics)
}

/// Bounds the memory of the recorder by draining its buffers regularly, until `shutdown`.
pub async fn run_upkeep(metrics: PrometheusHandle, shutdown: CancellationToken) {
    let mut round = tokio::time::interval(UPKEEP_INTERVAL);
    loop {
        tokio::select! {
            () = shutdown.cancelled() => return,
            _ = round.tick() => metrics.run_upkeep(),
        }
    }
}

type ReadinessCheck = Arc<dyn Fn() -> BoxFuture<'static, Result<(), String>> + Send + Sync>;

/// The checks that must pass for this process to accept requests. Cheap to clone.
#[derive(Clone)]
pub struct Readiness(Arc<Inner>);

struct Inner {
    checks: Vec<(&'static str, ReadinessCheck)>,
    notices: Vec<(&'static str, ReadinessCheck)>,
    draining: CancellationToken,
    last_report: Mutex<Option<(Instant, ReadinessReport)>>,
}

/// Collects the checks of a [`Readiness`]. See [`Readiness::builder`].
pub struct ReadinessBuilder {
    checks: Vec<(&'static str, ReadinessCheck)>,
    notices: Vec<(&'static str, ReadinessCheck)>,
    draining: CancellationToken,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct ReadinessReport {
    status: &'static str,
    checks: BTreeMap<&'static str, String>,
}

impl Readiness {
    /// Starts a set of checks that reports "draining" once `draining` is cancelled.
    pub fn builder(draining: CancellationToken) -> ReadinessBuilder {
        ReadinessBuilder {
            checks: Vec::new(),
            notices: Vec::new(),
            draining,
        }
    }

    async fn report(&self) -> ReadinessReport {
        if self.0.draining.is_cancelled() {
            return ReadinessReport {
                status: "draining",
                checks: BTreeMap::new(),
            };
        }
        // Held during the checks, so that concurrent requests share one report.
        let mut last = self.0.last_report.lock().await;
        if let Some((_, report)) = last
            .as_ref()
            .filter(|(at, _)| at.elapsed() < REPORT_CACHE_TTL)
        {
            return report.clone();
        }
        let outcomes = join_all(self.0.checks.iter().map(run_check));
        let notices = join_all(self.0.notices.iter().map(run_check));
        let (outcomes, notices) = futures::join!(outcomes, notices);
        let ready = outcomes.iter().all(|(_, outcome)| outcome == "ok");
        let checks: BTreeMap<_, _> = outcomes.into_iter().chain(notices).collect();
        let report = ReadinessReport {
            status: if ready { "ready" } else { "not ready" },
            checks,
        };
        *last = Some((Instant::now(), report.clone()));
        report
    }
}

impl ReadinessBuilder {
    /// Adds a check. Its error text is public, so it must not contain addresses or secrets.
    #[must_use]
    pub fn with_check<F, O>(mut self, name: &'static str, check: F) -> Self
    where
        F: Fn() -> O + Send + Sync + 'static,
        O: Future<Output = Result<(), String>> + Send + 'static,
    {
        self.checks
            .push((name, Arc::new(move || Box::pin(check()))));
        self
    }

    /// Adds a check that is only reported: the process stays ready when it fails. Its error text is
    /// public too.
    #[must_use]
    pub fn with_notice<F, O>(mut self, name: &'static str, check: F) -> Self
    where
        F: Fn() -> O + Send + Sync + 'static,
        O: Future<Output = Result<(), String>> + Send + 'static,
    {
        self.notices
            .push((name, Arc::new(move || Box::pin(check()))));
        self
    }

    /// Completes the set of checks.
    pub fn build(self) -> Readiness {
        Readiness(Arc::new(Inner {
            checks: self.checks,
            notices: self.notices,
            draining: self.draining,
            last_report: Mutex::new(None),
        }))
    }
}

async fn run_check((name, check): &(&'static str, ReadinessCheck)) -> (&'static str, String) {
    let outcome = match tokio::time::timeout(CHECK_TIMEOUT, check()).await {
        Ok(Ok(())) => "ok".to_owned(),
        Ok(Err(reason)) => reason,
        Err(_) => format!("no answer within {} ms", CHECK_TIMEOUT.as_millis()),
    };
    (name, outcome)
}

/// The route `/metrics`, in the Prometheus text format. The metrics of the process itself, such as
/// its memory and its open files, are collected for each answer.
pub fn metrics_route(metrics: PrometheusHandle) -> Router {
    let metrics = get(move || {
        Collector::default().collect();
        let text = metrics.render();
        async move {
            (
                [(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")],
                text,
            )
        }
    });
    Router::new().route("/metrics", metrics)
}

/// The routes `/livez` (200 while this process responds; checks nothing else) and `/readyz` (200
/// or 503, with the outcome of each check).
pub fn health_routes(readiness: Readiness) -> Router {
    Router::new()
        .route(
            "/livez",
            get(|| async {
                (
                    [(CONTENT_TYPE, "application/json")],
                    r#"{"status":"alive"}"#,
                )
            }),
        )
        .route("/readyz", get(handle_readyz).with_state(readiness))
}

async fn handle_readyz(State(readiness): State<Readiness>) -> Response {
    let report = readiness.report().await;
    let no_store = [(CACHE_CONTROL, "no-store")];
    if report.status == "ready" {
        (no_store, axum::Json(report)).into_response()
    } else {
        (
            StatusCode::SERVICE_UNAVAILABLE,
            no_store,
            [(RETRY_AFTER, "1")],
            axum::Json(report),
        )
            .into_response()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn status(checks: ReadinessBuilder) -> (&'static str, BTreeMap<&'static str, String>) {
        let report = checks.build().report().await;
        (report.status, report.checks)
    }

    #[tokio::test]
    async fn ready_when_every_check_passes() {
        let builder = || Readiness::builder(CancellationToken::new());
        assert_eq!(status(builder()).await.0, "ready");
        assert_eq!(
            status(builder().with_check("a", || async { Ok(()) }))
                .await
                .0,
            "ready"
        );
        let (text, checks) = status(
            builder()
                .with_check("a", || async { Ok(()) })
                .with_check("b", || async { Err("behind".into()) })
                .with_check("c", std::future::pending),
        )
        .await;
        assert_eq!(text, "not ready");
        assert_eq!(
            (checks["a"].as_str(), checks["b"].as_str()),
            ("ok", "behind")
        );
        assert_eq!(checks["c"], "no answer within 900 ms");
    }

    #[tokio::test]
    async fn a_notice_is_reported_and_does_not_stop_requests() {
        let builder = Readiness::builder(CancellationToken::new())
            .with_check("a", || async { Ok(()) })
            .with_notice("b", || async { Err("has stalled".into()) });
        let (text, checks) = status(builder).await;
        assert_eq!((text, checks["b"].as_str()), ("ready", "has stalled"));
    }

    #[tokio::test]
    async fn not_ready_while_draining() {
        let draining = CancellationToken::new();
        let readiness = Readiness::builder(draining.clone())
            .with_check("a", || async { Ok(()) })
            .build();
        assert_eq!(readiness.report().await.status, "ready");
        draining.cancel();
        assert_eq!(readiness.report().await.status, "draining");
    }
}
