//! A session of somebody else holds a lock that Tidings needs: what waits for it gives up in time,
//! and everything continues afterwards.

use std::time::{Duration, Instant};

use eventually::eventually;
use sqlx::{Executor as _, Postgres, Transaction};
use tests::world::World;

/// A command is refused after 2.8 s: it waits 2 s for Postgres, and then asks what became of it. A
/// query waits 10 s. A busy machine may add something.
const MAX_COMMAND: Duration = Duration::from_secs(4);
const MAX_QUERY: Duration = Duration::from_secs(20);

/// Locks a table until the transaction ends.
async fn lock(world: &World, table: &str) -> Transaction<'static, Postgres> {
    let mut transaction = world.pool.begin().await.expect("a transaction");
    let lock = format!("LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE");
    transaction.execute(lock.as_str()).await.expect("the lock");
    transaction
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_give_up_in_time_on_a_locked_log_and_are_accepted_afterwards() {
    // Given a system that works, and a session that locks the log,
    let world = World::start().await;
    let ann = world.user("ann");
    ann.create_group("room", &["bob"]).await.expect(201);
    let locked = lock(&world, "log.events").await;
    // when messages are sent, then each is refused in time,
    for key in ["first", "second"] {
        let began = Instant::now();
        let refused = ann.send("room", key, key).await;
        assert_eq!(refused.expect_problem(503), "unavailable");
        assert!(!refused.header("retry-after").is_empty(), "{refused}");
        let took = began.elapsed();
        assert!(took < MAX_COMMAND, "{took:?}");
    }
    // and the process says that it is not ready.
    eventually("it is not ready", async || {
        (world.anonymous().get("/readyz").await.status == 503).then_some(())
    })
    .await;
    // When the lock is released, then the same messages are accepted,
    locked.rollback().await.expect("released");
    let mut last = 0;
    for key in ["first", "second"] {
        last = eventually("the message is accepted", async || {
            let sent = ann.send("room", key, key).await;
            matches!(sent.status, 200 | 201).then(|| sent.position())
        })
        .await;
    }
    eventually("it is ready", async || {
        (world.anonymous().get("/readyz").await.status == 200).then_some(())
    })
    .await;
    // and each is there once.
    let path = format!("/v1/conversations/room/messages?min_position={last}");
    let page = world.user("bob").get_ok(&path).await;
    let messages = page["messages"].as_array().expect("messages");
    let mut texts: Vec<_> = messages
        .iter()
        .map(|message| message["body"]["text"].as_str().expect("a text"))
        .collect();
    texts.sort_unstable();
    assert_eq!(texts, ["first", "second"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn queries_give_up_in_time_on_a_locked_table_and_answer_afterwards() {
    // Given a system with a message, and a session that locks the table of messages,
    let world = World::start().await;
    let ann = world.user("ann");
    ann.create_group("room", &["bob"]).await.expect(201);
    let sent = ann.send("room", "first", "first").await.position();
    world.wait_until_projected(sent).await;
    let locked = lock(&world, "read.messages").await;
    // when the history is read, then that is refused in time,
    let began = Instant::now();
    let path = "/v1/conversations/room/messages";
    let refused = world.user("bob").get(path).await;
    assert_eq!(refused.expect_problem(503), "unavailable");
    assert!(!refused.header("retry-after").is_empty(), "{refused}");
    let took = began.elapsed();
    assert!(took < MAX_QUERY, "{took:?}");
    // while commands are accepted.
    let last = ann.send("room", "second", "second").await.position();
    // When the lock is released, then it has both messages.
    locked.rollback().await.expect("released");
    world.wait_until_projected(last).await;
    let page = world.user("bob").get_ok(path).await;
    assert_eq!(page["messages"].as_array().map(Vec::len), Some(2), "{page}");
}
