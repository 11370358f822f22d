//! The audit: who did or viewed what with the rights of an administrator, a moderator or a service.

use eventually::eventually;
use reqwest::Method;
use serde_json::{Value, json};
use tests::client::Client;
use tests::fleet::{Fleet, FleetLayout, IndexPlacement};
use tests::token;
use tests::world::{Settings, World};

const AUDIT: &str = "/v1/admin/audit";

/// The entries of an actor, as act and target.
async fn acts(admin: &Client, actor: &str) -> Vec<(String, Value)> {
    let page = admin
        .get_ok(&format!("{AUDIT}?actor={actor}&limit=200"))
        .await;
    let entries = page["entries"].as_array().expect("a list").iter();
    let act = |entry: &Value| entry["act"].as_str().expect("an act").to_owned();
    entries
        .map(|entry| (act(entry), entry["target"].clone()))
        .collect()
}

/// Waits until the audit of an actor has an act, and returns its entry.
async fn wait_for(admin: &Client, actor: &str, act: &str) -> Value {
    eventually(format!("{act} is in the audit"), async || {
        let page = admin
            .get_ok(&format!("{AUDIT}?actor={actor}&limit=200"))
            .await;
        let entries = page["entries"].as_array().expect("a list").iter();
        entries
            .into_iter()
            .find(|entry| entry["act"] == act)
            .cloned()
    })
    .await
}

fn with_scope(world: &World, user: &str, scope: &str) -> Client {
    let token = token::issued_at(user, token::unix_now(), scope);
    world.user(user).with_token(Some(token))
}

/// Acts as an administrator, a moderator and a service.
async fn act_with_rights(world: &World, moderator: &Client, robot: &Client) {
    let root = with_scope(world, "root", "admin");
    let reason = json!({ "on": false, "reason": "slow" });
    root.put("/v1/admin/switches/search", Some(reason))
        .await
        .expect(200);
    root.put("/v1/admin/users/bob", Some(json!({ "kind": "bot" })))
        .await
        .expect(200);
    root.post("/v1/admin/users/bob/revoke", Value::Null)
        .await
        .expect(200);
    let hold = json!({ "user": "zoe", "reason": "a court" });
    root.put("/v1/admin/holds/case-7", Some(hold))
        .await
        .expect(200);
    root.post(
        "/v1/admin/import",
        json!([
            { "line": 1, "conversation": "old", "key": "k", "sender": "zoe", "text": "soup?",
              "sent_at": "2020-02-20T11:30:00Z" }
        ]),
    )
    .await
    .expect(200);
    let body = json!({ "kind": "silenced", "reason": "what somebody wrote" });
    let restriction = "/v1/moderation/users/carl/restriction";
    moderator.put(restriction, Some(body)).await.expect(200);
    moderator
        .put("/v1/conversations/c/silences/bob", Some(json!({})))
        .await
        .expect(200);
    let acting = robot.request(&Method::POST, "/v1/conversations/c/messages");
    let message = json!({ "client_message_id": "k", "type": "text", "body": { "text": "hi" } });
    let acting = acting.header("Tidings-Act-For", "ann").json(&message);
    acting.send().await.expect(201);
    let erased = root
        .post(
            "/v1/admin/erasures",
            json!({ "conversation_id": "c", "seq": 1 }),
        )
        .await;
    world.wait_until_projected(erased.position()).await;
}

fn assert_acts_of_root(of_root: &[(String, Value)]) {
    for (act, target) in [
        ("feature_switched", "search"),
        ("user_kind_changed", "bob"),
        ("tokens_revoked", "bob"),
        ("hold_placed", "case-7"),
        ("message_sent", "old"),
        ("message_erased", "c"),
    ] {
        let expected = (act.to_owned(), json!(target));
        assert!(of_root.contains(&expected), "{act}: {of_root:?}");
    }
}

async fn assert_no_text_is_in_the_audit(admin: &Client) {
    let all = admin.get(&format!("{AUDIT}?limit=200")).await;
    let all = String::from_utf8_lossy(&all.body).into_owned();
    for text in ["what somebody wrote", "soup", "hello"] {
        assert!(!all.contains(text), "{text}: {all}");
    }
}

