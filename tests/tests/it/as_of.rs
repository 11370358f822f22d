//! Travel in time: `as_of` answers what the same call answered then.

use serde_json::{Value, json};
use tests::client::Client;
use tests::history::{RandomHistory, USERS};
use tests::response::ApiResponse;
use tests::seed::{Rng, seed};
use tests::token;
use tests::world::World;

/// Acts of the history, and moments at which everything is recorded. More with `make as-of`.
const ACTS: usize = 400;
const MOMENTS: usize = 12;

/// A call, and what it answered when it was made.
struct Recorded {
    user: &'static str,
    path: String,
    position: i64,
    status: u16,
    body: Value,
}

fn number(name: &str, otherwise: usize) -> usize {
    std::env::var(name).map_or(otherwise, |text| text.parse().expect(name))
}

/// How far the read models were, or are said to have been.
fn at(answer: &ApiResponse) -> i64 {
    let position = answer.header("tidings-position");
    position.parse().unwrap_or_else(|_| panic!("{answer}"))
}

fn body(answer: &ApiResponse) -> Value {
    let mut body = answer.json();
    // Every refusal has a number of its own.
    if answer.status >= 400 {
        body = body["code"].take();
    }
    body
}

/// Every call that knows of the past, for one user.
async fn paths(client: &Client, rng: &mut Rng) -> Vec<String> {
    let mut paths: Vec<String> = ["/v1/inbox", "/v1/inbox?archived=true", "/v1/inbox?limit=2"]
        .map(str::to_owned)
        .into();
    paths.push("/v1/inbox/unread".to_owned());
    let mut ids: Vec<String> = vec!["g1".into(), "g2".into(), "g3".into(), "g4".into()];
    for archived in ["false", "true"] {
        let inbox = client
            .get_ok(&format!("/v1/inbox?archived={archived}"))
            .await;
        let listed = inbox["conversations"].as_array().expect("a list");
        ids.extend(
            listed
                .iter()
                .filter_map(|row| Some(row["id"].as_str()?.to_owned())),
        );
    }
    ids.sort();
    ids.dedup();
    for id in ids {
        let at = format!("/v1/conversations/{id}");
        let head = client.get(&at).await.json()["head_seq"]
            .as_i64()
            .unwrap_or(0);
        let seq = rng.between(1, head.max(1));
        paths.extend([
            format!("/v1/inbox/unread/{id}/explain"),
            at.clone(),
            format!("{at}/members"),
            format!("{at}/members?limit=1"),
            format!("{at}/messages?limit=50"),
            format!("{at}/messages?around={seq}"),
            format!("{at}/messages/{seq}"),
            format!("{at}/messages/{seq}/history"),
            format!("{at}/messages/{seq}/receipts"),
        ]);
    }
    paths
}

#[tokio::test(flavor = "multi_thread")]
async fn as_of_answers_what_was_answered_then() {
    let mut rng = Rng::new(seed("as_of"));
    let (acts, moments) = (number("ACTS", ACTS), number("MOMENTS", MOMENTS));
    let mut world = World::start().await;
    let mut history = RandomHistory::start(rng.next_u64(), |user| world.user(user)).await;
    let mut recorded = Vec::new();
    for _ in 0..moments {
        let some = rng.between(1, (2 * acts / moments) as i64 - 1);
        for _ in 0..some / 8 + 1 {
            history.run_random(8).await;
            let user = *rng.pick(&USERS);
            let device = *rng.pick(&["phone", "tablet"]);
            let acked = json!({ "device": device, "cursor": rng.between(1, history.head) });
            let acked = history.client(user).post("/v1/inbox/ack", acked).await;
            acked.expect(200);
            history.head = history.head.max(acked.position());
            decorate(&mut history, user, &mut rng).await;
        }
        for user in [*rng.pick(&USERS), *rng.pick(&USERS)] {
            let client = history.client(user);
            let fresh = format!("/v1/inbox?min_position={}", history.head);
            let position = at(&client.get(&fresh).await);
            for path in paths(&client, &mut rng).await {
                let answer = client.get(&path).await;
                let (status, body) = (answer.status, body(&answer));
                recorded.push(Recorded {
                    user,
                    path,
                    position,
                    status,
                    body,
                });
            }
        }
    }
    assert!(recorded.iter().filter(|it| it.status == 200).count() > moments * 20);
    assert!(recorded.iter().any(|it| it.status == 404));
    eprintln!("{} events, {} answers", history.head, recorded.len());
    equal(&world, &recorded).await;
    // Tables that were folded anew from the log know the same past.
    world.stop();
    rebuild(&world).await;
    world.start_service().await;
    equal(&world, &recorded).await;
}

/// What the history's own acts leave out: reactions, and titles. What is refused changes nothing.
async fn decorate(history: &mut RandomHistory, user: &str, rng: &mut Rng) {
    let client = history.client(user);
    let group = *rng.pick(&["g1", "g2", "g3"]);
    let at = format!("/v1/conversations/{group}");
    let seq = rng.between(1, 20);
    let key = *rng.pick(&["+1", "heart"]);
    let reaction = format!("{at}/messages/{seq}/reactions/{key}");
    let answer = match rng.below(4) {
        0 => client.delete(&reaction).await,
        1 => {
            let title = format!("title {}", rng.below(1000));
            client.patch(&at, json!({ "title": title })).await
        }
        _ => client.put(&reaction, None).await,
    };
    if answer.status < 300 {
        history.head = history.head.max(answer.position());
    }
}

