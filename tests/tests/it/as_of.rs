//! `as_of`: a query returns what the same query returned at an earlier position.

use serde_json::{Value, json};
use tests::client::Client;
use tests::history::{RandomHistory, USERS};
use tests::model::Model;
use tests::response::ApiResponse;
use tests::seed::{Rng, seed};
use tests::token;
use tests::world::World;

/// Acts of the history, and how often responses are recorded in it. `make as-of` sets more.
const ACTS: usize = 400;
const MOMENTS: usize = 12;

/// A query, and its response when it was made.
struct RecordedResponse {
    user: &'static str,
    path: String,
    position: i64,
    status: u16,
    body: Value,
}

/// A number from the environment.
fn number(name: &str, default: usize) -> usize {
    std::env::var(name).map_or(default, |text| text.parse().expect(name))
}

/// The position of the read models that the response reports.
fn position_of(response: &ApiResponse) -> i64 {
    let position = response.header("tidings-position");
    position.parse().unwrap_or_else(|_| panic!("{response}"))
}

fn body(response: &ApiResponse) -> Value {
    let mut body = response.json();
    // The details of two refusals differ.
    if response.status >= 400 {
        body = body["code"].take();
    }
    forget_waiting_time(&mut body);
    body
}

/// The time that a customer waits who still waits is that until now.
fn forget_waiting_time(body: &mut Value) {
    if let Some(fields) = body.as_object_mut() {
        fields.remove("waiting_s");
        for session in fields
            .get_mut("sessions")
            .and_then(Value::as_array_mut)
            .into_iter()
            .flatten()
        {
            forget_waiting_time(session);
        }
    }
}

/// The paths of all queries that support `as_of`, for one user.
async fn historical_paths(client: &Client, model: &Model, rng: &mut Rng) -> Vec<String> {
    let mut paths: Vec<String> = ["/v1/inbox", "/v1/inbox?archived=true", "/v1/inbox?limit=2"]
        .map(str::to_owned)
        .into();
    paths.extend(["/v1/inbox/unread", "/v1/threads", "/v1/threads?limit=1"].map(str::to_owned));
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
    // Those with desks have members who come and go.
    let desks = model
        .conversations
        .iter()
        .filter(|(_, found)| found.desk.is_some());
    ids.extend(desks.map(|(id, _)| id.clone()));
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
            format!("{at}/messages/{seq}/thread"),
            format!("{at}/pins"),
        ]);
    }
    paths
}

/// The paths of queries about sessions. Who is no agent of a desk asks for own sessions only:
/// administrators, who ask for the past, may see all desks.
fn desk_paths(model: &Model, user: &str) -> Vec<String> {
    let mut paths = vec!["/v1/service-sessions?limit=50".to_owned()];
    let desks = model.desks.iter();
    for (desk, _) in desks.filter(|(_, agents)| agents.iter().any(|agent| agent == user)) {
        let of = format!("/v1/desks/{desk}");
        let period = "from=2020-01-01T00:00:00Z&to=2040-01-01T00:00:00Z";
        paths.extend([
            format!("{of}/sessions?limit=50"),
            format!("{of}/sessions?state=waiting"),
            format!("{of}/metrics?{period}&by=agent"),
            format!("{of}/metrics?{period}&by=day"),
        ]);
        let places = model
            .conversations
            .values()
            .filter_map(|found| found.desk.as_ref());
        let here = places.filter(|place| place.desk == *desk);
        let sessions = here.filter_map(|place| place.current.as_ref());
        paths.extend(sessions.map(|session| format!("/v1/service-sessions/{}", session.id)));
    }
    paths
}

#[tokio::test(flavor = "multi_thread")]
async fn as_of_returns_the_response_of_an_earlier_position() {
    let mut rng = Rng::new(seed("as_of"));
    let (acts, moments) = (number("ACTS", ACTS), number("MOMENTS", MOMENTS));
    let mut world = World::start().await;
    let admin = world.admin();
    let seed = rng.next_u64();
    let history = RandomHistory::start_with_desks(seed, |user| world.user(user), &admin);
    let mut history = history.await;
    let mut recorded = Vec::new();
    for _ in 0..moments {
        let acts_between = rng.between(1, (2 * acts / moments) as i64 - 1);
        for _ in 0..acts_between / 8 + 1 {
            history.run_random(8).await;
            let user = *rng.pick(&USERS);
            let device = *rng.pick(&["phone", "tablet"]);
            let acked = json!({ "device": device, "cursor": rng.between(1, history.head) });
            let acked = history.client(user).post("/v1/inbox/ack", acked).await;
            acked.expect(200);
            history.head = history.head.max(acked.position());
            react_or_change_title(&mut history, user, &mut rng).await;
        }
        for user in [*rng.pick(&USERS), *rng.pick(&USERS)] {
            let client = history.client(user);
            let fresh = format!("/v1/inbox?min_position={}", history.head);
            let position = position_of(&client.get(&fresh).await);
            let mut paths = historical_paths(&client, &history.model, &mut rng).await;
            paths.extend(desk_paths(&history.model, user));
            for path in paths {
                let response = client.get(&path).await;
                let (status, body) = (response.status, body(&response));
                recorded.push(RecordedResponse {
                    user,
                    path,
                    position,
                    status,
                    body,
                });
            }
        }
    }
    assert!(
        recorded
            .iter()
            .filter(|response| response.status == 200)
            .count()
            > moments * 20
    );
    assert!(recorded.iter().any(|response| response.status == 404));
    eprintln!("{} events, {} responses", history.head, recorded.len());
    assert_same_responses(&world, &recorded).await;
    // Tables that are rebuilt from the log have the same history.
    world.stop();
    rebuild(&world).await;
    world.start_service().await;
    assert_same_responses(&world, &recorded).await;
}

