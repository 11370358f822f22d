//! Devices: which there are, how they are removed, and how they register for pushes. No answer, no
//! export and no event has a token.

use std::path::Path;

use eventually::eventually;
use serde_json::{Value, json};
use tests::live::LiveSocket;
use tests::push_providers::PushProviders;
use tests::token;
use tests::world::{Settings, World};

/// A world that can push through all providers.
async fn world_with_providers() -> (World, PushProviders) {
    let providers = PushProviders::start().await;
    let mut world = World::stopped(Settings::default()).await;
    for (name, value) in providers.settings(&world.dir, Settings::default()).env {
        world.set_env(name, &value);
    }
    world.start_service().await;
    (world, providers)
}

async fn devices(world: &World, user: &str, position: i64) -> Vec<Value> {
    let path = format!("/v1/devices?min_position={position}");
    let listed = world.user(user).get_ok(&path).await;
    listed["devices"].as_array().expect("devices").clone()
}

/// The devices of bob, once there are two.
async fn two_devices_of_bob(world: &World, position: i64) -> Vec<Value> {
    eventually("two devices of bob", async || {
        let listed = devices(world, "bob", position).await;
        (listed.len() == 2).then_some(listed)
    })
    .await
}

/// A live connection of bob.
async fn connect_bob(world: &World, query: &str) -> LiveSocket {
    let opened = LiveSocket::open(&world.address(), &token::for_user("bob"), query).await;
    opened.expect("open")
}

