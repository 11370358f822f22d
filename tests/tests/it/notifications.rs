//! Notifications: a user who is offline and has unread messages is notified once, with the right
//! badge. Other users are not notified, and messages that were read in the meantime do not count.

use std::collections::BTreeSet;
use std::time::Duration;

use eventually::eventually;
use serde_json::{Value, json};
use tests::live::LiveSocket;
use tests::receiver::{ReceiverReply, SECRET, WebhookReceiver};
use tests::token;
use tests::world::{Settings, World};

/// A world with a receiver of notifications, each of which waits for `window` and is attempted at
/// most `attempts` times.
async fn world_with_receiver(window: &str, attempts: u32) -> (World, WebhookReceiver) {
    let settings = Settings::default()
        .with("TIDINGS_WEBHOOK_ALLOW", "127.0.0.0/8")
        .with("TIDINGS_WEBHOOK_TRIES", attempts)
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

/// The webhook, as listed.
async fn listed(world: &World) -> Value {
    let text = webhooks(world, &["list", "--json"]).await;
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// Waits until every notification of the events up to a position is enqueued.
async fn wait_until_enqueued(world: &World, position: i64) {
    eventually("the notifications are enqueued", async || {
        let webhook = listed(world).await;
        (webhook["position"].as_i64() >= Some(position)).then_some(())
    })
    .await;
}

/// Waits until every notification of the events up to a position is delivered or dropped.
async fn wait_until_delivered(world: &World, position: i64) {
    eventually("no notification is waiting", async || {
        let webhook = listed(world).await;
        let is_enqueued = webhook["position"].as_i64() >= Some(position);
        (is_enqueued && webhook["waiting"] == 0).then_some(())
    })
    .await;
}

/// The accepted notifications, sorted: user, conversation, messages, badge.
fn notified(receiver: &WebhookReceiver) -> Vec<(String, String, i64, i64)> {
    let mut notified: Vec<_> = receiver
        .accepted()
        .iter()
        .map(|delivery| summary(&delivery.json()))
        .collect();
    notified.sort();
    notified
}

fn summary(notification: &Value) -> (String, String, i64, i64) {
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
async fn offline_members_are_notified_once_with_their_total_unread_count() {
    let (world, receiver) = world_with_receiver("4s", 3).await;
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
    wait_until_delivered(&world, last).await;
    assert_eq!(
        notified(&receiver),
        [
            row("bob", "c", 3, 5),
            row("bob", &direct, 1, 5),
            row("bob", "other", 1, 5),
            row("dan", "c", 3, 3),
        ]
    );
    let of_c = receiver
        .accepted()
        .into_iter()
        .map(|delivery| delivery.json()["data"].clone())
        .find(|data| data["user"] == "bob" && data["conversation_id"] == "c")
        .expect("bob was notified of c");
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
    // A later message is a notification of its own.
    let last = ann.send("c", "c9", "later").await.position();
    receiver
        .wait_for("the next notification for bob", |delivery| {
            let data = &delivery.json()["data"];
            data["message"]["preview"] == "later" && data["user"] == "bob"
        })
        .await;
    wait_until_delivered(&world, last).await;
    assert!(notified(&receiver).contains(&row("bob", "c", 1, 6)));
    drop(cho);
}

#[tokio::test(flavor = "multi_thread")]
async fn users_who_muted_blocked_or_read_are_not_notified() {
    let (world, receiver) = world_with_receiver("5s", 3).await;
    let ann = world.user("ann");
    let members = [
        "muted",
        "no_mentions",
        "archiving",
        "blocking",
        "reading",
        "leaving",
        "plain",
    ];
    ann.create_group("c", &members).await.expect(201);
    for (user, body) in [
        ("muted", json!({ "muted": true })),
        ("no_mentions", json!({ "muted": true, "mentions": false })),
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
    let membership = world
        .user("no_mentions")
        .get_ok("/v1/conversations/c")
        .await;
    assert_eq!(membership["my"]["mentions"], false, "{membership}");
    ann.send("c", "1", "to all").await.expect(201);
    let recalled = ann.send("c", "2", "recalled").await.expect(201);
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
    wait_until_delivered(&world, last).await;
    assert_eq!(notified(&receiver), [row("plain", "c", 1, 1)]);
    // A mention is notified nonetheless, unless the user does not want that.
    let mention = json!({ "client_message_id": "3", "type": "text", "body": { "text": "you" },
                          "mentions": ["muted", "no_mentions", "archiving", "blocking"] });
    let last = ann.send_message("c", mention).await.position();
    wait_until_delivered(&world, last).await;
    assert_eq!(
        notified(&receiver),
        [
            row("archiving", "c", 1, 0),
            row("muted", "c", 1, 0),
            row("plain", "c", 1, 1),
            row("plain", "c", 1, 2),
            row("reading", "c", 1, 1),
        ]
    );
    let muted = receiver
        .wait_for("the notification for muted", |delivery| {
            delivery.json()["data"]["user"] == "muted"
        })
        .await;
    assert_eq!(muted.json()["data"]["mentioned"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_was_down_gets_only_what_is_still_unread() {
    let (world, mut receiver) = world_with_receiver("200ms", 30).await;
    let ann = world.user("ann");
    ann.create_group("c", &["bob"]).await.expect(201);
    let last = ann.create_group("d", &["bob", "cho"]).await.position();
    world.wait_until_projected(last).await;

    // Given notifications that fail,
    receiver.stop().await;
    ann.send("c", "1", "one").await.expect(201);
    ann.send("d", "2", "two").await.expect(201);
    eventually("a delivery has failed", async || {
        let text = webhooks(&world, &["list"]).await;
        text.contains("last failure").then_some(())
    })
    .await;
    // when another message is sent in one conversation, and bob reads the other,
    ann.send("c", "3", "three").await.expect(201);
    let read = world.user("bob").read("d", 1).await.position();
    wait_until_enqueued(&world, read).await;
    receiver.restart().await;

    // then bob is notified once of two messages in `c`, and only cho of the message in `d`.
    for (user, conversation) in [("bob", "c"), ("cho", "d")] {
        let expected = format!("the notification of {conversation} for {user}");
        receiver
            .wait_for(&expected, |delivery| {
                let data = &delivery.json()["data"];
                data["user"] == user && data["conversation_id"] == conversation
            })
            .await;
    }
    let last = ann.send("d", "4", "four").await.position();
    wait_until_delivered(&world, last).await;
    assert_eq!(
        notified(&receiver),
        [
            row("bob", "c", 2, 2),
            row("bob", "d", 1, 3),
            row("cho", "d", 1, 1),
            row("cho", "d", 1, 2),
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_parked_notification_can_be_retried_and_replayed() {
    let (world, receiver) = world_with_receiver("100ms", 3).await;
    let ann = world.user("ann");
    ann.create_group("c", &["bob"]).await.expect(201);
    receiver.reply_with(|_| ReceiverReply::Status(500));
    let sent = ann.send("c", "1", "one").await.position();
    eventually("the notification is parked", async || {
        let parked = webhooks(&world, &["list", "--parked"]).await;
        parked.contains("c for bob").then_some(())
    })
    .await;
    let attempts = receiver.received().into_iter();
    let ids: BTreeSet<String> = attempts.map(|delivery| delivery.id).collect();
    assert_eq!(ids.len(), 1, "all attempts have the same id: {ids:?}");
    receiver.reply_with(|_| ReceiverReply::Status(200));
    webhooks(&world, &["retry", "1"]).await;
    receiver
        .wait_for("the retried notification", |delivery| {
            delivery.json()["data"]["user"] == "bob"
        })
        .await;
    wait_until_delivered(&world, sent).await;
    let before = receiver.accepted().len();
    webhooks(&world, &["replay", "1", "--from", &sent.to_string()]).await;
    eventually("the notification is repeated", async || {
        (receiver.accepted().len() > before).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_whose_connection_breaks_is_notified_of_what_did_not_arrive() {
    let (world, receiver) = world_with_receiver("200ms", 3).await;
    let ann = world.user("ann");
    let created = ann.create_group("c", &["bob"]).await.position();
    world.wait_until_projected(created).await;
    let mut bob = LiveSocket::open(&world.address(), &token::for_user("bob"), "device=phone")
        .await
        .expect("open");
    bob.wait_until_caught_up().await;
    let first = ann
        .send("c", "1", "delivered but not read")
        .await
        .position();
    bob.wait_for_position(first).await;
    bob.ack(first).await;
    let acked = eventually("the acknowledgement is projected", async || {
        let receipts = ann.get_ok("/v1/conversations/c/messages/1/receipts").await;
        (receipts["delivered_count"] == 1).then_some(())
    });
    acked.await;
    // This one is sent while the broken connection still counts as online.
    let last = ann.send("c", "2", "lost on the way").await.position();
    drop(bob);
    let notification = receiver
        .wait_for("the message that bob did not receive", |_| true)
        .await
        .json();
    assert_eq!(
        summary(&notification),
        row("bob", "c", 1, 2),
        "{notification}"
    );
    assert_eq!(notification["data"]["message"]["position"], last);
    tokio::time::timeout(Duration::from_secs(60), wait_until_delivered(&world, last))
        .await
        .expect("nothing is waiting");
    assert_eq!(receiver.accepted().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn notifications_that_are_switched_off_wait_until_they_are_on_again() {
    // Given a process that knows that notifications are off, because it knows a later switch
    let (world, receiver) = world_with_receiver("0s", 3).await;
    let (admin, ann) = (world.admin(), world.user("ann"));
    ann.create_group("c", &["bob"]).await.expect(201);
    let off = json!({ "on": false, "reason": "a flood" });
    for name in ["notifications", "search"] {
        let path = format!("/v1/admin/switches/{name}");
        admin.put(&path, Some(off.clone())).await.expect(200);
    }
    eventually("the switches are known", async || {
        let found = ann.get("/v1/search?q=hello").await;
        (found.json()["code"] == "switched_off").then_some(())
    })
    .await;

    // When messages are sent, then events are delivered, and notifications wait
    let events = WebhookReceiver::start().await;
    let arguments = ["add", &events.url(), "--events", "message_sent"];
    webhooks(&world, &arguments).await;
    let mut last = 0;
    for n in 0..3 {
        last = ann.send("c", &format!("c{n}"), "hello").await.position();
    }
    eventually("the events are delivered", async || {
        (events.accepted().len() >= 3).then_some(())
    })
    .await;
    eventually("a notification waits", async || {
        let text = webhooks(&world, &["list", "--json"]).await;
        let listed = text.lines().find_map(|line| {
            let webhook: Value = serde_json::from_str(line).expect("JSON");
            (webhook["kind"] == "notifications").then_some(webhook)
        })?;
        (listed["position"].as_i64() >= Some(last) && listed["waiting"] == 1).then_some(())
    })
    .await;
    assert!(receiver.accepted().is_empty());

    // When they are on again, then the user is notified of what is still unread
    let on = json!({ "on": true });
    admin
        .put("/v1/admin/switches/notifications", Some(on))
        .await
        .expect(200);
    eventually("bob is notified", async || {
        (!receiver.accepted().is_empty()).then_some(())
    })
    .await;
    assert_eq!(notified(&receiver), [row("bob", "c", 3, 3)]);
}
