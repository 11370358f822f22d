//! Pushes: which devices are notified of what, and how. The providers are fakes that speak the real
//! protocols.

use std::time::Duration;

use eventually::eventually;
use serde_json::{Value, json};
use tests::live::LiveSocket;
use tests::push_providers::PushProviders;
use tests::push_providers::received::{PushReply, ReceivedPush};
use tests::token;
use tests::world::{Settings, World};

/// A world that pushes through fakes, with notifications that wait for `window`.
pub async fn world_with_providers(window: &str, attempts: u32) -> (World, PushProviders) {
    let providers = PushProviders::start().await;
    let settings = Settings::default()
        .with("TIDINGS_WEBHOOK_TRIES", attempts)
        .with("TIDINGS_NOTIFY_WINDOW", window);
    let mut world = World::stopped(Settings::default()).await;
    for (name, value) in providers.settings(&world.dir, settings).env {
        world.set_env(name, &value);
    }
    world.start_service().await;
    (world, providers)
}

/// Registers a device of a user. Returns the position.
pub async fn register(world: &World, user: &str, device: &str, body: Value) -> i64 {
    let path = format!("/v1/devices/{device}/push");
    let response = world.user(user).put(&path, Some(body)).await;
    response.expect(200);
    response.position()
}

/// Waits until a device has accepted so many pushes, and returns them.
pub async fn wait_for(providers: &PushProviders, device: &str, count: usize) -> Vec<ReceivedPush> {
    eventually(format!("{device} has {count} pushes"), async || {
        let accepted = providers.accepted_by(device);
        (accepted.len() >= count).then_some(accepted)
    })
    .await
}

