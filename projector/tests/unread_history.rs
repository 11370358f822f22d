//! Unread counts over time equal those of the read model at each position.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use std::collections::{BTreeMap, BTreeSet};

use domain::envelope::Envelope;
use domain::ids::UserId;
use domain::time::Timestamp;
use event_log::reader::LogReader;
use projector::{
    Projector, UnreadGrouping, UnreadHistory, UnreadHistoryOptions, UnreadInterval, UnreadRow,
};
use read_model::unread_count;
use serde_json::value::RawValue;
use sqlx::PgPool;
use support::history::HistoryGenerator;
use support::{ProjectorDatabase, config, log};

/// Unread, quiet and memberships, by user.
type Counts = BTreeMap<String, (i64, i64, i64)>;

/// How many positions are compared.
const COMPARED: usize = 12;

const COUNTS_SQL: &str = concat!(
    "SELECT x.name, coalesce(sum(x.unread) FILTER (WHERE NOT x.quiet), 0)::bigint,
            coalesce(sum(x.unread) FILTER (WHERE x.quiet), 0)::bigint, count(*)
     FROM (SELECT u.name, m.muted OR m.archived AS quiet, ",
    unread_count!("m", "c"),
    " AS unread
           FROM read.users u JOIN read.members m ON m.user_id = u.id AND m.present
           JOIN read.conversations c ON c.id = m.conversation) x
     WHERE x.unread > 0 GROUP BY x.name"
);

async fn served_counts(pool: &PgPool) -> Counts {
    let rows: Vec<(String, i64, i64, i64)> =
        sqlx::query_as(COUNTS_SQL).fetch_all(pool).await.unwrap();
    rows.into_iter()
        .map(|(user, unread, quiet, memberships)| (user, (unread, quiet, memberships)))
        .collect()
}

async fn read_all(pool: &PgPool, options: UnreadHistoryOptions) -> Vec<UnreadRow> {
    let reader = LogReader::new(pool.clone());
    let mut history = UnreadHistory::start(&reader, options).await.unwrap();
    let mut all = Vec::new();
    while let Some(rows) = history.read_next().await.unwrap() {
        all.extend(rows);
    }
    all
}

fn by_user(rows: &[UnreadRow], position: i64) -> Counts {
    let of_position = rows.iter().filter(|row| row.position == position);
    of_position
        .map(|row| {
            let counts = (row.unread, row.quiet, row.memberships);
            (row.user.clone().unwrap(), counts)
        })
        .collect()
}

/// Ten minutes between events, so that a history covers many hours.
fn stretch(events: &[Envelope]) -> Vec<Envelope> {
    let stretched = events.iter().map(|event| Envelope {
        time: Timestamp::from_millis(1_700_000_000_000 + event.position * 600_000),
        ..event.clone()
    });
    stretched.collect()
}

/// Compares the counts with those of the read model at the ends of some intervals.
async fn compare(events: &[Envelope]) {
    let events = stretch(events);
    let database = ProjectorDatabase::new().await;
    log::append(&database.pool, &events).await;
    let options = UnreadHistoryOptions {
        interval: UnreadInterval::Hour,
        grouping: UnreadGrouping::User,
        ..UnreadHistoryOptions::default()
    };
    let rows = read_all(&database.pool, options).await;
    let positions: BTreeSet<i64> = rows.iter().map(|row| row.position).collect();
    let positions: Vec<i64> = positions.into_iter().collect();
    let step = (positions.len() / COMPARED).max(1);
    let mut compared: Vec<i64> = positions.iter().copied().step_by(step).collect();
    compared.extend(positions.last());
    compared.dedup();
    let mut projector = Projector::open(database.pool.clone(), config())
        .await
        .unwrap();
    let mut folded = 0;
    for position in compared {
        let end = usize::try_from(position).unwrap();
        for batch in events[folded..end].chunks(500) {
            projector.step(batch).await.unwrap();
        }
        folded = end;
        let served = served_counts(&database.pool).await;
        assert!(!served.is_empty(), "position {position}");
        assert_eq!(by_user(&rows, position), served, "position {position}");
    }
    assert_eq!(folded, events.len(), "the last interval ends with the log");
    check_groupings(&database.pool, &rows).await;
    database.close().await;
}

/// All groupings have the same sums, and a filter selects a part of them.
async fn check_groupings(pool: &PgPool, by_user: &[UnreadRow]) {
    let options = |grouping| UnreadHistoryOptions {
        interval: UnreadInterval::Hour,
        grouping,
        ..UnreadHistoryOptions::default()
    };
    let all = read_all(pool, options(UnreadGrouping::All)).await;
    let by_conversation = read_all(pool, options(UnreadGrouping::Conversation)).await;
    let intervals: BTreeSet<_> = all.iter().map(|row| row.from).collect();
    assert_eq!(intervals.len(), all.len(), "one row for each interval");
    for row in &all {
        for rows in [by_user, &by_conversation] {
            let same = rows.iter().filter(|other| other.from == row.from);
            let sums = same.fold((0, 0, 0), |sums, other| {
                (
                    sums.0 + other.unread,
                    sums.1 + other.quiet,
                    sums.2 + other.memberships,
                )
            });
            assert_eq!(sums, (row.unread, row.quiet, row.memberships), "{row:?}");
        }
    }
    let last = by_user.last().unwrap();
    let only = UnreadHistoryOptions {
        user: last
            .user
            .as_deref()
            .and_then(|user| UserId::parse(user).ok()),
        since: Some(last.from),
        ..options(UnreadGrouping::User)
    };
    assert_eq!(read_all(pool, only).await, std::slice::from_ref(last));
}

#[tokio::test]
async fn the_counts_equal_those_of_the_read_model() {
    for seed in [3, 4] {
        compare(&HistoryGenerator::with_events(seed, 9, 2_500).log).await;
    }
}

#[tokio::test]
async fn events_that_cannot_be_folded_are_parked_as_the_projector_parks_them() {
    let mut log = HistoryGenerator::with_events(11, 8, 1_200).log;
    for event in log.iter_mut().skip(600).step_by(100) {
        event.data = RawValue::from_string(r#"{"what":"is this"}"#.to_owned()).unwrap();
    }
    compare(&log).await;
}
