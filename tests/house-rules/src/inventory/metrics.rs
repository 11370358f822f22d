//! The metrics that the program records.

use std::collections::{BTreeMap, BTreeSet};

use super::markdown::{assert_no_others, code, describe, list, table};
use crate::programs::ProductSource;

const TYPES: [&str; 3] = ["counter", "gauge", "histogram"];

const DESCRIPTIONS: &[(&str, &str)] = &[
    (
        "tidings_busiest_conversation_ratio",
        "share of the busiest conversation in the last messages",
    ),
    (
        "tidings_database_bytes",
        "sizes of the database and of its parts",
    ),
    (
        "tidings_database_max_sessions",
        "sessions that Postgres allows",
    ),
    (
        "tidings_database_oldest_transaction_seconds",
        "age of the oldest transaction of Postgres",
    ),
    (
        "tidings_database_sessions",
        "sessions with the database, of all programs, by state",
    ),
    (
        "tidings_disk_bytes",
        "size of the disk of the data directory",
    ),
    (
        "tidings_disk_free_bytes",
        "free space on the disk of the data directory",
    ),
    (
        "tidings_slow_statements",
        "statements that have been running for more than a second",
    ),
    (
        "tidings_slowest_statement_seconds",
        "how long the slowest statement has been running",
    ),
    (
        "tidings_wal_retained_bytes",
        "write-ahead log that a replication slot keeps",
    ),
    (
        "tidings_wal_written_bytes",
        "write-ahead log that was ever written",
    ),
    (
        "tidings_auth_jwks_age_seconds",
        "age of the keys of tokens that were fetched from an address",
    ),
    (
        "tidings_logins_total",
        "sign-ins with a password, by outcome",
    ),
    (
        "tidings_message_checks_total",
        "questions to the service that checks messages, by outcome",
    ),
    (
        "tidings_password_hashes_total",
        "passwords that were hashed or compared",
    ),
    ("tidings_shed_features", "features that are shed now"),
    ("tidings_build_info", "the version; always 1"),
    ("tidings_cache_bytes", "memory of the aggregate cache"),
    (
        "tidings_command_seconds",
        "duration of commands, by command and outcome",
    ),
    ("tidings_commit_batch_events", "events per group commit"),
    ("tidings_commit_seconds", "duration of group commits"),
    (
        "tidings_answer_bytes",
        "memory reserved for answers that have not been read",
    ),
    ("tidings_connections", "open HTTP connections"),
    ("tidings_http_requests_total", "HTTP requests"),
    ("tidings_http_seconds", "duration of HTTP requests"),
    (
        "tidings_idle_syncs_total",
        "syncs that memory answered, or for which it was compared with Postgres",
    ),
    (
        "tidings_live_batches_total",
        "batches of live delivery, by who was looked up",
    ),
    ("tidings_live_connections", "live connections"),
    (
        "tidings_live_connections_by_kind",
        "live connections, by kind: websocket or sse",
    ),
    (
        "tidings_live_entries_total",
        "entries sent to live connections",
    ),
    (
        "tidings_history_changes_total",
        "how often a writer found that the log had lost its last event",
    ),
    (
        "tidings_history_mismatch",
        "1 while a part has events that the log does not have",
    ),
    (
        "tidings_live_refused_total",
        "live connections beyond the limit",
    ),
    (
        "tidings_live_slow_total",
        "live connections that were dropped because their queue was full",
    ),
    ("tidings_log_head", "position of the last event"),
    (
        "tidings_mirror_lag_events",
        "events that the stream lags behind the log",
    ),
    (
        "tidings_mirror_position",
        "position of the last event in the stream",
    ),
    (
        "tidings_mirror_replicas",
        "nodes that have a copy of the stream",
    ),
    (
        "tidings_mirror_up",
        "1 while the stream answers and follows the log",
    ),
    (
        "tidings_parked_events",
        "events that could not be folded, and those behind them",
    ),
    (
        "tidings_plain_reads_total",
        "hot queries, by whether the statement for plain cases answered them",
    ),
    ("tidings_pool_connections", "pooled connections to Postgres"),
    (
        "tidings_projection_lag_events",
        "events that the read models lag behind the log",
    ),
    (
        "tidings_projection_lag_seconds",
        "age of the read models while they lag behind the log",
    ),
    ("tidings_projection_position", "position of the read models"),
    (
        "tidings_refused_total",
        "rejected commands, by problem code",
    ),
    (
        "tidings_search_lag_events",
        "events that the search index lags behind the log",
    ),
    (
        "tidings_moderation_acts_total",
        "what was done for moderators because of the log, by act and outcome",
    ),
    (
        "tidings_moderation_lag_events",
        "events that were not followed for moderators yet",
    ),
    (
        "tidings_moderation_lag_seconds",
        "age of the oldest event that was not followed for moderators yet",
    ),
    (
        "tidings_previews_total",
        "images of which previews were made, or could not be made, by outcome",
    ),
    ("tidings_search_position", "position of the search index"),
    ("tidings_search_seconds", "duration of searches"),
    (
        "tidings_seal_lag_seconds",
        "age of the oldest event that is not sealed",
    ),
    (
        "tidings_tls_expiry_seconds",
        "when the TLS certificate in use expires, since 1970",
    ),
    (
        "tidings_push_parked",
        "pushes that failed for the last time",
    ),
    (
        "tidings_push_total",
        "attempts to push to devices, by provider and outcome",
    ),
    ("tidings_push_waiting", "pushes that wait to be delivered"),
    (
        "tidings_webhook_lag_events",
        "events that a webhook lags behind the log",
    ),
    (
        "tidings_webhook_lag_seconds",
        "age of the oldest event that a webhook still has to deliver",
    ),
    (
        "tidings_trace_spans_total",
        "steps of traces, by whether the collector got them",
    ),
    ("tidings_webhook_parked", "parked deliveries of a webhook"),
    (
        "tidings_webhook_tries_total",
        "delivery attempts of a webhook, by outcome",
    ),
    (
        "tidings_webhook_waiting",
        "deliveries of a webhook that wait for another attempt",
    ),
];

