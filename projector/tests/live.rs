//! The projection loop follows the log, with or without the JetStream mirror.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use async_nats::jetstream;
use async_nats::jetstream::stream::Config;
use domain::envelope::Envelope;
use event_stream::mirror::MirrorConfig;
use event_stream::nats;
use eventually::eventually_true;
use futures::StreamExt as _;
use projector::{InProcessChannels, ProjectionError, ProjectorConfig, run};
use read_model::projection_signal::{AffectedAudience, ProjectionSignal, projected_subject};
use support::history::HistoryGenerator;
use support::{ProjectorDatabase, config, fold, log};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

struct RunningProjector {
    shutdown: CancellationToken,
    task: JoinHandle<Result<(), ProjectionError>>,
}

impl RunningProjector {
    fn start(
        database: &ProjectorDatabase,
        nats: Option<async_nats::Client>,
        mirror: MirrorConfig,
    ) -> Self {
        Self::start_with(config(), database, nats, mirror)
    }

    fn start_with(
        config: ProjectorConfig,
        database: &ProjectorDatabase,
        nats: Option<async_nats::Client>,
        mirror: MirrorConfig,
    ) -> Self {
        let shutdown = CancellationToken::new();
        let task = tokio::spawn(run(
            database.pool.clone(),
            nats,
            mirror,
            config,
            InProcessChannels {
                feed: None,
                projected: tokio::sync::watch::Sender::new(0),
                signal: read_model::projection_signal::ProjectionSignalChannel::default(),
            },
            shutdown.clone(),
        ));
        Self { shutdown, task }
    }

    async fn stop(self) {
        self.shutdown.cancel();
        self.task.await.unwrap().unwrap();
    }
}

async fn wait_for_position(database: &ProjectorDatabase, position: i64) {
    eventually_true("the checkpoint", || async {
        database
            .number("SELECT position FROM read.checkpoint")
            .await
            == position
    })
    .await;
}

async fn connect_nats() -> async_nats::Client {
    let url = std::env::var("TIDINGS_TEST_NATS_URL")
        .or_else(|_| std::env::var("DEV_NATS_URL"))
        .expect("set TIDINGS_TEST_NATS_URL to a nats-server with JetStream for tests");
    let client = nats::connect(&url).await.unwrap();
    assert!(nats::wait_until_connected(&client, &CancellationToken::new()).await);
    client
}

/// An empty mirror of the database's log.
async fn create_stream(
    client: &async_nats::Client,
    database: &ProjectorDatabase,
    first: u64,
) -> MirrorConfig {
    let name: String = sqlx::query_scalar("SELECT current_database()::text")
        .fetch_one(&database.pool)
        .await
        .unwrap();
    let mirror = MirrorConfig::named(&name);
    let log_id: String = sqlx::query_scalar("SELECT log_id::text FROM log.head")
        .fetch_one(&database.pool)
        .await
        .unwrap();
    let config = Config {
        name: mirror.stream.clone(),
        subjects: vec![format!("{}.>", mirror.subject_prefix)],
        first_sequence: Some(first),
        metadata: [("tidings.log-id".to_owned(), log_id)].into(),
        ..Config::default()
    };
    jetstream::new(client.clone())
        .create_stream(config)
        .await
        .unwrap();
    mirror
}

async fn publish(client: &async_nats::Client, mirror: &MirrorConfig, events: &[Envelope]) {
    let jetstream = jetstream::new(client.clone());
    for event in events {
        let subject = domain::subject::event_subject(
            &mirror.subject_prefix,
            event.aggregate,
            &event.aggregate_id,
            &event.event_type,
        );
        let ack = jetstream
            .publish(subject, event.to_json().unwrap().into())
            .await
            .unwrap();
        ack.await.unwrap();
    }
}

async fn assert_folded(database: &ProjectorDatabase, events: &[Envelope]) {
    let reference = ProjectorDatabase::new().await;
    fold(&reference.pool, config(), events, 1_000).await;
    assert_eq!(database.digest().await, reference.digest().await);
    reference.close().await;
}

#[tokio::test]
async fn without_nats_the_log_is_polled() {
    let generator = HistoryGenerator::with_events(61, 6, 600);
    let database = ProjectorDatabase::new().await;
    log::append(&database.pool, &generator.log[..300]).await;
    let running = RunningProjector::start(&database, None, MirrorConfig::named("none"));
    wait_for_position(&database, 300).await;
    log::append(&database.pool, &generator.log[300..]).await;
    wait_for_position(&database, generator.log.len() as i64).await;
    running.stop().await;
    assert_folded(&database, &generator.log).await;
    database.close().await;
}

