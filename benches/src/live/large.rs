//! A group of 10,000 members, of whom 1,000 are online: the delay to the first and to the last of
//! them, and what Postgres writes for a send compared with a group of 600.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use sqlx::{Connection as _, Executor as _, PgConnection};
use tests::program::Program;

use super::listeners::Listeners;
use crate::statistics::Percentiles;
use crate::warm_postgres;

/// The members of the two groups that are compared. Neither is fanned out on write.
pub const LARGE_MEMBERS: usize = 10_000;
const SMALLER_MEMBERS: usize = 600;

/// Members of the large group who are connected.
const ONLINE: usize = 1_000;

/// Sends whose delay is measured, and sends whose writes are counted.
const FOLLOWED_SENDS: usize = 40;
const COUNTED_SENDS: usize = 200;

/// Members added by one request.
const ADD_BATCH: usize = 1_000;

/// After this time, a session of Postgres has reported its statistics.
const STATISTICS_DELAY: Duration = Duration::from_secs(2);

/// The cost of a large group.
pub struct LargeGroupCost {
    /// From the send to the first online member.
    pub first: Percentiles,
    /// From the send to the last online member.
    pub last: Percentiles,
    /// What Postgres wrote per send, in the large and in the smaller group.
    pub writes: [WritesPerSend; 2],
}

/// What Postgres wrote per send.
#[derive(Debug, Clone, Copy)]
pub struct WritesPerSend {
    /// Rows inserted or updated.
    pub rows: f64,
    /// Bytes of WAL.
    pub wal: f64,
}

/// Creates the groups. The users `l0` to `l9999` are members of the large one.
pub async fn create_groups(program: &Program) -> Result<()> {
    for (id, members) in [("large", LARGE_MEMBERS), ("smaller", SMALLER_MEMBERS)] {
        let owner = program.user("l0");
        let names: Vec<String> = (1..members).map(|n| format!("l{n}")).collect();
        let answer = owner.create_group(id, &[]).await;
        ensure!(answer.status == 201, "{answer}");
        for users in names.chunks(ADD_BATCH) {
            let path = format!("/v1/conversations/{id}/members");
            let added = owner
                .post(&path, serde_json::json!({ "users": users }))
                .await;
            ensure!(added.status == 200, "{added}");
        }
    }
    program.measure_lag().await?;
    Ok(())
}

/// Measures delays, then counts writes.
pub async fn measure(program: &Program) -> Result<LargeGroupCost> {
    let users = (0..ONLINE).map(|n| format!("l{n}")).collect();
    let mut listeners = Listeners::connect(program.address, users, ONLINE).await?;
    let (mut first, mut last) = (Vec::new(), Vec::new());
    for n in 0..FOLLOWED_SENDS {
        let (count, at) = (listeners.count(), Instant::now());
        let answer = program
            .user("l0")
            .send("large", &format!("f{n}"), "to all")
            .await;
        ensure!(answer.status == 201, "{answer}");
        listeners.wait_for_count(count + ONLINE as u64).await?;
        let arrivals = listeners.take_arrivals();
        let received = arrivals
            .iter()
            .filter(|((_, position), _)| *position == answer.position());
        let mut times: Vec<_> = received
            .map(|(_, arrived)| arrived.saturating_duration_since(at))
            .collect();
        ensure!(
            times.len() == ONLINE,
            "the entry reached {} of {ONLINE} members",
            times.len()
        );
        times.sort_unstable();
        first.push(times[0]);
        last.push(times[ONLINE - 1]);
    }
    drop(listeners);
    let mut database = PgConnection::connect(&program.database_url).await?;
    // Otherwise autovacuum could write during the measurement.
    database.execute("VACUUM ANALYZE").await?;
    let large = measure_writes(program, &mut database, "large").await?;
    let smaller = measure_writes(program, &mut database, "smaller").await?;
    Ok(LargeGroupCost {
        first: Percentiles::new(first),
        last: Percentiles::new(last),
        writes: [large, smaller],
    })
}

async fn measure_writes(
    program: &Program,
    database: &mut PgConnection,
    group: &str,
) -> Result<WritesPerSend> {
    warm_postgres::checkpoint(&program.database_url).await?;
    // The first change of a page after a checkpoint logs the whole page.
    send_messages(program, group, "warm").await?;
    eventually::pause(STATISTICS_DELAY).await;
    let before = read_write_counters(database).await?;
    send_messages(program, group, "counted").await?;
    eventually::pause(STATISTICS_DELAY).await;
    let after = read_write_counters(database).await?;
    let each = |n: usize| (after[n] - before[n]) as f64 / COUNTED_SENDS as f64;
    Ok(WritesPerSend {
        rows: each(0),
        wal: each(1),
    })
}

async fn send_messages(program: &Program, group: &str, key: &str) -> Result<()> {
    let sender = program.user("l0");
    for n in 0..COUNTED_SENDS {
        let answer = sender
            .send(group, &format!("{group} {key} {n}"), "a word")
            .await;
        ensure!(answer.status == 201, "{answer}");
    }
    program.measure_lag().await?;
    Ok(())
}

/// The rows and WAL bytes written so far.
async fn read_write_counters(database: &mut PgConnection) -> Result<[i64; 2]> {
    let (rows, wal): (i64, i64) = sqlx::query_as(
        "SELECT d.tup_inserted + d.tup_updated,
                pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::bigint
         FROM pg_stat_database d WHERE d.datname = current_database()",
    )
    .fetch_one(database)
    .await
    .context("cannot read the statistics of Postgres")?;
    Ok([rows, wal])
}
