//! Notifications: who is offline and has something unread is told once, with the right badge; nobody
//! else is told, and nothing that was read meanwhile.

use std::time::Duration;

use eventually::eventually;
use serde_json::{Value, json};
use tests::live::LiveSocket;
use tests::receiver::{ReceiverReply, SECRET, WebhookReceiver};
use tests::token;
use tests::world::{Settings, World};

async fn world(window: &str) -> (World, WebhookReceiver) {
    let settings = Settings::default()
        .with("TIDINGS_WEBHOOK_ALLOW", "127.0.0.0/8")
        .with("TIDINGS_WEBHOOK_TRIES", 3)
        .with("TIDINGS_NOTIFY_WINDOW", window)
        .with("TIDINGS_WEBHOOK_SECRET", SECRET);
    let world = World::start_with(settings).await;
    let receiver = WebhookReceiver::start().await;
    webhooks(&world, &["add", &receiver.url(), "--notifications"]).await;
    (world, receiver)
}

async fn webhooks(world: &World, arguments: &[&str]) -> String {
    world.run_ok(&[&["webhooks"], arguments].concat()).await
}

/// Waits until nothing is left to tell of what was sent up to here.
async fn settled(world: &World, position: i64) {
    eventually("everything is told", async || {
        let text = webhooks(world, &["list", "--json"]).await;
        let now: Value = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}"));
        (now["position"].as_i64() >= Some(position) && now["waiting"] == 0).then_some(())
    })
    .await;
}

/// Who was told what: user, conversation, messages, badge.
fn told(receiver: &WebhookReceiver) -> Vec<(String, String, i64, i64)> {
    let mut told: Vec<_> = receiver
        .accepted()
        .iter()
        .map(|it| brief(&it.json()))
        .collect();
    told.sort();
    told
}

fn brief(notification: &Value) -> (String, String, i64, i64) {
    assert_eq!(notification["type"], "tidings.notification.v1");
    let data = &notification["data"];
    let text = |name: &str| data[name].as_str().unwrap_or_default().to_owned();
    let number = |name: &str| data[name].as_i64().unwrap_or(-1);
    (
        text("user"),
        text("conversation_id"),
        number("messages"),
        number("badge"),
    )
}

fn row(user: &str, conversation: &str, messages: i64, badge: i64) -> (String, String, i64, i64) {
    (user.to_owned(), conversation.to_owned(), messages, badge)
}