/// What the sources say of one metric.
#[derive(Default)]
struct Metric {
    types: BTreeSet<String>,
    labels: BTreeSet<String>,
    packages: BTreeSet<String>,
}

/// The names of all metrics.
pub(super) fn names(programs: &[ProductSource]) -> Vec<String> {
    metrics(programs).into_keys().collect()
}

pub(super) fn render(programs: &[ProductSource]) -> String {
    let metrics = metrics(programs);
    assert!(
        metrics.len() > 20,
        "only {} metrics were found",
        metrics.len()
    );
    assert_no_others(DESCRIPTIONS, &metrics.keys().cloned().collect());
    let rows: Vec<Vec<String>> = metrics
        .iter()
        .map(|(name, metric)| {
            assert_eq!(metric.types.len(), 1, "{name} has several types");
            vec![
                code(name),
                list(&metric.types),
                list(&metric.labels),
                list(&metric.packages),
                describe(DESCRIPTIONS, name),
            ]
        })
        .collect();
    table(&["metric", "type", "labels", "crate", "meaning"], &rows)
}

fn metrics(programs: &[ProductSource]) -> BTreeMap<String, Metric> {
    let mut metrics: BTreeMap<String, Metric> = BTreeMap::new();
    for program in programs {
        for call in program.source.calls() {
            if !call.is_macro || !TYPES.contains(&call.name.as_str()) {
                continue;
            }
            let name = call.first_string().unwrap_or_else(|| {
                let path = program.source.path.display();
                panic!("{path}: the name of a metric must be a string literal")
            });
            let metric = metrics.entry(name).or_default();
            metric.types.insert(call.name.clone());
            metric.labels.extend(call.keys());
            metric.packages.insert(program.package.clone());
        }
    }
    metrics
}
