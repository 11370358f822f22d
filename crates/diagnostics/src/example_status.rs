//! A status for the tests of what shows it.

use std::collections::BTreeMap;

use domain::time::Timestamp;
use log_integrity::erasure::ledger::ErasureProgress;
use log_integrity::erasure::retention::RetentionProgress;

use crate::database_load::{BusyConversation, RecentSends, SlowStatement, WriteAheadLog};
use crate::lag::{ModerationLag, ProjectionLag};
use crate::status::{
    DatabaseStatus, ProcessStatus, SealStatus, SearchIndexProgress, SearchIndexStatus,
    SessionStatus, StorageSizes, SystemStatus,
};

/// A process that runs, without its database.
pub(crate) fn example_status() -> SystemStatus {
    SystemStatus {
        state: "running",
        data: "/d".into(),
        data_bytes: 0,
        disk: None,
        process: Some(ProcessStatus {
            pid: 7,
            address: "http://127.0.0.1:8080".into(),
            started_at: Timestamp::from_millis(0),
            servers: Vec::new(),
        }),
        postgres_major: None,
        database: None,
        nats: None,
        mirror: None,
    }
}

/// A database with something of everything.
pub(crate) fn example_database() -> DatabaseStatus {
    DatabaseStatus {
        url: "postgres://h/d".into(),
        version: "18.6".into(),
        head_time: Timestamp::from_millis(0),
        projection: ProjectionLag {
            head: 1_234_567,
            position: 1_234_000,
            events: 567,
            seconds: 2.25,
            is_foreign: false,
        },
        search: SearchIndexStatus::Available(SearchIndexProgress {
            position: 1_233_990,
            lag_events: 10,
            messages: 1_000_000,
            bytes: 0,
        }),
        parked_events: 3,
        erasure: ErasureProgress {
            requested_to: 1_200,
            position: 1_100,
            events: 45,
            not_mirrored: 2,
            files_scrubbed_to: 0,
        },
        seal: Some(SealStatus {
            position: 1_234_560,
            at: Timestamp::from_millis(0),
            public_key: "9b21f8".into(),
            lag_seconds: 12.3,
        }),
        sessions: SessionStatus {
            open: 14,
            max: 120,
            by_name: [("commands".to_owned(), 8), ("queries".to_owned(), 5)].into(),
            by_state: BTreeMap::new(),
            oldest_transaction_seconds: 0.0,
        },
        retention: vec![RetentionProgress {
            kind: "direct".into(),
            position: 9_000,
        }],
        sync_floor: 0,
        moderation: ModerationLag {
            position: 1_234_560,
            events: 7,
            seconds: 0.5,
        },
        webhooks: Vec::new(),
        sizes: StorageSizes {
            database: 0,
            log: 0,
            read: 0,
        },
        wal: WriteAheadLog {
            written_bytes: 3 << 20,
            retained_bytes: 0,
        },
        slow_statements: vec![SlowStatement {
            application: "tidings queries".into(),
            seconds: 4.24,
            waits_for: Some("Lock: tuple".into()),
            statement: "SELECT\n  1".into(),
        }],
        recent_sends: example_sends(),
    }
}

fn example_sends() -> RecentSends {
    RecentSends {
        events: 10_000,
        messages: 9_000,
        busiest: vec![BusyConversation {
            conversation_id: "town-hall".into(),
            messages: 8_100,
        }],
    }
}
