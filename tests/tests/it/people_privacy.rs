//! What users hide: when they were online last, and what they have read. Both ways.

use eventually::eventually;
use serde_json::{Value, json};
use tests::client::Client;
use tests::desks::{act, open_session, set_desk};
use tests::live::LiveSocket;
use tests::token;
use tests::world::World;

async fn set(client: &Client, settings: Value) -> i64 {
    let set = client.patch("/v1/users/me/settings", settings).await;
    set.expect(200);
    set.position()
}

async fn open(world: &World, user: &str) -> LiveSocket {
    let mut live = LiveSocket::open(&world.address(), &token::for_user(user), "")
        .await
        .expect("open");
    live.wait_until_caught_up().await;
    live
}

async fn last_seen(client: &Client, user: &str) -> Value {
    client.get_ok(&format!("/v1/users/{user}")).await["last_seen"].clone()
}

/// The `last_seen` that a watching connection is given for a user.
async fn watched_last_seen(world: &World, watcher: &str, user: &str) -> Value {
    let mut live = open(world, watcher).await;
    live.send(&json!({"type": "watch", "users": [user]}).to_string())
        .await;
    loop {
        let frame = live.next_frame().await;
        if frame["type"] == "presence" && frame["user"] == user {
            return frame["last_seen"].clone();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn last_seen_survives_a_restart_and_is_hidden_both_ways() {
    let mut world = World::start().await;
    let ann = world.user("ann");
    let created = ann.create_group("room", &["bob"]).await.position();
    world.wait_until_projected(created).await;
    assert_eq!(last_seen(&ann, "bob").await, Value::Null, "never online");
    let live = open(&world, "bob").await;
    assert!(last_seen(&ann, "bob").await.is_string(), "online now");
    drop(live);
    world.stop();
    world.start_service().await;
    let [ann, bob, cho] = ["ann", "bob", "cho"].map(|user| world.user(user));
    assert!(
        last_seen(&ann, "bob").await.is_string(),
        "known after a restart"
    );
    assert!(watched_last_seen(&world, "ann", "bob").await.is_string());
    // A stranger learns nothing.
    cho.get("/v1/users/bob").await.expect_problem(404);
    // Bob hides it: nobody sees it, and he sees nobody's.
    let hidden = set(&bob, json!({ "last_seen": false })).await;
    world.wait_until_projected(hidden).await;
    for (viewer, user) in [(&ann, "bob"), (&bob, "ann"), (&bob, "bob")] {
        assert_eq!(
            last_seen(viewer, user).await,
            Value::Null,
            "{} {user}",
            viewer.user()
        );
    }
    assert_eq!(watched_last_seen(&world, "ann", "bob").await, Value::Null);
    assert_eq!(watched_last_seen(&world, "bob", "ann").await, Value::Null);
    let listed = ann.get_ok("/v1/users?ids=bob").await;
    assert_eq!(listed["users"][0]["last_seen"], Value::Null);
    let found = ann.get_ok("/v1/users?q=bob").await;
    assert_eq!(found["users"][0]["last_seen"], Value::Null);
    let shown = set(&bob, json!({ "last_seen": true })).await;
    world.wait_until_projected(shown).await;
    assert!(last_seen(&ann, "bob").await.is_string());
}

/// The users whose read receipts a user gets in the sync feed, with the marks.
async fn receipts(client: &Client) -> Vec<(String, i64)> {
    let page = client.get_ok("/v1/inbox/entries?after=0&limit=1000").await;
    let entries = page["entries"].as_array().expect("a list").iter();
    entries
        .filter(|entry| entry["type"] == "conversation_read")
        .map(|entry| {
            let data = &entry["data"];
            let user = data["user"].as_str().unwrap_or_default().to_owned();
            (user, data["read_seq"].as_i64().unwrap_or_default())
        })
        .collect()
}

async fn marks(client: &Client) -> Value {
    let page = client.get_ok("/v1/conversations/room/members").await;
    let members = page["members"].as_array().expect("a list").iter();
    members
        .map(|member| {
            (
                member["user"].as_str().unwrap_or_default().to_owned(),
                member["read_seq"].clone(),
            )
        })
        .collect::<serde_json::Map<_, _>>()
        .into()
}

async fn readers(client: &Client, seq: i64) -> (Value, i64) {
    let receipts = client
        .get_ok(&format!("/v1/conversations/room/messages/{seq}/receipts"))
        .await;
    (
        receipts["read"].clone(),
        receipts["read_count"].as_i64().unwrap_or_default(),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn who_sends_no_read_receipts_sees_none() {
    let world = World::start().await;
    let [ann, bob, cho] = ["ann", "bob", "cho"].map(|user| world.user(user));
    ann.create_group("room", &["bob", "cho"]).await.expect(201);
    for n in 1..=3 {
        ann.send("room", &format!("k{n}"), "hi").await.expect(201);
    }
    bob.read("room", 1).await.expect(200);
    set(&bob, json!({ "read_receipts": false })).await;
    bob.read("room", 2).await.expect(200);
    let last = cho.read("room", 2).await.position();
    world.wait_until_projected(last).await;
    let owned = |list: &[(&str, i64)]| -> Vec<(String, i64)> {
        list.iter()
            .map(|(user, seq)| ((*user).to_owned(), *seq))
            .collect()
    };
    // Bob's second receipt reaches his own devices only, and Cho's does not reach him.
    assert_eq!(receipts(&ann).await, owned(&[("bob", 1), ("cho", 2)]));
    assert_eq!(receipts(&cho).await, owned(&[("bob", 1), ("cho", 2)]));
    assert_eq!(receipts(&bob).await, owned(&[("bob", 1), ("bob", 2)]));
    assert_eq!(marks(&ann).await, json!({"ann": 3, "bob": null, "cho": 2}));
    assert_eq!(
        marks(&bob).await,
        json!({"ann": null, "bob": 2, "cho": null})
    );
    assert_eq!(readers(&ann, 2).await, (json!(["cho"]), 1));
    assert_eq!(readers(&bob, 2).await, (json!(["bob"]), 1));
    // Switched on again, what happened meanwhile stays hidden in the feed.
    set(&bob, json!({ "read_receipts": true })).await;
    let last = bob.read("room", 3).await.position();
    world.wait_until_projected(last).await;
    assert_eq!(
        receipts(&ann).await,
        owned(&[("bob", 1), ("cho", 2), ("bob", 3)])
    );
    assert_eq!(marks(&ann).await, json!({"ann": 3, "bob": 3, "cho": 2}));
    assert_eq!(readers(&ann, 2).await, (json!(["bob", "cho"]), 2));
    world.run_ok(&["verify"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_and_an_agent_see_each_others_receipts_whatever_they_have_set() {
    // Given a customer and an agent of a desk, both without read receipts
    let world = World::start().await;
    let (ben, cleo) = (world.user("ben"), world.user("cleo"));
    set_desk(&world.admin(), "billing", &["ben"], json!({})).await;
    let session = open_session(&cleo, "billing", "My invoice is wrong.").await;
    act(&ben, &session.id, "accept", json!({}))
        .await
        .expect(200);
    for user in [&ben, &cleo] {
        set(user, json!({ "read_receipts": false })).await;
    }
    // when each reads a message of the other,
    let room = &session.conversation;
    let seq_of = |sent: Value| sent["seq"].as_i64().expect("a seq");
    let asked = seq_of(cleo.send(room, "k1", "Hello?").await.expect(201));
    ben.read(room, asked).await.expect(200);
    let seq = seq_of(ben.send(room, "k2", "Let me see.").await.expect(201));
    let last = cleo.read(room, seq).await.position();
    world.wait_until_projected(last).await;
    // then the other knows it, in the feed, in the list of members and in that of readers.
    assert!(receipts(&cleo).await.contains(&("ben".to_owned(), asked)));
    assert!(receipts(&ben).await.contains(&("cleo".to_owned(), seq)));
    let members = ben
        .get_ok(&format!("/v1/conversations/{room}/members"))
        .await;
    let mark = |member: &&Value| member["user"] == "cleo";
    let members = members["members"].as_array().expect("members");
    let cleos = members.iter().find(mark).expect("the customer");
    assert_eq!(cleos["read_seq"], seq);
    let path = format!("/v1/conversations/{room}/messages/{seq}/receipts");
    assert_eq!(ben.get_ok(&path).await["read"], json!(["cleo"]));
    world.run_ok(&["verify"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn hidden_receipts_do_not_arrive_live() {
    let world = World::start().await;
    let [ann, bob] = ["ann", "bob"].map(|user| world.user(user));
    ann.create_group("room", &["bob"]).await.expect(201);
    ann.send("room", "k1", "hi").await.expect(201);
    let hidden = set(&bob, json!({ "read_receipts": false })).await;
    world.wait_until_projected(hidden).await;
    let mut live = open(&world, "ann").await;
    bob.read("room", 1).await.expect(200);
    let position = bob.send("room", "k2", "hello").await.position();
    live.wait_for_position(position).await;
    let types: Vec<&Value> = live.entries.iter().map(|entry| &entry["type"]).collect();
    assert_eq!(types, ["message_sent"]);
    // As of the time before, what was visible then is.
    let past =
        |position: i64| format!("/v1/conversations/room/members?as_of={position}&as_user=ann");
    let admin = world.admin();
    let now = eventually("the read model has the message", async || {
        let page = admin.get(&past(position)).await;
        (page.status == 200).then(|| page.json())
    })
    .await;
    assert_eq!(now["members"][1]["read_seq"], Value::Null, "{now}");
    let before = admin.get_ok(&past(hidden - 1)).await;
    assert_eq!(before["members"][1]["read_seq"], 0, "{before}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_delivered_does_not_tell_what_is_read() {
    let world = World::start().await;
    let [ann, bob, cho] = ["ann", "bob", "cho"].map(|user| world.user(user));
    ann.create_group("room", &["bob", "cho"]).await.expect(201);
    set(&bob, json!({ "read_receipts": false })).await;
    ann.send("room", "k1", "hi").await.expect(201);
    // What is read is delivered too, and neither of the two has a device that said so.
    bob.read("room", 1).await.expect(200);
    let last = cho.read("room", 1).await.position();
    let path = "/v1/conversations/room/messages/1/receipts";
    let receipts = ann.get_ok(&format!("{path}?min_position={last}")).await;
    assert_eq!(
        (&receipts["delivered"], &receipts["delivered_count"]),
        (&json!(["cho"]), &json!(1)),
        "{receipts}"
    );
    assert!(!receipts.to_string().contains("bob"), "{receipts}");
}
