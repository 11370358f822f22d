//! What administrators see of users.

use serde_json::{Value, json};
use tests::client::Client;
use tests::world::World;

/// The ids of a page of users, and where the next page begins.
async fn list_ids(admin: &Client, query: &str) -> (Vec<Value>, Value) {
    let list = admin.get_ok(&format!("/v1/admin/users?{query}")).await;
    let users = list["users"].as_array().expect("a list");
    let ids = users.iter().map(|user| user["id"].clone()).collect();
    (ids, list["next"].clone())
}

/// The end of bob's restriction.
const UNTIL: &str = "2099-01-01T00:00:00.000Z";

/// Gives users profiles, devices, conversations and restrictions.
async fn prepare_users(world: &World) {
    let (admin, ann, bob) = (world.admin(), world.user("ann"), world.user("bob"));
    for group in ["one", "two", "three"] {
        ann.create_group(group, &["bob", "carl"]).await.expect(201);
    }
    bob.send_texts("one", "word", 3).await;
    bob.delete("/v1/conversations/one/messages/2")
        .await
        .expect(200);
    let profile = json!({ "display_name": "Bob Builder", "locale": "en" });
    bob.patch("/v1/users/me", profile).await.expect(200);
    bob.patch("/v1/users/me/settings", json!({ "last_seen": false }))
        .await
        .expect(200);
    bob.put("/v1/blocks/carl", None).await.expect(200);
    let ack = json!({ "device": "phone", "cursor": "1" });
    bob.post("/v1/inbox/ack", ack).await.expect(200);
    ann.put(
        "/v1/conversations/two/silences/bob",
        Some(json!({ "reason": "loud" })),
    )
    .await
    .expect(200);
    let body = json!({ "kind": "silenced", "until": UNTIL, "reason": "spam" });
    let restricted = admin
        .put("/v1/moderation/users/bob/restriction", Some(body))
        .await;
    restricted.expect(200);
    world.wait_until_projected(restricted.position()).await;
}

async fn assert_everything_of_bob_is_shown(admin: &Client) {
    let found = admin.get_ok("/v1/admin/users/bob?limit=2").await;
    assert_eq!(
        (&found["display_name"], &found["locale"], &found["kind"]),
        (&json!("Bob Builder"), &json!("en"), &json!("user"))
    );
    assert!(found["created_at"].is_string(), "{found}");
    assert_eq!(
        found["counts"],
        json!({ "conversations": 3, "messages": 2, "contacts": 0, "blocked": 1, "devices": 1 })
    );
    assert_eq!(
        (
            &found["devices"][0]["device"],
            &found["devices"][0]["cursor"]
        ),
        (&json!("phone"), &json!(1))
    );
    assert_eq!(
        found["restrictions"],
        json!([
            { "kind": "silenced", "conversation_id": null, "until": UNTIL, "reason": "spam",
              "by": "admin" },
            { "kind": "silenced", "conversation_id": "two", "until": null, "reason": "loud",
              "by": "ann" },
        ])
    );
    assert_eq!(found["conversations"][1]["id"], "two");
    let next = found["next"].as_str().expect("a cursor");
    let rest = admin
        .get_ok(&format!("/v1/admin/users/bob?limit=2&after={next}"))
        .await;
    assert_eq!(
        (&rest["conversations"][0]["id"], &rest["next"]),
        (&json!("three"), &Value::Null)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn administrators_find_users_and_see_what_belongs_to_them() {
    // Given users with profiles, devices, conversations and restrictions
    let world = World::start().await;
    let (admin, ann) = (world.admin(), world.user("ann"));
    prepare_users(&world).await;

    // Then they are found by the beginning of ids and of words of names, page by page
    assert_eq!(list_ids(&admin, "q=buil").await.0, ["bob"]);
    assert_eq!(list_ids(&admin, "q=ca").await.0, ["carl"]);
    let (first, next) = list_ids(&admin, "limit=2").await;
    assert_eq!(first, ["ann", "bob"]);
    let next = next.as_str().expect("a cursor").to_owned();
    assert_eq!(
        list_ids(&admin, &format!("limit=2&after={next}")).await,
        (vec![json!("carl")], Value::Null)
    );

    // And one has everything
    assert_everything_of_bob_is_shown(&admin).await;

    // And nobody else sees it
    let unknown = admin.get("/v1/admin/users/nobody").await;
    assert_eq!(unknown.expect_problem(404), "not_found");
    for path in ["/v1/admin/users", "/v1/admin/users/bob"] {
        assert_eq!(ann.get(path).await.expect_problem(403), "forbidden");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn last_seen_is_shown_to_administrators_also_if_it_is_hidden() {
    let world = World::start().await;
    let (admin, ann) = (world.admin(), world.user("ann"));
    ann.create_group("one", &[]).await.expect(201);
    let hidden = ann.patch("/v1/users/me/settings", json!({ "last_seen": false }));
    world.wait_until_projected(hidden.await.position()).await;
    let before = admin.get_ok("/v1/admin/users/ann").await;
    assert_eq!(
        (&before["online"], &before["last_seen"]),
        (&json!(false), &Value::Null)
    );
    let address = world.address();
    let token = tests::token::for_user("ann");
    let live = tests::live::LiveSocket::open(&address, &token, "").await;
    let mut live = live.expect("open");
    live.wait_until_caught_up().await;
    eventually::eventually("ann is online", async || {
        let found = admin.get_ok("/v1/admin/users/ann").await;
        (found["online"] == true && found["last_seen"].is_string()).then_some(())
    })
    .await;
}
