//! Entries, frames and problems are exactly what the API documents say.

use std::collections::BTreeSet;
use std::time::Duration;

use domain::time::Timestamp;
use eventually::eventually;
use serde_json::{Value, json};
use sqlx::types::time::OffsetDateTime;
use tests::api_document::ApiDocument;
use tests::client::Client;
use tests::desks::{act, open_session, set_desk};
use tests::feed;
use tests::live::{LiveSocket, SocketEvent};
use tests::token;
use tests::world::{Settings, World};

/// Sends a message of each type to the group `c`.
async fn send_each_type(ann: &Client) {
    for (key, kind, body) in [
        ("1", "text", json!({ "text": "hello" })),
        (
            "2",
            "image",
            json!({ "url": "https://example.org/a.png", "width": 3 }),
        ),
        (
            "3",
            "file",
            json!({ "name": "a.pdf", "size": 12, "pages": 2 }),
        ),
        (
            "4",
            "audio",
            json!({ "url": "https://example.org/a.ogg", "duration": 1.5 }),
        ),
        (
            "5",
            "video",
            json!({ "url": "https://example.org/a.mp4", "thumb": "https://example.org/a.png" }),
        ),
        ("6", "location", json!({ "lat": 52.5, "lng": 13.4 })),
        ("7", "custom", json!({ "any": ["thing"] })),
        ("8", "control", json!({})),
    ] {
        let message = json!({ "client_message_id": key, "type": kind, "body": body });
        ann.send_message("c", message).await.expect(201);
    }
}

/// Restores message 2, pins message 3, and clears another conversation.
async fn restore_pin_and_clear(ann: &Client) {
    let base = "/v1/conversations/c";
    let restore = format!("{base}/messages/2/restore");
    ann.post(&restore, json!({})).await.expect(200);
    ann.put(&format!("{base}/pins/3"), None).await.expect(200);
    ann.create_group("d", &[]).await.expect(201);
    ann.send("d", "d", "gone").await.expect(201);
    let clear = "/v1/conversations/d/clear";
    ann.post(clear, json!({ "up_to": 1 })).await.expect(200);
}

/// Changes the policy, silences and bans, and lifts both.
async fn govern(ann: &Client) {
    let base = "/v1/conversations/c";
    let policy = json!({ "topic": "everything" });
    ann.patch(base, policy).await.expect(200);
    for (kind, user) in [("silences", "bob"), ("bans", "dan")] {
        let path = format!("{base}/{kind}/{user}");
        ann.put(&path, None).await.expect(200);
        ann.delete(&path).await.expect(200);
    }
}

/// Asks to be a contact, becomes one, and ends it; is invited, and declines.
async fn meet(world: &World, ann: &Client) {
    let eve = world.user("eve");
    ann.put("/v1/contacts/eve", None).await.expect(200);
    eve.put("/v1/contacts/ann", None).await.expect(200);
    ann.delete("/v1/contacts/eve").await.expect(200);
    let settings = json!({ "groups_from": "contacts" });
    ann.patch("/v1/users/me/settings", settings)
        .await
        .expect(200);
    eve.create_group("e", &["ann"]).await.expect(201);
    ann.delete("/v1/invitations/e").await.expect(200);
}

/// Follows, reads and leaves a thread.
async fn use_thread(ann: &Client) {
    let thread = "/v1/conversations/c/messages/1/thread";
    let reply = json!({
        "client_message_id": "reply", "type": "text", "body": { "text": "yes" }, "thread": 1,
    });
    ann.send_message("c", reply).await.expect(201);
    ann.put(&format!("{thread}/follow"), None).await.expect(200);
    let read = json!({ "up_to": 1 });
    ann.post(&format!("{thread}/read"), read).await.expect(200);
    ann.delete(&format!("{thread}/follow")).await.expect(200);
}

