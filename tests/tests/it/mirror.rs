//! L1 and L3: the JetStream stream may be deleted at any time. It is filled again, and clients
//! receive nothing twice.

use eventually::eventually;
use tests::feed::{self, Poller};
use tests::log;
use tests::world::World;

/// Messages before and after each deletion.
const SENDS: usize = 40;

/// Sends messages; returns the position of the last.
async fn send(world: &World, prefix: &str) -> i64 {
    let alice = world.user("alice");
    let mut last = 0;
    for n in 0..SENDS {
        last = alice
            .send("room", &format!("{prefix}{n}"), "x")
            .await
            .position();
    }
    last
}

/// Waits until the stream has the whole log, and compares the two byte for byte.
async fn wait_until_refilled(world: &World, head: i64) {
    let url = world.nats.url.clone();
    eventually("the stream is at the head", async || {
        (log::mirror_range(&url).await.ok()?.1 == head as u64).then_some(())
    })
    .await;
    let events = log::fetch_events(&world.admin())
        .await
        .expect("the log is served");
    assert_eq!(events.len() as i64, head);
    log::check_mirror(&url, &events)
        .await
        .expect("the mirror is exact");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_stream_is_filled_again_and_nothing_is_received_twice() {
    let mut world = World::start().await;
    world
        .user("alice")
        .create_group("room", &["bob"])
        .await
        .expect(201);
    let head = send(&world, "before").await;
    wait_until_refilled(&world, head).await;
    let mut poller = Poller::new(world.user("bob"), 7);
    let follow = async |poller: &mut Poller, head: i64| {
        eventually("the poller is at the head", async || {
            poller.poll_once().await;
            (poller.cursor() >= head).then_some(())
        })
        .await;
    };
    follow(&mut poller, head).await;

    log::delete_mirror(&world.nats.url)
        .await
        .expect("the stream exists");
    let head = send(&world, "stream deleted").await;
    follow(&mut poller, head).await;
    wait_until_refilled(&world, head).await;

    tokio::task::block_in_place(|| world.nats.kill());
    let head = send(&world, "server killed").await;
    follow(&mut poller, head).await;
    wait_until_refilled(&world, head).await;

    world.stop();
    world.wipe_nats();
    world.start_service().await;
    let head = send(&world, "store wiped").await;
    follow(&mut poller, head).await;
    wait_until_refilled(&world, head).await;

    poller
        .check_against_feed()
        .await
        .expect("nothing has appeared behind the cursor");
    assert_eq!(
        poller.entries.len(),
        1 + 4 * SENDS,
        "the creation and every message, each once"
    );
    let bob = world.user("bob");
    assert_eq!(
        feed::read_history(&bob, "room", head).await.len(),
        4 * SENDS
    );
    assert_eq!(bob.get_ok("/v1/inbox/unread").await["total"], 4 * SENDS);
}

#[tokio::test(flavor = "multi_thread")]
async fn sends_do_not_need_the_mirror() {
    let mut world = World::start().await;
    world
        .user("alice")
        .create_group("room", &["bob"])
        .await
        .expect(201);
    world.stop();
    // No server listens at this address.
    let nowhere = format!("nats://127.0.0.1:{}", tests::ports::find_free());
    world.set_env("NATS_URL", &nowhere);
    world.spawn_service();
    let bob = world.user("bob");
    let alice = world.user("alice");
    let sent = eventually("a send is acknowledged without NATS", async || {
        let request = alice.request(&reqwest::Method::POST, "/v1/conversations/room/messages");
        let message = serde_json::json!({ "client_message_id": "k", "type": "text", "body": { "text": "x" } });
        let response = request.json(&message).try_send().await.ok()?;
        (response.status < 300).then(|| response.position())
    })
    .await;
    let entries = feed::read_all(&bob, 200, sent).await;
    assert_eq!(
        entries.len(),
        2,
        "the message reaches the inbox: {entries:?}"
    );
}
