//! Held messages: nobody but their sender and moderators sees them, and they are released or
//! refused once, even if the server is killed meanwhile or two moderators decide at the same time.

use std::sync::Arc;

use eventually::eventually;
use futures::future::join_all;
use serde_json::{Value, json};
use tests::check_service::CheckService;
use tests::client::{BaseUrls, Client};
use tests::live::LiveSocket;
use tests::response::ApiResponse;
use tests::routes::{Access, ROUTES};
use tests::service::ServiceProcess;
use tests::world::World;
use tests::{ports, token};

use crate::hook::{hook, set_hook, start, start_service};

/// A word that is nowhere but in held messages.
const WORD: &str = "xylophonic";

/// A world with a hook that holds texts which begin with `hold`.
async fn start_with_hook() -> (World, CheckService) {
    let world = start().await;
    let service = start_service().await;
    set_hook(&world, hook(&service, "allow"), "refuse x", 422).await;
    (world, service)
}

/// Sends a text that is held. Returns the answer.
async fn hold(client: &Client, key: &str, text: &str) -> Value {
    let held = client.send("team", key, &format!("hold {text}")).await;
    held.expect(202)
}

async fn held(client: &Client) -> Vec<Value> {
    let page = client.get_ok("/v1/held").await;
    page["held"].as_array().cloned().expect("a list")
}

/// The id of the open case about a held message.
async fn case_of(moderator: &Client, sender: &str, held: &Value) -> String {
    let path = "/v1/moderation/cases?state=open&limit=200";
    eventually("the message has a case", async || {
        let page = moderator.get_ok(path).await;
        let is_wanted = |case: &&Value| {
            let target = &case["target"];
            target["held_id"] == held["held_id"] && target["user"] == sender
        };
        let case = page["cases"].as_array()?.iter().find(is_wanted)?.clone();
        assert_eq!(case["kind"], "held");
        case["id"].as_str().map(str::to_owned)
    })
    .await
}

async fn resolve(moderator: &Client, case: &str, action: &str) -> ApiResponse {
    let decision = json!({ "action": action, "note": "a decision" });
    let path = format!("/v1/moderation/cases/{case}/resolve");
    moderator.post(&path, decision).await
}

async fn texts(world: &World, client: &Client) -> Vec<String> {
    let head = head(world).await;
    let page = client
        .get_ok(&format!(
            "/v1/conversations/team/messages?after=0&limit=200&min_position={head}"
        ))
        .await;
    let messages = page["messages"].as_array().expect("messages").iter();
    let text = |message: &Value| message["body"]["text"].as_str().unwrap_or("").to_owned();
    messages.map(text).collect()
}

async fn entries(client: &Client, position: i64, kind: &str) -> Vec<Value> {
    let path = format!("/v1/inbox/entries?limit=1000&min_position={position}");
    let page = client.get_ok(&path).await;
    let entries = page["entries"].as_array().cloned().expect("entries");
    entries
        .into_iter()
        .filter(|entry| entry["type"] == kind)
        .collect()
}

async fn head(world: &World) -> i64 {
    sqlx::query_scalar("SELECT max(position) FROM events")
        .fetch_one(&world.pool)
        .await
        .expect("a position")
}

async fn assert_shown_to_sender(sender: &Client, held_message: &Value, position: i64) {
    let own = held(sender).await;
    assert_eq!(own.len(), 1);
    assert_eq!(
        (&own[0]["held_id"], &own[0]["conversation_id"]),
        (&held_message["held_id"], &json!("team"))
    );
    assert_eq!(own[0]["body"]["text"], format!("hold {WORD}"));
    assert_eq!(own[0]["client_message_id"], "h");
    let noticed = entries(sender, position, "message_held").await;
    assert_eq!(noticed.len(), 1);
    assert_eq!(
        noticed[0]["data"],
        json!({ "held_id": held_message["held_id"], "conversation_id": "team" })
    );
    let scheduled = sender.get_ok("/v1/scheduled").await;
    assert_eq!(scheduled["scheduled"], json!([]));
}

