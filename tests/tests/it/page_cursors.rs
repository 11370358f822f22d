//! Lists of part two of the API in pages: with any `limit` they hold the same items, once each and
//! in the same order, and `next` is null at the end.

use eventually::eventually;
use serde_json::{Value, json};
use tests::client::Client;
use tests::world::{Settings, World};

/// Asserts that pages of one and of two items are together the list without a limit, which holds
/// `count` items.
async fn assert_paged(client: &Client, path: &str, items: &str, count: usize) {
    let separator = if path.contains('?') { '&' } else { '?' };
    let whole = client.get_ok(path).await;
    let all = whole[items].as_array().expect(path).clone();
    assert_eq!(all.len(), count, "{path}: {whole}");
    assert_eq!(whole["next"], Value::Null, "{path}");
    for limit in [1, 2] {
        let mut read: Vec<Value> = Vec::new();
        let mut after = String::new();
        loop {
            let page = client
                .get_ok(&format!("{path}{separator}limit={limit}{after}"))
                .await;
            let part = page[items].as_array().expect(path);
            assert!((1..=limit).contains(&part.len()), "{path}: {page}");
            read.extend(part.iter().cloned());
            match page["next"].as_str() {
                Some(next) => after = format!("&after={next}"),
                None => break,
            }
        }
        assert_eq!(read, all, "{path} in pages of {limit}");
    }
    for limit in ["0", "201", "x"] {
        let refused = client.get(&format!("{path}{separator}limit={limit}")).await;
        assert_eq!(refused.expect_problem(400), "malformed", "{path}");
    }
}

/// Runs a command, which must be accepted, and returns its position.
async fn put(client: &Client, path: &str, body: Value) -> i64 {
    let answer = client.put(path, Some(body)).await;
    answer.expect(200);
    answer.position()
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_about_a_group_are_paged() {
    let world = World::start().await;
    let ann = world.user("ann");
    let (silenced, banned) = (["bob", "cat", "dan"], ["ian", "jan", "kim"]);
    let members = [silenced, banned].concat();
    ann.create_group("room", &members).await.expect(201);
    let room = "/v1/conversations/room";
    let asked = json!({ "join": "asked" });
    ann.patch(room, asked).await.expect(200);
    for user in ["eve", "fay", "gil"] {
        let join = format!("{room}/join");
        world.user(user).post(&join, json!({})).await.expect(202);
    }
    for (silenced, banned) in silenced.into_iter().zip(banned) {
        put(&ann, &format!("{room}/silences/{silenced}"), json!({})).await;
        put(&ann, &format!("{room}/bans/{banned}"), json!({})).await;
        let link = ann.post(&format!("{room}/links"), json!({})).await;
        link.expect(201);
    }
    // The consent of hal is asked for three times.
    let hal = world.user("hal");
    let consent = json!({ "groups_from": "contacts" });
    hal.patch("/v1/users/me/settings", consent)
        .await
        .expect(200);
    let mut last = 0;
    for group in ["one", "two", "three"] {
        last = ann.create_group(group, &["hal"]).await.position();
    }
    world.wait_until_projected(last).await;
    for (items, path) in [
        ("requests", "join-requests"),
        ("silences", "silences"),
        ("bans", "bans"),
        ("links", "links"),
    ] {
        assert_paged(&ann, &format!("{room}/{path}"), items, 3).await;
    }
    assert_paged(&hal, "/v1/invitations", "invitations", 3).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_of_administrators_are_paged() {
    let settings = Settings::default()
        .with("TIDINGS_WEBHOOK_ALLOW", "127.0.0.0/8")
        .with("TIDINGS_WEBHOOK_TRIES", 1);
    let world = World::start_with(settings).await;
    let (admin, ann) = (world.admin(), world.user("ann"));
    let refusing = format!("{}/nowhere", world.base_urls().commands);
    for n in 0..3 {
        let list = json!({ "action": "flag", "match": "word", "words": [format!("w{n}")] });
        put(&admin, &format!("/v1/moderation/lists/l{n}"), list).await;
        let hold = json!({ "user": format!("u{n}"), "reason": "a court" });
        put(&admin, &format!("/v1/admin/holds/h{n}"), hold).await;
        let desk = json!({ "title": "A desk", "agents": ["bob"] });
        put(&admin, &format!("/v1/admin/desks/d{n}"), desk).await;
        let webhook = json!({ "url": refusing, "events": ["message_sent"] });
        let added = admin.post("/v1/admin/webhooks", webhook).await;
        added.expect(201);
    }
    let mut last = 0;
    for group in ["a", "b", "c"] {
        ann.create_group(group, &[]).await.expect(201);
        last = ann.send(group, group, "hello").await.position();
    }
    world.wait_until_projected(last).await;
    assert_paged(&admin, "/v1/moderation/lists", "lists", 3).await;
    assert_paged(&admin, "/v1/admin/holds", "holds", 3).await;
    assert_paged(&admin, "/v1/admin/desks", "desks", 3).await;
    assert_paged(&ann, "/v1/desks", "desks", 3).await;
    let webhooks = admin.get_ok("/v1/admin/webhooks").await;
    for webhook in webhooks["webhooks"].as_array().expect("webhooks") {
        let parked = format!("/v1/admin/webhooks/{}/parked", webhook["id"]);
        eventually("three deliveries are parked", async || {
            let page = admin.get_ok(&parked).await;
            (page["parked"].as_array()?.len() == 3).then_some(())
        })
        .await;
        assert_paged(&admin, &parked, "parked", 3).await;
    }
    // Now nothing changes any more.
    eventually("nothing waits", async || {
        let page = admin.get_ok("/v1/admin/webhooks").await;
        let mut all = page["webhooks"].as_array()?.iter();
        let is_idle = |one: &Value| {
            let is_read = one["position"].as_i64() >= Some(last);
            is_read && one["parked"] == 3 && one["waiting"] == 0
        };
        all.all(is_idle).then_some(())
    })
    .await;
    assert_paged(&admin, "/v1/admin/webhooks", "webhooks", 3).await;
}
