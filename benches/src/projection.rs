//! Measures the projector alone: events per second, and the time of each SQL statement.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use domain::body::{MessageBody, MessageType};
use domain::conversation::Conversation;
use domain::conversation::command::{ConversationCommand, CreateConversation};
use domain::conversation::event::{ConversationEvent, ConversationKind, MessageSent};
use domain::envelope::{AggregateKind, Envelope};
use domain::event::EventFamily as _;
use domain::ids::{ConversationId, UserId};
use domain::limits::Limits;
use domain::time::Timestamp;
use projector::{Projector, ProjectorConfig};
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;
use tests::database::WorldDatabase;
use tests::seed::Rng;
use tracing::field::{Field, Visit};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;

/// The time of all events, in milliseconds since 1970.
const EVENT_TIME: i64 = 1_700_000_000_000;

/// One in so many events is projected in a batch of its own.
const SINGLE_SHARE: usize = 100;

/// How many of the slowest statements are printed.
const MAX_STATEMENTS: usize = 9;

/// Executions and seconds, by statement.
type StatementTimes = BTreeMap<String, (u64, f64)>;

/// The options of `benches projection`.
#[derive(clap::Args)]
pub struct Args {
    /// Messages to project.
    #[arg(long, default_value_t = 200_000)]
    messages: usize,
    /// Direct conversations to which they are sent.
    #[arg(long, default_value_t = 2_000)]
    conversations: usize,
    /// Events per batch.
    #[arg(long, default_value_t = 2_000)]
    batch: usize,
}

/// Projects generated events, most of them in batches and some one by one.
pub async fn run(args: &Args) -> Result<()> {
    let profile = StatementProfile::default();
    let sqlx_only =
        tracing_subscriber::filter::filter_fn(|metadata| metadata.target() == "sqlx::query");
    tracing_subscriber::registry()
        .with(profile.clone().with_filter(sqlx_only))
        .init();
    let (created, sent) = generate_events(args.messages, args.conversations)?;
    let database = WorldDatabase::create().await;
    let pool = PgPoolOptions::new()
        .max_connections(8)
        .connect(database.url())
        .await?;
    let config = ProjectorConfig {
        batch: args.batch,
        ..ProjectorConfig::default()
    };
    let mut projector = Projector::open(pool.clone(), config).await?;
    projector.step(&created).await?;
    profile.drain();
    let (bulk, singles) = sent.split_at(sent.len() - sent.len() / SINGLE_SHARE);
    let watch = Stopwatch::start(&pool).await?;
    for events in bulk.chunks(args.batch) {
        projector.step(events).await?;
    }
    println!("batches of {}:", args.batch);
    print_step_times(&profile, bulk.len(), &watch);
    let watch = Stopwatch::start(&pool).await?;
    for event in singles {
        projector.step(std::slice::from_ref(event)).await?;
    }
    println!("single events:");
    print_step_times(&profile, singles.len(), &watch);
    let rows: i64 = sqlx::query_scalar("SELECT count(*) FROM read.inbox")
        .fetch_one(&pool)
        .await?;
    let expected = 2 * (created.len() + sent.len()) as i64;
    ensure!(rows == expected, "{rows} inbox rows, expected {expected}");
    Ok(())
}

/// A direct conversation, its two users and its last seq.
struct DirectConversation {
    id: ConversationId,
    users: [UserId; 2],
    head: i64,
}

/// The events so far, with the last sequence of each conversation.
#[derive(Default)]
struct EventBuilder {
    events: Vec<Envelope>,
    sequences: BTreeMap<ConversationId, i64>,
}

impl EventBuilder {
    fn append(&mut self, id: &ConversationId, event: &ConversationEvent) -> Result<()> {
        let sequence = self.sequences.entry(id.clone()).or_default();
        *sequence += 1;
        self.events.push(Envelope {
            position: self.events.len() as i64 + 1,
            tag: None,
            aggregate: AggregateKind::Conversation,
            aggregate_id: id.as_str().to_owned(),
            sequence: *sequence,
            event_type: event.name().to_owned(),
            version: event.version(),
            time: Timestamp::from_millis(EVENT_TIME),
            actor: None,
            traceparent: None,
            data: event.encode()?,
        });
        Ok(())
    }
}

/// Generates direct conversations, and messages to random ones of them.
fn generate_events(
    messages: usize,
    conversations: usize,
) -> Result<(Vec<Envelope>, Vec<Envelope>)> {
    let mut builder = EventBuilder::default();
    let mut directs = Vec::new();
    for number in 0..conversations {
        directs.push(create_direct(number, &mut builder)?);
    }
    let mut rng = Rng::new(1);
    for number in 0..messages {
        let direct = directs
            .get_mut(rng.below(conversations))
            .context("there are no conversations")?;
        direct.head += 1;
        let sent = ConversationEvent::MessageSent(MessageSent {
            seq: direct.head,
            sender: rng.pick(&direct.users).clone(),
            kind: MessageType::Text,
            body: MessageBody::from_text(&format!(
                "message {number}: what one writes to a friend on a normal day, about so long"
            )),
            reply_to: None,
            mentions: vec![],
            sent_at: Timestamp::from_millis(EVENT_TIME),
            client_message_id: None,
            thread: None,
            scheduled_for: None,
            flags: vec![],
        });
        let id = direct.id.clone();
        builder.append(&id, &sent)?;
    }
    let sent = builder.events.split_off(builder.events.len() - messages);
    Ok((builder.events, sent))
}

