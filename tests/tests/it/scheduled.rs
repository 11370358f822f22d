//! Scheduled messages: sent at their time, once, even if the server is killed meanwhile.

use std::time::Duration;

use domain::time::Timestamp;
use eventually::eventually;
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::PgPool;
use sqlx::types::time::OffsetDateTime;
use tests::client::Client;
use tests::ports;
use tests::response::ApiResponse;
use tests::service::ServiceProcess;
use tests::token;
use tests::world::World;

/// Schedules a message for a time that is so many seconds ahead.
async fn schedule(client: &Client, key: &str, seconds: u64) -> Value {
    let ahead = Duration::from_secs(seconds);
    client.schedule("team", key, ahead).await.expect(202)
}

async fn scheduled(client: &Client, position: &Value) -> Vec<Value> {
    let page = client
        .get_ok(&format!("/v1/scheduled?min_position={position}"))
        .await;
    page["scheduled"].as_array().cloned().expect("a list")
}

/// The texts of the conversation, oldest first, up to 200 of them.
async fn texts(client: &Client) -> Vec<String> {
    let page = client
        .get_ok("/v1/conversations/team/messages?after=0&limit=200")
        .await;
    let messages = page["messages"].as_array().expect("messages").iter();
    let text = |message: &Value| message["body"]["text"].as_str().unwrap_or("").to_owned();
    messages.map(text).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scheduled_message_is_listed_until_it_is_sent() {
    let world = World::start().await;
    let (ann, bob) = (world.user("ann"), world.user("bob"));
    ann.create_group("team", &["bob"]).await.expect(201);
    let far = schedule(&ann, "far", 3_600).await;
    let near = schedule(&ann, "near", 3).await;
    let list = scheduled(&ann, &near["position"]).await;
    let ids: Vec<&Value> = list
        .iter()
        .map(|message| &message["scheduled_id"])
        .collect();
    assert!(ids.first() == Some(&&near["scheduled_id"]) || ids == [&far["scheduled_id"]]);
    let waiting = list.last().expect("a message");
    assert_eq!(waiting["conversation_id"], "team");
    assert_eq!(waiting["body"], json!({ "text": "far" }));
    assert_eq!(
        (&waiting["state"], &waiting["code"]),
        (&json!("waiting"), &Value::Null)
    );
    assert_eq!(scheduled(&bob, &near["position"]).await, [Value::Null; 0]);
    eventually("the message is sent", async || {
        (texts(&bob).await == ["near"]).then_some(())
    })
    .await;
    eventually("the list has the other message alone", async || {
        let list = scheduled(&ann, &near["position"]).await;
        (list.len() == 1 && list[0]["scheduled_id"] == far["scheduled_id"]).then_some(())
    })
    .await;
    let id = far["scheduled_id"].as_str().expect("an id");
    let path = format!("/v1/scheduled/{id}");
    let cancelled = ann.delete(&path).await.expect(200);
    assert_eq!(
        scheduled(&ann, &cancelled["position"]).await,
        [Value::Null; 0]
    );
    bob.delete(&path).await.expect_problem(404);
    let past = json!({ "client_message_id": "past", "type": "text", "body": { "text": "x" },
        "send_at": "2020-01-01T00:00:00Z" });
    assert_eq!(
        ann.send_message("team", past).await.expect_problem(422),
        "invalid"
    );
    for (client, expected) in [(&ann, true), (&bob, false)] {
        let feed = client
            .get_ok(&format!(
                "/v1/inbox/entries?limit=500&min_position={}",
                cancelled["position"]
            ))
            .await;
        let text = feed.to_string();
        assert_eq!(text.contains("scheduled_message_sent"), expected, "{text}");
        assert!(!text.contains("\"far\""), "{text}");
    }
    let data = world.dir.join("data").display().to_string();
    world.run_ok(&["log", "seal", "--data", &data]).await;
    world.run_ok(&["log", "verify", "--data", &data]).await;
    world.run_ok(&["verify"]).await;
    let rebuilt = world.run_ok(&["rebuild"]).await;
    assert!(rebuilt.contains("identical"), "{rebuilt}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_rule_refuses_fails_with_its_code() {
    let world = World::start().await;
    let (ann, bob) = (world.user("ann"), world.user("bob"));
    ann.create_group("team", &["bob"]).await.expect(201);
    schedule(&bob, "late", 2).await;
    bob.delete("/v1/conversations/team/members/bob")
        .await
        .expect(200);
    eventually("the message has failed", async || {
        let list = scheduled(&bob, &json!(1)).await;
        (list.len() == 1 && list[0]["state"] == "failed" && list[0]["code"] == "not_found")
            .then_some(())
    })
    .await;
    assert_eq!(texts(&ann).await, [""; 0]);
}

async fn count_events(pool: &PgPool, event_type: &str) -> i64 {
    sqlx::query_scalar("SELECT count(*) FROM events WHERE type = $1")
        .bind(event_type)
        .fetch_one(pool)
        .await
        .expect("a count")
}

async fn wait_for_events(pool: &PgPool, event_type: &str, count: usize) {
    eventually(format!("{count} events {event_type}"), async || {
        (count_events(pool, event_type).await >= count as i64).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_server_sends_each_message_once() {
    const COUNT: usize = 150;
    let mut world = World::start().await;
    let ann = world.user("ann");
    ann.create_group("team", &["bob"]).await.expect(201);
    for n in 0..COUNT {
        schedule(&ann, &format!("m{n:03}"), 5).await;
    }
    wait_for_events(&world.pool, "message_sent", 1).await;
    world.kill();
    world.start_service().await;
    wait_for_events(&world.pool, "scheduled_message_sent", COUNT).await;
    let mut sent = texts(&world.user("ann")).await;
    sent.sort();
    let expected: Vec<String> = (0..COUNT).map(|n| format!("m{n:03}")).collect();
    assert_eq!(sent, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_due_while_nothing_ran_is_sent_at_the_next_start_in_order() {
    let mut world = World::start().await;
    let ann = world.user("ann");
    ann.create_group("team", &["bob"]).await.expect(201);
    schedule(&ann, "third", 5).await;
    schedule(&ann, "first", 3).await;
    let second = schedule(&ann, "second", 4).await;
    let far = schedule(&ann, "far", 3_600).await;
    world.kill();
    let is_past = "SELECT max((payload->>'send_at')::timestamptz) < now() FROM events
                   WHERE type = 'message_scheduled' AND payload->>'client_message_id' <> 'far'";
    eventually("three messages are due", async || {
        let is_past: Result<bool, _> = sqlx::query_scalar(is_past).fetch_one(&world.pool).await;
        is_past.expect("an answer").then_some(())
    })
    .await;
    assert_eq!(count_events(&world.pool, "message_sent").await, 0);
    world.start_service().await;
    wait_for_events(&world.pool, "scheduled_message_sent", 3).await;
    let (ann, bob) = (world.user("ann"), world.user("bob"));
    assert_eq!(texts(&bob).await, ["first", "second", "third"]);
    let left = scheduled(&ann, &json!(world_head(&world.pool).await)).await;
    assert_eq!(left.len(), 1);
    assert_eq!(left[0]["scheduled_id"], far["scheduled_id"]);
    // The event says for when the message was scheduled.
    let scheduled_for: Value = sqlx::query_scalar(
        "SELECT payload->'scheduled_for' FROM events
         WHERE type = 'message_sent' AND payload #>> '{body,text}' = 'second'",
    )
    .fetch_one(&world.pool)
    .await
    .expect("the message");
    assert_eq!(scheduled_for, second["send_at"]);
}

async fn world_head(pool: &PgPool) -> i64 {
    sqlx::query_scalar("SELECT max(position) FROM events")
        .fetch_one(pool)
        .await
        .expect("a position")
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_of_which_one_is_killed_send_each_message_once() {
    const COUNT: usize = 150;
    let mut world = World::start().await;
    let ann = world.user("ann");
    ann.create_group("team", &["bob"]).await.expect(201);
    let port = ports::find_free();
    let dir = world.dir.join("other");
    std::fs::create_dir_all(&dir).expect("a directory");
    let other = ServiceProcess::start("command-svc", port, &dir, &world.env()).await;
    let _other = other.unwrap_or_else(|words| panic!("{words}"));
    for n in 0..COUNT {
        schedule(&ann, &format!("m{n:03}"), 4).await;
    }
    wait_for_events(&world.pool, "message_sent", 1).await;
    world.kill();
    wait_for_events(&world.pool, "scheduled_message_sent", COUNT).await;
    world.start_service().await;
    world
        .wait_until_projected(world_head(&world.pool).await)
        .await;
    let mut sent = texts(&world.user("ann")).await;
    sent.sort();
    let expected: Vec<String> = (0..COUNT).map(|n| format!("m{n:03}")).collect();
    assert_eq!(sent, expected);
    assert_eq!(
        count_events(&world.pool, "scheduled_message_sent").await,
        COUNT as i64
    );
}

async fn set_list(admin: &Client, name: &str, action: &str, word: &str) {
    let list = json!({ "action": action, "match": "word", "words": [word] });
    let path = format!("/v1/moderation/lists/{name}");
    admin.put(&path, Some(list)).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_count_when_a_message_is_scheduled_changed_and_sent() {
    // Given lists that count
    let world = World::start().await;
    let (admin, ann) = (world.admin(), world.user("ann"));
    ann.create_group("team", &["bob"]).await.expect(201);
    set_list(&admin, "stars", "mask", "trottel").await;
    set_list(&admin, "no", "refuse", "schurke").await;
    let hour = Duration::from_secs(3_600);
    let attempts = std::cell::Cell::new(0);
    let is_refused = |response: &ApiResponse| {
        response.status == 422 && response.json()["code"] == "content_refused"
    };
    eventually("the lists count", async || {
        attempts.set(attempts.get() + 1);
        let sent = ann
            .send("team", &format!("try{}", attempts.get()), "Schurke")
            .await;
        is_refused(&sent).then_some(())
    })
    .await;

    // When such words are scheduled, then they are refused or masked, also by a change
    let refused = ann.schedule("team", "Schurke", hour).await;
    assert!(is_refused(&refused), "{refused}");
    let stranger = world.user("eve").schedule("team", "Schurke", hour).await;
    assert_eq!(stranger.expect_problem(404), "not_found");
    let masked = ann.schedule("team", "Du Trottel", hour).await.expect(202);
    assert_eq!(masked["masked"], true);
    let list = scheduled(&ann, &masked["position"]).await;
    assert_eq!(list[0]["body"]["text"], "Du *******");
    let id = masked["scheduled_id"].as_str().expect("an id");
    let path = format!("/v1/scheduled/{id}");
    let text = |text: &str| json!({ "body": { "text": text } });
    let refused = ann.patch(&path, text("Schurke!")).await;
    assert!(is_refused(&refused), "{refused}");
    let changed = ann.patch(&path, text("ein Trottel")).await.expect(200);
    assert_eq!(changed["masked"], true);
    let list = scheduled(&ann, &changed["position"]).await;
    assert_eq!(list[0]["body"]["text"], "ein *******");
    let fine = ann.patch(&path, text("fine")).await.expect(200);
    assert_eq!(fine.get("masked"), None);

    // When a list comes after a message was scheduled, then it counts when the message is due
    let late = ann
        .schedule("team", "Halunke", Duration::from_secs(4))
        .await;
    assert_eq!(late.expect(202).get("masked"), None);
    let mask = ann
        .schedule("team", "du Knilch", Duration::from_secs(4))
        .await;
    mask.expect(202);
    set_list(&admin, "late", "refuse", "halunke").await;
    set_list(&admin, "later", "mask", "knilch").await;
    wait_for_events(&world.pool, "scheduled_message_failed", 1).await;
    wait_for_events(&world.pool, "scheduled_message_sent", 1).await;
    let head = json!(world_head(&world.pool).await);
    let failed = scheduled(&ann, &head).await;
    let failed = failed.iter().find(|message| message["state"] == "failed");
    assert_eq!(failed.expect("a failure")["code"], "content_refused");
    let sent = texts(&ann).await;
    assert_eq!(sent.last().map(String::as_str), Some("du ******"));
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_sent_for_a_user_who_is_deactivated() {
    let world = World::start().await;
    let (admin, ann, bob) = (world.admin(), world.user("ann"), world.user("bob"));
    ann.create_group("team", &["bob"]).await.expect(201);
    schedule(&bob, "late", 3).await;
    let deactivated = json!({ "deactivated": true });
    admin
        .put("/v1/admin/users/bob", Some(deactivated))
        .await
        .expect(200);
    wait_for_events(&world.pool, "scheduled_message_failed", 1).await;
    let active = json!({ "deactivated": false });
    admin
        .put("/v1/admin/users/bob", Some(active))
        .await
        .expect(200);
    let head = json!(world_head(&world.pool).await);
    let list = eventually("bob can call again", async || {
        let path = format!("/v1/scheduled?min_position={head}");
        let answer = bob.get(&path).await;
        (answer.status == 200).then(|| answer.json()["scheduled"].clone())
    })
    .await;
    assert_eq!(
        (&list[0]["state"], &list[0]["code"]),
        (&json!("failed"), &json!("deactivated"))
    );
    assert_eq!(texts(&ann).await, [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_a_service_schedules_names_the_service() {
    let world = World::start().await;
    let ann = world.user("ann");
    ann.create_group("team", &["bob"]).await.expect(201);
    let now = token::unix_now();
    let token = token::issued_at("desk", now, "service");
    let desk = world.user("desk").with_token(Some(token));
    let due = OffsetDateTime::now_utc() + Duration::from_secs(2);
    let due = Timestamp::from(due).to_string();
    let message = json!({ "client_message_id": "k", "type": "text", "body": { "text": "hi" },
        "send_at": due });
    let path = "/v1/conversations/team/messages";
    let request = desk.request(&Method::POST, path).json(&message);
    let answer = request.header("Tidings-Act-For", "ann").send().await;
    answer.expect(202);
    wait_for_events(&world.pool, "scheduled_message_sent", 1).await;
    let actors: Vec<Option<String>> = sqlx::query_scalar(
        "SELECT actor FROM events WHERE type IN ('message_scheduled', 'message_sent')
         ORDER BY position",
    )
    .fetch_all(&world.pool)
    .await
    .expect("the actors");
    assert_eq!(actors, [Some("desk".to_owned()), Some("desk".to_owned())]);
    assert_eq!(texts(&ann).await, ["hi"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_id_of_a_scheduled_message_is_not_used_for_another_one() {
    let world = World::start().await;
    let ann = world.user("ann");
    ann.create_group("team", &[]).await.expect(201);
    let hour = Duration::from_secs(3_600);
    ann.schedule("team", "key", hour).await.expect(202);
    let at_once = ann.send("team", "key", "key").await;
    assert_eq!(at_once.expect_problem(409), "idempotency_mismatch");
    ann.send("team", "other", "key").await.expect(201);
    let scheduled = ann.schedule("team", "other", hour).await;
    assert_eq!(scheduled.expect_problem(409), "idempotency_mismatch");
}
