//! L5: a rebuild produces the same rows as the live projector, byte for byte, whatever the size of
//! its batches.

use std::collections::BTreeMap;
use std::process::Command;

use eventually::eventually;
use tests::client::Client;
use tests::feed::read_all;
use tests::history::{RandomHistory, USERS};
use tests::process::ChildProcess;
use tests::seed::seed;
use tests::world::World;
use tests::{binary, log, message_file};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

fn assert_equal_tables(
    live: &BTreeMap<String, Vec<String>>,
    rebuilt: &BTreeMap<String, Vec<String>>,
    batch: &str,
) {
    assert_eq!(
        live.keys().collect::<Vec<_>>(),
        rebuilt.keys().collect::<Vec<_>>(),
        "tables, batches of {batch}"
    );
    for (table, rows) in live {
        for (live, rebuilt) in rows.iter().zip(&rebuilt[table]) {
            assert_eq!(live, rebuilt, "a row of {table}, batches of {batch}");
        }
        assert_eq!(
            rows.len(),
            rebuilt[table].len(),
            "rows of {table}, batches of {batch}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rebuild_in_batches_of_1_100_and_10_000_equals_the_live_tables() {
    let seed = seed("rebuild");
    let mut world = World::start().await;
    let admin = world.admin();
    let history = RandomHistory::start_with_desks(seed, |user| world.user(user), &admin);
    let mut history = history.await;
    history.run_random(300).await;
    for user in USERS {
        let client = history.client(user);
        client
            .post(
                "/v1/inbox/ack",
                serde_json::json!({ "device": "d", "cursor": 50 }),
            )
            .await
            .expect(200);
        client.put("/v1/blocks/mallory", None).await.expect(200);
    }
    let head = log::head(&world.pool).await.expect("a head");
    let ann = history.client("ann");
    let feed = read_all(&ann, 100, head).await;
    world.stop();
    let live = log::dump_read_tables(&world.pool)
        .await
        .expect("the tables can be read");
    for table in [
        "conversations",
        "members",
        "stays",
        "messages",
        "inbox",
        "timeline",
        "devices",
        "blocks",
        "versions",
        "thread_marks",
    ] {
        assert!(
            !live[table].is_empty(),
            "{table} is empty, so nothing is compared"
        );
    }
    for batch in ["1", "100", "10000"] {
        let output = world.run(&["rebuild", "--batch", batch]).await;
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        let rebuilt = log::dump_read_tables(&world.pool)
            .await
            .expect("the tables can be read");
        assert_equal_tables(&live, &rebuilt, batch);
    }
    world.start_service().await;
    assert_eq!(
        read_all(&ann, 100, head).await,
        feed,
        "earlier cursors are valid"
    );
    let more = ann.create_group("after", &["ben"]).await.position();
    assert_eq!(
        read_all(&ann, 100, more).await.len(),
        feed.len() + 1,
        "the projector continues"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn queries_are_served_throughout_a_rebuild() {
    let seed = seed("rebuild_online");
    let world = World::start().await;
    let mut history = RandomHistory::start(seed, |user| world.user(user)).await;
    history.run_random(150).await;
    let ann = history.client("ann");
    let before = read_all(&ann, 100, history.head).await;
    let rebuild = world.run(&["rebuild", "--batch", "50"]);
    tokio::pin!(rebuild);
    let mut reads = 0;
    let output = loop {
        tokio::select! {
            output = &mut rebuild => break output,
            () = async { assert_eq!(read_all(&ann, 100, 0).await, before); } => reads += 1,
        }
    };
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(reads > 0, "the rebuild ended before the first read");
    history.run_random(50).await;
    for user in USERS {
        let shown = history
            .client(user)
            .get_ok(&format!("/v1/inbox/unread?min_position={}", history.head))
            .await;
        assert_eq!(
            shown["total"],
            history.model.total_unread(user),
            "{user}, after the rebuild"
        );
    }
    let parked: i64 = sqlx::query_scalar("SELECT count(*) FROM read.parked")
        .fetch_one(&world.pool)
        .await
        .expect("a count");
    assert_eq!(parked, 0);
}

/// Sends messages and reads its own writes until `stop`; returns the number of messages and the
/// errors.
async fn send_until_stopped(
    client: Client,
    conversation: String,
    stop: CancellationToken,
) -> (u64, Vec<String>) {
    let (mut sent, mut errors) = (0, Vec::new());
    while !stop.is_cancelled() {
        let response = client
            .send(
                &conversation,
                &format!("{conversation}-{sent}"),
                "under load",
            )
            .await;
        if response.status != 201 {
            errors.push(response.to_string());
            continue;
        }
        sent += 1;
        let path = format!("/v1/inbox?min_position={}", response.position());
        let inbox = client.get(&path).await;
        if inbox.status != 200 {
            errors.push(inbox.to_string());
        }
    }
    (sent, errors)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_rebuild_under_load_is_resumed_and_clients_do_not_notice() {
    // Given a system with many messages and clients that send and read,
    let world = World::start().await;
    let file = world.dir.join("messages.jsonl");
    message_file::write_messages(&file, 4_000, message_file::LARGE_SYSTEM_CONVERSATIONS, None)
        .expect("a file");
    let data = world.dir.join("data").display().to_string();
    let file = file.display().to_string();
    world.run_ok(&["import", &file, "--data", &data]).await;
    let stop = CancellationToken::new();
    let mut senders = JoinSet::new();
    for n in 0..4 {
        let client = world.user(&format!("sender{n}"));
        let id = format!("busy{n}");
        client.create_group(&id, &["listener"]).await.expect(201);
        senders.spawn(send_until_stopped(client, id, stop.clone()));
    }
    let listener = world.user("listener");
    let cursor = listener.get_ok("/v1/inbox/entries?limit=1").await["cursor"]
        .as_str()
        .expect("a cursor")
        .to_owned();
    // when a rebuild is killed in the middle,
    let mut command = Command::new(binary::path());
    command
        .args(["rebuild", "--batch", "100"])
        .envs(world.env());
    let log = world.dir.join("rebuild.log");
    let mut first = ChildProcess::start("tidings rebuild", command, &log, None).expect("starts");
    eventually("half of the log is folded", async || {
        let position: i64 = sqlx::query_scalar("SELECT position FROM read_rebuild.checkpoint")
            .fetch_one(&world.pool)
            .await
            .ok()?;
        (position >= 2_000).then_some(())
    })
    .await;
    first.kill();

    // then the next one resumes it, and no client has an error.
    let resumed = eventually("the lock of the killed rebuild is free", async || {
        let output = world.run(&["rebuild", "--batch", "1000"]).await;
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        if error.contains("under way") {
            return None;
        }
        assert!(output.status.success(), "{error}");
        Some(String::from_utf8_lossy(&output.stdout).into_owned())
    })
    .await;
    assert!(resumed.contains("resumed at position"), "{resumed}");
    assert!(
        resumed.contains("identical to the served read models"),
        "{resumed}"
    );
    stop.cancel();
    let mut sent = 0;
    while let Some(ended) = senders.join_next().await {
        let (count, errors) = ended.expect("a sender ends");
        assert!(errors.is_empty(), "{errors:?}");
        sent += count;
    }
    assert!(sent > 0, "no message was sent");
    world.run_ok(&["verify"]).await;
    // A cursor from before the swap is valid.
    let path = format!("/v1/inbox/entries?after={cursor}&limit=1000");
    let entries = listener.get_ok(&path).await;
    assert!(!entries["entries"].as_array().expect("entries").is_empty());
}