fn create_direct(number: usize, builder: &mut EventBuilder) -> Result<DirectConversation> {
    let users = [
        UserId::parse(&format!("user-{number:06}-a"))?,
        UserId::parse(&format!("user-{number:06}-b"))?,
    ];
    let id = ConversationId::direct(&users[0], &users[1]);
    let create = CreateConversation {
        kind: ConversationKind::Direct,
        title: None,
        members: vec![users[1].clone()],
        by: users[0].clone(),
        blocked: false,
        created_at: None,
    };
    let command = ConversationCommand::Create(create);
    let events = Conversation::default()
        .decide(command, &Limits::default())
        .map_err(|refusal| anyhow::anyhow!("{refusal:?}"))?;
    for event in events {
        builder.append(&id, &event)?;
    }
    Ok(DirectConversation { id, users, head: 0 })
}

/// Sums the durations that sqlx reports, by statement.
#[derive(Clone, Default)]
struct StatementProfile(Arc<Mutex<StatementTimes>>);

#[derive(Default)]
struct StatementTiming {
    summary: String,
    seconds: f64,
}

impl Visit for StatementTiming {
    fn record_f64(&mut self, field: &Field, value: f64) {
        if field.name() == "elapsed_secs" {
            self.seconds = value;
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "summary" {
            value.clone_into(&mut self.summary);
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn std::fmt::Debug) {}
}

impl<S: tracing::Subscriber> Layer<S> for StatementProfile {
    fn on_event(&self, event: &tracing::Event<'_>, _: Context<'_, S>) {
        let mut statement = StatementTiming::default();
        event.record(&mut statement);
        let mut times = self.lock();
        let sum = times.entry(statement.summary).or_default();
        *sum = (sum.0 + 1, sum.1 + statement.seconds);
    }
}

impl StatementProfile {
    fn lock(&self) -> MutexGuard<'_, StatementTimes> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn drain(&self) -> StatementTimes {
        std::mem::take(&mut *self.lock())
    }
}

/// The CPU seconds that a local process has used so far (Linux only; 0 elsewhere). On a busy
/// machine they say more than elapsed time.
fn processor_seconds(pid: &str) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let fields: Vec<&str> = stat
        .rsplit(") ")
        .next()
        .unwrap_or_default()
        .split(' ')
        .collect();
    let ticks = |field: usize| {
        fields
            .get(field)
            .and_then(|text| text.parse::<f64>().ok())
            .unwrap_or(0.0)
    };
    (ticks(11) + ticks(12)) / 100.0
}

struct Stopwatch {
    start: Instant,
    backend: String,
    processor: (f64, f64),
}

impl Stopwatch {
    async fn start(pool: &PgPool) -> Result<Self> {
        let backend: i32 = sqlx::query_scalar(
            "SELECT pid FROM pg_stat_activity
             WHERE application_name = 'tidings projector' AND datname = current_database()",
        )
        .fetch_one(pool)
        .await?;
        let backend = backend.to_string();
        let processor = (processor_seconds("self"), processor_seconds(&backend));
        Ok(Self {
            start: Instant::now(),
            backend,
            processor,
        })
    }
}

fn print_step_times(profile: &StatementProfile, events: usize, watch: &Stopwatch) {
    let seconds = watch.start.elapsed().as_secs_f64();
    println!(
        "{events} events in {seconds:.2} s: {:.0} events/s",
        events as f64 / seconds
    );
    let own = processor_seconds("self") - watch.processor.0;
    let backend = processor_seconds(&watch.backend) - watch.processor.1;
    let micros = 1e6 / events as f64;
    println!(
        "  CPU time per event: {:.1} us in this process, {:.1} us in Postgres",
        own * micros,
        backend * micros
    );
    let mut statements: Vec<_> = profile.drain().into_iter().collect();
    statements.sort_by(|a, b| b.1.1.total_cmp(&a.1.1));
    let in_postgres: f64 = statements.iter().map(|(_, (_, seconds))| seconds).sum();
    for (summary, (times, spent)) in statements.iter().take(MAX_STATEMENTS) {
        println!(
            "  {:5.2} s {:4.1} %  {times:6} x {summary}",
            spent,
            100.0 * spent / seconds
        );
    }
    println!(
        "  {:5.2} s {:4.1} %  outside statements",
        seconds - in_postgres,
        100.0 - 100.0 * in_postgres / seconds
    );
}
