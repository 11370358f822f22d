//! What each metric means, as `/metrics` says it. docs/operations.md explains them further.

use metrics::{describe_counter, describe_gauge, describe_histogram};

/// A metric and its description.
type Description = (&'static str, &'static str);

const COUNTERS: [Description; 17] = [
    (
        "tidings_history_changes_total",
        "How often a writer found that the log had lost its last event",
    ),
    (
        "tidings_http_requests_total",
        "Requests by route, method and status",
    ),
    (
        "tidings_idle_syncs_total",
        "Syncs that memory answered, or for which it was compared with Postgres",
    ),
    (
        "tidings_live_batches_total",
        "Batches of live delivery by who was looked up in Postgres",
    ),
    (
        "tidings_live_entries_total",
        "Entries sent to live connections",
    ),
    (
        "tidings_live_refused_total",
        "Live connections that were refused",
    ),
    (
        "tidings_live_slow_total",
        "Live connections that were dropped because they were too slow",
    ),
    (
        "tidings_logins_total",
        "Attempts to sign in with a password, by outcome",
    ),
    (
        "tidings_message_checks_total",
        "Questions to the service that checks messages, by outcome",
    ),
    (
        "tidings_previews_total",
        "Images whose previews were made, by outcome",
    ),
    (
        "tidings_moderation_acts_total",
        "What was done for moderators because of the log, by act and outcome",
    ),
    (
        "tidings_password_hashes_total",
        "Passwords that were hashed or compared",
    ),
    (
        "tidings_plain_reads_total",
        "Hot queries by which statement answered them",
    ),
    (
        "tidings_push_total",
        "Attempts to push to devices, by provider and outcome",
    ),
    (
        "tidings_refused_total",
        "Commands that were refused, by problem code",
    ),
    (
        "tidings_trace_spans_total",
        "Steps of traces by whether the collector got them",
    ),
    (
        "tidings_webhook_tries_total",
        "Attempts to deliver to webhooks, by outcome",
    ),
];

const GAUGES: [Description; 42] = [
    (
        "tidings_answer_bytes",
        "Memory reserved for answers that have not been read",
    ),
    (
        "tidings_auth_jwks_age_seconds",
        "Time since the keys of tokens were last fetched from their address",
    ),
    (
        "tidings_build_info",
        "Always 1; the label has the version of the program",
    ),
    (
        "tidings_busiest_conversation_ratio",
        "Share of the busiest conversation in the messages among the last 10,000 events",
    ),
    ("tidings_cache_bytes", "Memory of the aggregate cache"),
    ("tidings_connections", "Open HTTP connections"),
    (
        "tidings_database_bytes",
        "Size of the database, the log and the read models",
    ),
    (
        "tidings_database_max_sessions",
        "Sessions that Postgres allows",
    ),
    (
        "tidings_database_oldest_transaction_seconds",
        "Age of the oldest transaction of Postgres",
    ),
    (
        "tidings_database_sessions",
        "Sessions with the database by state, of all programs",
    ),
    (
        "tidings_disk_bytes",
        "Size of the disk of the data directory",
    ),
    (
        "tidings_disk_free_bytes",
        "Free space on the disk of the data directory",
    ),
    (
        "tidings_history_mismatch",
        "1 for a part that has events which the log does not have",
    ),
    (
        "tidings_live_connections",
        "Live connections that are served",
    ),
    (
        "tidings_live_connections_by_kind",
        "Open live connections by kind: websocket or sse",
    ),
    ("tidings_log_head", "Position of the last event of the log"),
    (
        "tidings_mirror_lag_events",
        "Events of the log that the stream in NATS lacks",
    ),
    (
        "tidings_mirror_position",
        "Position of the last event in the stream",
    ),
    (
        "tidings_mirror_replicas",
        "Number of NATS nodes that have the stream",
    ),
    (
        "tidings_mirror_up",
        "1 while the stream answers and follows the log, else 0",
    ),
    (
        "tidings_moderation_lag_events",
        "Events that were not followed for moderators yet",
    ),
    (
        "tidings_moderation_lag_seconds",
        "Age of the oldest event that was not followed for moderators yet",
    ),
    (
        "tidings_parked_events",
        "Events that could not be read, and those that wait behind them",
    ),
    (
        "tidings_pool_connections",
        "Connections to Postgres by pool and state",
    ),
    (
        "tidings_projection_lag_events",
        "Events of the log that the read models lack",
    ),
    (
        "tidings_projection_lag_seconds",
        "Age of the oldest event that the read models lack",
    ),
    ("tidings_projection_position", "Position of the read models"),
    ("tidings_push_parked", "Pushes that were given up"),
    ("tidings_push_waiting", "Pushes that wait to be delivered"),
    (
        "tidings_shed_features",
        "Kinds of live frames that are shed because the read models are behind",
    ),
    (
        "tidings_search_lag_events",
        "Events of the log that the search index lacks",
    ),
    ("tidings_search_position", "Position of the search index"),
    (
        "tidings_seal_lag_seconds",
        "Age of the oldest event that is not sealed",
    ),
    (
        "tidings_slow_statements",
        "Statements that have been running for more than a second",
    ),
    (
        "tidings_slowest_statement_seconds",
        "How long the slowest statement has been running",
    ),
    (
        "tidings_tls_expiry_seconds",
        "When the TLS certificate in use expires, in seconds since 1970",
    ),
    (
        "tidings_wal_retained_bytes",
        "Write-ahead log that a replication slot keeps",
    ),
    (
        "tidings_wal_written_bytes",
        "Write-ahead log that was ever written",
    ),
    (
        "tidings_webhook_lag_events",
        "Events of the log that a webhook has not been sent yet",
    ),
    (
        "tidings_webhook_lag_seconds",
        "Age of the oldest event that a webhook still has to deliver",
    ),
    (
        "tidings_webhook_parked",
        "Deliveries of a webhook that were given up",
    ),
    (
        "tidings_webhook_waiting",
        "Deliveries of a webhook that wait for the next attempt",
    ),
];

const HISTOGRAMS: [Description; 5] = [
    (
        "tidings_command_seconds",
        "Duration of commands by operation and outcome",
    ),
    ("tidings_commit_batch_events", "Events in a group commit"),
    ("tidings_commit_seconds", "Duration of group commits"),
    ("tidings_http_seconds", "Duration of requests by route"),
    ("tidings_search_seconds", "Duration of searches"),
];

/// Describes every metric to the recorder of this process.
pub(crate) fn describe_metrics() {
    for (name, text) in COUNTERS {
        describe_counter!(name, text);
    }
    for (name, text) in GAUGES {
        describe_gauge!(name, text);
    }
    for (name, text) in HISTOGRAMS {
        describe_histogram!(name, text);
    }
}
