//! Every command of the contract about conversations and who is in them.

use serde_json::{Value, json};
use tests::client::Client;
use tests::world::World;

async fn create(client: &Client, body: Value) -> tests::response::ApiResponse {
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

fn pairs(of: &[(&str, &str)]) -> Vec<(String, String)> {
    of.iter()
        .map(|(user, role)| ((*user).to_owned(), (*role).to_owned()))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn create_a_group() {
    let world = World::start().await;
    let alice = world.user("alice");
    let made = create(
        &alice,
        json!({ "kind": "group", "members": ["bob", "bob", "alice"], "title": "Lunch 午餐" }),
    )
    .await;
    let id = made.expect(201)["id"].as_str().expect("an id").to_owned();
    assert!(!id.starts_with("d_"), "{id}");
    let shown = alice
        .get_ok(&format!(
            "/v1/conversations/{id}?min_position={}",
            made.position()
        ))
        .await;
    assert_eq!(
        (&shown["title"], &shown["history"], &shown["member_count"]),
        (&json!("Lunch 午餐"), &json!("all"), &json!(2))
    );
    assert_eq!(shown["my"]["role"], "owner");
    assert_eq!(
        roles(&alice, &id, 0).await,
        pairs(&[("alice", "owner"), ("bob", "member")])
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
    let members: Vec<_> = (0..1_001).map(|n| format!("u{n}")).collect();
    for bad in [
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
        assert_eq!(create(&alice, bad.clone()).await.status, 422, "{bad}");
    }
    let many = create(&alice, json!({ "kind": "group", "members": members })).await;
    assert!(matches!(many.status, 413 | 422), "{many}");
    assert!(
        String::from_utf8_lossy(&many.body).contains("1000"),
        "{many} does not name the number"
    );
    create(
        &alice,
        json!({ "kind": "group", "members": &members[..1_000], "title": "t".repeat(200) }),
    )
    .await
    .expect(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn create_a_direct_conversation() {
    let world = World::start().await;
    let (alice, bob) = (world.user("alice"), world.user("bob"));
    let made = create(&alice, json!({ "kind": "direct", "members": ["bob"] })).await;
    let id = made.expect(201)["id"].clone();
    assert!(id.as_str().is_some_and(|id| id.starts_with("d_")), "{made}");
    for (again, members) in [
        (&bob, json!(["alice"])),
        (&alice, json!(["bob"])),
        (&alice, json!(["alice", "bob"])),
    ] {
        let answer = create(again, json!({ "kind": "direct", "members": members })).await;
        assert_eq!(answer.expect(200)["id"], id);
        assert_eq!(answer.position(), made.position());
    }
    let at = format!("/v1/conversations/{}", id.as_str().expect("text"));
    for bad in [json!(["alice"]), json!([]), json!(["bob", "carol"])] {
        create(&alice, json!({ "kind": "direct", "members": bad }))
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
        .get_ok(&format!("/v1/inbox?min_position={}", made.position()))
        .await;
    assert_eq!(inbox["conversations"][0]["peer"], "bob");
    let (eve, fay) = (world.user("eve"), world.user("fay"));
    let both = tokio::join!(
        create(&eve, json!({ "kind": "direct", "members": ["fay"] })),
        create(&fay, json!({ "kind": "direct", "members": ["eve"] })),
    );
    let mut statuses = [both.0.status, both.1.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 201], "of two at once one makes it");
}

#[tokio::test(flavor = "multi_thread")]
async fn change_title_and_history() {
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

#[tokio::test(flavor = "multi_thread")]
async fn add_remove_and_roles() {
    let world = World::start().await;
    let [alice, bob, carol] = ["alice", "bob", "carol"].map(|user| world.user(user));
    alice
        .create_group("room", &["bob", "carol"])
        .await
        .expect(201);
    let at = "/v1/conversations/room/members";
    let add = async |by: &Client, user: &str, role: Option<&str>| {
        let body = role.map_or(
            json!({ "users": [user] }),
            |role| json!({ "users": [user], "role": role }),
        );
        by.post(at, body).await
    };
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
        pairs(&expected)
    );

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
        pairs(&expected),
        "the admin follows the owner"
    );
    bob.delete(&format!("{at}/bob")).await.expect(200);
    let erin = world.user("erin");
    let last = add(&erin, "frank", None).await;
    assert_eq!(
        roles(&erin, "room", last.position()).await,
        pairs(&[("erin", "owner"), ("frank", "member")])
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn of_equals_the_longest_serving_follows() {
    let world = World::start().await;
    let alice = world.user("alice");
    alice
        .create_group("room", &["bob", "carol", "dave"])
        .await
        .expect(201);
    // Bob rejoins: his present stay is the youngest.
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
        pairs(&expected)
    );
    let entries = world
        .user("carol")
        .get_ok("/v1/inbox/entries?after=0")
        .await;
    let told = entries["entries"]
        .as_array()
        .expect("a list")
        .iter()
        .any(|entry| {
            entry["type"] == "member_role_changed"
                && entry["data"] == json!({ "user": "carol", "role": "owner", "by": "alice" })
        });
    assert!(told, "{entries}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kick_and_a_send_at_once_never_store_after_the_kick() {
    let world = World::start().await;
    let (alice, bob) = (world.user("alice"), world.user("bob"));
    for round in 0..20 {
        let room = format!("room{round}");
        alice.create_group(&room, &["bob"]).await.expect(201);
        let path = format!("/v1/conversations/{room}/members/bob");
        let key = format!("k{round}");
        let (kick, send) = tokio::join!(alice.delete(&path), bob.send(&room, &key, "hi"));
        kick.expect(200);
        match send.status {
            201 => assert!(
                send.position() < kick.position(),
                "stored after the kick: {send}"
            ),
            _ => assert_eq!(send.expect_problem(404), "not_found"),
        }
    }
}