/// Is asked to admit a user, and declines; schedules messages, of which one is sent, one cancelled
/// and one refused.
async fn wait_for_others(world: &World, ann: &Client) {
    let base = "/v1/conversations/c";
    ann.patch(base, json!({ "join": "asked" }))
        .await
        .expect(200);
    let join = format!("{base}/join");
    let asked = world.user("fay").post(&join, json!({})).await;
    asked.expect(202);
    let request = format!("{base}/join-requests/fay");
    ann.delete(&request).await.expect(200);

    let in_seconds = |seconds| {
        let due = OffsetDateTime::now_utc() + Duration::from_secs(seconds);
        Timestamp::from(due).to_string()
    };
    let direct = ann.create_direct("gil").await;
    for (key, conversation, seconds) in [("w1", "c", 3_600), ("w2", "c", 2), ("w3", &direct, 2)] {
        let message = json!({ "client_message_id": key, "type": "text", "body": { "text": key },
            "send_at": in_seconds(seconds) });
        ann.send_message(conversation, message).await.expect(202);
    }
    let later = json!({ "send_at": in_seconds(7_200) });
    ann.patch("/v1/scheduled/s1", later).await.expect(200);
    ann.delete("/v1/scheduled/s1").await.expect(200);
    let gil = world.user("gil");
    gil.put("/v1/blocks/ann", None).await.expect(200);
    eventually("one is sent and one refused", async || {
        let listed = ann.get_ok("/v1/scheduled").await;
        let left = listed["scheduled"].as_array().cloned().unwrap_or_default();
        (left.len() == 1 && left[0]["state"] == "failed").then_some(())
    })
    .await;
}

/// Has two messages held, of which a moderator releases one and refuses the other.
async fn have_messages_held(world: &World, ann: &Client) {
    let admin = world.admin();
    // Nothing listens there.
    let hook = json!({ "url": "http://127.0.0.1:9/", "types": ["text"], "on_failure": "hold" });
    admin
        .put("/v1/moderation/hook", Some(hook))
        .await
        .expect(200);
    for (key, action) in [("h1", "release"), ("h2", "refuse")] {
        let mut attempts = 0;
        eventually("a message is held", async || {
            attempts += 1;
            let key = format!("{key}-{attempts}");
            let sent = ann.send("c", &key, "wait").await;
            (sent.status == 202).then_some(())
        })
        .await;
        let case = eventually("its case is open", async || {
            let open = admin.get_ok("/v1/moderation/cases?state=open").await;
            let cases = open["cases"].as_array().cloned().unwrap_or_default();
            let held = cases.iter().find(|case| case["kind"] == "held");
            held.and_then(|case| case["id"].as_str().map(str::to_owned))
        })
        .await;
        let path = format!("/v1/moderation/cases/{case}/resolve");
        let resolved = admin.post(&path, json!({ "action": action, "note": "so" }));
        // The next turn must not find this case open.
        world.wait_until_projected(resolved.await.position()).await;
    }
    admin.delete("/v1/moderation/hook").await.expect(200);
}

/// A hook on this machine can be asked.
fn allow_hooks() -> Settings {
    Settings::default().with("TIDINGS_WEBHOOK_ALLOW", "127.0.0.0/8")
}

