//! The fields of messages and entries: who gets the key of a message, what an entry says of a
//! conversation, which bodies are refused, and both forms of a batch.

use serde_json::{Value, json};
use tests::client::Client;
use tests::corpus::import_file;
use tests::feed;
use tests::live::LiveSocket;
use tests::token;
use tests::world::World;

async fn open(world: &World, user: &str) -> LiveSocket {
    let opened = LiveSocket::open(&world.address(), &token::for_user(user), "").await;
    let mut live = opened.unwrap_or_else(|status| panic!("{user} gets status {status}"));
    live.wait_until_caught_up().await;
    live
}

/// What a sync returns after a position, once the read model has reached another one.
async fn sync_after(client: &Client, after: i64, up_to: i64) -> Vec<Value> {
    feed::read_after(client, after, 100, up_to).await.0
}

/// The key of the first message of the conversation `c`, as a user sees it.
async fn shown_key(client: &Client) -> Value {
    let at = "/v1/conversations/c/messages";
    let page = client.get_ok(at).await["messages"][0].clone();
    assert_eq!(client.get_ok(&format!("{at}/1")).await, page);
    page["client_message_id"].clone()
}

/// The data of the first entry of this type.
fn data_of<'a>(entries: &'a [Value], kind: &str) -> &'a Value {
    let found = entries.iter().find(|entry| entry["type"] == kind);
    &found.unwrap_or_else(|| panic!("no {kind} in {entries:?}"))["data"]
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_author_gets_the_key_of_a_message_wherever_it_is_shown() {
    // Given two devices of ann, one of bob, and a group of both,
    let world = World::start().await;
    let (ann, bob) = (world.user("ann"), world.user("bob"));
    let created = ann.create_group("c", &["bob"]).await.position();
    world.wait_until_projected(created).await;
    let mut sockets = [
        ("ann", open(&world, "ann").await),
        ("ann", open(&world, "ann").await),
        ("bob", open(&world, "bob").await),
    ];
    // when ann sends a message,
    let sent = ann.send("c", "pending-1", "hello").await;
    // then her devices get its key, live and from a sync, and bob does not.
    let expected = |user: &str| match user {
        "ann" => json!("pending-1"),
        _ => Value::Null,
    };
    for (user, live) in &mut sockets {
        live.wait_for_position(sent.position()).await;
        let message = data_of(&live.entries, "message_sent");
        assert_eq!(message["client_message_id"], expected(user), "{message}");
        assert_eq!(message.get("client_message_id").is_some(), *user == "ann");
        let synced = sync_after(&world.user(user), created, sent.position()).await;
        assert_eq!(live.entries, synced, "{user}");
    }
    assert_eq!(shown_key(&ann).await, "pending-1");
    assert_eq!(shown_key(&bob).await, Value::Null);
    let sent_messages = ann.get_ok("/v1/outbox").await;
    assert_eq!(
        sent_messages["messages"][0]["client_message_id"],
        "pending-1"
    );
    let admin = world.admin();
    for (user, expected) in [("ann", json!("pending-1")), ("bob", Value::Null)] {
        let past = format!("as_of={}&as_user={user}", sent.position());
        let past = admin
            .get_ok(&format!("/v1/conversations/c/messages/1?{past}"))
            .await;
        assert_eq!(past["client_message_id"], expected, "{user}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rebuild_and_a_recall_keep_the_key_and_an_erasure_removes_it() {
    let mut world = World::start().await;
    let ann = world.user("ann");
    ann.create_group("c", &["bob"]).await.expect(201);
    let sent = ann.send("c", "pending-1", "hello").await.position();
    world.wait_until_projected(sent).await;
    world.stop();
    let data = world.dir.join("data").display().to_string();
    let exported = world.run_ok(&["export-user", "ann", "--data", &data]).await;
    assert!(exported.contains("pending-1"), "{exported}");
    let exported = world.run_ok(&["export-user", "bob", "--data", &data]).await;
    assert!(!exported.contains("pending-1"), "{exported}");
    let rebuilt = world.run_ok(&["rebuild"]).await;
    assert!(
        rebuilt.contains("identical to the served read models"),
        "{rebuilt}"
    );

    world.start_service().await;
    let (ann, admin) = (world.user("ann"), world.admin());
    let recalled = ann.delete("/v1/conversations/c/messages/1").await;
    world.wait_until_projected(recalled.position()).await;
    assert_eq!(shown_key(&ann).await, "pending-1");
    let erase = json!({ "conversation_id": "c", "seq": 1 });
    let erased = admin.post("/v1/admin/erasures", erase).await;
    erased.expect(200);
    world
        .wait_until_projected(tests::log::head(&world.pool).await.expect("a head"))
        .await;
    assert_eq!(shown_key(&ann).await, Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_conversation_arrives_with_what_a_list_needs() {
    let world = World::start().await;
    let (ann, bob) = (world.user("ann"), world.user("bob"));
    ann.create_group("other", &["bob"]).await.expect(201);
    let first = ann.send("other", "k", "hello").await.position();
    world.wait_until_projected(first).await;
    let (mut at_ann, mut at_bob) = (open(&world, "ann").await, open(&world, "bob").await);
    let id = ann.create_direct("bob").await;
    let created = tests::log::head(&world.pool).await.expect("a head");
    for (live, peer) in [(&mut at_ann, "bob"), (&mut at_bob, "ann")] {
        live.wait_for_position(created).await;
        assert_eq!(
            *data_of(&live.entries, "conversation_created"),
            json!({ "id": id, "kind": "direct", "title": null, "history": "all", "by": "ann",
                "member_count": 2, "members": ["ann", "bob"], "peer": peer })
        );
    }
    assert_eq!(at_bob.entries, sync_after(&bob, first, created).await);

    // A group names its first ten members, and who was added gets the conversation.
    let many: Vec<String> = (0..11).map(|n| format!("user{n:02}")).collect();
    let names: Vec<&str> = many.iter().map(String::as_str).collect();
    let group = ann.create_group("many", &names).await.position();
    let title = json!({ "title": "Many" });
    ann.patch("/v1/conversations/many", title).await.expect(200);
    let added = ann
        .post(
            "/v1/conversations/many/members",
            json!({ "members": ["bob"] }),
        )
        .await;
    at_bob.wait_for_position(added.position()).await;
    at_ann.wait_for_position(added.position()).await;
    let listed: Vec<&str> = std::iter::once("ann")
        .chain(names[..9].iter().copied())
        .collect();
    let created = at_ann
        .entries
        .iter()
        .find(|entry| entry["position"] == group);
    let created = &created.expect("the group")["data"];
    assert_eq!(
        (&created["member_count"], &created["members"]),
        (&json!(12), &json!(listed))
    );
    assert_eq!(created.get("peer"), None);
    assert_eq!(
        data_of(&at_ann.entries, "conversation_changed")["by"],
        "ann"
    );
    let plain = json!({ "user": "bob", "role": "member", "by": "ann" });
    assert_eq!(*data_of(&at_ann.entries, "member_added"), plain);
    let mut whole = plain;
    whole["conversation"] = json!({ "id": "many", "kind": "group", "title": "Many",
        "history": "all", "member_count": 13, "members": listed });
    assert_eq!(*data_of(&at_bob.entries, "member_added"), whole);
    let synced = sync_after(&bob, first, added.position()).await;
    assert_eq!(at_bob.entries, synced);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_says_who_edited() {
    let world = World::start().await;
    let ann = world.user("ann");
    ann.create_group("c", &["bob"]).await.expect(201);
    ann.send("c", "k", "one").await.expect(201);
    let body = json!({ "body": { "text": "two" } });
    let edited = ann.put("/v1/conversations/c/messages/1", Some(body)).await;
    let entries = feed::read_all(&world.user("bob"), 100, edited.position()).await;
    assert_eq!(data_of(&entries, "message_edited")["by"], "ann");
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_are_checked_by_type_when_they_are_sent_and_edited() {
    let world = World::start().await;
    let ann = world.user("ann");
    ann.create_group("c", &["bob"]).await.expect(201);
    let message = |key: &str, kind: &str, body: &Value| json!({ "client_message_id": key, "type": kind, "body": body });
    let refused = [
        ("image", json!({}), "body.url"),
        ("image", json!({ "url": "u", "width": 0 }), "body.width"),
        ("file", json!({ "size": 3 }), "body.url"),
        (
            "audio",
            json!({ "url": "u", "duration": "12" }),
            "body.duration",
        ),
        ("video", json!({ "url": "u", "mime": "mp4" }), "body.mime"),
        ("location", json!({ "lat": 91, "lng": 0 }), "body.lat"),
        ("location", json!({ "lat": 59.9 }), "body.lng"),
    ];
    for (n, (kind, body, field)) in refused.iter().enumerate() {
        let key = format!("bad{n}");
        let answer = ann.send_message("c", message(&key, kind, body)).await;
        assert_eq!(answer.status, 422, "{answer}");
        assert_eq!(answer.json()["errors"][0]["field"], *field, "{answer}");
        // In a batch, the same line gets the same answer.
        let mut line = message(&key, kind, body);
        line["op"] = "send".into();
        line["conversation_id"] = "c".into();
        let answer = ann.post("/v1/batch", json!([line])).await.expect(200);
        assert_eq!(answer[0]["status"], 422, "{answer}");
        assert_eq!(answer[0]["errors"][0]["field"], *field, "{answer}");
    }
    let good = json!({ "url": "https://x.example/a.jpg", "width": 10, "blurhash": [1, 2] });
    ann.send_message("c", message("good", "image", &good))
        .await
        .expect(201);
    let at = "/v1/conversations/c/messages/1";
    let edit = async |body: Value| ann.put(at, Some(json!({ "body": body }))).await;
    assert_eq!(edit(json!({ "name": "a.jpg" })).await.status, 422);
    edit(json!({ "url": "https://x.example/b.jpg" }))
        .await
        .expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_is_lines_or_an_array() {
    let world = World::start().await;
    let ann = world.user("ann");
    ann.create_group("c", &["bob"]).await.expect(201);
    let send = |key: &str| {
        json!({ "op": "send", "conversation_id": "c", "client_message_id": key, "type": "text",
            "body": { "text": key } })
    };
    let run = async |content_type: &str, body: String| {
        let request = ann.request(&reqwest::Method::POST, "/v1/batch");
        request.body(content_type, body).send().await
    };
    let array = json!([send("1"), 5, { "op": "react" }, send("2")]).to_string();
    let answer = run("application/json", array).await;
    assert!(
        answer
            .header("content-type")
            .starts_with("application/json")
    );
    let answers = answer.expect(200);
    let statuses: Vec<&Value> = (0..4).map(|n| &answers[n]["status"]).collect();
    assert_eq!(statuses, [201, 422, 422, 201]);
    assert_eq!(answers[3]["seq"], 2);
    // The same lines are replays, in the form of the request.
    let lines = format!("{}\n{}\n", send("1"), send("2"));
    let answer = run("application/x-ndjson", lines).await;
    assert!(
        answer
            .header("content-type")
            .starts_with("application/x-ndjson")
    );
    let text = String::from_utf8_lossy(&answer.body).into_owned();
    assert_eq!(text.lines().count(), 2, "{text}");
    assert!(text.contains("idempotent_replay"), "{text}");
    // An array that is broken or too long does nothing.
    let broken = run("application/json", format!("[{},", send("3"))).await;
    assert_eq!(broken.status, 400, "{broken}");
    let long = format!("[{}{}]", "0,".repeat(1_000), send("3"));
    assert_eq!(run("application/json", long).await.status, 413);
    assert_eq!(
        run("application/json", "[]".into()).await.expect(200),
        json!([])
    );
    let path = "/v1/conversations/c?min_position=3";
    assert_eq!(ann.get_ok(path).await["head_seq"], 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn members_are_added_under_either_name() {
    let world = World::start().await;
    let ann = world.user("ann");
    ann.create_group("c", &[]).await.expect(201);
    let add = async |body: Value| ann.post("/v1/conversations/c/members", body).await;
    assert_eq!(
        add(json!({ "members": ["bob"] })).await.expect(200)["added"],
        json!(["bob"])
    );
    assert_eq!(
        add(json!({ "users": ["eve"] })).await.expect(200)["added"],
        json!(["eve"])
    );
    for (body, field) in [
        (json!({ "members": ["x"], "users": ["x"] }), "users"),
        (json!({ "role": "admin" }), "members"),
        (json!({ "members": vec!["u"; 3], "role": "owner" }), "role"),
    ] {
        let answer = add(body).await;
        assert_eq!(answer.status, 422, "{answer}");
        assert_eq!(answer.json()["errors"][0]["field"], field, "{answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn counts_of_zero_are_shown_on_request() {
    let world = World::start().await;
    let (ann, bob) = (world.user("ann"), world.user("bob"));
    ann.create_group("c", &["bob"]).await.expect(201);
    let quiet = ann.create_group("d", &["bob"]).await.position();
    let sent = ann.send("c", "1", "hello").await.position().max(quiet);
    let counts = async |query: &str| {
        let path = format!("/v1/inbox/unread?min_position={sent}{query}");
        bob.get_ok(&path).await["conversations"].clone()
    };
    assert_eq!(counts("").await, json!({ "c": 1 }));
    assert_eq!(counts("&all=true").await, json!({ "c": 1, "d": 0 }));
    let receipts = ann.get_ok("/v1/conversations/c/messages/1/receipts").await;
    assert_eq!(
        (&receipts["recipient_count"], &receipts["member_count"]),
        (&json!(1), &json!(1))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn imported_members_joined_when_the_import_says() {
    let world = World::start().await;
    let lines = [
        json!({ "conversation": "old", "sender": "ann", "sent_at": "2019-01-01T00:00:00Z",
            "text": "one", "id": "1", "reactions": [{ "key": "+1", "user": "eve" }] }),
        json!({ "conversation": "old", "sender": "bob", "sent_at": "2019-02-01T00:00:00Z",
            "text": "two", "id": "2" }),
        json!({ "conversation": "old", "members": ["zoe"], "joined_at": "2019-03-01T00:00:00Z" }),
        json!({ "conversation": "old", "members": ["yan"] }),
    ];
    let file = world.dir.join("chat.jsonl");
    let text: Vec<String> = lines.iter().map(Value::to_string).collect();
    std::fs::write(&file, text.join("\n")).expect("written");
    let report = import_file(&world, &file).await;
    assert_eq!(report["messages"], 2, "{report}");
    let head = tests::log::head(&world.pool).await.expect("a head");
    world.wait_until_projected(head).await;
    let ann = world.user("ann");
    let page = ann.get_ok("/v1/conversations/old/members").await;
    let joined_at = |user: &str| {
        let members = page["members"].as_array().expect("a list");
        let member = members.iter().find(|member| member["user"] == user);
        member.expect("a member")["joined_at"]
            .as_str()
            .expect("a time")
            .to_owned()
    };
    assert_eq!(joined_at("ann"), "2019-01-01T00:00:00.000Z");
    assert_eq!(joined_at("eve"), "2019-01-01T00:00:00.000Z");
    assert_eq!(joined_at("bob"), "2019-02-01T00:00:00.000Z");
    assert_eq!(joined_at("zoe"), "2019-03-01T00:00:00.000Z");
    assert!(joined_at("yan").as_str() > "2020", "the time of the import");
    let about = ann.get_ok("/v1/conversations/old").await;
    assert_eq!(about["created_at"], "2019-01-01T00:00:00.000Z");
    // An imported message has no client_message_id, whatever its id was.
    let history = ann.get_ok("/v1/conversations/old/messages").await;
    assert_eq!(history["messages"][1].get("client_message_id"), None);
}
