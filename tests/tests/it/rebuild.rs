//! L5: rebuilding gives the same rows, byte for byte, whatever the size of its batches.

use std::collections::BTreeMap;

use tests::feed::whole;
use tests::history::{History, USERS};
use tests::log;
use tests::seed::seed;
use tests::world::World;

fn compare(
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
async fn rebuilt_in_batches_of_1_100_and_10_000_equals_live() {
    let seed = seed("rebuild");
    let mut world = World::start().await;
    let mut history = History::begin(seed, |user| world.user(user)).await;
    history.live(300).await;
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
    let feed = whole(&ann, 100, head).await;
    world.stop();
    let live = log::dump(&world.pool)
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
    ] {
        assert!(
            !live[table].is_empty(),
            "{table} is empty: nothing is compared"
        );
    }
    for batch in ["1", "100", "10000"] {
        let output = world.tidings(&["rebuild", "--batch", batch]).await;
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        let rebuilt = log::dump(&world.pool)
            .await
            .expect("the tables can be read");
        compare(&live, &rebuilt, batch);
    }
    world.wake().await;
    assert_eq!(
        whole(&ann, 100, head).await,
        feed,
        "cursors from before are good"
    );
    let more = ann.create_group("after", &["ben"]).await.position();
    assert_eq!(
        whole(&ann, 100, more).await.len(),
        feed.len() + 1,
        "the projector goes on"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rebuild_beside_running_services_serves_all_the_while() {
    let seed = seed("rebuild_online");
    let world = World::start().await;
    let mut history = History::begin(seed, |user| world.user(user)).await;
    history.live(150).await;
    let ann = history.client("ann");
    let before = whole(&ann, 100, history.head).await;
    let rebuild = world.tidings(&["rebuild", "--batch", "50"]);
    tokio::pin!(rebuild);
    let mut looked = 0;
    let output = loop {
        tokio::select! {
            output = &mut rebuild => break output,
            () = async { assert_eq!(whole(&ann, 100, 0).await, before); } => looked += 1,
        }
    };
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(looked > 0);
    history.live(50).await;
    for user in USERS {
        let shown = history
            .client(user)
            .look(&format!("/v1/inbox/unread?min_position={}", history.head))
            .await;
        assert_eq!(
            shown["total"],
            history.model.total(user),
            "{user}, after the rebuild"
        );
    }
    let parked: i64 = sqlx::query_scalar("SELECT count(*) FROM read.parked")
        .fetch_one(&world.pool)
        .await
        .expect("a count");
    assert_eq!(parked, 0);
}