/// Does everything that gives Ann an entry. Returns the last position.
async fn do_everything(world: &World) -> i64 {
    let (ann, bob) = (world.user("ann"), world.user("bob"));
    ann.create_group("c", &["bob"]).await.expect(201);
    send_each_type(&ann).await;
    let base = "/v1/conversations/c";
    let title = json!({ "title": "a title" });
    ann.patch(base, title).await.expect(200);
    let users = json!({ "users": ["cho"] });
    ann.post(&format!("{base}/members"), users)
        .await
        .expect(200);
    let admins = json!({ "users": ["bob"], "role": "admin" });
    ann.post(&format!("{base}/members"), admins)
        .await
        .expect(200);
    let edited = json!({ "body": { "text": "better" } });
    ann.put(&format!("{base}/messages/1"), Some(edited))
        .await
        .expect(200);
    let reaction = format!("{base}/messages/1/reactions/heart");
    ann.put(&reaction, None).await.expect(200);
    ann.delete(&reaction).await.expect(200);
    let delivered = ann.delete(&format!("{base}/messages/2")).await.position();
    world.wait_until_projected(delivered).await;
    restore_pin_and_clear(&ann).await;
    govern(&ann).await;
    meet(world, &ann).await;
    use_thread(&ann).await;
    wait_for_others(world, &ann).await;
    be_reminded(world).await;
    have_messages_held(world, &ann).await;
    use_desk(world, &ann).await;
    let ack = json!({ "device": "phone", "cursor": delivered });
    bob.post("/v1/inbox/ack", ack).await.expect(200);
    bob.read("c", 3).await.expect(200);
    let muted = json!({ "muted": true, "mentions": false });
    ann.patch(&format!("{base}/preferences"), muted)
        .await
        .expect(200);
    ann.delete(&format!("{base}/members/cho")).await.expect(200);
    let erasure = json!({ "conversation_id": "c", "seq": 3 });
    world
        .admin()
        .post("/v1/admin/erasures", erasure)
        .await
        .position()
}

/// A session of ann that goes through everything.
async fn use_desk(world: &World, ann: &Client) {
    set_desk(&world.admin(), "billing", &["bob", "cho"], json!({})).await;
    let session = open_session(ann, "billing", "My invoice is wrong.").await;
    let bob = world.user("bob");
    for (what, body) in [
        ("accept", json!({})),
        ("transfer", json!({ "agent": "cho" })),
    ] {
        act(&bob, &session.id, what, body).await.expect(200);
    }
    act(ann, &session.id, "close", json!({})).await.expect(200);
}

