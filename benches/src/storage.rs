//! `make bench-storage`: how long administrators wait for what files occupy, and how long the same
//! takes by looking at all messages. The exit status is 1 if a target is missed.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use serde_json::Value;
use sqlx::{Executor as _, PgPool};
use tests::client::Client;
use tests::world::World;

use crate::targets::{Target, TargetTable, exit_code};

/// The most that a call may take, in ms.
const MAX_CALL_MS: f64 = 1_000.0;

/// How many conversations there are, of which every third is a direct one.
const CONVERSATIONS: i64 = 10_000;

/// The options of `benches storage`.
#[derive(clap::Args)]
pub struct Args {
    /// The number of files, each of which one message uses.
    #[arg(long, default_value_t = 330_000)]
    files: i64,
    /// The number of all messages.
    #[arg(long, default_value_t = 1_000_000)]
    messages: i64,
    /// How often each call is made.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
}

/// The pairs of a file and a conversation, as the messages say.
const COUNTED: &str = "SELECT DISTINCT g.file, g.conversation, f.size
    FROM read.messages g JOIN read.conversations c ON c.id = g.conversation
    JOIN read.files f ON f.id = g.file AND f.phase <> 'reserved'
    WHERE g.file IS NOT NULL AND NOT g.recalled AND (c.kind <> 'direct' OR EXISTS (
        SELECT FROM read.members m WHERE m.conversation = g.conversation AND m.present
        AND m.cleared_seq < g.seq))";

/// Fills the read model, and measures the calls.
pub async fn run(args: &Args) -> Result<ExitCode> {
    let world = World::start().await;
    fill(&world.pool, args).await?;
    let (admin, rounds) = (world.admin(), args.rounds);
    println!("{} files, {} messages", args.files, args.messages);
    let mut targets = Vec::new();
    for (name, path) in [
        ("in all", ""),
        ("by conversation", "/conversations"),
        ("by user", "/users"),
        ("unused", "/orphans"),
    ] {
        let (first, median) = measure(&admin, &format!("/v1/admin/storage{path}"), rounds).await?;
        println!("GET /v1/admin/storage{path}: first {first:.0} ms, median {median:.0} ms");
        targets.push(Target::at_most(name, median, MAX_CALL_MS, " ms"));
    }
    let began = Instant::now();
    let counted: (i64, i64) = sqlx::query_as(&format!(
        "SELECT count(*), coalesce(sum(s.size), 0)::bigint FROM ({COUNTED}) s"
    ))
    .fetch_one(&world.pool)
    .await?;
    let took = milliseconds(began.elapsed());
    println!("by looking at all messages: {took:.0} ms");
    let known: (i64, i64) =
        sqlx::query_as("SELECT count(*), coalesce(sum(u.size), 0)::bigint FROM read.file_uses u")
            .fetch_one(&world.pool)
            .await?;
    ensure!(known == counted, "{known:?} is not {counted:?}");
    println!("{}", TargetTable(&targets));
    Ok(exit_code(&targets))
}

/// Returns how long the first call takes, and the median, in ms.
async fn measure(admin: &Client, path: &str, rounds: usize) -> Result<(f64, f64)> {
    let mut times = Vec::new();
    for _ in 0..rounds.max(1) {
        let began = Instant::now();
        let answer = admin.get(path).await;
        ensure!(
            answer.status == 200 && answer.json() != Value::Null,
            "{answer}"
        );
        times.push(milliseconds(began.elapsed()));
    }
    let first = times[0];
    times.sort_by(f64::total_cmp);
    Ok((first, times[times.len() / 2]))
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}

/// Fills the tables as the projector would.
async fn fill(pool: &PgPool, args: &Args) -> Result<()> {
    for statement in [
        "INSERT INTO read.conversations (id, name, kind, history, created_at, member_count, head_seq,
            countable, activity, unfanned)
         SELECT i, 'c' || i, CASE WHEN i % 3 = 0 THEN 'direct' ELSE 'group' END, 'all', now(), 2, 0, 0,
            0, 0 FROM generate_series(1, $1) i WHERE $2 > 0 AND $3 > 0",
        "INSERT INTO read.members (conversation, user_id, present, role, joined_at, joined_order,
            joined_seq, read_seq, read_high, own_seq, muted, pinned, archived, cleared_seq)
         SELECT i, u, true, 'member', now(), u, 0, 0, 0, 0, false, false, false,
            CASE WHEN i % 30 = 0 THEN 20 ELSE 0 END
         FROM generate_series(1, $1) i, generate_series(1, 2) u WHERE $2 > 0 AND $3 > 0",
        "INSERT INTO read.files (id, position, uploader, name, declared_type, size, reserved_at,
            expires_at, phase, type, sha256, stored_at)
         SELECT '019ad2c5-' || lpad(to_hex(i >> 12), 4, '0') || '-7' || lpad(to_hex(i & 4095), 3, '0')
            || '-8000-' || lpad(to_hex(i), 12, '0'), i, 'user' || i % 5000, 'image' || i || '.png',
            'image/png', i * 7919 % 5000000, now(), now() + interval '1 day',
            CASE WHEN i % 300 = 0 THEN 'reserved' ELSE 'stored' END, 'image/png',
            md5(i::text) || md5(i::text), now()
         FROM generate_series(1, $2) i WHERE $1 > 0 AND $3 > 0",
        "INSERT INTO read.messages (conversation, seq, position, sender, sent_at, ordinal, recalled,
            fanned, type, body, client_message_id, file)
         SELECT 1 + i * 7 % $1, 1 + i / $1, i, 1, now(), 1, i % 50 = 0, true, 'image',
            repeat('x', 150), 'k' || i, CASE WHEN i % 50 <> 0 THEN f.id END
         FROM generate_series(1, $3) i LEFT JOIN read.files f ON i % 3 = 0 AND f.position = i / 3
         WHERE $2 > 0 ORDER BY i",
    ] {
        sqlx::query(statement)
            .bind(CONVERSATIONS)
            .bind(args.files)
            .bind(args.messages)
            .execute(pool)
            .await?;
    }
    sqlx::query(&format!("INSERT INTO read.file_uses {COUNTED}"))
        .execute(pool)
        .await?;
    // As autovacuum does while a system runs.
    for table in ["files", "file_uses", "messages"] {
        pool.execute(format!("VACUUM (ANALYZE) read.{table}").as_str())
            .await?;
    }
    Ok(())
}
