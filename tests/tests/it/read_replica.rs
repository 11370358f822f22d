//! Queries on a standby: `TIDINGS_READ_URL`.

use std::sync::Arc;

use eventually::eventually;
use serde_json::Value;
use sqlx::{Connection as _, PgConnection};
use tests::client::{BaseUrls, Client, http_client};
use tests::live::LiveSocket;
use tests::pair_world::PairWorld;
use tests::ports;
use tests::replication::{PostgresPair, ReplicationMode};
use tests::service::ServiceProcess;
use tests::token;
use tests::world::create_dir;

/// A process with all services on the primary, and a query service that reads the standby.
struct ReplicaWorld {
    primary: PairWorld,
    replica: ServiceProcess,
    standby: PgConnection,
}

impl ReplicaWorld {
    async fn start() -> Self {
        let primary = PairWorld::start(ReplicationMode::Asynchronous, PostgresPair::url).await;
        let mut env = primary.env.clone();
        env.push(("TIDINGS_READ_URL", primary.pair.standby_url()));
        let replica =
            ServiceProcess::start("query-api", ports::find_free(), &create_dir(), &env).await;
        let standby = PgConnection::connect(&primary.pair.standby_url()).await;
        Self {
            replica: replica.unwrap_or_else(|output| panic!("{output}")),
            standby: standby.expect("the standby"),
            primary,
        }
    }

    /// Bob, whose queries go to the standby.
    fn bob(&self) -> Client {
        let bases = BaseUrls {
            commands: format!("http://127.0.0.1:{}", self.primary.service.port),
            queries: format!("http://127.0.0.1:{}", self.replica.port),
        };
        Client::for_user(http_client(), Arc::new(bases), "bob")
    }

    /// Stops or continues the replay on the standby.
    async fn replay(&mut self, function: &str) {
        let statement = format!("SELECT {function}()");
        let done = sqlx::query(&statement).execute(&mut self.standby).await;
        done.expect("the standby accepts it");
    }

    async fn send(&self, text: &str) -> i64 {
        let sent = self.primary.user("ann").send("room", text, text).await;
        sent.position()
    }
}

/// The texts of the messages that a connection has received.
fn received_texts(live: &LiveSocket) -> Vec<&str> {
    let sent = live.entries.iter();
    let sent = sent.filter(|entry| entry["type"] == "message_sent");
    sent.filter_map(|entry| entry["data"]["body"]["text"].as_str())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn queries_on_a_standby_wait_for_it_and_accept_cursors_of_the_primary() {
    let mut world = ReplicaWorld::start().await;
    let bob = world.bob();
    let messages =
        |position: i64| format!("/v1/conversations/room/messages?after=0&min_position={position}");
    // Given a message that the standby has, and a connection to it
    let first = world.send("first").await;
    bob.get_ok(&messages(first)).await;
    let address = format!("127.0.0.1:{}", world.replica.port);
    let opened = LiveSocket::open(&address, &token::for_user("bob"), "after=0").await;
    let mut live = opened.expect("the upgrade succeeds");
    live.wait_until_caught_up().await;
    // when the standby stops replaying, and another one is sent,
    world.replay("pg_wal_replay_pause").await;
    let second = world.send("second").await;
    // then the standby does not answer for it,
    let behind = bob.get(&messages(second)).await;
    assert_eq!(behind.expect_problem(503), "projection_behind");
    // a cursor of the primary is valid, and stays the same,
    let path = format!("/v1/inbox/entries?min_position={second}");
    let cursor = world.primary.user("bob").get_ok(&path).await["cursor"].clone();
    let ahead = format!(
        "/v1/inbox/entries?after={}",
        cursor.as_str().expect("a cursor")
    );
    let page = bob.get_ok(&ahead).await;
    assert_eq!(page["cursor"], cursor, "{page}");
    assert_eq!(page["entries"], Value::Array(Vec::new()));
    assert_eq!(received_texts(&live), ["first"]);
    // and when it continues, queries and live connections have the message once.
    world.replay("pg_wal_replay_resume").await;
    let third = world.send("third").await;
    eventually("the standby has caught up", async || {
        (bob.get(&messages(third)).await.status == 200).then_some(())
    })
    .await;
    while received_texts(&live).len() < 3 {
        live.next_frame().await;
    }
    assert_eq!(received_texts(&live), ["first", "second", "third"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_address_of_a_standby_names_one_server() {
    let primary = PairWorld::start(ReplicationMode::Asynchronous, PostgresPair::url).await;
    let mut env = primary.env.clone();
    env.push(("TIDINGS_READ_URL", primary.pair.url_of_both()));
    let dir = create_dir();
    let started = ServiceProcess::start("query-api", ports::find_free(), &dir, &env).await;
    let Err(output) = started else {
        panic!("it started");
    };
    assert!(output.contains("TIDINGS_READ_URL has 2 hosts"), "{output}");
}
