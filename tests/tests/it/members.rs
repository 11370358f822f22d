//! Every command about conversations and their members.

use serde_json::{Value, json};
use tests::client::Client;
use tests::response::ApiResponse;
use tests::world::World;

async fn create(client: &Client, body: Value) -> ApiResponse {
    client.post("/v1/conversations", body).await
}

async fn roles(client: &Client, id: &str, min_position: i64) -> Vec<(String, String)> {
    let page = client
        .get_ok(&format!(
            "/v1/conversations/{id}/members?min_position={min_position}"
        ))
        .await;
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let members = page["members"].as_array().expect("a list");
    members
        .iter()
        .map(|member| (text(&member["user"]), text(&member["role"])))
        .collect()
}

fn owned(members: &[(&str, &str)]) -> Vec<(String, String)> {
    members
        .iter()
        .map(|(user, role)| ((*user).to_owned(), (*role).to_owned()))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_is_created() {
    let world = World::start().await;
    let alice = world.user("alice");
    let created = create(
        &alice,
        json!({ "kind": "group", "members": ["bob", "bob", "alice"], "title": "Lunch 午餐" }),
    )
    .await;
    let id = created.expect(201)["id"]
        .as_str()
        .expect("an id")
        .to_owned();
    assert!(!id.starts_with("d_"), "{id}");
    let shown = alice
        .get_ok(&format!(
            "/v1/conversations/{id}?min_position={}",
            created.position()
        ))
        .await;
    assert_eq!(
        (&shown["title"], &shown["history"], &shown["member_count"]),
        (&json!("Lunch 午餐"), &json!("all"), &json!(2))
    );
    assert_eq!(shown["my"]["role"], "owner");
    assert_eq!(
        roles(&alice, &id, 0).await,
        owned(&[("alice", "owner"), ("bob", "member")])
    );
    create(
        &alice,
        json!({ "kind": "group", "members": [], "id": "A-z_0.9" }),
    )
    .await
    .expect(201);
    let taken = create(
        &world.user("dave"),
        json!({ "kind": "group", "members": [], "id": "A-z_0.9" }),
    )
    .await;
    assert_eq!(taken.expect_problem(409), "conflict");
    for invalid in [
        json!({ "kind": "club", "members": [] }),
        json!({ "kind": "group" }),
        json!({ "kind": "group", "members": ["a\u{7}b"] }),
        json!({ "kind": "group", "members": [""] }),
        json!({ "kind": "group", "members": [], "id": "" }),
        json!({ "kind": "group", "members": [], "id": "d_mine" }),
        json!({ "kind": "group", "members": [], "id": "has space" }),
        json!({ "kind": "group", "members": [], "id": "x".repeat(65) }),
        json!({ "kind": "group", "members": [], "title": "t".repeat(201) }),
    ] {
        let response = create(&alice, invalid).await;
        assert_eq!(response.expect_problem(422), "invalid", "{response}");
    }
    let users: Vec<_> = (0..1_001).map(|n| format!("u{n}")).collect();
    let too_many = create(&alice, json!({ "kind": "group", "members": users })).await;
    assert_eq!(too_many.expect_problem(422), "invalid");
    let detail = too_many.json()["detail"].to_string();
    assert!(detail.contains("1000"), "{detail} does not name the limit");
    create(
        &alice,
        json!({ "kind": "group", "members": &users[..1_000], "title": "t".repeat(200) }),
    )
    .await
    .expect(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_direct_conversation_is_created_once_per_pair() {
    let world = World::start().await;
    let (alice, bob) = (world.user("alice"), world.user("bob"));
    let created = create(&alice, json!({ "kind": "direct", "members": ["bob"] })).await;
    let id = created.expect(201)["id"].clone();
    assert!(
        id.as_str().is_some_and(|id| id.starts_with("d_")),
        "{created}"
    );
    for (creator, members) in [
        (&bob, json!(["alice"])),
        (&alice, json!(["bob"])),
        (&alice, json!(["alice", "bob"])),
    ] {
        let response = create(creator, json!({ "kind": "direct", "members": members })).await;
        assert_eq!(response.expect(200)["id"], id);
        assert_eq!(response.position(), created.position());
    }
    let at = format!("/v1/conversations/{}", id.as_str().expect("text"));
    for invalid in [json!(["alice"]), json!([]), json!(["bob", "carol"])] {
        create(&alice, json!({ "kind": "direct", "members": invalid }))
            .await
            .expect_problem(422);
    }
    create(
        &alice,
        json!({ "kind": "direct", "members": ["carol"], "title": "t" }),
    )
    .await
    .expect_problem(422);
    alice
        .patch(&at, json!({ "title": "ours" }))
        .await
        .expect_problem(422);
    alice
        .post(&format!("{at}/members"), json!({ "users": ["carol"] }))
        .await
        .expect_problem(422);
    alice
        .delete(&format!("{at}/members/bob"))
        .await
        .expect_problem(422);
    alice
        .delete(&format!("{at}/members/alice"))
        .await
        .expect_problem(422);
    let inbox = alice
        .get_ok(&format!("/v1/inbox?min_position={}", created.position()))
        .await;
    assert_eq!(inbox["conversations"][0]["peer"], "bob");
    let (eve, fay) = (world.user("eve"), world.user("fay"));
    let (one, other) = tokio::join!(
        create(&eve, json!({ "kind": "direct", "members": ["fay"] })),
        create(&fay, json!({ "kind": "direct", "members": ["eve"] })),
    );
    let mut statuses = [one.status, other.status];
    statuses.sort_unstable();
    assert_eq!(
        statuses,
        [200, 201],
        "one of two concurrent requests creates it"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn title_and_history_setting_are_changed() {
    let world = World::start().await;
    let (alice, bob) = (world.user("alice"), world.user("bob"));
    alice.create_group("room", &["bob"]).await.expect(201);
    let at = "/v1/conversations/room";
    let changed = alice
        .patch(at, json!({ "title": "A", "history": "since_join" }))
        .await;
    assert_eq!(
        alice.patch(at, json!({ "title": "A" })).await.position(),
        changed.position()
    );
    let shown = bob
        .get_ok(&format!("{at}?min_position={}", changed.position()))
        .await;
    assert_eq!(
        (&shown["title"], &shown["history"]),
        (&json!("A"), &json!("since_join"))
    );
    let removed = alice.patch(at, json!({ "title": null })).await;
    let shown = bob
        .get_ok(&format!("{at}?min_position={}", removed.position()))
        .await;
    assert_eq!(
        (&shown["title"], &shown["history"]),
        (&Value::Null, &json!("since_join"))
    );
    bob.patch(at, json!({ "title": "B" }))
        .await
        .expect_problem(403);
    alice
        .patch(at, json!({ "history": "some" }))
        .await
        .expect_problem(422);
    alice
        .patch(at, json!({ "title": "t".repeat(201) }))
        .await
        .expect_problem(422);
}

/// Adds a user to the conversation `room`, or changes the role of a member.
async fn add(client: &Client, user: &str, role: Option<&str>) -> ApiResponse {
    let body = role.map_or(
        json!({ "users": [user] }),
        |role| json!({ "users": [user], "role": role }),
    );
    client.post("/v1/conversations/room/members", body).await
}

#[tokio::test(flavor = "multi_thread")]
async fn members_are_added_and_get_roles() {
    let world = World::start().await;
    let (alice, bob) = (world.user("alice"), world.user("bob"));
    alice
        .create_group("room", &["bob", "carol"])
        .await
        .expect(201);
    add(&bob, "dave", None).await.expect_problem(403);
    let added = add(&alice, "dave", None).await;
    assert_eq!(added.expect(200)["added"], json!(["dave"]));
    let again = add(&alice, "dave", None).await;
    assert_eq!(
        (again.expect(200)["added"].clone(), again.position()),
        (json!([]), added.position())
    );
    add(&alice, "bob", Some("admin")).await.expect(200);
    add(&bob, "carol", Some("admin")).await.expect(200);
    assert_eq!(
        add(&bob, "carol", Some("member")).await.expect_problem(403),
        "forbidden"
    );
    add(&alice, "erin", Some("owner")).await.expect_problem(422);
    let lowered = add(&alice, "carol", Some("member")).await;
    let expected = [
        ("alice", "owner"),
        ("bob", "admin"),
        ("carol", "member"),
        ("dave", "member"),
    ];
    assert_eq!(
        roles(&alice, "room", lowered.position()).await,
        owned(&expected)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_admin_else_any_member_succeeds_an_owner_who_leaves() {
    let world = World::start().await;
    let [alice, bob, carol] = ["alice", "bob", "carol"].map(|user| world.user(user));
    let at = "/v1/conversations/room/members";
    alice
        .create_group("room", &["bob", "carol", "dave"])
        .await
        .expect(201);
    add(&alice, "bob", Some("admin")).await.expect(200);

    // An admin cannot remove the owner, and a member can only remove themselves.
    assert_eq!(
        bob.delete(&format!("{at}/alice")).await.expect_problem(403),
        "forbidden"
    );
    carol
        .delete(&format!("{at}/dave"))
        .await
        .expect_problem(403);
    bob.delete(&format!("{at}/dave")).await.expect(200);
    carol.delete(&format!("{at}/carol")).await.expect(200);
    add(&alice, "erin", None).await.expect(200);
    let left = alice.delete(&format!("{at}/alice")).await;
    let expected = [("bob", "owner"), ("erin", "member")];
    assert_eq!(
        roles(&bob, "room", left.position()).await,
        owned(&expected),
        "an admin succeeds the owner"
    );
    bob.delete(&format!("{at}/bob")).await.expect(200);
    let erin = world.user("erin");
    let last = add(&erin, "frank", None).await;
    assert_eq!(
        roles(&erin, "room", last.position()).await,
        owned(&[("erin", "owner"), ("frank", "member")])
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn among_equals_the_longest_serving_member_succeeds_the_owner() {
    let world = World::start().await;
    let alice = world.user("alice");
    alice
        .create_group("room", &["bob", "carol", "dave"])
        .await
        .expect(201);
    // Bob returns, so his current membership is the shortest.
    alice
        .delete("/v1/conversations/room/members/bob")
        .await
        .expect(200);
    alice
        .post(
            "/v1/conversations/room/members",
            json!({ "users": ["bob"] }),
        )
        .await
        .expect(200);
    let left = alice.delete("/v1/conversations/room/members/alice").await;
    let expected = [("carol", "owner"), ("dave", "member"), ("bob", "member")];
    assert_eq!(
        roles(&world.user("carol"), "room", left.position()).await,
        owned(&expected)
    );
    let entries = world
        .user("carol")
        .get_ok("/v1/inbox/entries?after=0")
        .await;
    let is_reported = entries["entries"]
        .as_array()
        .expect("a list")
        .iter()
        .any(|entry| {
            entry["type"] == "member_role_changed"
                && entry["data"] == json!({ "user": "carol", "role": "owner", "by": "alice" })
        });
    assert!(is_reported, "{entries}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_concurrent_send_is_never_stored_after_the_removal_of_its_sender() {
    let world = World::start().await;
    let (alice, bob) = (world.user("alice"), world.user("bob"));
    for round in 0..20 {
        let room = format!("room{round}");
        alice.create_group(&room, &["bob"]).await.expect(201);
        let path = format!("/v1/conversations/{room}/members/bob");
        let key = format!("k{round}");
        let (removal, send) = tokio::join!(alice.delete(&path), bob.send(&room, &key, "hi"));
        removal.expect(200);
        match send.status {
            201 => assert!(
                send.position() < removal.position(),
                "stored after the removal: {send}"
            ),
            _ => assert_eq!(send.expect_problem(404), "not_found"),
        }
    }
}