async fn assert_pages(admin: &Client, count_of_root: usize) {
    let first = admin.get_ok(&format!("{AUDIT}?actor=root&limit=2")).await;
    let next = first["next"].as_str().expect("a cursor");
    let rest = admin
        .get_ok(&format!("{AUDIT}?actor=root&after={next}"))
        .await;
    let count = rest["entries"].as_array().expect("a list").len();
    assert_eq!(count + 2, count_of_root);
    assert_eq!(rest["next"], Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_act_with_rights_is_in_the_audit() {
    // Given a group with a message
    let world = World::start().await;
    let (admin, ann) = (world.admin(), world.user("ann"));
    ann.create_group("c", &["bob"]).await.expect(201);
    ann.send("c", "1", "hello").await.expect(201);
    let moderator = with_scope(&world, "mod", "moderator");
    let robot = with_scope(&world, "robot", "service");

    // When an administrator, a moderator and a service act
    act_with_rights(&world, &moderator, &robot).await;

    // Then the audit names them, with what they acted on, and no text that somebody wrote
    let of_root: Vec<(String, Value)> = acts(&admin, "root").await;
    assert_acts_of_root(&of_root);
    let of_moderator = acts(&admin, "mod").await;
    let expected = ["user_restricted", "member_silenced"];
    let found: Vec<&str> = of_moderator.iter().map(|(act, _)| act.as_str()).collect();
    assert_eq!(found, expected);
    assert_eq!(
        acts(&admin, "robot").await,
        [("message_sent".to_owned(), json!("c"))]
    );
    assert!(acts(&admin, "ann").await.is_empty(), "her own acts are not");
    assert_no_text_is_in_the_audit(&admin).await;

    // And it has pages, and only administrators see it
    assert_pages(&admin, of_root.len()).await;
    for caller in [&ann, &moderator, &robot] {
        assert_eq!(caller.get(AUDIT).await.expect_problem(403), "forbidden");
    }
    let detail = &wait_for(&admin, "mod", "user_restricted").await["detail"];
    assert_eq!(detail["kind"], "silenced");

    // When a user is erased, and when the read models are rebuilt, then it stays as it is
    admin
        .post("/v1/admin/erasures", json!({ "user": "bob" }))
        .await
        .expect(200);
    assert_eq!(acts(&admin, "root").await, of_root);
    world.run_ok(&["rebuild", "--data", &data(&world)]).await;
    assert_eq!(acts(&admin, "root").await, of_root);
    assert_eq!(acts(&admin, "mod").await, of_moderator);
}

fn data(world: &World) -> String {
    world.dir.join("data").display().to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn views_are_recorded_once_a_minute() {
    // Given a user with a message
    let world = World::start().await;
    let (admin, ann) = (world.admin(), world.user("ann"));
    ann.create_group("c", &["bob"]).await.expect(201);
    let sent = ann.send("c", "1", "hello").await.position();
    world.wait_until_projected(sent).await;
    let root = with_scope(&world, "root", "admin");
    let robot = with_scope(&world, "robot", "service");

    // When an administrator reads as others, and reads the log, several times
    for _ in 0..3 {
        root.get("/v1/inbox?as_user=bob").await.expect(200);
        root.get("/v1/conversations/c/messages?as_user=bob")
            .await
            .expect(200);
        root.get("/v1/events?limit=1").await.expect(200);
        for user in ["ann", "bob"] {
            let acting = robot.request(&Method::GET, "/v1/inbox");
            acting
                .header("Tidings-Act-For", user)
                .send()
                .await
                .expect(200);
        }
    }
    root.get("/v1/admin/users/ann").await.expect(200);
    root.get("/v1/inbox").await.expect(200);
    root.get("/v1/inbox?as_user=a%00").await;
    root.get("/v1/conversations/nowhere/messages?as_user=bob")
        .await;

    // Then each is recorded once, with the first call
    let viewed = wait_for(&admin, "root", "users_read").await;
    assert_eq!(viewed["target"], "ann");
    assert_eq!(
        viewed["detail"],
        json!({ "call": "GET /v1/admin/users/{user}" })
    );
    assert_eq!(
        acts(&admin, "root").await,
        [
            ("read_as_user".to_owned(), json!("bob")),
            ("events_read".to_owned(), Value::Null),
            ("users_read".to_owned(), json!("ann")),
        ]
    );
    assert_eq!(
        acts(&admin, "robot").await,
        [("read_for_user".to_owned(), Value::Null)]
    );

    // And reading has not changed the log
    let status = admin.get_ok("/v1/admin/status").await;
    assert_eq!(status["database"]["projection"]["head"], sent);
}

#[tokio::test(flavor = "multi_thread")]
async fn views_in_two_processes_are_one() {
    let layout = FleetLayout {
        command_services: 1,
        query_apis: 2,
        all_in_one: None,
        index: IndexPlacement::PerQueryApi,
    };
    let fleet = Fleet::start_with(layout, &Settings::default()).await;
    let admin = fleet.admin();
    fleet
        .user("ann", 0)
        .create_group("c", &["bob"])
        .await
        .expect(201);
    let token = token::issued_at("root", token::unix_now(), "admin");
    for query_api in [0, 1, 0, 1] {
        let root = fleet.query_user("root", query_api);
        let root = root.with_token(Some(token.clone()));
        root.get("/v1/inbox?as_user=bob").await.expect(200);
    }
    wait_for(&admin, "root", "read_as_user").await;
    assert_eq!(acts(&admin, "root").await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_changes_outside_of_the_log_is_recorded_each_time() {
    let world = World::start().await;
    let admin = world.admin();
    let root = with_scope(&world, "root", "admin");
    for _ in 0..2 {
        let token = json!({ "user": "ann", "ttl": "1h", "scope": "moderator" });
        root.post("/v1/admin/tokens", token).await.expect(201);
    }
    let webhook = json!({ "url": "https://hooks.example.org/" });
    let added = root.post("/v1/admin/webhooks", webhook).await.expect(201);
    let path = format!("/v1/admin/webhooks/{}", added["id"]);
    root.delete(&path).await.expect(200);
    wait_for(&admin, "root", "webhook_removed").await;
    assert_eq!(
        acts(&admin, "root").await,
        [
            ("token_issued".to_owned(), json!("ann")),
            ("token_issued".to_owned(), json!("ann")),
            ("webhook_added".to_owned(), Value::Null),
            ("webhook_removed".to_owned(), json!(added["id"].to_string())),
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_export_of_a_user_is_recorded() {
    let world = World::start().await;
    let admin = world.admin();
    let created = world.user("ann").create_group("c", &["bob"]).await;
    world.wait_until_projected(created.position()).await;
    let data = data(&world);
    world.run_ok(&["export-user", "bob", "--data", &data]).await;
    let entry = wait_for(&admin, "tidings-operator", "user_exported").await;
    assert_eq!(
        (&entry["target"], &entry["detail"]),
        (&json!("bob"), &json!({ "call": "tidings export-user" }))
    );
}