/// A customer waits at a desk whose agent is ann. No hook may hold what the customer writes.
async fn be_reminded(world: &World) {
    let reminding = json!({"reply_target": "1s", "reminders": true});
    set_desk(&world.admin(), "support", &["ann"], reminding).await;
    open_session(&world.user("bob"), "support", "Is anybody there?").await;
    let reminders = "SELECT count(*) FROM events WHERE type = 'session_reminded'";
    eventually("ann is reminded", async || {
        let count: Result<i64, _> = sqlx::query_scalar(reminders).fetch_one(&world.pool).await;
        (count.expect("a count") == 1).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_entry_type_has_a_schema_and_every_schema_an_entry() {
    let world = World::start_with(allow_hooks()).await;
    let document = ApiDocument::fetch(&world.anonymous()).await;
    let last = do_everything(&world).await;
    let entries = feed::read_all(&world.user("ann"), 100, last).await;
    let mut types = BTreeSet::new();
    for entry in &entries {
        document.check("Entry", entry);
        types.insert(entry["type"].as_str().expect("a type").to_owned());
    }
    let documented: BTreeSet<String> = document.values_of("Entry").into_iter().collect();
    assert_eq!(types, documented);
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_and_problems_are_what_their_schemas_say() {
    let world = World::start_with(allow_hooks()).await;
    let document = ApiDocument::fetch(&world.anonymous()).await;
    let last = do_everything(&world).await;
    world.wait_until_projected(last).await;
    let ann = world.user("ann");
    for (path, schema) in [
        ("/v1/inbox", "Inbox"),
        ("/v1/inbox/unread", "UnreadCounts"),
        ("/v1/inbox/unread/c/explain", "Explanation"),
        ("/v1/inbox/entries", "Entries"),
        ("/v1/conversations/c", "Conversation"),
        ("/v1/conversations/c/members", "Members"),
        ("/v1/conversations/c/messages?limit=50", "HistoryPage"),
        (
            "/v1/conversations/c/messages?reactions=summary",
            "HistoryPage",
        ),
        ("/v1/conversations/c/messages/1", "Message"),
        ("/v1/conversations/c/messages/1/history", "MessageHistory"),
        ("/v1/conversations/c/messages/1/receipts", "Receipts"),
        ("/v1/conversations/c/pins", "PinnedMessages"),
        ("/v1/outbox", "Outbox"),
        ("/v1/presence?users=bob", "Presences"),
    ] {
        document.check(schema, &ann.get_ok(path).await);
    }
    let refused = [
        ann.get("/v1/conversations/none").await,
        ann.get("/v1/inbox?limit=x").await,
        ann.get("/v1/inbox/entries?after=9999999").await,
        world.anonymous().get("/v1/inbox").await,
        ann.post("/v1/conversations", json!({ "kind": "group" }))
            .await,
    ];
    for answer in refused {
        document.check("Problem", &answer.json());
    }
}

/// Reads frames until there is one of this type, and checks each.
async fn check_until(document: &ApiDocument, live: &mut LiveSocket, kind: &str) -> Value {
    loop {
        let frame = live.next_frame().await;
        document.check("ServerFrame", &frame);
        if frame["type"] == kind {
            return frame;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn frames_are_what_their_schemas_say() {
    let world = World::start().await;
    let document = ApiDocument::fetch(&world.anonymous()).await;
    let ann = world.user("ann");
    ann.create_group("c", &["bob"]).await.expect(201);
    let sent = ann.send("c", "1", "hello").await.position();
    world.wait_until_projected(sent).await;
    let address = world.address();
    let token = token::for_user("bob");
    let opened = LiveSocket::open(&address, &token, "after=0&device=phone").await;
    let mut bob = opened.expect("a connection");
    check_until(&document, &mut bob, "entry").await;
    check_until(&document, &mut bob, "caught_up").await;

    // Each frame of a client that the document has is accepted.
    let ack = json!({ "type": "ack", "cursor": sent.to_string() });
    let watch = json!({ "type": "watch", "users": ["ann"] });
    let typing = json!({ "type": "typing", "conversation_id": "c" });
    let stopped = json!({ "type": "typing_stopped", "conversation_id": "c" });
    let renewal = json!({ "type": "token", "token": token });
    let frames = [ack, watch, typing, stopped, renewal];
    let types: BTreeSet<&str> = frames
        .iter()
        .filter_map(|frame| frame["type"].as_str())
        .collect();
    let documented = document.values_of("ClientFrame");
    assert_eq!(types, documented.iter().map(String::as_str).collect());
    for frame in &frames {
        document.check("ClientFrame", frame);
        bob.send(&frame.to_string()).await;
    }
    check_until(&document, &mut bob, "presence").await;
    check_until(&document, &mut bob, "token_renewed").await;

    let opened = LiveSocket::open(&address, &token::for_user("ann"), "").await;
    let mut live = opened.expect("a connection");
    check_until(&document, &mut live, "caught_up").await;
    live.send(&json!({ "type": "typing", "conversation_id": "c" }).to_string())
        .await;
    check_until(&document, &mut bob, "typing").await;
    live.send(&json!({ "type": "typing_stopped", "conversation_id": "c" }).to_string())
        .await;
    check_until(&document, &mut bob, "typing_stopped").await;
    live.ack(sent).await;
    check_until(&document, &mut live, "refused").await;
    live.send("{}").await;
    check_until(&document, &mut live, "problem").await;
    assert!(matches!(live.next_event().await, SocketEvent::Closed(..)));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_asyncapi_document_has_the_schemas_of_the_openapi_document() {
    let world = World::start().await;
    let client = world.anonymous();
    let live = client.get_ok("/asyncapi.json").await;
    assert_eq!(live["asyncapi"], "3.0.0");
    let document = ApiDocument::fetch(&client).await;
    assert_eq!(live["info"]["version"], document.json()["info"]["version"]);
    let schemas = live["components"]["schemas"].as_object().expect("schemas");
    assert!(schemas.contains_key("EntryFrame") && schemas.contains_key("TextMessage"));
    for (name, schema) in schemas {
        let original = document.component(name);
        assert_eq!(
            schema["properties"].is_null(),
            original["properties"].is_null()
        );
        assert_eq!(schema["required"], original["required"], "{name}");
    }
    let page = client.get("/api").await;
    assert!(String::from_utf8_lossy(&page.body).contains("/asyncapi.json"));
}
