//! A group of 10,000 members of whom 1,000 are online: when a send has reached the first and the last of
//! them, and what it makes Postgres write beside one in a group of 600.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use sqlx::{Connection as _, Executor as _, PgConnection};
use tests::program::Program;
use tests::warm_postgres;

use crate::crowd::Crowd;
use crate::report::Times;

/// Members of the large group and of the one of the same kind beside it: neither is fanned out.
pub const MEMBERS: usize = 10_000;
const SMALLER: usize = 600;

/// Members of the large group who are connected.
const ONLINE: usize = 1_000;

/// Sends that are followed, and sends whose writes are counted.
const FOLLOWED: usize = 40;
const COUNTED: usize = 200;

/// Members that are added at a time.
const ADDED: usize = 1_000;

/// After so long a session has told its statistics.
const TOLD: Duration = Duration::from_secs(2);

/// What came of it.
pub struct Large {
    /// Until the first of those online had it.
    pub first: Times,
    /// Until the last had it.
    pub last: Times,
    /// What a send made Postgres write, in the large group and in the smaller one.
    pub writes: [Writes; 2],
}

/// What a send made Postgres write.
#[derive(Debug, Clone, Copy)]
pub struct Writes {
    /// Rows inserted and updated.
    pub rows: f64,
    /// Bytes of WAL.
    pub wal: f64,
}

/// Makes the groups: `l0` to `l9999` are in the large one.
pub async fn create(up: &Program) -> Result<()> {
    for (id, members) in [("large", MEMBERS), ("smaller", SMALLER)] {
        let owner = up.user("l0");
        let names: Vec<String> = (1..members).map(|n| format!("l{n}")).collect();
        let made = owner.create_group(id, &[]).await;
        ensure!(made.status == 201, "{made}");
        for users in names.chunks(ADDED) {
            let path = format!("/v1/conversations/{id}/members");
            let added = owner
                .post(&path, serde_json::json!({ "users": users }))
                .await;
            ensure!(added.status == 200, "{added}");
        }
    }
    up.measure_lag().await?;
    Ok(())
}

/// Follows sends, and counts what they write.
pub async fn measure(up: &Program) -> Result<Large> {
    let users = (0..ONLINE).map(|n| format!("l{n}")).collect();
    let mut crowd = Crowd::gather(up.address, users, ONLINE).await?;
    let (mut first, mut last) = (Vec::new(), Vec::new());
    for n in 0..FOLLOWED {
        let (count, at) = (crowd.count(), Instant::now());
        let answer = up
            .user("l0")
            .send("large", &format!("f{n}"), "to all")
            .await;
        ensure!(answer.status == 201, "{answer}");
        crowd.reaches(count + ONLINE as u64).await?;
        let arrivals = crowd.arrivals();
        let all = arrivals
            .iter()
            .filter(|((_, position), _)| *position == answer.position());
        let mut times: Vec<_> = all
            .map(|(_, arrived)| arrived.saturating_duration_since(at))
            .collect();
        ensure!(
            times.len() == ONLINE,
            "it reached {} of {ONLINE}",
            times.len()
        );
        times.sort_unstable();
        first.push(times[0]);
        last.push(times[ONLINE - 1]);
    }
    drop(crowd);
    let mut database = PgConnection::connect(&up.database_url).await?;
    // What vacuum would write meanwhile is not of these sends.
    database.execute("VACUUM ANALYZE").await?;
    let large = writes(up, &mut database, "large").await?;
    let smaller = writes(up, &mut database, "smaller").await?;
    Ok(Large {
        first: Times::of(first),
        last: Times::of(last),
        writes: [large, smaller],
    })
}

async fn writes(up: &Program, database: &mut PgConnection, group: &str) -> Result<Writes> {
    warm_postgres::checkpoint(&up.database_url).await?;
    // The first change of a page after a checkpoint logs the page.
    send(up, group, "warm").await?;
    tokio::time::sleep(TOLD).await;
    let before = written(database).await?;
    send(up, group, "counted").await?;
    tokio::time::sleep(TOLD).await;
    let after = written(database).await?;
    let each = |n: usize| (after[n] - before[n]) as f64 / COUNTED as f64;
    Ok(Writes {
        rows: each(0),
        wal: each(1),
    })
}

async fn send(up: &Program, group: &str, key: &str) -> Result<()> {
    let sender = up.user("l0");
    for n in 0..COUNTED {
        let answer = sender
            .send(group, &format!("{group} {key} {n}"), "a word")
            .await;
        ensure!(answer.status == 201, "{answer}");
    }
    up.measure_lag().await?;
    Ok(())
}

/// Rows and bytes so far.
async fn written(database: &mut PgConnection) -> Result<[i64; 2]> {
    let (rows, wal): (i64, i64) = sqlx::query_as(
        "SELECT d.tup_inserted + d.tup_updated,
                pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::bigint
         FROM pg_stat_database d WHERE d.datname = current_database()",
    )
    .fetch_one(database)
    .await
    .context("Postgres cannot be asked what it has written")?;
    Ok([rows, wal])
}
