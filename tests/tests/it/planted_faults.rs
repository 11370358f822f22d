//! Each check of these tests finds the fault that it exists for. A check that cannot fail shows
//! nothing.

use std::fmt::Debug;

use eventually::eventually;
use serde_json::json;
use sqlx::Executor;
use tests::corpus::{Corpus, import_file};
use tests::feed::Poller;
use tests::history::RandomHistory;
use tests::log;
use tests::world::World;

use crate::unread::compare_with_model;

/// Alice and Bob in the conversation `room` with ten messages, all of them projected. Bob's poller
/// has received them.
async fn world_with_messages() -> (World, Poller, i64) {
    let world = World::start().await;
    let alice = world.user("alice");
    alice.create_group("room", &["bob"]).await.expect(201);
    let mut head = 0;
    for n in 0..10 {
        head = alice.send("room", &format!("m{n}"), "x").await.position();
    }
    world.wait_until_projected(head).await;
    let mut poller = Poller::new(world.user("bob"), 3);
    while poller.poll_once().await {}
    poller
        .check_against_feed()
        .await
        .expect("the feed has not changed yet");
    (world, poller, head)
}

/// Plants a fault with a statement that must change something.
async fn plant(world: &World, sql: &str) {
    let done = world
        .pool
        .execute(sql)
        .await
        .unwrap_or_else(|error| panic!("{sql}: {error}"));
    assert!(done.rows_affected() > 0, "{sql} changed nothing");
}

/// The check must have failed, and because of the fault: its error says `words`.
#[track_caller]
pub(crate) fn expect_found<T: Debug>(result: anyhow::Result<T>, words: &str) {
    let error = result.expect_err(words).to_string();
    assert!(error.contains(words), "found something else: {error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gap_in_the_log_is_found() {
    let (mut world, _, head) = world_with_messages().await;
    let last = log::check_positions(&world.pool).await;
    assert_eq!(last.expect("no gap yet"), head);
    world.stop();
    plant(&world, "DELETE FROM log.events WHERE position = 5").await;
    let checked = log::check_positions(&world.pool).await;
    expect_found(checked, "10 events from 1 to 11");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_out_of_order_in_its_stream_or_in_time_is_found() {
    let (mut world, _, _) = world_with_messages().await;
    world.stop();
    for (fault, repair) in [
        ("sequence = sequence + 100", "sequence = sequence - 100"),
        (
            "occurred_at = occurred_at - interval '1 day'",
            "occurred_at = occurred_at + interval '1 day'",
        ),
    ] {
        let update = |assignment| format!("UPDATE log.events SET {assignment} WHERE position = 5");
        plant(&world, &update(fault)).await;
        let checked = log::check_positions(&world.pool).await;
        expect_found(checked, "1 events are out of order");
        plant(&world, &update(repair)).await;
        let checked = log::check_positions(&world.pool).await;
        checked.expect("the event is in order again");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mirror_that_differs_is_found() {
    let (world, _, head) = world_with_messages().await;
    let mut events = log::fetch_events(&world.admin())
        .await
        .expect("the log is served");
    let url = world.nats.url.clone();
    eventually("the mirror is at the head", async || {
        (log::mirror_range(&url).await.ok()?.1 == head as u64).then_some(())
    })
    .await;
    log::check_mirror(&url, &events)
        .await
        .expect("the mirror is exact");

    let last = events.pop().expect("an event");
    expect_found(
        log::check_mirror(&url, &events).await,
        "the mirror ends at 11, the log at 10",
    );
    events.push(last);
    // One byte differs.
    let changed = String::from_utf8_lossy(&events[4]).replace("\"x\"", "\"y\"");
    events[4] = changed.into_bytes().into();
    expect_found(log::check_mirror(&url, &events).await, "sequence 5 is");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entry_that_is_lost_or_late_is_found() {
    // An entry that was served and is gone.
    let (world, poller, _) = world_with_messages().await;
    plant(&world, "DELETE FROM read.inbox WHERE position = 6").await;
    expect_found(
        poller.check_against_feed().await,
        "received FeedEntryKey { position: 6, conversation: \"room\", kind: \"message_sent\" } where",
    );

    // An entry that appears behind a cursor that was served already.
    let mut late = Poller::new(world.user("bob"), 3);
    while late.poll_once().await {}
    let restore = "INSERT INTO read.inbox (user_id, position, conversation, seq)
        SELECT user_id, 6, conversation, 5 FROM read.inbox WHERE position = 7";
    plant(&world, restore).await;
    expect_found(
        late.check_against_feed().await,
        "the feed now has FeedEntryKey { position: 6, conversation: \"room\", kind: \"message_sent\" }",
    );
    poller
        .check_against_feed()
        .await
        .expect("the feed is as it was first served");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_model_that_differs_from_the_log_is_found() {
    let (mut world, _, _) = world_with_messages().await;
    world.stop();
    let live = log::dump_read_tables(&world.pool).await.expect("a dump");
    plant(
        &world,
        "UPDATE read.messages SET body = '{\"text\":\"z\"}' WHERE seq = 3",
    )
    .await;
    let changed = log::dump_read_tables(&world.pool).await.expect("a dump");
    let differing: Vec<_> = live
        .keys()
        .filter(|table| live[*table] != changed[*table])
        .collect();
    assert_eq!(differing, ["messages"]);
    world.run_ok(&["rebuild"]).await;
    let rebuilt = log::dump_read_tables(&world.pool).await.expect("a dump");
    assert_eq!(rebuilt, live, "a rebuild repairs it");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_unread_count_is_found() {
    for (fault, words) in [
        (
            "UPDATE read.members SET read_seq = read_seq - 1 WHERE read_seq > 0",
            "explain",
        ),
        (
            "UPDATE read.messages SET recalled = NOT recalled",
            "explain",
        ),
        ("UPDATE read.members SET muted = NOT muted", "\"muted\""),
    ] {
        let world = World::start().await;
        let mut history = RandomHistory::start(7, |user| world.user(user)).await;
        history.run_random(60).await;
        let compared = compare_with_model(&history).await;
        compared.expect("the counts agree with the model");
        plant(&world, fault).await;
        expect_found(compare_with_model(&history).await, words);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_is_lost_from_the_history_is_found() {
    let world = World::start().await;
    let file = world.dir.join("log.jsonl");
    let lines: String = (0..10)
        .map(|n| {
            let line = json!({ "conversation": "room", "sender": "alice", "id": n.to_string(),
                "sent_at": "2024-05-01T00:00:00.000Z", "text": format!("message {n}") });
            format!("{line}\n")
        })
        .collect();
    std::fs::write(&file, lines).expect("written");
    import_file(&world, &file).await;
    let corpus = Corpus::read(&file).expect("a corpus");
    let head = log::head(&world.pool).await.expect("a head");
    world.wait_until_projected(head).await;
    corpus
        .check_messages(|user| world.user(user), head)
        .await
        .expect("the history is that of the file");

    plant(&world, "DELETE FROM read.messages WHERE seq = 4").await;
    let checked = corpus.check_messages(|user| world.user(user), head).await;
    expect_found(checked, "room: the query API returned 9 messages");
}
