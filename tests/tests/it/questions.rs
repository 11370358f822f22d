//! Answers to hard questions: what became of a message, why a user sees it or not, and what the
//! badges showed over time.

use eventually::eventually;
use serde_json::{Value, json};
use tests::client::Client;
use tests::history::{RandomHistory, USERS};
use tests::receiver::{ReceiverReply, SECRET, WebhookReceiver};
use tests::seed::{Rng, seed};
use tests::world::{Settings, World};

fn parse(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// The stage of a trace with this name.
fn stage<'a>(trace: &'a Value, name: &str) -> &'a Value {
    let stages = trace["stages"].as_array().expect("stages");
    let found = stages.iter().find(|stage| stage["stage"] == name);
    found.unwrap_or_else(|| panic!("no stage {name}: {trace}"))
}

/// The recipient of a trace with this name.
fn recipient<'a>(trace: &'a Value, name: &str) -> &'a Value {
    let recipients = trace["recipients"].as_array().expect("recipients");
    let found = recipients
        .iter()
        .find(|recipient| recipient["user"] == name);
    found.unwrap_or_else(|| panic!("no recipient {name}: {trace}"))
}

async fn trace(world: &World, conversation: &str, seq: i64) -> Value {
    let path = format!("/v1/admin/conversations/{conversation}/messages/{seq}/trace");
    world.admin().get_ok(&path).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trace_names_every_stage_and_recipient() {
    let settings = Settings::default()
        .with("TIDINGS_WEBHOOK_ALLOW", "127.0.0.0/8")
        .with("TIDINGS_WEBHOOK_SECRET", SECRET)
        .with("TIDINGS_SEAL_EVERY", "1s");
    let world = World::start_with(settings).await;
    let receiver = WebhookReceiver::start().await;
    world
        .run_ok(&[
            "webhooks",
            "add",
            &receiver.url(),
            "--events",
            "message_sent",
        ])
        .await;
    // Given a message that bob has read, cid's phone has, and dee has not
    let (ann, bob, cid) = (world.user("ann"), world.user("bob"), world.user("cid"));
    ann.create_group("team", &["bob", "cid", "dee"])
        .await
        .expect(201);
    let sent = ann.send("team", "m1", "searchable").await.position();
    bob.read("team", 1).await.expect(200);
    let acked = json!({ "device": "phone", "cursor": sent });
    let last = cid.post("/v1/inbox/ack", acked).await.position();
    world.wait_until_projected(last).await;
    receiver.wait_for_position(sent).await;
    // When everything that follows the log has caught up
    let found = eventually("every stage is done", async || {
        let found = trace(&world, "team", 1).await;
        let stages = found["stages"].as_array().expect("stages").clone();
        let is_done = stages.iter().all(|stage| stage["state"] == "done");
        let is_delivered = found["webhooks"]["events"][0]["state"] == "delivered";
        let is_sealed = stage(&found, "sealed")["position"] == last;
        (is_done && is_delivered && is_sealed).then_some(found)
    })
    .await;
    // Then the trace says so, with times where there are any
    assert_eq!(found["position"], sent);
    for name in ["stored", "mirrored", "sealed"] {
        assert!(stage(&found, name)["at"].is_string(), "{name}: {found}");
    }
    for name in ["projected", "indexed"] {
        let stage = stage(&found, name);
        assert!(stage["at"].is_null(), "{stage}");
        let detail = stage["detail"].as_str().expect("a sentence");
        assert!(detail.contains("not stored"), "{detail}");
    }
    assert_eq!(
        (
            &found["recipient_count"],
            &found["delivered_count"],
            &found["read_count"]
        ),
        (&json!(3), &json!(2), &json!(1))
    );
    let (by_bob, by_cid) = (recipient(&found, "bob"), recipient(&found, "cid"));
    assert!(
        by_bob["is_read"] == true && by_bob["read_at"].is_string(),
        "{by_bob}"
    );
    assert_eq!(by_cid["acknowledged_by"], last);
    assert_eq!(by_cid["devices"][0]["device"], "phone");
    assert_eq!(by_cid["devices"][0]["has_message"], true);
    assert_eq!(recipient(&found, "dee")["devices"], json!([]));
    check_printed_trace(&world, &found).await;
}

/// The command prints what the API answers.
async fn check_printed_trace(world: &World, found: &Value) {
    let data = world.dir.join("data").display().to_string();
    let printed = world
        .run_ok(&["trace", "team", "1", "--json", "--data", &data])
        .await;
    assert_eq!(&parse(&printed), found);
    let text = world.run_ok(&["trace", "team", "1", "--data", &data]).await;
    assert!(text.contains("cid: first acknowledged"), "{text}");
    let missing = world.run(&["trace", "team", "9", "--data", &data]).await;
    assert_eq!(missing.status.code(), Some(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trace_says_who_was_notified() {
    let settings = Settings::default()
        .with("TIDINGS_WEBHOOK_ALLOW", "127.0.0.0/8")
        .with("TIDINGS_WEBHOOK_SECRET", SECRET)
        .with("TIDINGS_WEBHOOK_TRIES", 1)
        .with("TIDINGS_NOTIFY_WINDOW", "200ms");
    let world = World::start_with(settings).await;
    // Given a receiver that refuses the notification of cid,
    let receiver = WebhookReceiver::start().await;
    receiver.reply_with(|delivery| {
        let is_refused = delivery.json()["data"]["user"] == "cid";
        ReceiverReply::Status(if is_refused { 500 } else { 204 })
    });
    let add = ["webhooks", "add", &receiver.url(), "--notifications"];
    world.run_ok(&add).await;
    // when a message reaches nobody who is online,
    let ann = world.user("ann");
    ann.create_group("team", &["bob", "cid"]).await.expect(201);
    ann.send("team", "m1", "hello").await.expect(201);
    let notified = eventually("no notification is pending", async || {
        let found = trace(&world, "team", 1).await["webhooks"]["notifications"].take();
        let notified = found.as_array()?.clone();
        let is_done = notified.iter().all(|it| it["state"] != "pending");
        (is_done && notified.len() >= 2).then_some(notified)
    })
    .await;
    // then the trace says who was notified, and who was not, and why.
    let states: Vec<_> = notified
        .iter()
        .map(|it| (&it["user"], &it["state"]))
        .collect();
    let expected = [
        (&json!("bob"), &json!("settled")),
        (&json!("cid"), &json!("parked")),
    ];
    assert_eq!(states, expected, "{notified:?}");
    let error = notified[1]["error"].as_str().expect("a reason");
    assert!(error.contains("500"), "{error}");
    let webhook = &notified[0]["webhook"];
    let text = world.run_ok(&["trace", "team", "1"]).await;
    for line in [
        format!("notification of bob by webhook {webhook}: settled"),
        format!("notification of cid by webhook {webhook}: parked"),
    ] {
        assert!(text.lines().any(|found| found.starts_with(&line)), "{text}");
    }
    assert!(text.contains(error), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trace_of_an_erased_message_says_who_erased_it() {
    let world = World::start().await;
    let ann = world.user("ann");
    ann.create_group("team", &["bob"]).await.expect(201);
    let sent = ann.send("team", "m1", "secret").await.position();
    let erased = world
        .admin()
        .post(
            "/v1/admin/erasures",
            json!({ "conversation_id": "team", "seq": 1 }),
        )
        .await;
    world.wait_until_projected(erased.position()).await;
    let found = eventually("the content is gone from the stream", async || {
        let found = trace(&world, "team", 1).await;
        let erased = found["stages"]
            .as_array()?
            .iter()
            .find(|stage| stage["stage"] == "erased")?;
        erased["detail"]
            .as_str()?
            .contains("and of the stream")
            .then_some(found.clone())
    })
    .await;
    assert_eq!(stage(&found, "erased")["position"], erased.position());
    assert_eq!(stage(&found, "mirrored")["state"], "absent");
    assert_eq!(found["changes"][0]["type"], "message_erased");
    assert!(!found.to_string().contains("secret"), "{found}");
    let explain = "/v1/admin/conversations/team/messages/1/explain?as_user=bob";
    let explained = world.admin().get_ok(explain).await;
    assert_eq!(
        (&explained["why"], &explained["visible"]),
        (&json!("erased"), &json!(true))
    );
    // As of the time before, bob saw it; its content stays erased.
    let then = world
        .admin()
        .get_ok(&format!("{explain}&as_of={sent}"))
        .await;
    assert_eq!(
        (&then["visible"], &then["has_content"]),
        (&json!(true), &json!(false))
    );
}

/// Compares the explanation of every message for every user with what the API serves.
async fn check_explanations(world: &World, history: &RandomHistory) {
    let admin = world.admin();
    for (id, conversation) in &history.model.conversations {
        for user in USERS {
            let client = history.client(user);
            for seq in 1..=conversation.head() + 1 {
                let served = client
                    .get(&format!("/v1/conversations/{id}/messages/{seq}"))
                    .await;
                let path =
                    format!("/v1/admin/conversations/{id}/messages/{seq}/explain?as_user={user}");
                let explained = admin.get_ok(&path).await;
                assert_eq!(
                    explained["visible"],
                    served.status == 200,
                    "{path}: {explained}"
                );
                let has_content = served.status == 200 && !served.json()["body"].is_null();
                assert_eq!(explained["has_content"], has_content, "{path}: {explained}");
            }
        }
    }
}

/// Compares the counts by user at a position with what the unread query answers as of it.
async fn check_unread_row(admin: &Client, user: &str, row: Option<&Value>, position: i64) {
    let path = format!("/v1/inbox/unread?as_of={position}&as_user={user}");
    let expected = admin.get_ok(&path).await;
    let counts = expected["conversations"].as_object().expect("counts");
    let sum: i64 = counts.values().filter_map(Value::as_i64).sum();
    let total = expected["total"].as_i64().expect("a number");
    let found = row.map_or((0, 0, 0), |row| {
        let number = |field: &str| row[field].as_i64().expect("a number");
        (number("unread"), number("quiet"), number("memberships"))
    });
    assert_eq!(
        found,
        (total, sum - total, counts.len() as i64),
        "{path}: {expected}"
    );
}

fn rows(text: &str) -> Vec<Value> {
    text.lines().map(parse).collect()
}

async fn check_unread_history(world: &World, positions: &[i64]) {
    let admin = world.admin();
    let last = positions.last().expect("a position");
    let by_user = rows(
        &world
            .run_ok(&["log", "unread", "--by", "user", "--json"])
            .await,
    );
    let all = rows(
        &world
            .run_ok(&["log", "unread", "--json", "--every", "hour"])
            .await,
    );
    let by_conversation = world
        .run_ok(&["log", "unread", "--by", "conversation", "--json"])
        .await;
    let final_rows = |rows: &[Value]| -> Vec<Value> {
        let at = |row: &&Value| row["position"] == *last;
        rows.iter().filter(at).cloned().collect()
    };
    let (users, all) = (final_rows(&by_user), final_rows(&all));
    for user in USERS {
        let row = users.iter().find(|row| row["user"] == user);
        check_unread_row(&admin, user, row, *last).await;
    }
    // All groupings have the same sums, in the terminal and over HTTP.
    let sum = |rows: &[Value], field: &str| -> i64 {
        rows.iter().filter_map(|row| row[field].as_i64()).sum()
    };
    let conversations = final_rows(&rows(&by_conversation));
    for field in ["unread", "quiet", "memberships"] {
        let expected = sum(&users, field);
        assert_eq!(sum(&all, field), expected, "{field}");
        assert_eq!(sum(&conversations, field), expected, "{field}");
    }
    let served = admin.get("/v1/admin/unread?by=user").await;
    assert_eq!(served.status, 200, "{served}");
    assert_eq!(rows(&String::from_utf8_lossy(&served.body)), by_user);
}

#[tokio::test(flavor = "multi_thread")]
async fn explanations_and_unread_counts_agree_with_the_queries_for_random_histories() {
    let mut rng = Rng::new(seed("questions"));
    let world = World::start().await;
    let mut history = RandomHistory::start(rng.next_u64(), |user| world.user(user)).await;
    let mut positions = Vec::new();
    for _ in 0..3 {
        history.run_random(80).await;
        world.wait_until_projected(history.head).await;
        positions.push(history.head);
        check_unread_history(&world, &positions).await;
    }
    check_explanations(&world, &history).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn questions_are_for_administrators() {
    let world = World::start().await;
    let ann = world.user("ann");
    ann.create_group("team", &["bob"]).await.expect(201);
    let sent = ann.send("team", "m1", "hello").await.position();
    world.wait_until_projected(sent).await;
    let at = "/v1/admin/conversations/team/messages";
    for path in [
        &format!("{at}/1/trace"),
        &format!("{at}/1/explain"),
        "/v1/admin/unread",
    ] {
        assert_eq!(ann.get(path).await.expect_problem(403), "forbidden");
        assert_eq!(world.anonymous().get(path).await.status, 401, "{path}");
    }
    let admin = world.admin();
    for (path, status) in [
        (format!("{at}/2/trace"), 404),
        (format!("{at}/x/trace"), 400),
        (
            "/v1/admin/conversations/nowhere/messages/1/trace".to_owned(),
            404,
        ),
        ("/v1/admin/unread?every=week".to_owned(), 400),
        ("/v1/admin/unread?by=device".to_owned(), 400),
        ("/v1/admin/unread?user=%00".to_owned(), 400),
    ] {
        admin.get(&path).await.expect_problem(status);
    }
    let text = world.run_ok(&["explain", "dee", "team", "1"]).await;
    assert!(text.contains("dee does not see message 1"), "{text}");
    assert!(text.contains("was never a member"), "{text}");
    let csv = world
        .run_ok(&["log", "unread", "--by", "user", "--csv"])
        .await;
    assert!(
        csv.starts_with("from,position,unread,quiet,memberships,user"),
        "{csv}"
    );
    assert!(
        csv.lines()
            .last()
            .is_some_and(|line| line.contains(",bob,")),
        "{csv}"
    );
}
