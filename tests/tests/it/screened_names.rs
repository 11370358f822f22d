//! Word lists on the names of users and the topics of groups: refused, masked or stored, by the
//! places that a list checks.

use eventually::eventually;
use serde_json::{Value, json};
use tests::client::Client;
use tests::response::ApiResponse;
use tests::world::{Settings, World};

async fn set_list(admin: &Client, name: &str, action: &str, word: &str, places: Value) {
    let path = format!("/v1/moderation/lists/{name}");
    let body = json!({ "action": action, "match": "word", "words": [word], "in": places });
    admin.put(&path, Some(body)).await.expect(200);
}

async fn rename(user: &Client, name: &str) -> ApiResponse {
    user.patch("/v1/users/me", json!({ "display_name": name }))
        .await
}

async fn set_topic(user: &Client, topic: &str) -> ApiResponse {
    user.patch("/v1/conversations/room", json!({ "topic": topic }))
        .await
}

/// Sets the lists, and waits until the process knows the last of them.
async fn world_with_lists(settings: Settings) -> World {
    let world = World::start_with(settings).await;
    let (admin, ann) = (world.admin(), world.user("ann"));
    ann.create_group("room", &["bob"]).await.expect(201);
    set_list(
        &admin,
        "refused",
        "refuse",
        "rogue",
        json!(["name", "title"]),
    )
    .await;
    set_list(&admin, "masked", "mask", "scamp", json!(["name", "title"])).await;
    set_list(&admin, "titles", "refuse", "knave", json!(["title"])).await;
    eventually("the lists are known", async || {
        (set_topic(&ann, "a knave").await.status == 422).then_some(())
    })
    .await;
    world
}

fn assert_refused(answer: &ApiResponse, field: &str) {
    assert_eq!(answer.expect_problem(422), "content_refused", "{answer}");
    assert_eq!(answer.json()["errors"][0]["field"], field, "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn names_of_users_are_screened() {
    let world = world_with_lists(Settings::default()).await;
    let (admin, bob) = (world.admin(), world.user("bob"));

    // When a name has a refused word, also in other forms, then it is not stored
    for name in ["Rogue", "r o g u e", "ＲＯＧＵＥ"] {
        assert_refused(&rename(&bob, name).await, "display_name");
    }
    let by_admin = json!({ "display_name": "a rogue" });
    let by_admin = admin.put("/v1/admin/users/bob", Some(by_admin)).await;
    assert_refused(&by_admin, "display_name");

    // When it has a masked word, then it is stored masked, and the answer says so
    let masked = rename(&bob, "Bob scamp").await;
    assert_eq!(masked.expect(200)["masked"], true, "{masked}");
    let again = rename(&bob, "Bob scamp").await;
    assert_eq!(again.position(), masked.position(), "nothing is appended");
    world.wait_until_projected(masked.position()).await;
    let me = bob.get_ok("/v1/users/me").await;
    assert_eq!(me["display_name"], "Bob *****");
    let by_admin = json!({ "display_name": "scamp" });
    let by_admin = admin.put("/v1/admin/users/bob", Some(by_admin)).await;
    assert_eq!(by_admin.expect(200)["masked"], true);

    // And other names, and lists that do not check names, change nothing
    let plain = rename(&bob, "Bob the knave").await.expect(200);
    assert!(plain.get("masked").is_none(), "{plain}");
}

#[tokio::test(flavor = "multi_thread")]
async fn topics_and_titles_are_screened_when_they_are_set_and_changed() {
    let world = world_with_lists(Settings::default()).await;
    let ann = world.user("ann");
    assert_refused(&set_topic(&ann, "of a rogue").await, "topic");
    let masked = set_topic(&ann, "of a scamp").await;
    assert_eq!(masked.expect(200)["masked"], true, "{masked}");
    world.wait_until_projected(masked.position()).await;
    let room = ann.get_ok("/v1/conversations/room").await;
    assert_eq!(room["policy"]["topic"], "of a *****");

    let title = json!({ "title": "Rogue" });
    assert_refused(&ann.patch("/v1/conversations/room", title).await, "title");
    let create = |title: &str| json!({ "kind": "group", "members": [], "title": title });
    let refused = ann.post("/v1/conversations", create("a rogue")).await;
    assert_refused(&refused, "title");
    let masked = ann.post("/v1/conversations", create("a scamp")).await;
    assert_eq!(masked.expect(201)["masked"], true);

    // And a topic is nobody else's business
    let stranger = world.user("eve");
    let refused = set_topic(&stranger, "of a rogue").await;
    assert_eq!(refused.expect_problem(404), "not_found");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_with_a_refused_name_is_not_opened() {
    let settings = Settings::default().with("TIDINGS_ACCOUNTS", "open");
    let world = world_with_lists(settings).await;
    let anonymous = world.anonymous();
    let account = |name: &str| json!({ "user": "dora", "password": "correct horse battery", "display_name": name });
    let refused = anonymous.post("/v1/accounts", account("a rogue")).await;
    assert_refused(&refused, "display_name");
    // The id is still free.
    let opened = anonymous.post("/v1/accounts", account("a scamp")).await;
    assert_eq!(opened.expect(201)["masked"], true, "{opened}");
    let signed_in = json!({ "user": "dora", "password": "correct horse battery" });
    let signed_in = anonymous.post("/v1/sessions", signed_in).await;
    assert!(signed_in.expect(201).get("masked").is_none());
}