/// Publishes more signals than the client buffers for a server that it cannot reach.
#[tokio::test]
async fn an_unreachable_nats_server_delays_nothing() {
    let generator = HistoryGenerator::with_events(73, 6, 2_300);
    let database = ProjectorDatabase::new().await;
    log::append(&database.pool, &generator.log).await;
    let unreachable = nats::connect("nats://127.0.0.1:1").await.unwrap();
    let one_by_one = ProjectorConfig {
        batch: 1,
        ..config()
    };
    let mirror = MirrorConfig::named("none");
    let running = RunningProjector::start_with(one_by_one, &database, Some(unreachable), mirror);
    wait_for_position(&database, generator.log.len() as i64).await;
    running.stop().await;
    assert_folded(&database, &generator.log).await;
    database.close().await;
}

/// Asserts that every user with an entry at these positions is in the signal's audience.
async fn assert_all_recipients_named(database: &ProjectorDatabase, touched: &AffectedAudience) {
    let missing: Vec<(i64, i64)> = sqlx::query_as(
        "SELECT i.user_id, i.position FROM read.inbox i
         WHERE i.position > $1 AND i.position <= $2 AND i.user_id <> ALL($3) AND NOT EXISTS (
            SELECT FROM read.stays s
            WHERE s.conversation = ANY($4) AND s.conversation = i.conversation AND s.user_id = i.user_id)
         UNION ALL
         SELECT x.conversation, x.position FROM (
            SELECT g.conversation, g.position FROM read.messages g WHERE NOT g.fanned
            UNION ALL SELECT t.conversation, t.position FROM read.timeline t WHERE NOT t.fanned) x
         WHERE x.position > $1 AND x.position <= $2 AND x.conversation <> ALL($4)",
    )
    .bind(touched.from)
    .bind(touched.to)
    .bind(&touched.users)
    .bind(&touched.conversations)
    .fetch_all(&database.pool)
    .await
    .unwrap();
    assert_eq!(missing, [], "missing from {touched:?}");
}

#[tokio::test]
async fn the_stream_is_followed_and_signals_are_published() {
    let generator = HistoryGenerator::with_events(67, 6, 600);
    let database = ProjectorDatabase::new().await;
    let client = connect_nats().await;
    let mirror = create_stream(&client, &database, 1).await;
    let mut signals = client
        .subscribe(projected_subject(&mirror.stream))
        .await
        .unwrap();
    // At this point, only the stream has these events.
    publish(&client, &mirror, &generator.log[..100]).await;
    let running = RunningProjector::start(&database, Some(client.clone()), mirror.clone());
    // The loop fails if it is ahead of the log, so the log must get these events too.
    log::append(&database.pool, &generator.log[..100]).await;
    wait_for_position(&database, 100).await;
    log::append(&database.pool, &generator.log[100..]).await;
    publish(&client, &mirror, &generator.log[100..]).await;
    let last = generator.log.len() as i64;
    wait_for_position(&database, last).await;
    let (mut position, mut named) = (0, 0);
    while position != last {
        let message = tokio::time::timeout(std::time::Duration::from_secs(10), signals.next())
            .await
            .unwrap()
            .unwrap();
        let signal = ProjectionSignal::parse(str::from_utf8(&message.payload).unwrap()).unwrap();
        position = signal.position();
        if let Some(touched) = signal.audience {
            assert_eq!((touched.to, touched.generation), (position, 1));
            named += touched.to - touched.from;
            assert_all_recipients_named(&database, &touched).await;
        }
    }
    assert!(
        named > 100,
        "signals listed the audience of only {named} positions"
    );
    running.stop().await;
    assert_folded(&database, &generator.log).await;
    jetstream::new(client)
        .delete_stream(&mirror.stream)
        .await
        .unwrap();
    database.close().await;
}

#[tokio::test]
async fn the_log_is_read_when_the_stream_is_late_wrong_or_deleted() {
    let generator = HistoryGenerator::with_events(71, 6, 900);
    let database = ProjectorDatabase::new().await;
    let client = connect_nats().await;
    // The stream begins at position 200 and is incomplete; the log is complete.
    let mirror = create_stream(&client, &database, 200).await;
    log::append(&database.pool, &generator.log[..300]).await;
    publish(&client, &mirror, &generator.log[199..250]).await;
    let running = RunningProjector::start(&database, Some(client.clone()), mirror.clone());
    wait_for_position(&database, 300).await;
    // From here on, its sequences differ from the events' positions.
    publish(&client, &mirror, &generator.log[300..400]).await;
    log::append(&database.pool, &generator.log[300..600]).await;
    wait_for_position(&database, 600).await;
    jetstream::new(client)
        .delete_stream(&mirror.stream)
        .await
        .unwrap();
    log::append(&database.pool, &generator.log[600..]).await;
    wait_for_position(&database, generator.log.len() as i64).await;
    running.stop().await;
    assert_folded(&database, &generator.log).await;
    database.close().await;
}