/// Asks every route that reads as a user. `WORD` in the question may be in the answer.
async fn assert_no_route_shows_it(client: &Client) {
    let reads = ROUTES.iter().filter(|route| {
        let is_read = !route.is_command() && route.template != "/v1/live";
        is_read && matches!(route.access, Access::Member | Access::User)
    });
    for route in reads {
        for query in [String::new(), format!("?q={WORD}"), "?limit=200".to_owned()] {
            let path = format!("{}{query}", route.message_path("team", "2"));
            let body = client.get(&path).await.body;
            let body = String::from_utf8_lossy(&body);
            assert!(!body.contains(&format!("hold {WORD}")), "{path}: {body}");
            assert!(!body.contains("message_held"), "{path}: {body}");
        }
    }
    assert_eq!(held(client).await, [Value::Null; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_else_sees_a_held_message() {
    let (world, _service) = start_with_hook().await;
    let (ann, bob, eve) = (world.user("ann"), world.user("bob"), world.user("eve"));
    ann.send("team", "first", "hello").await.expect(201);
    let mut live = LiveSocket::open(&world.address(), &token::for_user("bob"), "")
        .await
        .expect("open");
    live.wait_until_caught_up().await;
    let message = json!({ "client_message_id": "h", "type": "text", "mentions": ["bob"],
        "body": { "text": format!("hold {WORD}") } });
    let held_message = ann.send_message("team", message).await.expect(202);
    let last = ann.send("team", "last", "hello again").await.expect(201);
    assert_eq!(last["seq"], 2);
    let position = last["position"].as_i64().expect("a position");
    world.wait_until_projected(position).await;

    // The sender sees it, also after a reload.
    assert_shown_to_sender(&ann, &held_message, position).await;

    // By no route does anybody else.
    live.wait_for_position(position).await;
    assert!(
        !format!("{:?}", live.entries).contains("held"),
        "{:?}",
        live.entries
    );
    for client in [&bob, &eve] {
        assert_no_route_shows_it(client).await;
    }
    let search = format!("/v1/search?q={WORD}&min_position={position}");
    for client in [&ann, &bob, &eve] {
        let found = eventually("the search answers", async || {
            let answer = client.get(&search).await;
            (answer.status == 200).then(|| answer.json())
        })
        .await;
        assert_eq!(found["total"], 0, "{found}");
    }
    let unread = bob.get_ok("/v1/inbox/unread").await.to_string();
    assert!(unread.contains("\"total\":2"), "{unread}");
    let case = case_of(&world.admin(), "ann", &held_message).await;
    for client in [&bob, &eve] {
        let case = client.get(&format!("/v1/moderation/cases/{case}")).await;
        assert!([403, 404].contains(&case.status), "{case}");
    }
    // The user's own export has it, and that of others has not.
    for (user, expected) in [("ann", true), ("bob", false)] {
        let exported = world.run_ok(&["export-user", user]).await;
        assert_eq!(exported.contains(WORD), expected, "{exported}");
    }
    world.run_ok(&["verify"]).await;
    let rebuilt = world.run_ok(&["rebuild"]).await;
    assert!(rebuilt.contains("identical"), "{rebuilt}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_released_message_is_sent_as_new_and_a_refused_one_is_gone() {
    let (world, _service) = start_with_hook().await;
    let (admin, ann, bob) = (world.admin(), world.user("ann"), world.user("bob"));
    let good = hold(&ann, "good", "good").await;
    let bad = hold(&ann, "bad", WORD).await;
    ann.send("team", "between", "between").await.expect(201);
    let (good_case, bad_case) = (
        case_of(&admin, "ann", &good).await,
        case_of(&admin, "ann", &bad).await,
    );
    let shown = admin
        .get_ok(&format!("/v1/moderation/cases/{good_case}"))
        .await;
    assert_eq!(shown["excerpt"], "hold good", "{shown}");
    assert!(shown.to_string().contains("odd words"), "{shown}");

    // When one is released, then it is a new message
    let released = resolve(&admin, &good_case, "release").await;
    released.expect(200);
    assert_eq!(texts(&world, &bob).await, ["between", "hold good"]);
    let position = released.position();
    let noticed = entries(&ann, position, "held_message_released").await;
    assert_eq!(noticed[0]["data"]["seq"], 2);
    assert_eq!(noticed[0]["data"]["held_id"], good["held_id"]);
    let page = ann.get_ok("/v1/conversations/team/messages?after=0").await;
    assert_eq!(page["messages"][1]["client_message_id"], "good");
    let actor: Option<String> = sqlx::query_scalar(
        "SELECT actor FROM events WHERE type = 'message_sent' AND payload #>> '{body,text}' = 'hold good'",
    )
    .fetch_one(&world.pool)
    .await
    .expect("an event");
    assert_eq!(actor.as_deref(), Some("admin"));

    // When one is refused, then its sender learns it, and the text is gone
    let refused = resolve(&admin, &bad_case, "refuse").await;
    refused.expect(200);
    let noticed = entries(&ann, refused.position(), "message_refused").await;
    assert_eq!(
        noticed[0]["data"],
        json!({ "held_id": bad["held_id"], "conversation_id": "team",
            "reason": "content_refused" })
    );
    assert_eq!(held(&ann).await, [Value::Null; 0]);
    assert_eq!(texts(&world, &bob).await, ["between", "hold good"]);
    eventually("the text is erased", async || {
        let left: i64 = sqlx::query_scalar(
            "SELECT count(*) FROM log.events WHERE position(convert_to($1, 'UTF8') IN payload) > 0",
        )
        .bind(WORD)
        .fetch_one(&world.pool)
        .await
        .expect("a count");
        (left == 0).then_some(())
    })
    .await;

    // What is decided stays decided, and a repeated send gets the first answer.
    let again = resolve(&admin, &bad_case, "release").await;
    assert!([200, 409, 422].contains(&again.status), "{again}");
    assert_eq!(texts(&world, &bob).await.len(), 2);
    let replayed = ann.send("team", "good", "hold good").await;
    assert_eq!((replayed.status, replayed.json()), (200, good));
    let data = world.dir.join("data").display().to_string();
    world.run_ok(&["log", "seal", "--data", &data]).await;
    world.run_ok(&["log", "verify", "--data", &data]).await;
    let rebuilt = world.run_ok(&["rebuild"]).await;
    assert!(rebuilt.contains("identical"), "{rebuilt}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_rules_apply_again_when_a_message_is_released() {
    let (world, _service) = start_with_hook().await;
    let (admin, ann, bob) = (world.admin(), world.user("ann"), world.user("bob"));
    let message = hold(&bob, "1", "it").await;
    let case = case_of(&admin, "bob", &message).await;
    bob.delete("/v1/conversations/team/members/bob")
        .await
        .expect(200);
    let released = resolve(&admin, &case, "release").await;
    released.expect(200);
    assert_eq!(texts(&world, &ann).await, [""; 0]);
    let noticed = entries(&bob, released.position(), "message_refused").await;
    assert_eq!(noticed.len(), 1);
    assert_eq!(noticed[0]["data"]["reason"], "not_found");
    assert_eq!(noticed[0]["conversation_id"], Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_erased_or_under_a_legal_hold() {
    let (world, _service) = start_with_hook().await;
    let (admin, ann, bob) = (world.admin(), world.user("ann"), world.user("bob"));
    let first = hold(&bob, "1", WORD).await;
    let case = case_of(&admin, "bob", &first).await;
    let legal_hold = json!({ "user": "bob", "reason": "a court" });
    admin
        .put("/v1/admin/holds/h", Some(legal_hold))
        .await
        .expect(200);
    let refused = resolve(&admin, &case, "refuse").await;
    assert_eq!(refused.expect_problem(409), "held");
    assert_eq!(held(&bob).await.len(), 1);
    admin.delete("/v1/admin/holds/h").await.expect(200);

    let second = hold(&ann, "2", WORD).await;
    case_of(&admin, "ann", &second).await;
    let erased = admin
        .post("/v1/admin/erasures", json!({ "user": "bob" }))
        .await;
    erased.expect(200);
    let noticed = entries(&bob, erased.position(), "message_refused").await;
    assert_eq!(noticed[0]["data"]["reason"], "erased");
    let erased = admin
        .post("/v1/admin/erasures", json!({ "conversation_id": "team" }))
        .await;
    erased.expect(200);
    world.wait_until_projected(head(&world).await).await;
    assert_eq!(held(&ann).await, [Value::Null; 0]);
    eventually("the text is erased", async || {
        let left: i64 = sqlx::query_scalar(
            "SELECT count(*) FROM log.events WHERE position(convert_to($1, 'UTF8') IN payload) > 0",
        )
        .bind(WORD)
        .fetch_one(&world.pool)
        .await
        .expect("a count");
        (left == 0).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_is_released_once_although_the_server_is_killed() {
    const COUNT: usize = 40;
    let (mut world, _service) = start_with_hook().await;
    let (admin, ann) = (world.admin(), world.user("ann"));
    let mut cases = Vec::with_capacity(COUNT);
    for n in 0..COUNT {
        let message = hold(&ann, &format!("m{n:02}"), &format!("m{n:02}")).await;
        cases.push(case_of(&admin, "ann", &message).await);
    }
    // When the server is killed while it releases them
    let releasing = tokio::spawn({
        let (admin, cases) = (world.admin(), cases.clone());
        async move {
            for case in cases {
                let decision = json!({ "action": "release", "note": "fine" });
                let path = format!("/v1/moderation/cases/{case}/resolve");
                let request = admin.request(&reqwest::Method::POST, &path);
                if request.json(&decision).try_send().await.is_err() {
                    return;
                }
            }
        }
    });
    let sent = "SELECT count(*) FROM events WHERE type = 'message_sent' AND payload->>'conversation' = 'team'
                OR type = 'held_message_released'";
    eventually("some are released", async || {
        let sent: i64 = sqlx::query_scalar(sent).fetch_one(&world.pool).await.ok()?;
        (sent > COUNT as i64 / 4).then_some(())
    })
    .await;
    world.kill();
    releasing.await.expect("the task ends");
    world.start_service().await;
    // Then a second call finishes what was left
    let admin = world.admin();
    for case in &cases {
        resolve(&admin, case, "release").await.expect(200);
    }
    world.wait_until_projected(head(&world).await).await;
    let mut sent = texts(&world, &world.user("ann")).await;
    sent.sort();
    let expected: Vec<String> = (0..COUNT).map(|n| format!("hold m{n:02}")).collect();
    assert_eq!(sent, expected);
    assert_eq!(held(&world.user("ann")).await, [Value::Null; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_processes_one_decides() {
    const COUNT: usize = 20;
    let (world, _service) = start_with_hook().await;
    let port = ports::find_free();
    let dir = world.dir.join("other");
    std::fs::create_dir_all(&dir).expect("a directory");
    let other = ServiceProcess::start("command-svc", port, &dir, &world.env()).await;
    let _other = other.unwrap_or_else(|words| panic!("{words}"));
    let here = world.admin();
    let there = here.at(Arc::new(BaseUrls {
        commands: format!("http://127.0.0.1:{port}"),
        queries: format!("http://{}", world.address()),
    }));
    let ann = world.user("ann");
    let mut cases = Vec::with_capacity(COUNT);
    for n in 0..COUNT {
        let message = hold(&ann, &format!("m{n}"), &format!("m{n}")).await;
        cases.push(case_of(&here, "ann", &message).await);
    }
    // When one process releases each message and the other one refuses it
    let decisions = cases.iter().map(async |case| {
        tokio::join!(
            resolve(&here, case, "release"),
            resolve(&there, case, "refuse")
        )
    });
    let decisions = join_all(decisions).await;
    world.wait_until_projected(head(&world).await).await;
    // Then each message is either sent or refused
    let sent = texts(&world, &ann).await;
    let refused = entries(&ann, head(&world).await, "message_refused").await;
    let released = entries(&ann, head(&world).await, "held_message_released").await;
    assert_eq!(sent.len() + refused.len(), COUNT, "{decisions:?}");
    assert_eq!(released.len(), sent.len());
    let distinct: std::collections::BTreeSet<&String> = sent.iter().collect();
    assert_eq!(distinct.len(), sent.len());
    assert_eq!(held(&ann).await, [Value::Null; 0]);
}