async fn rebuild(world: &World) {
    let output = world.run(&["rebuild"]).await;
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
}

async fn equal(world: &World, recorded: &[Recorded]) {
    let admin = world.admin();
    for then in recorded {
        let and = if then.path.contains('?') { '&' } else { '?' };
        let Recorded {
            user,
            path,
            position,
            ..
        } = then;
        let asked = format!("{path}{and}as_of={position}&as_user={user}");
        let answer = admin.get(&asked).await;
        assert_eq!(answer.status, then.status, "{asked}: {answer}");
        assert_eq!(at(&answer), *position, "{asked}");
        // A cursor is signed for its listing, and that is the same.
        assert_eq!(body(&answer), then.body, "{asked}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_past_is_for_administrators_and_has_bounds() {
    let world = World::start().await;
    let (ann, admin) = (world.user("ann"), world.admin());
    let made = ann.create_group("room", &["ben"]).await.position();
    let sent = ann.send("room", "m1", "as it was").await.position();
    let one = "/v1/conversations/room/messages/1";
    let edited = ann
        .put(one, Some(json!({ "body": { "text": "as it is" } })))
        .await;
    edited.expect(200);
    let recalled = ann.delete(one).await.position();
    ann.get_ok(&format!("/v1/inbox?min_position={recalled}"))
        .await;
    for asked in ["as_of=1", "as_user=ben", "as_of=2&as_user=ann"] {
        ann.get(&format!("/v1/inbox?{asked}"))
            .await
            .expect_problem(403);
    }
    let ann_too = ann.with_token(Some(token::for_admin("ann")));
    // Administrators see what they saw themselves, and what was recalled since.
    let text = |answer: Value| answer["body"]["text"].clone();
    let then = async |position: i64| ann_too.get_ok(&format!("{one}?as_of={position}")).await;
    assert_eq!(text(then(sent).await), "as it was");
    assert_eq!(text(then(sent + 1).await), "as it is");
    assert_eq!(then(recalled).await["body"], Value::Null);
    ann_too
        .get(&format!("{one}?as_of={made}"))
        .await
        .expect_problem(404);
    admin
        .get(&format!("{one}?as_of={sent}"))
        .await
        .expect_problem(404);
    assert_eq!(
        ann_too.get_ok("/v1/inbox?as_of=0").await["conversations"],
        json!([])
    );
    // Times are moments, too.
    let event = format!("/v1/events?after={}&limit=1", sent - 1);
    let event: Value = serde_json::from_slice(&admin.get(&event).await.body).expect("an event");
    let time = event["time"].as_str().expect("a time");
    let by_time = ann_too.get(&format!("{one}?as_of={time}")).await;
    by_time.expect(200);
    let by_time = at(&by_time);
    assert!((sent..=recalled).contains(&by_time), "{by_time}");
    let long_ago = format!("{one}?as_of=2001-01-01T00:00:00Z");
    ann_too.get(&long_ago).await.expect_problem(404);
    for bad in ["yesterday", "-1", "1.5", &(recalled + 1).to_string()] {
        let answer = admin.get(&format!("/v1/inbox?as_of={bad}")).await;
        answer.expect_problem(400);
        assert_eq!(answer.json()["errors"][0]["field"], "as_of", "{answer}");
    }
    // No call takes the present for the past in silence.
    for path in [
        "/v1/inbox/entries?after=0",
        "/v1/outbox?limit=1",
        "/v1/search?q=was",
        "/v1/blocks?x=1",
    ] {
        let answer = admin.get(&format!("{path}&as_of=1")).await;
        answer.expect_problem(400);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_that_were_not_folded_anew_say_from_where_on_they_know() {
    let mut world = World::start().await;
    let ann = world.user("ann").with_token(Some(token::for_admin("ann")));
    ann.create_group("room", &["ben"]).await.expect(201);
    let sent = ann.send("room", "m1", "x").await.position();
    ann.get_ok(&format!("/v1/inbox?min_position={sent}")).await;
    // As a migration leaves them.
    let upgraded =
        "UPDATE read.checkpoint SET past_from = position; TRUNCATE read.conversation_history;
        INSERT INTO read.conversation_history
        SELECT c.id, k.position, c.activity, c.title, c.history, c.member_count
        FROM read.conversations c CROSS JOIN read.checkpoint k";
    sqlx::raw_sql(upgraded)
        .execute(&world.pool)
        .await
        .expect("written");
    let before = ann.get(&format!("/v1/inbox?as_of={}", sent - 1)).await;
    before.expect_problem(400);
    assert!(before.to_string().contains("tidings rebuild"), "{before}");
    let then = ann.get_ok(&format!("/v1/inbox?as_of={sent}")).await;
    assert_eq!(then["conversations"].as_array().map(Vec::len), Some(1));
    let verified = world.run(&["verify"]).await;
    assert!(
        verified.status.success(),
        "what is not known is no difference"
    );
    world.stop();
    rebuild(&world).await;
    world.start_service().await;
    let made = ann.get_ok(&format!("/v1/inbox?as_of={}", sent - 1)).await;
    assert_eq!(made["conversations"][0]["last_message"], Value::Null);
}
