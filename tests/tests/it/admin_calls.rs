//! What `tidings status` and `tidings webhooks` do, over HTTP.

use eventually::eventually;
use reqwest::Method;
use serde_json::{Value, json};
use tests::api_document::ApiDocument;
use tests::client::Client;
use tests::live::LiveSocket;
use tests::token;
use tests::world::{Settings, World};

#[tokio::test(flavor = "multi_thread")]
async fn the_status_is_that_of_the_command() {
    let settings = Settings::default()
        .with("TIDINGS_WEBHOOK_ALLOW", "127.0.0.0/8")
        .with("TIDINGS_SEAL_EVERY", "1s");
    let world = World::start_with(settings).await;
    let (admin, ann) = (world.admin(), world.user("ann"));
    let created = ann.create_group("c", &[]).await.position();
    world.wait_until_projected(created).await;
    let status = admin.get_ok("/v1/admin/status").await;
    assert_eq!(
        status["database"]["projection"]["head"], created,
        "{status}"
    );
    let data = world.dir.join("data").display().to_string();
    let printed = world.run_ok(&["status", "--json", "--data", &data]).await;
    let printed: Value = serde_json::from_str(&printed).expect("one JSON object");
    let fields = |value: &Value| -> Vec<String> {
        value
            .as_object()
            .expect("an object")
            .keys()
            .cloned()
            .collect()
    };
    let mut expected = fields(&printed);
    expected.push("shedding".to_owned());
    expected.sort();
    assert_eq!(fields(&status), expected);
    assert_eq!(status["shedding"], json!([]));
    // The document says exactly what there is, at every depth and also with a webhook and a seal.
    let document = ApiDocument::fetch(&world.anonymous()).await;
    let hook = json!({ "url": "http://127.0.0.1:9/", "events": [] });
    admin.post(WEBHOOKS, hook).await.expect(201);
    let full = eventually("the log is sealed", async || {
        let status = admin.get_ok("/v1/admin/status").await;
        status["database"]["seal"].is_object().then_some(status)
    })
    .await;
    document.check("Status", &full);
    document.check("Status", &status);
    for part in ["process", "database", "nats", "mirror"] {
        assert!(full[part].is_object(), "{part}: {full}");
    }
    let webhooks = &full["database"]["webhooks"];
    assert_eq!(webhooks.as_array().map(Vec::len), Some(1), "{full}");
    assert_eq!(fields(&status["database"]), fields(&printed["database"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn live_frames_are_shed_while_the_read_models_are_behind_and_sends_are_not() {
    // Given a system whose projector cannot write
    let world = World::start_with(Settings::default().with("TIDINGS_SHED_LAG", "1s")).await;
    let (admin, ann) = (world.admin(), world.user("ann"));
    let created = ann.create_group("c", &["bob"]).await.position();
    world.wait_until_projected(created).await;
    let mut ann_live = open(&world, "ann").await;
    let mut bob_live = open(&world, "bob").await;
    let mut lock = world.pool.begin().await.expect("a transaction");
    sqlx::query("LOCK TABLE read.checkpoint IN EXCLUSIVE MODE")
        .execute(&mut *lock)
        .await
        .expect("locked");
    ann.send("c", "1", "hello").await.expect(201);

    // When it is far behind, then typing, presence and receipts are shed in this order
    let shed = async || admin.get_ok("/v1/admin/status").await["shedding"].clone();
    eventually("typing is shed", async || {
        shed().await.get(0).is_some().then_some(())
    })
    .await;
    let order = json!(["typing", "presence", "receipts"]);
    let order = order.as_array().expect("a list");
    eventually("everything is shed", async || {
        let shed = shed().await;
        let shed = shed.as_array().expect("a list");
        assert!(order.starts_with(shed), "{shed:?}");
        (shed.len() == 3).then_some(())
    })
    .await;
    for path in [
        "/v1/conversations/c/messages/1/receipts",
        "/v1/presence?users=bob",
    ] {
        let refused = ann.get(path).await;
        assert_eq!(refused.expect_problem(503), "overloaded", "{path}");
        assert!(!refused.header("retry-after").is_empty());
    }
    let metrics = ann.get("/metrics").await;
    let metrics = String::from_utf8_lossy(&metrics.body).into_owned();
    assert!(metrics.contains("tidings_shed_features 3"), "{metrics}");
    ann.send("c", "2", "still sent").await.expect(201);
    // The answer to the second frame shows that the first one was handled.
    bob_live
        .send(r#"{"type":"typing","conversation_id":"c"}"#)
        .await;
    bob_live.send(r#"{"type":"ack","cursor":"1"}"#).await;
    assert_eq!(bob_live.next_frame().await["type"], "refused");

    // When the projector can write again, then nothing is shed
    lock.rollback().await.expect("unlocked");
    eventually("nothing is shed", async || {
        (shed().await == json!([])).then_some(())
    })
    .await;
    let frame = ann_live.next_frame().await;
    assert_eq!(frame["entry"]["data"]["body"]["text"], "hello", "{frame}");
    let receipts = ann.get("/v1/conversations/c/messages/1/receipts").await;
    receipts.expect(200);
}

async fn open(world: &World, user: &str) -> LiveSocket {
    let token = token::for_user(user);
    let live = LiveSocket::open(&world.address(), &token, "").await;
    let mut live = live.expect("open");
    live.wait_until_caught_up().await;
    live
}

#[tokio::test(flavor = "multi_thread")]
async fn an_audit_accounts_for_every_message_of_a_conversation() {
    // Given conversations with messages, one of which is recalled
    let world = World::start().await;
    let (admin, ann) = (world.admin(), world.user("ann"));
    for id in ["lunch", "launch", "other"] {
        ann.create_group(id, &["bob"]).await.expect(201);
    }
    ann.patch("/v1/conversations/other", json!({ "title": "Long LUNCH" }))
        .await
        .expect(200);
    let last = ann.send_texts("lunch", "word", 5).await;
    let recalled = ann.delete("/v1/conversations/lunch/messages/2").await;
    world
        .wait_until_projected(recalled.position().max(last))
        .await;

    // When everything has caught up, then every stage has all of them
    let audit = eventually("the index has caught up", async || {
        let found = admin.get_ok("/v1/admin/conversations/lunch").await;
        (found["delivery"]["indexed"] == 5 && found["delivery"]["mirrored"] == 5).then_some(found)
    })
    .await;
    assert_eq!(
        audit["delivery"],
        json!({ "head_seq": 5, "stored": 5, "mirrored": 5, "projected": 5, "indexed": 5,
                "missing": [] })
    );
    assert_eq!(
        (&audit["member_count"], &audit["messages"]),
        (&json!(2), &json!(5))
    );
    assert!(
        audit["bytes"].as_i64() > Some(0) && audit["last_activity"].is_string(),
        "{audit}"
    );

    // When the read model loses one, then the audit names it
    sqlx::query("DELETE FROM read.messages WHERE seq = 3")
        .execute(&world.pool)
        .await
        .expect("gone");
    let audit = admin.get_ok("/v1/admin/conversations/lunch").await;
    assert_eq!(
        (
            &audit["delivery"]["projected"],
            &audit["delivery"]["missing"]
        ),
        (&json!(4), &json!([3]))
    );
    let unknown = admin.get("/v1/admin/conversations/nowhere").await;
    assert_eq!(unknown.expect_problem(404), "not_found");

    // And lists are searched and have pages
    let found = list_ids(&admin, "q=lunch").await.0;
    assert_eq!(found, ["lunch", "other"]);
    let (first, next) = list_ids(&admin, "limit=2").await;
    assert_eq!(first, ["lunch", "launch"]);
    let next = next.as_str().expect("a cursor").to_owned();
    assert_eq!(
        list_ids(&admin, &format!("limit=2&after={next}")).await,
        (vec![json!("other")], Value::Null)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn administrators_list_the_members_of_any_conversation() {
    let world = World::start().await;
    let (admin, ann) = (world.admin(), world.user("ann"));
    ann.create_group("lunch", &["bob", "cho"]).await.expect(201);
    let named = world
        .user("bob")
        .patch("/v1/users/me", json!({ "display_name": "Bob B." }))
        .await;
    world.wait_until_projected(named.position()).await;
    let path = "/v1/admin/conversations/lunch/members";
    let first = admin.get_ok(&format!("{path}?limit=2")).await;
    let document = ApiDocument::fetch(&world.anonymous()).await;
    document.check("ConversationMembers", &first);
    let shown = |page: &Value| -> Vec<(Value, Value, Value)> {
        let members = page["members"].as_array().expect("a list").iter();
        members
            .map(|member| {
                let field = |name: &str| member[name].clone();
                (field("user"), field("display_name"), field("role"))
            })
            .collect()
    };
    let row = |user, name: Value, role| (json!(user), name, json!(role));
    assert_eq!(
        shown(&first),
        [
            row("ann", Value::Null, "owner"),
            row("bob", json!("Bob B."), "member")
        ]
    );
    let next = first["next"].as_str().expect("a cursor");
    let rest = admin.get_ok(&format!("{path}?after={next}")).await;
    assert_eq!(shown(&rest), [row("cho", Value::Null, "member")]);
    assert_eq!(rest["next"], Value::Null);
    // Who has left is not listed.
    let removed = ann.delete("/v1/conversations/lunch/members/bob").await;
    let min = format!("{path}?min_position={}", removed.position());
    let left = shown(&admin.get_ok(&min).await);
    assert_eq!(
        left,
        [
            row("ann", Value::Null, "owner"),
            row("cho", Value::Null, "member")
        ]
    );
    let unknown = admin.get("/v1/admin/conversations/nowhere/members").await;
    assert_eq!(unknown.expect_problem(404), "not_found");
    ann.get(path).await.expect_problem(403);
}

/// The ids of a page of conversations, and where the next page begins.
async fn list_ids(admin: &Client, query: &str) -> (Vec<Value>, Value) {
    let list = admin
        .get_ok(&format!("/v1/admin/conversations?{query}"))
        .await;
    let ids = list["conversations"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|conversation| conversation["id"].clone())
        .collect();
    (ids, list["next"].clone())
}

const WEBHOOKS: &str = "/v1/admin/webhooks";

#[tokio::test(flavor = "multi_thread")]
async fn webhooks_are_added_changed_replayed_and_removed() {
    // Given a receiver that refuses everything
    let settings = Settings::default()
        .with("TIDINGS_WEBHOOK_ALLOW", "127.0.0.0/8")
        .with("TIDINGS_WEBHOOK_TRIES", "1");
    let world = World::start_with(settings).await;
    let (admin, ann) = (world.admin(), world.user("ann"));
    ann.create_group("c", &[]).await.expect(201);
    let refusing = format!("{}/nowhere", world.base_urls().commands);

    // When a webhook is added, then it is listed with its progress
    let head = tests::log::head(&world.pool).await.expect("a head");
    let request = json!({ "url": refusing, "events": ["message_sent"], "from": 1 });
    let added = admin.post(WEBHOOKS, request).await.expect(201);
    assert!(
        added["secret"]
            .as_str()
            .expect("a secret")
            .starts_with("whsec_"),
        "{added}"
    );
    assert_eq!(added["delivers_after"], 0);
    assert_eq!(added["position"], head, "as every command answers");
    let one = format!("{WEBHOOKS}/{}", added["id"]);
    let listed = admin.get_ok(WEBHOOKS).await;
    assert_webhook_is_listed(&listed, &refusing);

    // When a delivery fails, then it is parked
    let sent = ann.send("c", "1", "hello").await.position();
    let parked = eventually("the delivery is parked", async || {
        let parked = admin.get_ok(&format!("{one}/parked")).await["parked"].clone();
        parked.get(0).cloned()
    })
    .await;
    assert_eq!(
        (&parked["position"], &parked["tries"]),
        (&json!(sent), &json!(1))
    );
    assert!(
        parked["last_error"].is_string() && parked["at"].is_string(),
        "{parked}"
    );

    // When it is switched off and replayed, then it is at the position before
    let change = json!({ "enabled": false, "events": [] });
    admin.patch(&one, change).await.expect(200);
    let replayed = admin
        .post(&format!("{one}/replay"), json!({ "from": 1 }))
        .await;
    assert_eq!(replayed.position(), sent);
    assert_eq!(replayed.expect(200)["delivers_after"], 0);
    let webhook = admin.get_ok(WEBHOOKS).await["webhooks"][0].clone();
    assert_eq!(
        (&webhook["enabled"], &webhook["events"], &webhook["parked"]),
        (&json!(false), &json!([]), &json!(0))
    );

    // And what is not valid is refused
    assert_invalid_webhooks_are_refused(&admin, &refusing).await;

    // When it is removed, then it is gone
    admin.delete(&one).await.expect(200);
    assert_webhook_is_gone(&admin, &one).await;
    assert_eq!(admin.get_ok(WEBHOOKS).await["webhooks"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_about_webhooks_are_executed_once_per_key() {
    let world =
        World::start_with(Settings::default().with("TIDINGS_WEBHOOK_ALLOW", "127.0.0.0/8")).await;
    let admin = world.admin();
    let url = format!("{}/nowhere", world.base_urls().commands);
    let send = async |method: Method, path: &str, key: &str, body: Value| {
        let request = admin.request(&method, path).header("idempotency-key", key);
        request.json(&body).send().await
    };
    let add = json!({ "url": url, "events": ["message_sent"] });
    let first = send(Method::POST, WEBHOOKS, "add", add.clone()).await;
    let one = format!("{WEBHOOKS}/{}", first.expect(201)["id"]);
    let replay = format!("{one}/replay");
    let hook = json!({ "url": url, "on_failure": "allow" });
    let other_hook = json!({ "url": url, "on_failure": "hold" });
    let off = json!({ "enabled": false });
    let commands = [
        (Method::POST, WEBHOOKS, "add", add, json!({ "url": url })),
        (
            Method::PATCH,
            &one,
            "change",
            off,
            json!({ "enabled": true }),
        ),
        (
            Method::POST,
            &replay,
            "replay",
            json!({ "from": 1 }),
            json!({ "from": 2 }),
        ),
        (Method::PUT, "/v1/moderation/hook", "hook", hook, other_hook),
    ];
    for (method, path, key, body, other) in commands {
        let first = send(method.clone(), path, key, body.clone()).await;
        assert_eq!(first.status, 200, "{first}");
        let again = send(method.clone(), path, key, body).await;
        assert_eq!(again.expect(200), first.json(), "{again}");
        assert!(again.is_replay(), "{again}");
        assert_eq!(again.position(), first.position());
        let mismatch = send(method, path, key, other).await;
        assert_eq!(mismatch.expect_problem(409), "idempotency_mismatch");
    }
    let webhooks = admin.get_ok(WEBHOOKS).await["webhooks"].clone();
    assert_eq!(webhooks.as_array().map(Vec::len), Some(1), "{webhooks}");
    // A removal that is repeated finds nothing without a key, and its first answer with one.
    send(Method::DELETE, &one, "remove", Value::Null)
        .await
        .expect(200);
    let again = send(Method::DELETE, &one, "remove", Value::Null).await;
    assert!(again.is_replay(), "{again}");
    admin.delete(&one).await.expect(404);
}

/// Checks that the list begins with this webhook, as it was added, and has no further page.
fn assert_webhook_is_listed(listed: &Value, url: &str) {
    let webhook = &listed["webhooks"][0];
    assert_eq!(
        (
            &webhook["url"],
            &webhook["events"],
            &webhook["notifications"],
            &webhook["enabled"]
        ),
        (
            &json!(url),
            &json!(["message_sent"]),
            &json!(false),
            &json!(true)
        )
    );
    assert!(
        webhook.get("secret").is_none() && listed["next"].is_null(),
        "{listed}"
    );
}

async fn assert_invalid_webhooks_are_refused(admin: &Client, url: &str) {
    for (body, field) in [
        (json!({ "url": "ftp://a.example" }), "url"),
        (json!({ "url": "nothing" }), "url"),
        (json!({ "url": url, "events": ["message_send"] }), "events"),
        (
            json!({ "url": url, "events": [], "notifications": true }),
            "notifications",
        ),
        (json!({ "url": url, "from": 0 }), "from"),
    ] {
        let refused = admin.post(WEBHOOKS, body).await;
        assert_eq!(refused.expect_problem(422), "invalid");
        assert_eq!(refused.json()["errors"][0]["field"], field, "{refused}");
    }
}

async fn assert_webhook_is_gone(admin: &Client, path: &str) {
    for gone in [
        admin.delete(path).await,
        admin.patch(path, json!({})).await,
        admin.get(&format!("{path}/parked")).await,
        admin
            .post(&format!("{path}/replay"), json!({ "from": 1 }))
            .await,
    ] {
        assert_eq!(gone.expect_problem(404), "not_found");
    }
}
