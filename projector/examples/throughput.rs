//! Measures projection throughput: events per second, and the time spent in each SQL statement.
//!
//! Usage: `throughput [messages] [conversations] [batch]`. It uses the database server of the
//! tests.

#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "../tests/support/mod.rs"]
mod support;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use domain::body::{MessageBody, MessageType};
use domain::conversation::command::{ConversationCommand, CreateConversation};
use domain::conversation::event::{ConversationEvent, ConversationKind, MessageSent};
use domain::envelope::{AggregateKind, Envelope};
use domain::ids::ConversationId;
use domain::time::Timestamp;
use projector::{Projector, ProjectorConfig};
use support::ProjectorDatabase;
use support::history::{HistoryGenerator, user};
use tracing::field::{Field, Visit};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;

/// Sums the durations that sqlx reports for each statement.
#[derive(Clone, Default)]
struct Profile(Arc<Mutex<BTreeMap<String, (u64, f64)>>>);

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

impl<S: tracing::Subscriber> Layer<S> for Profile {
    fn on_event(&self, event: &tracing::Event<'_>, _: Context<'_, S>) {
        let mut statement = StatementTiming::default();
        event.record(&mut statement);
        let mut all = self.0.lock().unwrap();
        let sum = all.entry(statement.summary).or_default();
        *sum = (sum.0 + 1, sum.1 + statement.seconds);
    }
}

impl Profile {
    fn drain(&self) -> BTreeMap<String, (u64, f64)> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

/// Builds a history: direct conversations, then messages to random ones of them.
fn build_history(messages: usize, conversations: usize) -> (Vec<Envelope>, Vec<Envelope>) {
    let mut generator = HistoryGenerator::new(1, 1);
    let mut pairs = Vec::new();
    for number in 0..conversations {
        let (one, other) = (
            user(&format!("user-{number:06}-a")),
            user(&format!("user-{number:06}-b")),
        );
        let id = ConversationId::direct(&one, &other);
        let create = CreateConversation {
            kind: ConversationKind::Direct,
            title: None,
            members: vec![other.clone()],
            by: one.clone(),
            blocked: false,
        };
        assert!(generator.run_command(&id, ConversationCommand::Create(create)));
        pairs.push((id, [one, other], 0));
    }
    let created = std::mem::take(&mut generator.log);
    for number in 0..messages {
        let index = usize::try_from(generator.rng.below(conversations as u64)).unwrap();
        let side = usize::try_from(generator.rng.below(2)).unwrap();
        let (id, users, head) = &mut pairs[index];
        *head += 1;
        let sent = ConversationEvent::MessageSent(MessageSent {
            seq: *head,
            sender: users[side].clone(),
            kind: MessageType::Text,
            body: MessageBody::from_text(&format!(
                "message {number}: what one writes to a friend on a normal day, about so long"
            )),
            reply_to: None,
            mentions: vec![],
            sent_at: Timestamp::from_millis(1_700_000_000_000),
        });
        generator.append(AggregateKind::Conversation, id.as_str(), &sent);
    }
    let mut sent = generator.log;
    for (event, position) in sent.iter_mut().zip(created.len() as i64 + 1..) {
        event.position = position;
    }
    (created, sent)
}

/// The CPU seconds that a local process has used so far (Linux only; 0 elsewhere). On a busy
/// machine they are more meaningful than elapsed time.
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
    begin: Instant,
    backend: String,
    processor: (f64, f64),
}

impl Stopwatch {
    async fn start(database: &ProjectorDatabase) -> Self {
        let backend = database
            .number("SELECT pid::bigint FROM pg_stat_activity WHERE application_name = 'tidings projector' AND datname = current_database()")
            .await
            .to_string();
        let processor = (processor_seconds("self"), processor_seconds(&backend));
        Self {
            begin: Instant::now(),
            backend,
            processor,
        }
    }
}

fn report(profile: &Profile, events: usize, watch: &Stopwatch) {
    let seconds = watch.begin.elapsed().as_secs_f64();
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
    for (summary, (times, spent)) in statements.iter().take(9) {
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

#[tokio::main]
async fn main() {
    let profile = Profile::default();
    let sqlx_only =
        tracing_subscriber::filter::filter_fn(|metadata| metadata.target() == "sqlx::query");
    tracing_subscriber::registry()
        .with(profile.clone().with_filter(sqlx_only))
        .init();
    let mut arguments = std::env::args()
        .skip(1)
        .map(|text| text.parse::<usize>().unwrap());
    let messages = arguments.next().unwrap_or(200_000);
    let conversations = arguments.next().unwrap_or(2_000);
    let batch = arguments.next().unwrap_or(2_000);
    let (created, sent) = build_history(messages, conversations);
    let database = ProjectorDatabase::new().await;
    let config = ProjectorConfig {
        batch,
        ..ProjectorConfig::default()
    };
    let mut projector = Projector::open(database.pool.clone(), config)
        .await
        .unwrap();
    projector.step(&created).await.unwrap();
    profile.drain();
    let single = sent.len() / 100;
    let (bulk, singles) = sent.split_at(sent.len() - single);
    let watch = Stopwatch::start(&database).await;
    for events in bulk.chunks(batch) {
        projector.step(events).await.unwrap();
    }
    println!("batches of {batch}:");
    report(&profile, bulk.len(), &watch);
    let watch = Stopwatch::start(&database).await;
    for event in singles {
        projector.step(std::slice::from_ref(event)).await.unwrap();
    }
    println!("single events:");
    report(&profile, singles.len(), &watch);
    let inbox = database.number("SELECT count(*) FROM read.inbox").await;
    assert_eq!(inbox, 2 * (created.len() + sent.len()) as i64);
    database.close().await;
}