#[tokio::test(flavor = "multi_thread")]
async fn offline_members_are_told_once_with_the_total_of_their_unread() {
    let (world, receiver) = world("4s").await;
    let ann = world.user("ann");
    ann.create_group("c", &["bob", "cho", "dan"])
        .await
        .expect(201);
    ann.create_group("other", &["bob"]).await.expect(201);
    let direct = ann.create_direct("bob").await;
    // Cho is online.
    let mut cho = LiveSocket::open(&world.address(), &token::for_user("cho"), "device=phone")
        .await
        .expect("open");
    cho.wait_until_caught_up().await;
    for n in 0..3 {
        ann.send("c", &format!("c{n}"), &format!("hello {n}"))
            .await
            .expect(201);
    }
    ann.send("other", "o1", "elsewhere").await.expect(201);
    let control = json!({ "client_message_id": "k", "type": "control", "body": { "x": 1 } });
    ann.send_message("c", control).await.expect(201);
    let last = ann.send(&direct, "d1", "to you").await.position();
    cho.wait_for_position(last - 1).await;
    cho.ack(last).await;
    settled(&world, last).await;
    assert_eq!(
        told(&receiver),
        [
            row("bob", "c", 3, 5),
            row("bob", &direct, 1, 5),
            row("bob", "other", 1, 5),
            row("dan", "c", 3, 3),
        ]
    );
    let to_bob = receiver
        .accepted()
        .into_iter()
        .map(|it| it.json()["data"].clone());
    let of_c = to_bob
        .into_iter()
        .find(|it| it["user"] == "bob" && it["conversation_id"] == "c");
    let of_c = of_c.expect("bob was told of c");
    assert_eq!(
        (
            &of_c["unread"],
            &of_c["kind"],
            &of_c["mentioned"],
            &of_c["message"]["preview"],
            &of_c["message"]["sender"]
        ),
        (
            &3.into(),
            &"group".into(),
            &false.into(),
            &"hello 2".into(),
            &"ann".into()
        )
    );
    // What is sent later is told by itself.
    let last = ann.send("c", "c9", "later").await.position();
    receiver
        .wait_for("bob's next", |it| {
            it.json()["data"]["message"]["preview"] == "later" && it.json()["data"]["user"] == "bob"
        })
        .await;
    settled(&world, last).await;
    assert!(told(&receiver).contains(&row("bob", "c", 1, 6)));
    drop(cho);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_muted_the_blocking_and_those_who_have_read_are_not_told() {
    let (world, receiver) = world("5s").await;
    let ann = world.user("ann");
    let members = [
        "muted",
        "deaf",
        "archiving",
        "blocking",
        "reading",
        "leaving",
        "plain",
    ];
    ann.create_group("c", &members).await.expect(201);
    for (user, body) in [
        ("muted", json!({ "muted": true })),
        ("deaf", json!({ "muted": true, "mentions": false })),
        ("archiving", json!({ "archived": true })),
    ] {
        let path = "/v1/conversations/c/preferences";
        world.user(user).patch(path, body).await.expect(200);
    }
    let blocked = world
        .user("blocking")
        .put("/v1/blocks/ann", None)
        .await
        .position();
    world.wait_until_projected(blocked).await;
    let place = world.user("deaf").get_ok("/v1/conversations/c").await;
    assert_eq!(place["my"]["mentions"], false, "{place}");
    ann.send("c", "1", "to all").await.expect(201);
    let recalled = ann.send("c", "2", "not meant").await.expect(201);
    assert_eq!(recalled["seq"], 2);
    ann.delete("/v1/conversations/c/messages/2")
        .await
        .expect(200);
    world.user("reading").read("c", 2).await.expect(200);
    let last = world
        .user("leaving")
        .delete("/v1/conversations/c/members/leaving")
        .await
        .position();
    settled(&world, last).await;
    assert_eq!(told(&receiver), [row("plain", "c", 1, 1)]);
    // A mention comes through, unless that is not wanted.
    let mention = json!({ "client_message_id": "3", "type": "text", "body": { "text": "you" },
                          "mentions": ["muted", "deaf", "archiving", "blocking"] });
    let last = ann.send_message("c", mention).await.position();
    settled(&world, last).await;
    assert_eq!(
        told(&receiver),
        [
            row("archiving", "c", 1, 0),
            row("muted", "c", 1, 0),
            row("plain", "c", 1, 1),
            row("plain", "c", 1, 2),
            row("reading", "c", 1, 1),
        ]
    );
    let muted = receiver
        .wait_for("muted's", |it| it.json()["data"]["user"] == "muted")
        .await;
    assert_eq!(muted.json()["data"]["mentioned"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_was_down_gets_what_is_still_unread_and_only_that() {
    let (world, mut receiver) = world("200ms").await;
    let ann = world.user("ann");
    ann.create_group("c", &["bob"]).await.expect(201);
    let last = ann.create_group("d", &["bob", "cho"]).await.position();
    world.wait_until_projected(last).await;
    receiver.stop().await;
    ann.send("c", "1", "one").await.expect(201);
    ann.send("d", "2", "two").await.expect(201);
    eventually("the failure is seen", async || {
        webhooks(&world, &["list"])
            .await
            .contains("last failure")
            .then_some(())
    })
    .await;
    ann.send("c", "3", "three").await.expect(201);
    world.user("bob").read("d", 1).await.expect(200);
    receiver.restart().await;
    let last = ann.send("d", "4", "four").await.position();
    settled(&world, last).await;
    let told = told(&receiver);
    assert!(
        told.contains(&row("bob", "c", 2, 3)) || told.contains(&row("bob", "c", 2, 2)),
        "{told:?}"
    );
    let of_cho: i64 = told.iter().filter(|it| it.0 == "cho").map(|it| it.2).sum();
    assert_eq!(of_cho, 2, "{told:?}");
    let of_bob: i64 = told
        .iter()
        .filter(|it| it.0 == "bob" && it.1 == "d")
        .map(|it| it.2)
        .sum();
    assert_eq!(of_bob, 1, "{told:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_given_up_is_parked_and_told_later_and_a_replay_tells_what_is_unread() {
    let (world, receiver) = world("100ms").await;
    let ann = world.user("ann");
    ann.create_group("c", &["bob"]).await.expect(201);
    receiver.reply_with(|_| ReceiverReply::Status(500));
    let sent = ann.send("c", "1", "one").await.position();
    eventually("it is parked", async || {
        let parked = webhooks(&world, &["list", "--parked"]).await;
        parked.contains("c for bob").then_some(())
    })
    .await;
    let ids: std::collections::BTreeSet<String> =
        receiver.received().into_iter().map(|it| it.id).collect();
    assert_eq!(ids.len(), 1, "one thing, one id: {ids:?}");
    receiver.reply_with(|_| ReceiverReply::Status(200));
    webhooks(&world, &["retry", "1"]).await;
    receiver
        .wait_for("it at last", |it| it.json()["data"]["user"] == "bob")
        .await;
    settled(&world, sent).await;
    let before = receiver.accepted().len();
    webhooks(&world, &["replay", "1", "--from", &sent.to_string()]).await;
    eventually("it is told again", async || {
        (receiver.accepted().len() > before).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_whose_connection_breaks_is_told_what_did_not_arrive() {
    let (world, receiver) = world("200ms").await;
    let ann = world.user("ann");
    let made = ann.create_group("c", &["bob"]).await.position();
    world.wait_until_projected(made).await;
    let mut bob = LiveSocket::open(&world.address(), &token::for_user("bob"), "device=phone")
        .await
        .expect("open");
    bob.wait_until_caught_up().await;
    let first = ann
        .send("c", "1", "read by nobody, but there")
        .await
        .position();
    bob.wait_for_position(first).await;
    bob.ack(first).await;
    let acked = eventually("the acknowledgement is there", async || {
        let receipts = ann.get_ok("/v1/conversations/c/messages/1/receipts").await;
        (receipts["delivered_count"] == 1).then_some(())
    });
    acked.await;
    // This one is sent into a connection that hears nothing any more: it counts as online still.
    let last = ann.send("c", "2", "lost on the way").await.position();
    drop(bob);
    let it = receiver
        .wait_for("what bob did not get", |_| true)
        .await
        .json();
    assert_eq!(brief(&it), row("bob", "c", 1, 2), "{it}");
    assert_eq!(it["data"]["message"]["position"], last);
    tokio::time::timeout(Duration::from_secs(60), settled(&world, last))
        .await
        .expect("settled");
    assert_eq!(receiver.accepted().len(), 1);
}