/// Waits until every push of the events up to a position is delivered, dropped or parked.
pub async fn wait_until_settled(world: &World, position: i64) {
    eventually("no push is waiting", async || {
        let waiting: (i64, i64) = sqlx::query_as(
            "SELECT coalesce((SELECT position FROM push.progress), 0),
                    (SELECT count(*) FROM push.notices WHERE told_position < to_position)",
        )
        .fetch_one(&world.pool)
        .await
        .expect("a row");
        (waiting.0 >= position && waiting.1 == 0).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_provider_gets_the_push_that_it_documents() {
    let (world, providers) = world_with_providers("300ms", 5).await;
    let ann = world.user("ann");
    ann.create_group("lunch", &["bob"]).await.expect(201);
    register(&world, "bob", "iphone", providers.apns("iphone")).await;
    register(&world, "bob", "pixel", providers.fcm("pixel")).await;
    let last = register(&world, "bob", "firefox", providers.browser("firefox")).await;
    world.wait_until_projected(last).await;
    let sent = ann.send("lunch", "m1", "noodles?").await;
    sent.expect(201);
    let mut keys = Vec::new();
    for (device, provider) in [("iphone", "apns"), ("pixel", "fcm"), ("firefox", "webpush")] {
        let push = wait_for(&providers, device, 1).await.remove(0);
        assert_eq!(push.provider, provider);
        let expected = json!({
            "badge": 1, "title": push.payload["title"], "body": "noodles?",
            "conversation_id": "lunch", "position": sent.position(), "seq": 1, "sender": "ann",
        });
        let mut seen = push.payload.clone();
        if let Some(fields) = seen.as_object_mut() {
            fields.remove("aps");
        }
        assert_eq!(seen, expected, "{device}");
        keys.push(push.collapse_key);
    }
    assert!(keys.windows(2).all(|pair| pair[0] == pair[1]), "{keys:?}");
    assert_eq!(providers.issued_tokens(), 1);
    let iphone = providers.accepted_by("iphone").remove(0);
    assert_eq!(iphone.headers["apns-priority"], "10");
    assert_eq!(iphone.raw["aps"]["sound"], "default");
    // A direct message has the name of who sent it as its title.
    let direct = ann.create_direct("bob").await;
    ann.patch("/v1/users/me", json!({"display_name": "Ann Smith"}))
        .await
        .expect(200);
    ann.send(&direct, "d1", "to you").await.expect(201);
    let push = wait_for(&providers, "iphone", 2).await.remove(1);
    assert_eq!(push.payload["title"], "Ann Smith");
    assert_eq!(push.badge(), 2);
    assert_ne!(push.collapse_key, keys[0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_who_is_offline_has_not_read_and_has_not_muted_is_notified() {
    let (world, providers) = world_with_providers("2s", 5).await;
    let ann = world.user("ann");
    let users = ["online", "reader", "muter", "offline", "barred"];
    ann.create_group("c", &users).await.expect(201);
    for user in users {
        register(&world, user, "phone", providers.fcm(user)).await;
    }
    register(&world, "offline", "tablet", providers.apns("tablet")).await;
    let mut online = LiveSocket::open(&world.address(), &token::for_user("online"), "device=web")
        .await
        .expect("open");
    online.wait_until_caught_up().await;
    let path = "/v1/conversations/c/preferences";
    let muted = world
        .user("muter")
        .patch(path, json!({"muted": true}))
        .await;
    muted.expect(200);
    let barred = world
        .admin()
        .put(
            "/v1/moderation/users/barred/restriction",
            Some(json!({"kind": "banned", "reason": "spam"})),
        )
        .await;
    barred.expect(200);
    world.wait_until_projected(barred.position()).await;
    for n in 0..3 {
        ann.send("c", &format!("m{n}"), &format!("hello {n}"))
            .await
            .expect(201);
    }
    let last = ann.send("c", "last", "bye").await.position();
    online.wait_for_position(last).await;
    online.ack(last).await;
    let read = world.user("reader").read("c", 4).await;
    read.expect(200);
    world.wait_until_projected(read.position()).await;
    wait_for(&providers, "offline", 1).await;
    wait_for(&providers, "tablet", 1).await;
    drop(online);
    wait_until_settled(&world, last).await;
    let notified: Vec<_> = providers
        .received()
        .iter()
        .map(|push| {
            (
                push.device.clone(),
                push.badge(),
                push.payload["body"].clone(),
            )
        })
        .collect();
    assert_eq!(notified.len(), 2, "{notified:?}");
    for device in ["offline", "tablet"] {
        assert!(
            notified.contains(&(device.into(), 4, "bye".into())),
            "{notified:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_without_previews_and_a_user_in_quiet_hours_see_less() {
    let (world, providers) = world_with_providers("300ms", 5).await;
    let ann = world.user("ann");
    ann.create_group("c", &["private", "asleep", "awake"])
        .await
        .expect(201);
    let mut silent = providers.apns("private");
    silent["preview"] = false.into();
    register(&world, "private", "phone", silent).await;
    register(&world, "asleep", "phone", providers.apns("asleep")).await;
    register(&world, "asleep", "web", providers.browser("asleep-web")).await;
    let last = register(&world, "awake", "phone", providers.apns("awake")).await;
    // The same hours of the day, in time zones twelve hours apart.
    let now = utc_hour();
    let hours = |zone: &str| {
        let at = |hour: u32| format!("{:02}:00", hour % 24);
        json!({"quiet_hours": {"from": at(now + 23), "to": at(now + 2), "time_zone": zone}})
    };
    for (user, zone) in [("asleep", "Etc/UTC"), ("awake", "Etc/GMT-12")] {
        let set = world
            .user(user)
            .patch("/v1/users/me/settings", hours(zone))
            .await;
        set.expect(200);
        world.wait_until_projected(set.position().max(last)).await;
    }
    ann.send("c", "m1", "a secret").await.expect(201);
    let private = wait_for(&providers, "private", 1).await.remove(0);
    assert!(
        private.payload.get("body").is_none_or(Value::is_null),
        "{private:?}"
    );
    assert_eq!(private.payload["conversation_id"], "c");
    let awake = wait_for(&providers, "awake", 1).await.remove(0);
    assert_eq!(awake.payload["body"], "a secret");
    let asleep = wait_for(&providers, "asleep", 1).await.remove(0);
    assert_eq!(
        asleep.raw,
        json!({"aps": {"badge": 1}, "conversation_id": "c"})
    );
    assert_eq!(asleep.headers["apns-priority"], "5");
    let web = wait_for(&providers, "asleep-web", 1).await.remove(0);
    assert_eq!(web.payload, json!({"badge": 1, "conversation_id": "c"}));
    assert_eq!(web.headers["urgency"], "low");
}

/// The hour of the day in UTC.
fn utc_hour() -> u32 {
    let now = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .expect("after 1970");
    (now.as_secs() / 3_600 % 24) as u32
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_is_gone_is_dropped_at_once() {
    let (world, providers) = world_with_providers("200ms", 5).await;
    let ann = world.user("ann");
    ann.create_group("c", &["bob"]).await.expect(201);
    ann.create_group("d", &["bob"]).await.expect(201);
    let bodies = [
        ("gone", providers.apns("gone")),
        ("bad", providers.apns("bad")),
        ("unregistered", providers.fcm("unregistered")),
        ("missing", providers.browser("missing")),
        ("expired", providers.browser("expired")),
    ];
    let mut last = 0;
    for (device, body) in bodies {
        last = register(&world, "bob", device, body).await;
    }
    let last = last.max(register(&world, "bob", "good", providers.fcm("good")).await);
    world.wait_until_projected(last).await;
    providers.reply_with(|push| match push.device.as_str() {
        "gone" => PushReply::refuse(410, json!({"reason": "Unregistered"})),
        "bad" => PushReply::refuse(400, json!({"reason": "BadDeviceToken"})),
        "unregistered" => PushReply::refuse(
            404,
            json!({"error": {"status": "NOT_FOUND", "details": [{"errorCode": "UNREGISTERED"}]}}),
        ),
        "missing" => PushReply::refuse(404, Value::Null),
        "expired" => PushReply::refuse(410, Value::Null),
        _ => PushReply::accept(),
    });
    ann.send("c", "c1", "one").await.expect(201);
    wait_for(&providers, "good", 1).await;
    let bob = world.user("bob");
    let devices = eventually("the tokens are dropped", async || {
        let listed = bob.get_ok("/v1/devices").await;
        let devices = listed["devices"].as_array().expect("devices").clone();
        (devices.len() == 1).then_some(devices)
    })
    .await;
    assert_eq!(devices[0]["device"], "good");
    let sent = ann.send("d", "d1", "two").await.position();
    wait_for(&providers, "good", 2).await;
    wait_until_settled(&world, sent).await;
    let attempts = providers.received();
    let refused = attempts.iter().filter(|push| !push.accepted).count();
    assert_eq!(refused, 5, "one attempt each: {attempts:?}");
    let dropped: Vec<(String, String)> = sqlx::query_as(
        "SELECT convert_from(payload, 'UTF8')::json ->> 'device',
                convert_from(payload, 'UTF8')::json ->> 'cause'
         FROM log.events WHERE event_type = 'push_dropped' ORDER BY 1",
    )
    .fetch_all(&world.pool)
    .await
    .expect("rows");
    let expected = ["bad", "expired", "gone", "missing", "unregistered"];
    let expected = expected.map(|device| (device.to_owned(), "gone".to_owned()));
    assert_eq!(dropped, expected);
    let tokens: i64 = sqlx::query_scalar("SELECT count(*) FROM push.tokens")
        .fetch_one(&world.pool)
        .await
        .expect("a count");
    assert_eq!(tokens, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_fails_is_tried_again_and_parked_after_the_last_attempt() {
    let (world, providers) = world_with_providers("200ms", 3).await;
    let ann = world.user("ann");
    ann.create_group("c", &["bob"]).await.expect(201);
    register(&world, "bob", "flaky", providers.apns("flaky")).await;
    register(&world, "bob", "down", providers.browser("down")).await;
    let last = register(&world, "bob", "fine", providers.fcm("fine")).await;
    world.wait_until_projected(last).await;
    let attempts = std::sync::atomic::AtomicUsize::new(0);
    providers.reply_with(move |push| match push.device.as_str() {
        "flaky" if attempts.fetch_add(1, std::sync::atomic::Ordering::Relaxed) == 0 => PushReply {
            status: 503,
            body: json!({"reason": "Shutdown"}),
            retry_after: Some(2),
        },
        "down" => PushReply::refuse(500, Value::Null),
        _ => PushReply::accept(),
    });
    let began = std::time::Instant::now();
    let sent = ann.send("c", "c1", "one").await.position();
    wait_for(&providers, "fine", 1).await;
    wait_for(&providers, "flaky", 1).await;
    assert!(
        began.elapsed() >= Duration::from_secs(2),
        "Retry-After counts"
    );
    wait_until_settled(&world, sent).await;
    let ids = providers.received();
    let ids: Vec<_> = ids
        .iter()
        .filter(|push| push.device == "flaky")
        .map(|push| push.headers["apns-id"].clone())
        .collect();
    assert_eq!(ids.len(), 2);
    assert_eq!(ids[0], ids[1], "the id of a push stays the same");
    let parked: Vec<(String, String, i32, String)> =
        sqlx::query_as("SELECT device, provider, tries, error FROM push.parked")
            .fetch_all(&world.pool)
            .await
            .expect("rows");
    let error = "the push service answered 500".to_owned();
    assert_eq!(parked, [("down".into(), "webpush".into(), 3, error)]);
    // The next message is pushed again.
    providers.reply_with(|_| PushReply::accept());
    ann.send("c", "c2", "two").await.expect(201);
    let push = wait_for(&providers, "down", 1).await.remove(0);
    assert_eq!((push.badge(), &push.payload["body"]), (2, &"two".into()));
    let metrics = world.anonymous().get("/metrics").await;
    let metrics = String::from_utf8_lossy(&metrics.body).into_owned();
    for line in [
        r#"tidings_push_total{provider="webpush",outcome="unavailable"} 3"#,
        r#"tidings_push_total{provider="fcm",outcome="accepted"}"#,
    ] {
        assert!(metrics.contains(line), "{line}: {metrics}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pushes_wait_while_notifications_are_switched_off() {
    let (world, providers) = world_with_providers("200ms", 5).await;
    let ann = world.user("ann");
    ann.create_group("c", &["bob"]).await.expect(201);
    let last = register(&world, "bob", "phone", providers.fcm("phone")).await;
    world.wait_until_projected(last).await;
    let path = "/v1/admin/switches/notifications";
    let switch = json!({"on": false, "reason": "maintenance"});
    world.admin().put(path, Some(switch)).await.expect(200);
    eventually("the switch counts", async || {
        let switches = world.admin().get_ok("/v1/admin/switches").await;
        switches.to_string().contains("maintenance").then_some(())
    })
    .await;
    let sent = ann.send("c", "c1", "one").await.position();
    eventually("the push waits", async || {
        let waiting: i64 = sqlx::query_scalar(
            "SELECT count(*) FROM push.notices WHERE told_position < to_position
             AND due_at < now() - interval '1 second'",
        )
        .fetch_one(&world.pool)
        .await
        .expect("a count");
        (waiting == 1).then_some(())
    })
    .await;
    assert!(providers.received().is_empty());
    world
        .admin()
        .put(path, Some(json!({"on": true})))
        .await
        .expect(200);
    wait_for(&providers, "phone", 1).await;
    wait_until_settled(&world, sent).await;
}
