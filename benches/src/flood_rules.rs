//! `make bench-flood-rules`: how many sends a second the flood rules keep up with. The rules are
//! measured alone, and with what reads the log from Postgres and stores the progress.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use axum::http::Method;
use domain::body::{MessageBody, MessageType};
use domain::conversation::event::{ConversationEvent, MessageSent};
use domain::deployment::event::{DeploymentEvent, FloodRulesSet};
use domain::deployment::flood::{FloodAction, FloodReach, FloodRule, RuleDuration};
use domain::envelope::{AggregateKind, Envelope};
use domain::event::EventFamily;
use domain::ids::UserId;
use domain::time::Timestamp;
use moderation::ModerationFold;
use serde_json::json;
use sqlx::{Connection as _, PgConnection};
use tests::program::Program;
use tests::seed::Rng;
use tests::servers;
use tests::token;
use tests::world::create_dir;

use crate::targets::{Target, TargetTable, exit_code};

/// How many sends a second the rules must keep up with.
const TARGET_RATE: f64 = 10_000.0;

/// The most sends in one request.
const BATCH: usize = 1_000;

/// Senders, each in a conversation of its own.
const SENDERS: usize = 100;

/// How long the follower may take for all messages.
const MAX_TIME: Duration = Duration::from_secs(120);

/// The options of `benches flood-rules`.
#[derive(clap::Args)]
pub struct Args {
    /// Messages.
    #[arg(long, default_value_t = 100_000)]
    messages: usize,
}

/// Measures both.
pub async fn run(args: &Args) -> Result<ExitCode> {
    ensure!(
        args.messages >= BATCH,
        "--messages must be at least {BATCH}"
    );
    let alone = measure_rules(args.messages)?;
    println!("the rules alone: {alone:.0} messages/s");
    let followed = measure_follower(args.messages).await?;
    println!("with Postgres: {followed:.0} messages/s");
    let targets = [
        Target::at_least("the rules alone, messages/s", alone, TARGET_RATE, ""),
        Target::at_least("with Postgres, messages/s", followed, TARGET_RATE, ""),
    ];
    println!("{}", TargetTable(&targets));
    Ok(exit_code(&targets))
}

/// Rules that count in both ways, and that these messages do not break.
fn rules() -> Result<Vec<FloodRule>> {
    let within = RuleDuration::parse("10m").context("a duration")?;
    let rule = |across| FloodRule {
        same_text: 100,
        within: within.clone(),
        across,
        then: FloodAction::Flag,
        lasting: None,
    };
    Ok([FloodReach::Conversation, FloodReach::All].map(rule).into())
}

/// A text of ten words, of which a few recur.
fn random_text(rng: &mut Rng) -> String {
    let words = [
        "what",
        "one",
        "writes",
        "to",
        "friends",
        "on",
        "a",
        "normal",
        "day",
        "noodles",
        "Grüße",
        "世界",
        "tomorrow",
        "at",
        "noon?",
        "yes!",
        "https://example.org/",
    ];
    let words: Vec<&str> = (0..10).map(|_| *rng.pick(&words)).collect();
    words.join(" ")
}

fn measure_rules(messages: usize) -> Result<f64> {
    let mut rng = Rng::new(1);
    let mut fold = ModerationFold::default();
    let set = FloodRulesSet {
        rules: rules()?,
        by: UserId::parse("root")?,
    };
    let set = DeploymentEvent::FloodRulesSet(set);
    fold.apply(&envelope(1, AggregateKind::Deployment, "tidings", &set)?)?;
    let mut events = Vec::with_capacity(messages);
    for position in 2..=messages as i64 {
        let sender = format!("u{}", rng.below(SENDERS));
        let event = ConversationEvent::MessageSent(MessageSent {
            seq: position,
            sender: UserId::parse(&sender)?,
            kind: MessageType::Text,
            body: MessageBody::from_text(&random_text(&mut rng)),
            reply_to: None,
            mentions: vec![],
            sent_at: time_at(position),
            client_message_id: None,
            thread: None,
            scheduled_for: None,
            flags: vec![],
        });
        events.push(envelope(
            position,
            AggregateKind::Conversation,
            &sender,
            &event,
        )?);
    }
    let began = Instant::now();
    for event in &events {
        let acts = fold.apply(event)?;
        ensure!(acts.is_empty(), "the messages break a rule");
    }
    Ok(events.len() as f64 / began.elapsed().as_secs_f64())
}

