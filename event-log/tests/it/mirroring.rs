//! Tests of the relay with a real nats-server.

use async_nats::jetstream;
use domain::envelope::Envelope;
use event_log::mirror::{self, MirrorConfig, MirrorError};
use event_log::{EventLog, broker, relay};
use tokio_util::sync::CancellationToken;

use crate::support::{Database, create, env, eventually, run, text, uuid};

async fn nats() -> async_nats::Client {
    connected(&env(["TIDINGS_TEST_NATS_URL", "DEV_NATS_URL"])).await
}

async fn connected(url: &str) -> async_nats::Client {
    let client = broker::client(url).await.unwrap();
    assert!(broker::connected(&client, &CancellationToken::new()).await);
    client
}

struct Running {
    stop: CancellationToken,
    task: tokio::task::JoinHandle<Result<(), MirrorError>>,
}

impl Running {
    async fn start(log: &EventLog, config: &MirrorConfig) -> Self {
        let stop = CancellationToken::new();
        let task = tokio::spawn(relay::run(
            log.clone(),
            nats().await,
            config.clone(),
            stop.clone(),
        ));
        Self { stop, task }
    }

    async fn stop(self) {
        self.stop.cancel();
        self.task.await.unwrap().unwrap();
    }
}

async fn mirrored(config: &MirrorConfig, position: i64) {
    let jetstream = jetstream::new(nats().await);
    eventually("the mirror is complete", || async {
        mirror::state(&jetstream, config)
            .await
            .is_ok_and(|state| state.is_some_and(|state| state.last == position))
    })
    .await;
}

/// Asserts that every event of the log is in the stream at the sequence of its position.
async fn assert_exact(log: &EventLog, config: &MirrorConfig) {
    let stream = jetstream::new(nats().await)
        .get_stream(&config.stream)
        .await
        .unwrap();
    let reader = event_log::reader::Reader::new(log.pool().clone());
    for event in reader.after(0, 10_000).await.unwrap() {
        let message = stream
            .get_raw_message(event.position.unsigned_abs())
            .await
            .unwrap();
        assert_eq!(message.payload, event.to_json().unwrap());
        assert_eq!(
            Envelope::from_json(&message.payload).unwrap().position,
            event.position
        );
    }
}

async fn send(log: &EventLog, count: usize) {
    for n in 0..count {
        run(log, "g", text("ann", &n.to_string()), vec![])
            .await
            .unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_mirror_is_exact_with_two_relays_restarts_and_wipes() {
    let database = Database::new().await;
    let (one, other) = (database.log().await, database.log().await);
    let config = MirrorConfig::named(&uuid());
    run(&one, "g", create("ann", &[]), vec![]).await.unwrap();
    send(&one, 30).await;
    let first = Running::start(&one, &config).await;
    let second = Running::start(&other, &config).await;
    tokio::join!(send(&one, 50), send(&other, 50));
    mirrored(&config, 131).await;
    first.stop().await;
    send(&one, 20).await;
    mirrored(&config, 151).await;
    assert_exact(&one, &config).await;

    // The stream is wiped while the relay runs.
    let jetstream = jetstream::new(nats().await);
    jetstream.delete_stream(&config.stream).await.unwrap();
    send(&other, 5).await;
    mirrored(&config, 156).await;
    assert_exact(&other, &config).await;

    // The stream is purged: sequences continue, and the old events are read from Postgres.
    jetstream
        .get_stream(&config.stream)
        .await
        .unwrap()
        .purge()
        .await
        .unwrap();
    send(&other, 5).await;
    mirrored(&config, 161).await;
    second.stop().await;
    jetstream.delete_stream(&config.stream).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mirror_that_retains_fewer_events_starts_after_the_older_ones() {
    let database = Database::new().await;
    let log = database.log().await;
    let config = MirrorConfig {
        keep: 10,
        ..MirrorConfig::named(&uuid())
    };
    run(&log, "g", create("ann", &[]), vec![]).await.unwrap();
    send(&log, 49).await;
    let relay = Running::start(&log, &config).await;
    mirrored(&config, 50).await;
    let jetstream = jetstream::new(nats().await);
    let state = mirror::state(&jetstream, &config).await.unwrap().unwrap();
    assert_eq!((state.first, state.last), (41, 50));
    relay.stop().await;
    jetstream.delete_stream(&config.stream).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_of_another_log_is_rejected() {
    let config = MirrorConfig::named(&uuid());
    let one = Database::new().await.log().await;
    run(&one, "g", create("ann", &[]), vec![]).await.unwrap();
    let relay = Running::start(&one, &config).await;
    mirrored(&config, 1).await;
    relay.stop().await;
    let other = Database::new().await.log().await;
    let error = relay::run(
        other,
        nats().await,
        config.clone(),
        CancellationToken::new(),
    )
    .await
    .unwrap_err();
    assert!(matches!(error, MirrorError::NotOurs { .. }), "{error}");
    assert!(error.to_string().contains(&config.stream), "{error}");
    jetstream::new(nats().await)
        .delete_stream(&config.stream)
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_ahead_of_a_restored_log_is_recreated() {
    let config = MirrorConfig::named(&uuid());
    let database = Database::new().await;
    let log = database.log().await;
    run(&log, "g", create("ann", &[]), vec![]).await.unwrap();
    send(&log, 9).await;
    let relay = Running::start(&log, &config).await;
    mirrored(&config, 10).await;
    relay.stop().await;
    // The state after restoring an older backup.
    for statement in [
        "DELETE FROM log.events WHERE position > 6",
        "UPDATE log.head SET position = 6",
        "DELETE FROM log.snapshots",
    ] {
        sqlx::query(statement).execute(log.pool()).await.unwrap();
    }
    let restored = database.log().await;
    let relay = Running::start(&restored, &config).await;
    mirrored(&config, 6).await;
    send(&restored, 3).await;
    mirrored(&config, 9).await;
    assert_exact(&restored, &config).await;
    relay.stop().await;
    jetstream::new(nats().await)
        .delete_stream(&config.stream)
        .await
        .unwrap();
}

/// Starts a server that answers one client like a nats-server with this INFO, and returns its
/// address.
async fn server_that_says(info: &str) -> String {
    use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("nats://{}", listener.local_addr().unwrap());
    let greeting = format!("INFO {info}\r\n");
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let (read, mut write) = stream.into_split();
        write.write_all(greeting.as_bytes()).await.unwrap();
        let mut lines = tokio::io::BufReader::new(read).lines();
        while let Ok(Some(line)) = lines.next_line().await {
            if line.starts_with("PING") {
                let _ = write.write_all(b"PONG\r\n").await;
            }
        }
    });
    address
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_too_old_or_lacks_jetstream_is_rejected() {
    let info = |version: &str, jetstream: bool| {
        format!(
            r#"{{"server_id":"x","version":"{version}","proto":1,"max_payload":1048576,"headers":true,"jetstream":{jetstream}}}"#
        )
    };
    for (greeting, expected) in [
        (info("2.9.25", true), "nats-server 2.9.25 is too old"),
        (info("nightly", true), "nats-server nightly is too old"),
        (info("2.15.1", false), "without JetStream"),
    ] {
        let client = connected(&server_that_says(&greeting).await).await;
        let error = mirror::check_version(&client).unwrap_err();
        assert!(!error.is_passing(), "{error}");
        assert!(error.to_string().contains(expected), "{error}");
    }
    let client = connected(&server_that_says(&info("2.15.1", true)).await).await;
    mirror::check_version(&client).unwrap();
}