/// Reacts, pins or changes a title, which the acts of a random history do not. It may be refused.
async fn react_or_change_title(history: &mut RandomHistory, user: &str, rng: &mut Rng) {
    let client = history.client(user);
    let group = *rng.pick(&["g1", "g2", "g3"]);
    let at = format!("/v1/conversations/{group}");
    let seq = rng.between(1, 20);
    let key = *rng.pick(&["+1", "heart"]);
    let reaction = format!("{at}/messages/{seq}/reactions/{key}");
    let pin = format!("{at}/pins/{seq}");
    let response = match rng.below(7) {
        0 => client.delete(&reaction).await,
        1 => {
            let title = format!("title {}", rng.below(1000));
            client.patch(&at, json!({ "title": title })).await
        }
        2..4 => client.put(&pin, None).await,
        4 => client.delete(&pin).await,
        _ => client.put(&reaction, None).await,
    };
    if response.status < 300 {
        history.head = history.head.max(response.position());
    }
}

async fn rebuild(world: &World) {
    world.run_ok(&["rebuild"]).await;
}

async fn assert_same_responses(world: &World, recorded: &[RecordedResponse]) {
    let admin = world.admin();
    for earlier in recorded {
        let separator = if earlier.path.contains('?') { '&' } else { '?' };
        let RecordedResponse {
            user,
            path,
            position,
            ..
        } = earlier;
        let asked = format!("{path}{separator}as_of={position}&as_user={user}");
        let response = admin.get(&asked).await;
        assert_eq!(response.status, earlier.status, "{asked}: {response}");
        assert_eq!(position_of(&response), *position, "{asked}");
        // The cursors are the same too.
        assert_eq!(body(&response), earlier.body, "{asked}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn as_of_requires_an_administrator_and_a_valid_position() {
    let world = World::start().await;
    let (ann, admin) = (world.user("ann"), world.admin());
    let created = ann.create_group("room", &["ben"]).await.position();
    let sent = ann.send("room", "m1", "as it was").await.position();
    let one = "/v1/conversations/room/messages/1";
    let edited = ann
        .put(one, Some(json!({ "body": { "text": "as it is" } })))
        .await;
    edited.expect(200);
    let recalled = ann.delete(one).await.position();
    ann.get_ok(&format!("/v1/inbox?min_position={recalled}"))
        .await;
    for query in ["as_of=1", "as_user=ben", "as_of=2&as_user=ann"] {
        ann.get(&format!("/v1/inbox?{query}"))
            .await
            .expect_problem(403);
    }
    let ann_as_admin = ann.with_token(Some(token::for_admin("ann")));
    // Administrators see what they saw then, including messages that were recalled since.
    let text = |response: Value| response["body"]["text"].clone();
    let then = async |position: i64| {
        ann_as_admin
            .get_ok(&format!("{one}?as_of={position}"))
            .await
    };
    assert_eq!(text(then(sent).await), "as it was");
    assert_eq!(text(then(sent + 1).await), "as it is");
    assert_eq!(then(recalled).await["body"], Value::Null);
    ann_as_admin
        .get(&format!("{one}?as_of={created}"))
        .await
        .expect_problem(404);
    admin
        .get(&format!("{one}?as_of={sent}"))
        .await
        .expect_problem(404);
    assert_eq!(
        ann_as_admin.get_ok("/v1/inbox?as_of=0").await["conversations"],
        json!([])
    );
    // A time is resolved to a position.
    let event = format!("/v1/events?after={}&limit=1", sent - 1);
    let event: Value = serde_json::from_slice(&admin.get(&event).await.body).expect("an event");
    let time = event["time"].as_str().expect("a time");
    let by_time = ann_as_admin.get(&format!("{one}?as_of={time}")).await;
    by_time.expect(200);
    let by_time = position_of(&by_time);
    assert!((sent..=recalled).contains(&by_time), "{by_time}");
    let long_ago = format!("{one}?as_of=2001-01-01T00:00:00Z");
    ann_as_admin.get(&long_ago).await.expect_problem(404);
    for invalid in ["yesterday", "-1", "1.5", &(recalled + 1).to_string()] {
        let response = admin.get(&format!("/v1/inbox?as_of={invalid}")).await;
        response.expect_problem(400);
        assert_eq!(response.json()["errors"][0]["field"], "as_of", "{response}");
    }
    // No query ignores the parameter and returns the current state.
    for path in [
        "/v1/inbox/entries?after=0",
        "/v1/outbox?limit=1",
        "/v1/search?q=was",
        "/v1/blocks?x=1",
    ] {
        let response = admin.get(&format!("{path}&as_of=1")).await;
        response.expect_problem(400);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn migrated_tables_have_a_history_only_from_the_migration_on() {
    let mut world = World::start().await;
    let ann = world.user("ann").with_token(Some(token::for_admin("ann")));
    ann.create_group("room", &["ben"]).await.expect(201);
    let sent = ann.send("room", "m1", "x").await.position();
    ann.get_ok(&format!("/v1/inbox?min_position={sent}")).await;
    // As migration 0009 leaves the tables.
    let migrated =
        "UPDATE read.checkpoint SET past_from = position; TRUNCATE read.conversation_history;
        INSERT INTO read.conversation_history
        SELECT c.id, k.position, c.activity, c.title, c.history, c.member_count
        FROM read.conversations c CROSS JOIN read.checkpoint k";
    sqlx::raw_sql(migrated)
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
        "a missing history is not a difference"
    );
    world.stop();
    rebuild(&world).await;
    world.start_service().await;
    let created = ann.get_ok(&format!("/v1/inbox?as_of={}", sent - 1)).await;
    assert_eq!(created["conversations"][0]["last_message"], Value::Null);
}