/// Checks the list of a phone that has received everything up to `cursor`, and a page of a browser
/// that gets pushes.
fn expect_phone_and_page(listed: &[Value], cursor: i64) {
    let seen: Vec<_> = listed
        .iter()
        .map(|device| (&device["device"], &device["cursor"], &device["online"]))
        .collect();
    let null = Value::Null;
    assert_eq!(
        seen,
        [
            (&"phone".into(), &cursor.into(), &true.into()),
            (&"web page".into(), &null, &false.into()),
        ]
    );
    assert_eq!(listed[0]["push"], null);
    assert_eq!(listed[1]["push"]["provider"], "webpush");
    assert_eq!(listed[1]["push"]["preview"], true);
    assert!(listed.iter().all(|device| device["last_seen"].is_string()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_is_listed_with_what_it_has_received_and_removed_with_its_connections() {
    let (world, providers) = world_with_providers().await;
    let ann = world.user("ann");
    ann.create_group("c", &["bob"]).await.expect(201);
    let sent = ann.send("c", "m1", "hello").await.position();
    let bob = world.user("bob");
    assert!(devices(&world, "bob", sent).await.is_empty());
    let mut phone = connect_bob(&world, "device=phone&after=0").await;
    let mut laptop = connect_bob(&world, "device=laptop").await;
    phone.wait_for_position(sent).await;
    laptop.wait_until_caught_up().await;
    phone.ack(sent).await;
    let path = "/v1/devices/web%20page/push";
    let body = providers.browser("web");
    let registered = bob.put(path, Some(body.clone())).await;
    registered.expect(200);
    let again = bob.put(path, Some(body)).await;
    assert_eq!(
        again.position(),
        registered.position(),
        "nothing is appended"
    );

    let listed = two_devices_of_bob(&world, registered.position()).await;
    expect_phone_and_page(&listed, sent);

    let removed = bob.delete("/v1/devices/phone").await;
    removed.expect(200);
    assert_eq!(phone.wait_for_close().await, 4403);
    let again = bob.delete("/v1/devices/phone").await;
    again.expect(200);
    assert_eq!(again.position(), removed.position());
    let listed = devices(&world, "bob", removed.position()).await;
    assert_eq!(listed.len(), 1);
    // The other connection goes on, and a device of the same name is a new one.
    let next = ann.send("c", "m2", "again").await.position();
    laptop.wait_for_position(next).await;
    let mut phone = connect_bob(&world, "device=phone").await;
    phone.wait_until_caught_up().await;
    phone.ack(next).await;
    let listed = two_devices_of_bob(&world, next).await;
    assert_eq!(listed[0]["cursor"], next);
    // Others see and remove nothing of it.
    assert!(devices(&world, "ann", next).await.is_empty());
    world
        .user("ann")
        .delete("/v1/devices/phone")
        .await
        .expect(200);
    assert_eq!(devices(&world, "bob", next).await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registration_that_cannot_work_is_refused() {
    let world = World::start().await;
    let bob = world.user("bob");
    let path = "/v1/devices/phone/push";
    let token = "ab".repeat(32);
    for (provider, token) in [("apns", token.as_str()), ("fcm", "a:b")] {
        let body = json!({"provider": provider, "token": token});
        let code = bob.put(path, Some(body)).await.expect_problem(422);
        assert_eq!(code, "not_configured", "{provider}");
    }
    let subscription = |endpoint: &str| {
        json!({"provider": "webpush", "subscription": {"endpoint": endpoint, "keys": {
            "p256dh": "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
            "auth": "BTBZMqHH6r4Tts7J_aSIgg"}}})
    };
    for bad in [
        subscription("http://push.example.net/"),
        subscription("https://127.0.0.1/send"),
        subscription("https://[::1]/send"),
        subscription("https://169.254.169.254/latest/meta-data"),
        json!({"provider": "webpush"}),
        json!({"provider": "webpush", "token": "secret-token"}),
        json!({"provider": "webpush", "subscription": "secret-token"}),
    ] {
        let response = bob.put(path, Some(bad.clone())).await;
        response.expect_problem(422);
        let text = String::from_utf8_lossy(&response.body).into_owned();
        assert!(!text.contains("secret-token"), "{text}");
    }
    let unknown = json!({"provider": "pigeon", "token": "a"});
    let refused = bob.put(path, Some(unknown)).await.status;
    assert!([400, 422].contains(&refused), "{refused}");
    let good = subscription("https://push.example.net/send/1");
    bob.put(path, Some(good.clone())).await.expect(200);
    bob.put("/v1/devices/a%00b/push", Some(good))
        .await
        .expect_problem(400);
    // Every process and every start has the same key.
    let key = bob.get_ok("/v1/push/webpush-key").await;
    assert_eq!(key["key"].as_str().map(str::len), Some(87));
    let mut world = world;
    world.stop();
    world.start_service().await;
    let bob = world.user("bob");
    assert_eq!(bob.get_ok("/v1/push/webpush-key").await, key);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_token_leaves_the_table_beside_the_log() {
    let (world, providers) = world_with_providers().await;
    let bob = world.user("bob");
    let body = json!({"provider": "fcm", "token": "fcm-verysecrettoken"});
    let path = "/v1/devices/phone/push";
    let registered = bob.put(path, Some(body)).await;
    registered.expect(200);
    let browser = providers.browser("verysecretbrowser");
    let last = bob
        .put("/v1/devices/web/push", Some(browser))
        .await
        .position();
    world.wait_until_projected(last).await;
    let mut texts = vec![
        bob.get_ok("/v1/devices").await.to_string(),
        world
            .admin()
            .get_ok("/v1/admin/users/bob")
            .await
            .to_string(),
        String::from_utf8_lossy(&world.admin().get("/v1/events").await.body).into_owned(),
        world.admin().get_ok("/v1/admin/audit").await.to_string(),
        world.run_ok(&["export-user", "bob"]).await,
    ];
    let exported = world.dir.join("export");
    let target = exported.display().to_string();
    let csv = ["log", "export", target.as_str(), "--format", "csv"];
    world.run_ok(&csv).await;
    texts.extend(read_files(&exported));
    texts.extend(std::fs::read_to_string(world.dir.join("up.log")).ok());
    for text in &texts {
        assert!(!text.contains("verysecret"), "{text}");
    }
    assert!(texts[2].contains("push_registered"), "{}", texts[2]);
    assert!(texts[4].contains(r#""provider":"fcm""#), "{}", texts[4]);
    assert!(texts.len() > 6, "no export or no log");
}

/// The texts of all files below a directory.
fn read_files(dir: &Path) -> Vec<String> {
    let mut texts = Vec::new();
    for entry in std::fs::read_dir(dir).expect("a directory") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            texts.extend(read_files(&path));
        } else {
            let bytes = std::fs::read(&path).expect("a file");
            texts.push(String::from_utf8_lossy(&bytes).into_owned());
        }
    }
    texts
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_belongs_to_the_user_who_registered_it_last() {
    let (world, providers) = world_with_providers().await;
    let (ann, bob) = (world.user("ann"), world.user("bob"));
    let body = providers.fcm("shared");
    ann.put("/v1/devices/phone/push", Some(body.clone()))
        .await
        .expect(200);
    // Ann signs out, and bob signs in on the same phone.
    let registered = bob.put("/v1/devices/phone/push", Some(body.clone())).await;
    registered.expect(200);
    let head = world
        .user("ann")
        .create_group("c", &["bob"])
        .await
        .position();
    assert!(devices(&world, "ann", head).await.is_empty());
    assert_eq!(devices(&world, "bob", head).await.len(), 1);
    // The same phone under another name.
    bob.put("/v1/devices/handset/push", Some(body))
        .await
        .expect(200);
    let head = ann.send("c", "m", "hello").await.position();
    let listed = devices(&world, "bob", head).await;
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0]["device"], "handset");
    let gone = bob.delete("/v1/devices/handset/push").await;
    gone.expect(200);
    assert!(devices(&world, "bob", gone.position()).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_who_is_deactivated_or_erased_gets_no_more_pushes() {
    let (world, providers) = world_with_providers().await;
    for (user, device) in [("ann", "a"), ("bob", "b")] {
        for name in ["phone", "tablet"] {
            let path = format!("/v1/devices/{name}/push");
            let body = providers.fcm(&format!("{device}-{name}"));
            world.user(user).put(&path, Some(body)).await.expect(200);
        }
    }
    let admin = world.admin();
    let deactivated = json!({"deactivated": true});
    admin
        .put("/v1/admin/users/ann", Some(deactivated))
        .await
        .expect(200);
    let erased = admin
        .post("/v1/admin/erasures", json!({"user": "bob"}))
        .await;
    erased.expect(200);
    let tokens: i64 = sqlx::query_scalar("SELECT count(*) FROM push.tokens")
        .fetch_one(&world.pool)
        .await
        .expect("a count");
    assert_eq!(tokens, 0);
    let causes: Vec<String> = sqlx::query_scalar(
        "SELECT convert_from(payload, 'UTF8')::json ->> 'cause' FROM log.events
         WHERE event_type = 'push_dropped' ORDER BY position",
    )
    .fetch_all(&world.pool)
    .await
    .expect("rows");
    assert_eq!(causes, ["deactivated", "deactivated", "erased", "erased"]);
    assert!(devices(&world, "bob", erased.position()).await.is_empty());
}