/// Ten messages in a millisecond.
fn time_at(position: i64) -> Timestamp {
    Timestamp::from_millis(1_700_000_000_000 + position / 10)
}

fn envelope<E: EventFamily>(
    position: i64,
    aggregate: AggregateKind,
    id: &str,
    event: &E,
) -> Result<Envelope> {
    Ok(Envelope {
        position,
        tag: None,
        aggregate,
        aggregate_id: id.to_owned(),
        sequence: position,
        event_type: event.name().to_owned(),
        version: event.version(),
        time: time_at(position),
        actor: None,
        traceparent: None,
        data: event.encode()?,
    })
}

/// Sends the messages to a running system, and lets it follow them once more after a restart.
async fn measure_follower(messages: usize) -> Result<f64> {
    let dir = create_dir();
    let servers = servers::start_both(&dir.join("servers"));
    let mut program = Program::start(&servers, &dir).await?;
    let mut connection = PgConnection::connect(&servers.database_url).await?;
    let sent = send_messages(&program, messages).await?;
    let head = program.head().await?;
    let behind = wait_until_followed(&mut connection, head).await?;
    eprintln!("{sent:.0} sends/s; all were followed {behind:?} after the last one");
    program.service.process.kill();
    // Not even the rules are known there: the follower finds them in the log.
    sqlx::query("UPDATE moderation.progress SET position = 0, tag = NULL")
        .execute(&mut connection)
        .await?;
    program = Program::start(&servers, &dir).await?;
    let time = wait_until_followed(&mut connection, head).await?;
    drop(program);
    Ok(messages as f64 / time.as_secs_f64())
}

/// Returns the sends a second.
async fn send_messages(program: &Program, messages: usize) -> Result<f64> {
    let mut rng = Rng::new(2);
    let moderator = program
        .user("root")
        .with_token(Some(token::for_admin("root")));
    let rules = json!({ "rules": rules()? });
    moderator
        .put("/v1/moderation/flood", Some(rules))
        .await
        .expect(200);
    for sender in 0..SENDERS {
        let user = program.user(&format!("u{sender}"));
        user.create_group(&format!("g{sender}"), &[])
            .await
            .expect(201);
    }
    let began = Instant::now();
    for batch in 0..messages / BATCH {
        let sender = batch % SENDERS;
        let user = program.user(&format!("u{sender}"));
        let lines = (0..BATCH).map(|number| {
            json!({
                "op": "send", "conversation_id": format!("g{sender}"), "type": "text",
                "client_message_id": format!("{batch}-{number}"),
                "body": { "text": random_text(&mut rng) },
            })
            .to_string()
        });
        let body = lines.collect::<Vec<_>>().join("\n");
        let request = user.request(&Method::POST, "/v1/batch");
        let answer = request.body("application/x-ndjson", body).send().await;
        ensure!(answer.status == 200, "{answer}");
    }
    Ok(messages as f64 / began.elapsed().as_secs_f64())
}

async fn wait_until_followed(connection: &mut PgConnection, head: i64) -> Result<Duration> {
    let began = Instant::now();
    loop {
        let position: i64 = sqlx::query_scalar("SELECT position FROM moderation.progress")
            .fetch_one(&mut *connection)
            .await?;
        if position >= head {
            return Ok(began.elapsed());
        }
        ensure!(began.elapsed() < MAX_TIME, "at {position} of {head}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
