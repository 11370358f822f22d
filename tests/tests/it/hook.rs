//! The hook: an outside service that checks messages before they are sent. Here it is a real HTTP
//! server in the test.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use eventually::eventually;
use serde_json::{Value, json};
use tests::api_document::ApiDocument;
use tests::check_service::{CheckReply, CheckService};
use tests::client::Client;
use tests::log;
use tests::response::ApiResponse;
use tests::world::{Settings, World};

use crate::log_exports::contents;

const HOOK: &str = "/v1/moderation/hook";

/// A world in which the service may be on this machine.
pub(crate) async fn start() -> World {
    let settings = Settings::default().with("TIDINGS_WEBHOOK_ALLOW", "127.0.0.0/8");
    let world = World::start_with(settings).await;
    let ann = world.user("ann");
    ann.create_group("team", &["bob"]).await.expect(201);
    world
        .user("prober")
        .create_group("probe", &[])
        .await
        .expect(201);
    world
}

/// A service that decides by the first word of a text.
pub(crate) async fn start_service() -> CheckService {
    let service = CheckService::start().await;
    service.answer_with(|message| {
        let text = message["body"]["text"].as_str().unwrap_or_default();
        match text.split(' ').next().unwrap_or_default() {
            "refuse" => CheckReply::Verdict("refuse", "no spam, please"),
            "hold" => CheckReply::Verdict("hold", "odd words"),
            "late" => CheckReply::Late(Duration::from_secs(2), "allow"),
            "garbage" => CheckReply::Raw(200, "yes".to_owned()),
            "error" => CheckReply::Raw(500, r#"{"verdict":"allow"}"#.to_owned()),
            "huge" => {
                let reason = "x".repeat(20_000);
                let answer = json!({ "verdict": "allow", "reason": reason });
                CheckReply::Raw(200, answer.to_string())
            }
            _ => CheckReply::Verdict("allow", ""),
        }
    });
    service
}

pub(crate) fn hook(service: &CheckService, on_failure: &str) -> Value {
    json!({ "url": service.url(), "timeout_ms": 500, "on_failure": on_failure })
}

async fn probe(world: &World, text: &str) -> ApiResponse {
    static KEYS: AtomicUsize = AtomicUsize::new(0);
    let key = KEYS.fetch_add(1, Ordering::Relaxed).to_string();
    world.user("prober").send("probe", &key, text).await
}

/// Sets the hook and waits until a message with this text gets this status. Returns the secret.
pub(crate) async fn set_hook(world: &World, hook: Value, text: &str, status: u16) -> String {
    let set = world.admin().put(HOOK, Some(hook)).await.expect(200);
    eventually("the hook counts", async || {
        (probe(world, text).await.status == status).then_some(())
    })
    .await;
    set["secret"].as_str().expect("a secret").to_owned()
}

async fn texts(world: &World, client: &Client) -> Vec<String> {
    let head = log::head(&world.pool).await.expect("a head");
    let page = client
        .get_ok(&format!(
            "/v1/conversations/team/messages?after=0&limit=200&min_position={head}"
        ))
        .await;
    let messages = page["messages"].as_array().expect("messages").iter();
    let text = |message: &Value| message["body"]["text"].as_str().unwrap_or("").to_owned();
    messages.map(text).collect()
}

/// The answer while there is no hook.
fn no_hook() -> Value {
    json!({
        "configured": false, "url": null, "types": [], "timeout_ms": null, "on_failure": null,
        "by": null, "at": null,
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn the_hook_is_set_changed_shown_and_removed() {
    let world = start().await;
    let service = start_service().await;
    let (admin, ann) = (world.admin(), world.user("ann"));
    assert_eq!(admin.get_ok(HOOK).await, no_hook());
    let set = admin.put(HOOK, Some(hook(&service, "allow"))).await;
    let set = set.expect(200);
    let secret = set["secret"].as_str().expect("a secret");
    assert!(secret.starts_with("whsec_"), "{set}");

    // Setting it again changes nothing, and a change keeps the secret.
    let again = admin.put(HOOK, Some(hook(&service, "allow"))).await;
    assert_eq!(again.expect(200), set);
    let changed = json!({ "url": service.url(), "types": ["text", "image"], "on_failure": "hold" });
    let changed = admin.put(HOOK, Some(changed)).await.expect(200);
    assert_eq!(changed["secret"], set["secret"]);
    let shown = admin.get_ok(HOOK).await;
    let document = ApiDocument::fetch(&world.anonymous()).await;
    document.check("MessageHook", &shown);
    document.check("MessageHook", &no_hook());
    assert_eq!(shown["configured"], true);
    assert_eq!(
        (&shown["url"], &shown["types"], &shown["timeout_ms"]),
        (
            &json!(service.url()),
            &json!(["image", "text"]),
            &json!(1_000)
        )
    );
    assert_eq!(
        (&shown["on_failure"], &shown["by"]),
        (&json!("hold"), &json!("admin"))
    );

    // Nobody can read the secret afterwards.
    let key = &secret["whsec_".len()..];
    for path in [HOOK, "/v1/events?limit=1000", "/v1/admin/status"] {
        let body = admin.get(path).await.body;
        assert!(!String::from_utf8_lossy(&body).contains(key), "{path}");
    }
    let dir = world.dir.join("export");
    let path = dir.display().to_string();
    world.run_ok(&["log", "export", &path]).await;
    let exported = contents(&dir);
    assert!(exported.contains("hook_set") && !exported.contains(key));
    let in_log: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM log.events WHERE position(convert_to($1, 'UTF8') IN payload) > 0",
    )
    .bind(key)
    .fetch_one(&world.pool)
    .await
    .expect("a count");
    assert_eq!(in_log, 0);

    // Without a hook there is nothing to see. The next one has another secret.
    admin.delete(HOOK).await.expect(200);
    admin.delete(HOOK).await.expect(200);
    assert_eq!(admin.get_ok(HOOK).await, no_hook());
    let next = admin.put(HOOK, Some(hook(&service, "allow"))).await;
    assert_ne!(next.expect(200)["secret"], set["secret"]);
    for answer in [
        ann.put(HOOK, Some(hook(&service, "allow"))).await,
        ann.get(HOOK).await,
        ann.delete(HOOK).await,
    ] {
        assert_eq!(answer.expect_problem(403), "forbidden");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hook_has_an_allowed_address_and_limits() {
    let world = World::start().await;
    let admin = world.admin();
    let hook = |url: &str, timeout_ms: i64, types: Value| json!({ "url": url, "timeout_ms": timeout_ms, "types": types, "on_failure": "allow" });
    let fine = "https://checks.example.org/";
    for (refused, field) in [
        (hook("http://127.0.0.1:9/", 500, json!([])), "url"),
        (hook("https://10.0.0.1/", 500, json!([])), "url"),
        (hook("https://u:p@example.org/", 500, json!([])), "url"),
        (hook("nowhere", 500, json!([])), "url"),
        (hook(fine, 0, json!([])), "timeout_ms"),
        (hook(fine, 10_001, json!([])), "timeout_ms"),
    ] {
        let answer = admin.put(HOOK, Some(refused.clone())).await;
        assert_eq!(answer.status, 422, "{refused}: {answer}");
        assert_eq!(answer.json()["errors"][0]["field"], field, "{refused}");
    }
    for malformed in [
        hook(fine, 500, json!(["letters"])),
        json!({ "url": fine, "on_failure": "shrug" }),
        json!({ "url": fine }),
    ] {
        let answer = admin.put(HOOK, Some(malformed.clone())).await;
        assert_eq!(answer.status, 422, "{malformed}: {answer}");
    }
    assert_eq!(admin.get_ok(HOOK).await, no_hook());
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_are_sent_refused_or_held_as_the_service_says() {
    let world = start().await;
    let service = start_service().await;
    let (ann, bob) = (world.user("ann"), world.user("bob"));
    let secret = set_hook(&world, hook(&service, "allow"), "refuse x", 422).await;

    let message = json!({ "client_message_id": "1", "type": "text", "body": { "text": "hello" },
        "mentions": ["bob"] });
    ann.send_message("team", message).await.expect(201);
    let question = service.questions().pop().expect("a question");
    assert_eq!(
        question,
        json!({ "type": "tidings.moderation_check.v1", "data": {
            "conversation_id": "team", "sender": "ann", "type": "text",
            "body": { "text": "hello" }, "mentions": ["bob"], "reply_to": null, "thread": null } })
    );

    let refused = ann.send("team", "2", "refuse this").await;
    assert_eq!(refused.expect_problem(422), "content_refused");
    assert_eq!(refused.json()["detail"], "no spam, please");

    let held = ann.send("team", "3", "hold this").await.expect(202);
    assert_eq!(held["state"], "held");
    assert!(
        held["held_id"].is_string() && held["position"].is_i64(),
        "{held}"
    );
    assert_eq!(held.get("seq"), None);
    let sent = ann.send("team", "4", "the next").await;
    sent.expect(201);
    world.wait_until_projected(sent.position()).await;
    assert_eq!(texts(&world, &bob).await, ["hello", "the next"]);
    service.assert_signed(&secret);

    // The service gets no questions about what other rules refuse.
    let asked = service.questions().len();
    let stranger = world.user("eve").send("team", "1", "refuse this").await;
    assert_eq!(stranger.expect_problem(404), "not_found");
    let reply = json!({ "client_message_id": "5", "type": "text", "body": { "text": "hold it" },
        "reply_to": 99 });
    ann.send_message("team", reply).await.expect_problem(422);
    let silence = json!({ "reason": "a pause" });
    ann.put("/v1/conversations/team/silences/bob", Some(silence))
        .await
        .expect(200);
    let silenced = bob.send("team", "1", "hold this").await;
    assert_eq!(silenced.expect_problem(403), "silenced");
    assert_eq!(service.questions().len(), asked);

    // Only the types that are named are checked.
    let files = json!({ "url": service.url(), "types": ["file"], "on_failure": "allow" });
    set_hook(&world, files, "refuse x", 201).await;
    ann.send("team", "6", "refuse this").await.expect(201);
}

/// The texts whose answers are no verdict.
const FAILURES: [&str; 5] = ["late x", "garbage x", "error x", "huge x", "elsewhere x"];

#[tokio::test(flavor = "multi_thread")]
async fn without_a_verdict_on_failure_decides() {
    let world = start().await;
    let mut service = CheckService::start().await;
    let elsewhere = CheckService::start().await;
    let ann = world.user("ann");
    let location = elsewhere.url();
    service.answer_with(move |message| {
        let text = message["body"]["text"].as_str().unwrap_or_default();
        match text.split(' ').next().unwrap_or_default() {
            "late" => CheckReply::Late(Duration::from_secs(3), "allow"),
            "garbage" => CheckReply::Raw(200, r#"{"verdict":"perhaps"}"#.to_owned()),
            "error" => CheckReply::Raw(500, r#"{"verdict":"allow"}"#.to_owned()),
            "huge" => CheckReply::Raw(
                200,
                format!(r#"{{"verdict":"allow","x":"{}"}}"#, "x".repeat(20_000)),
            ),
            _ => CheckReply::Redirect(location.clone()),
        }
    });
    for (on_failure, status) in [("hold", 202), ("refuse", 422), ("allow", 201)] {
        set_hook(&world, hook(&service, on_failure), "garbage x", status).await;
        for text in FAILURES {
            let began = Instant::now();
            let sent = ann
                .send("team", &format!("{on_failure} {text}"), text)
                .await;
            assert_eq!(sent.status, status, "{on_failure}, {text}: {sent}");
            if status == 422 {
                assert_eq!(sent.expect_problem(422), "content_refused");
            }
            assert!(began.elapsed() < Duration::from_secs(3), "{text}");
        }
        service.stop().await;
        let sent = ann
            .send("team", &format!("{on_failure} down"), "hello")
            .await;
        assert_eq!(sent.status, status, "{on_failure}, down: {sent}");
        service.restart().await;
    }
    assert_eq!(elsewhere.questions().len(), 0);
    assert_eq!(texts(&world, &ann).await.len(), FAILURES.len() + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_send_gets_its_answer_without_a_second_question() {
    let world = start().await;
    let service = start_service().await;
    let ann = world.user("ann");
    set_hook(&world, hook(&service, "allow"), "refuse x", 422).await;
    let sent = ann.send("team", "sent", "hello").await;
    let held = ann.send("team", "held", "hold this").await;
    assert_eq!((sent.status, held.status), (201, 202));
    let asked = service.questions().len();
    let replayed = ann.send("team", "sent", "hello").await;
    assert!(replayed.is_replay(), "{replayed}");
    assert_eq!((replayed.status, replayed.json()), (200, sent.json()));
    let replayed = ann.send("team", "held", "hold this").await;
    assert!(replayed.is_replay(), "{replayed}");
    assert_eq!((replayed.status, replayed.json()), (200, held.json()));
    let other = ann.send("team", "held", "hold that").await;
    assert_eq!(other.expect_problem(409), "idempotency_mismatch");
    assert_eq!(service.questions().len(), asked);

    // Of several at the same time, one is asked about.
    for (key, text, statuses) in [("s", "hello", [201, 200]), ("h", "hold it", [202, 200])] {
        let sends = (0..8).map(|_| ann.send("team", key, text));
        let answers = futures::future::join_all(sends).await;
        let is_expected = |answer: &ApiResponse| statuses.contains(&answer.status);
        assert!(answers.iter().all(is_expected), "{text}");
        let positions: Vec<i64> = answers.iter().map(ApiResponse::position).collect();
        assert!(
            positions.iter().all(|known| *known == positions[0]),
            "{positions:?}"
        );
    }
    assert_eq!(service.questions().len(), asked + 2);

    // The answer is the same without a hook, and after a restart.
    world.admin().delete(HOOK).await.expect(200);
    eventually("there is no hook", async || {
        (probe(&world, "refuse x").await.status == 201).then_some(())
    })
    .await;
    let replayed = ann.send("team", "held", "hold this").await;
    assert_eq!((replayed.status, replayed.json()), (200, held.json()));
}

async fn assert_edits_are_checked(world: &World, service: &CheckService, seq: &Value) {
    let ann = world.user("ann");
    let path = format!("/v1/conversations/team/messages/{seq}");
    let edit = |text: &str| json!({ "body": { "text": text } });
    let refused = ann.put(&path, Some(edit("refuse me"))).await;
    assert_eq!(refused.json()["detail"], "no spam, please");
    let held = ann.put(&path, Some(edit("hold me"))).await;
    assert_eq!(held.expect_problem(422), "content_refused");
    let question = service.questions().pop().expect("a question");
    assert_eq!(question["data"]["seq"], *seq);
    ann.put(&path, Some(edit("fine"))).await.expect(200);
    let stranger = world.user("eve").put(&path, Some(edit("hold me"))).await;
    stranger.expect_problem(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn batches_edits_and_scheduled_messages_are_checked() {
    let world = start().await;
    let service = start_service().await;
    let (ann, bob) = (world.user("ann"), world.user("bob"));
    let first = ann.send("team", "first", "hello").await.expect(201);
    set_hook(&world, hook(&service, "allow"), "refuse x", 422).await;

    let line = |key: &str, text: &str| {
        json!({ "op": "send", "conversation_id": "team", "client_message_id": key, "type": "text",
            "body": { "text": text } })
    };
    let lines = json!([
        line("b1", "one"),
        line("b2", "refuse two"),
        line("b3", "hold three"),
        line("b4", "four"),
        line("b1", "one"),
        { "op": "edit", "conversation_id": "team", "seq": first["seq"], "body": { "text": "refuse me" } },
        { "op": "edit", "conversation_id": "team", "seq": first["seq"], "body": { "text": "hello!" } },
    ]);
    let batch = ann.post("/v1/batch", lines.clone()).await.expect(200);
    let statuses = |batch: &Value| -> Vec<i64> {
        let lines = batch.as_array().expect("lines").iter();
        lines
            .map(|line| line["status"].as_i64().unwrap_or_default())
            .collect()
    };
    assert_eq!(
        statuses(&batch),
        [201, 422, 202, 201, 200, 422, 200],
        "{batch}"
    );
    assert_eq!(batch[2]["state"], "held");
    assert_eq!(texts(&world, &bob).await, ["hello!", "one", "four"]);
    let asked = service.questions().len();
    let again = ann.post("/v1/batch", lines).await.expect(200);
    assert_eq!(
        statuses(&again),
        [200, 422, 200, 200, 200, 422, 200],
        "{again}"
    );
    assert_eq!(again[2]["held_id"], batch[2]["held_id"]);
    // What was refused is asked about again, and what changes nothing is not.
    assert_eq!(service.questions().len(), asked + 2);

    assert_edits_are_checked(&world, &service, &first["seq"]).await;

    for text in ["later", "refuse later", "hold later"] {
        let due = Duration::from_secs(2);
        ann.schedule("team", text, due).await.expect(202);
    }
    assert!(!service.texts().iter().any(|text| text == "later"));
    let (scheduled, held) = eventually("they are decided", async || {
        let scheduled = ann.get_ok("/v1/scheduled").await["scheduled"].clone();
        let held = ann.get_ok("/v1/held").await["held"].clone();
        let texts = texts(&world, &bob).await;
        let is_failed = scheduled
            .as_array()?
            .iter()
            .all(|one| one["state"] == "failed");
        (is_failed && texts.last()? == "later" && held.as_array()?.len() == 2)
            .then_some((scheduled, held))
    })
    .await;
    assert_eq!(scheduled.as_array().map(Vec::len), Some(1), "{scheduled}");
    assert_eq!(scheduled[0]["code"], "content_refused");
    assert_eq!(held[1]["body"]["text"], "hold later");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_service_keeps_nobody_else_waiting() {
    let world = start().await;
    let service = start_service().await;
    let (ann, bob) = (world.user("ann"), world.user("bob"));
    let slow = json!({ "url": service.url(), "timeout_ms": 5_000, "on_failure": "refuse" });
    set_hook(&world, slow, "refuse x", 422).await;
    let began = Instant::now();
    let late = ann.send("team", "late", "late x");
    let others = async {
        for n in 0..5 {
            bob.send("team", &n.to_string(), "hello").await.expect(201);
        }
        began.elapsed()
    };
    let (late, others) = tokio::join!(late, others);
    late.expect(201);
    assert!(began.elapsed() >= Duration::from_secs(2));
    assert!(others < Duration::from_secs(2), "{others:?}");
    assert_eq!(
        texts(&world, &ann).await.last().map(String::as_str),
        Some("late x")
    );
}
