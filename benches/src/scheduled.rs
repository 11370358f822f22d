//! `make bench-scheduled`: many scheduled messages that are due at the same time. The exit status
//! is 1 if the target is missed.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Result, ensure};
use domain::time::Timestamp;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use serde_json::json;
use sqlx::PgPool;
use sqlx::types::time::OffsetDateTime;
use tests::program::Program;
use tests::servers;
use tests::world::create_dir;
use tokio::time::sleep;

use crate::environment;
use crate::targets::{Target, TargetTable, exit_code};

/// The longest time until the last of 10,000 messages is sent.
const MAX_SECONDS: f64 = 5.0;

/// Requests that schedule at the same time.
const SCHEDULING_REQUESTS: usize = 32;

/// How often to look whether all messages are sent, and for how long after they were due.
const POLL_INTERVAL: Duration = Duration::from_millis(200);
const TIMEOUT: Duration = Duration::from_secs(120);

/// The options of `benches scheduled`.
#[derive(clap::Args)]
pub struct Args {
    /// The messages that are due at the same time.
    #[arg(long, default_value_t = 10_000)]
    messages: usize,
    /// The users who schedule them, each as many as the others.
    #[arg(long, default_value_t = 100)]
    users: usize,
    /// The conversations to which they are sent.
    #[arg(long, default_value_t = 100)]
    conversations: usize,
    /// How far ahead they are scheduled, in seconds: all must be scheduled by then.
    #[arg(long, default_value_t = 60)]
    ahead: u64,
}

/// What became of the messages so far.
#[derive(sqlx::FromRow)]
struct SentCount {
    /// The messages that were sent.
    sent: i64,
    /// Those whose mailbox knows it.
    completed: i64,
    /// When the last one was sent.
    last: Option<OffsetDateTime>,
}

/// Schedules the messages, waits until they are sent, and prints the report.
pub async fn run(args: &Args) -> Result<ExitCode> {
    let dir = create_dir();
    let servers = servers::start_both(&dir.join("servers"));
    println!("{}", environment::describe("all programs", &servers));
    let program = Program::start_with_env(&servers, &dir, &[]).await?;
    create_conversations(&program, args).await?;
    let due =
        Timestamp::from(OffsetDateTime::now_utc()).millis() / 1_000 + args.ahead.cast_signed();
    let due = Timestamp::from_millis(due * 1_000);
    schedule(&program, args, due).await?;
    let now = Timestamp::from(OffsetDateTime::now_utc());
    ensure!(now < due, "scheduling took too long: use a larger --ahead");
    let pool = PgPool::connect(&program.database_url).await?;
    let count = wait_until_sent(&pool, args.messages, due).await?;
    let seconds_after = |last: Option<OffsetDateTime>| {
        let last = last.map_or(due, Timestamp::from);
        (last.millis() - due.millis()) as f64 / 1_000.0
    };
    let (sent, completed) = (count.sent, seconds_after(Some(OffsetDateTime::now_utc())));
    println!("{sent} messages were sent, and completed after {completed:.1} s");
    let targets = [Target::at_most(
        "the last message was sent after",
        seconds_after(count.last),
        MAX_SECONDS,
        " s",
    )];
    println!("{}", TargetTable(&targets));
    Ok(exit_code(&targets))
}

/// Creates the conversations. Every user is in one of them.
async fn create_conversations(program: &Program, args: &Args) -> Result<()> {
    for conversation in 0..args.conversations {
        let members = (conversation..args.users).step_by(args.conversations);
        let members: Vec<String> = members.map(|n| format!("user{n}")).collect();
        let members: Vec<&str> = members.iter().map(String::as_str).collect();
        let owner = program.user("owner");
        let answer = owner
            .create_group(&format!("c{conversation}"), &members)
            .await;
        ensure!(answer.status == 201, "{answer}");
    }
    Ok(())
}

async fn schedule(program: &Program, args: &Args, due: Timestamp) -> Result<()> {
    let request = async |n: usize| {
        let user = n % args.users;
        let message = json!({
            "client_message_id": format!("m{n}"), "type": "text",
            "body": { "text": format!("message {n}") }, "send_at": due.to_string(),
        });
        let conversation = format!("c{}", user % args.conversations);
        let client = program.user(&format!("user{user}"));
        let answer = client.send_message(&conversation, message).await;
        ensure!(answer.status == 202, "{answer}");
        anyhow::Ok(())
    };
    let requests = stream::iter((0..args.messages).map(request));
    requests
        .buffer_unordered(SCHEDULING_REQUESTS)
        .try_collect()
        .await
}

async fn wait_until_sent(pool: &PgPool, messages: usize, due: Timestamp) -> Result<SentCount> {
    let deadline = due.millis() + TIMEOUT.as_millis() as i64;
    loop {
        let count: SentCount = sqlx::query_as(
            "SELECT count(*) FILTER (WHERE type = 'message_sent') AS sent,
                    count(*) FILTER (WHERE type = 'scheduled_message_sent') AS completed,
                    max(occurred_at) FILTER (WHERE type = 'message_sent') AS last
             FROM events WHERE type IN ('message_sent', 'scheduled_message_sent')",
        )
        .fetch_one(pool)
        .await?;
        if count.completed == messages as i64 {
            ensure!(
                count.sent == messages as i64,
                "{} messages were sent",
                count.sent
            );
            return Ok(count);
        }
        let now = Timestamp::from(OffsetDateTime::now_utc());
        ensure!(
            now.millis() < deadline,
            "{} of {messages} messages were sent, {} completed",
            count.sent,
            count.completed
        );
        sleep(POLL_INTERVAL).await;
    }
}
