//! What `tidings webhooks` does, over HTTP up to the deliveries: they go where the webhook points
//! now, are signed with the secret of the answer, and are counted.

use eventually::eventually;
use serde_json::{Value, json};
use tests::check_service::{CheckReply, CheckService};
use tests::client::Client;
use tests::world::{Settings, World};

const WEBHOOKS: &str = "/v1/admin/webhooks";

/// A world with a group, whose deliveries may go to this machine.
async fn start() -> World {
    let settings = Settings::default()
        .with("TIDINGS_WEBHOOK_ALLOW", "127.0.0.0/8")
        .with("TIDINGS_NOTIFY_WINDOW", "1s");
    let world = World::start_with(settings).await;
    let ann = world.user("ann");
    ann.create_group("c", &["bob"]).await.expect(201);
    world
}

/// Adds a webhook. Returns its path and its secret.
async fn add(admin: &Client, webhook: Value) -> (String, String) {
    let added = admin.post(WEBHOOKS, webhook).await.expect(201);
    let secret = added["secret"].as_str().expect("a secret").to_owned();
    (format!("{WEBHOOKS}/{}", added["id"]), secret)
}

/// Waits until the receiver has a delivery that a condition accepts, and returns it.
async fn received(receiver: &CheckService, is_wanted: impl Fn(&Value) -> bool) -> Value {
    eventually("a delivery arrives", async || {
        receiver.questions().into_iter().find(|it| is_wanted(it))
    })
    .await
}

fn is_at(position: i64) -> impl Fn(&Value) -> bool {
    move |delivery| delivery["position"] == position
}

/// Waits until the only webhook is listed with these counts.
async fn wait_for_counts(admin: &Client, delivered: i64, waiting: i64) {
    let counts = json!([delivered, waiting, 0]);
    eventually(format!("the counts are {counts}"), async || {
        let webhook = admin.get_ok(WEBHOOKS).await["webhooks"][0].clone();
        let shown = json!([webhook["delivered"], webhook["waiting"], webhook["parked"]]);
        (shown == counts).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn deliveries_go_where_the_webhook_points_and_are_counted() {
    // Given a webhook for messages
    let world = start().await;
    let (admin, ann) = (world.admin(), world.user("ann"));
    let (first, second) = (CheckService::start().await, CheckService::start().await);
    let webhook = json!({ "url": first.url(), "events": ["message_sent"] });
    let (path, secret) = add(&admin, webhook).await;
    let one = ann.send("c", "1", "one").await.position();
    received(&first, is_at(one)).await;
    first.assert_signed(&secret);
    wait_for_counts(&admin, 1, 0).await;

    // When it points elsewhere, then deliveries go there within a second, with the same secret
    let moved = admin.patch(&path, json!({ "url": second.url() })).await;
    moved.expect(200);
    let two = ann.send("c", "2", "two").await.position();
    received(&second, is_at(two)).await;
    second.assert_signed(&secret);
    wait_for_counts(&admin, 2, 0).await;
    let listed = admin.get_ok(WEBHOOKS).await;
    assert_eq!(listed["webhooks"][0]["url"], second.url());
    let bad = admin
        .patch(&path, json!({ "url": "ftp://a.example" }))
        .await;
    assert_eq!(bad.expect_problem(422), "invalid");

    // When the receiver refuses, then the delivery waits
    second.answer_with(|_| CheckReply::Raw(500, String::new()));
    let three = ann.send("c", "3", "three").await.position();
    received(&second, is_at(three)).await;
    assert!(!first.questions().iter().any(is_at(three)));
    wait_for_counts(&admin, 2, 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_for_notifications_is_added_over_http() {
    let world = start().await;
    let (admin, ann) = (world.admin(), world.user("ann"));
    let receiver = CheckService::start().await;
    let webhook = json!({ "url": receiver.url(), "notifications": true });
    let (path, secret) = add(&admin, webhook).await;
    ann.send("c", "1", "hello").await.expect(201);
    let is_notification = |it: &Value| it["type"] == "tidings.notification.v1";
    let notification = received(&receiver, is_notification).await;
    let data = &notification["data"];
    assert_eq!(
        (
            &data["user"],
            &data["conversation_id"],
            &data["message"]["preview"]
        ),
        (&json!("bob"), &json!("c"), &json!("hello"))
    );
    receiver.assert_signed(&secret);
    let listed = admin.get_ok(WEBHOOKS).await["webhooks"][0].clone();
    assert_eq!(listed["notifications"], true, "{listed}");
    // It delivers notifications and nothing else.
    let events = json!({ "events": ["message_sent"] });
    let refused = admin.patch(&path, events).await;
    assert_eq!(refused.expect_problem(422), "invalid");
}
