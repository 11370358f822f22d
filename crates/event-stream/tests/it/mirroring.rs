//! Tests of the relay with a real nats-server.

use async_nats::jetstream;
use domain::envelope::Envelope;
use event_log::EventLog;
use event_stream::mirror::{self, MirrorConfig, MirrorError};
use event_stream::{nats, relay};
use eventually::eventually_true;
use tokio_util::sync::CancellationToken;

use crate::support::{LogTestDatabase, create_group, execute, send_text, server_address, uuid};

async fn connect_nats() -> async_nats::Client {
    connect_to(&server_address(["TIDINGS_TEST_NATS_URL", "DEV_NATS_URL"])).await
}

async fn connect_to(url: &str) -> async_nats::Client {
    let client = nats::connect(url).await.unwrap();
    assert!(nats::wait_until_connected(&client, &CancellationToken::new()).await);
    client
}

struct RelayTask {
    stop: CancellationToken,
    task: tokio::task::JoinHandle<Result<(), MirrorError>>,
}

impl RelayTask {
    async fn start(log: &EventLog, config: &MirrorConfig) -> Self {
        let stop = CancellationToken::new();
        let task = tokio::spawn(relay::run(
            log.clone(),
            connect_nats().await,
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

async fn wait_for_mirror(config: &MirrorConfig, position: i64) {
    let jetstream = jetstream::new(connect_nats().await);
    eventually_true("the mirror is complete", async || {
        mirror::load_state(&jetstream, config)
            .await
            .is_ok_and(|state| state.is_some_and(|state| state.last == position))
    })
    .await;
}

/// Asserts that every event of the log is in the stream at the sequence of its position.
async fn assert_exact_copy(log: &EventLog, config: &MirrorConfig) {
    let stream = jetstream::new(connect_nats().await)
        .get_stream(&config.stream)
        .await
        .unwrap();
    let reader = event_log::reader::LogReader::new(log.pool().clone());
    for event in reader.read_after(0, 10_000).await.unwrap() {
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

async fn send_messages(log: &EventLog, count: usize) {
    for n in 0..count {
        execute(log, "g", send_text("ann", &n.to_string()), vec![])
            .await
            .unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_mirror_is_exact_with_two_relays_restarts_and_wipes() {
    let database = LogTestDatabase::new().await;
    let (one, other) = (database.open_log().await, database.open_log().await);
    let config = MirrorConfig::named(&uuid());
    execute(&one, "g", create_group("ann", &[]), vec![])
        .await
        .unwrap();
    send_messages(&one, 30).await;
    let first = RelayTask::start(&one, &config).await;
    let second = RelayTask::start(&other, &config).await;
    tokio::join!(send_messages(&one, 50), send_messages(&other, 50));
    wait_for_mirror(&config, 131).await;
    first.stop().await;
    send_messages(&one, 20).await;
    wait_for_mirror(&config, 151).await;
    assert_exact_copy(&one, &config).await;

    // The stream is wiped while the relay runs.
    let jetstream = jetstream::new(connect_nats().await);
    jetstream.delete_stream(&config.stream).await.unwrap();
    send_messages(&other, 5).await;
    wait_for_mirror(&config, 156).await;
    assert_exact_copy(&other, &config).await;

    // The stream is purged: sequences continue, and the old events are read from Postgres.
    jetstream
        .get_stream(&config.stream)
        .await
        .unwrap()
        .purge()
        .await
        .unwrap();
    send_messages(&other, 5).await;
    wait_for_mirror(&config, 161).await;
    second.stop().await;
    jetstream.delete_stream(&config.stream).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_continues_an_empty_mirror() {
    // Given a relay that has stopped before the first event,
    let database = LogTestDatabase::new().await;
    let log = database.open_log().await;
    let config = MirrorConfig::named(&uuid());
    let first = RelayTask::start(&log, &config).await;
    wait_for_mirror(&config, 0).await;
    first.stop().await;
    // when another one starts,
    let second = RelayTask::start(&log, &config).await;
    execute(&log, "g", create_group("ann", &[]), vec![])
        .await
        .unwrap();
    send_messages(&log, 3).await;
    // then it publishes to the empty stream.
    wait_for_mirror(&config, 4).await;
    assert_exact_copy(&log, &config).await;
    second.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn limits_that_somebody_else_reduced_are_set_again() {
    // Given a mirror,
    let database = LogTestDatabase::new().await;
    let log = database.open_log().await;
    let config = MirrorConfig::named(&uuid());
    let relay = RelayTask::start(&log, &config).await;
    execute(&log, "g", create_group("ann", &[]), vec![])
        .await
        .unwrap();
    send_messages(&log, 9).await;
    wait_for_mirror(&config, 10).await;
    // when somebody reduces what the stream retains,
    let jetstream = jetstream::new(connect_nats().await);
    let stream = jetstream.get_stream(&config.stream).await.unwrap();
    let mut reduced = stream.cached_info().config.clone();
    reduced.max_messages = 3;
    reduced.max_age = std::time::Duration::from_secs(3_600);
    jetstream.update_stream(reduced).await.unwrap();
    // then the relay sets it again, and continues.
    eventually_true("the limits are set again", async || {
        let state = mirror::load_state(&jetstream, &config).await;
        state.is_ok_and(|state| state.is_some_and(|state| state.has_configured_limits))
    })
    .await;
    send_messages(&log, 2).await;
    wait_for_mirror(&config, 12).await;
    relay.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mirror_that_retains_fewer_events_starts_after_the_older_ones() {
    let database = LogTestDatabase::new().await;
    let log = database.open_log().await;
    let config = MirrorConfig {
        max_events: 10,
        ..MirrorConfig::named(&uuid())
    };
    execute(&log, "g", create_group("ann", &[]), vec![])
        .await
        .unwrap();
    send_messages(&log, 49).await;
    let relay = RelayTask::start(&log, &config).await;
    wait_for_mirror(&config, 50).await;
    let jetstream = jetstream::new(connect_nats().await);
    let state = mirror::load_state(&jetstream, &config)
        .await
        .unwrap()
        .unwrap();
    assert_eq!((state.first, state.last), (41, 50));
    relay.stop().await;
    jetstream.delete_stream(&config.stream).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_single_server_has_one_replica_however_many_are_configured() {
    let database = LogTestDatabase::new().await;
    let log = database.open_log().await;
    let config = MirrorConfig {
        replicas: Some(3),
        ..MirrorConfig::named(&uuid())
    };
    execute(&log, "g", create_group("ann", &[]), vec![])
        .await
        .unwrap();
    let relay = RelayTask::start(&log, &config).await;
    wait_for_mirror(&config, 1).await;
    send_messages(&log, 20).await;
    wait_for_mirror(&config, 21).await;
    assert_exact_copy(&log, &config).await;
    let jetstream = jetstream::new(connect_nats().await);
    let state = mirror::load_state(&jetstream, &config).await.unwrap();
    assert_eq!(state.unwrap().replicas, 1);
    relay.stop().await;
    jetstream.delete_stream(&config.stream).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_of_another_log_is_rejected() {
    let config = MirrorConfig::named(&uuid());
    let one = LogTestDatabase::new().await.open_log().await;
    execute(&one, "g", create_group("ann", &[]), vec![])
        .await
        .unwrap();
    let relay = RelayTask::start(&one, &config).await;
    wait_for_mirror(&config, 1).await;
    relay.stop().await;
    let other = LogTestDatabase::new().await.open_log().await;
    let error = relay::run(
        other,
        connect_nats().await,
        config.clone(),
        CancellationToken::new(),
    )
    .await
    .unwrap_err();
    assert!(
        matches!(error, MirrorError::ForeignStream { .. }),
        "{error}"
    );
    assert!(error.to_string().contains(&config.stream), "{error}");
    jetstream::new(connect_nats().await)
        .delete_stream(&config.stream)
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_ahead_of_a_restored_log_is_recreated() {
    let config = MirrorConfig::named(&uuid());
    let database = LogTestDatabase::new().await;
    let log = database.open_log().await;
    execute(&log, "g", create_group("ann", &[]), vec![])
        .await
        .unwrap();
    send_messages(&log, 9).await;
    let relay = RelayTask::start(&log, &config).await;
    wait_for_mirror(&config, 10).await;
    relay.stop().await;
    // The state after restoring an older backup.
    for statement in [
        "DELETE FROM log.events WHERE position > 6",
        "UPDATE log.head SET position = 6",
        "DELETE FROM log.snapshots",
    ] {
        sqlx::query(statement).execute(log.pool()).await.unwrap();
    }
    let restored = database.open_log().await;
    let relay = RelayTask::start(&restored, &config).await;
    wait_for_mirror(&config, 6).await;
    send_messages(&restored, 3).await;
    wait_for_mirror(&config, 9).await;
    assert_exact_copy(&restored, &config).await;
    relay.stop().await;
    jetstream::new(connect_nats().await)
        .delete_stream(&config.stream)
        .await
        .unwrap();
}

/// Starts a server that answers one client like a nats-server with this INFO, and returns its
/// address.
async fn spawn_fake_server(info: &str) -> String {
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
        let client = connect_to(&spawn_fake_server(&greeting).await).await;
        let error = mirror::check_server(&client).unwrap_err();
        assert!(!error.is_transient(), "{error}");
        assert!(error.to_string().contains(expected), "{error}");
    }
    let client = connect_to(&spawn_fake_server(&info("2.15.1", true)).await).await;
    mirror::check_server(&client).unwrap();
}
