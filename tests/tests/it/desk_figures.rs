//! The figures of service desks: they equal a model that is computed from the same acts, also after
//! a rebuild.

use domain::time::Timestamp;
use serde_json::{Value, json};
use tests::client::Client;
use tests::desks::{act, head, open_session, session_of, set_desk};
use tests::world::World;

async fn metrics(world: &World, client: &Client, query: &str) -> Vec<Value> {
    let position = head(world).await;
    let path = format!("/v1/desks/billing/metrics?min_position={position}&{query}");
    let page = client.get_ok(&path).await;
    page["rows"].as_array().expect("rows").clone()
}

fn seconds_between(from: &Value, to: &Value) -> f64 {
    let millis = |time: &Value| {
        let parsed = time.as_str().and_then(Timestamp::parse);
        parsed.unwrap_or_else(|| panic!("{time}")).millis()
    };
    (millis(to) - millis(from)) as f64 / 1_000.0
}

fn assert_near(found: &Value, expected: f64) {
    let found = found.as_f64().unwrap_or_else(|| panic!("{found}"));
    assert!(
        (found - expected).abs() < 0.002,
        "{found} is not {expected}"
    );
}

/// The sessions of the test: one with everything, and one that is with another desk or open.
struct Sessions {
    first: String,
    moved: String,
    open: String,
}

/// One is answered in time and late, transferred, closed and rated.
async fn handle_first(world: &World) -> String {
    let (ben, dora, cleo) = (world.user("ben"), world.user("dora"), world.user("cleo"));
    let first = open_session(&cleo, "billing", "one").await;
    cleo.send(&first.conversation, "c2", "two")
        .await
        .expect(201);
    act(&ben, &first.id, "accept", json!({})).await.expect(200);
    ben.send(&first.conversation, "b1", "answer")
        .await
        .expect(201);
    let late = cleo
        .send(&first.conversation, "c3", "three")
        .await
        .expect(201);
    let due = late["sent_at"]
        .as_str()
        .and_then(Timestamp::parse)
        .expect("a time");
    eventually::eventually("the target has passed", async || {
        let now = Timestamp::from(sqlx::types::time::OffsetDateTime::now_utc());
        (now.millis() > due.millis() + 3_100).then_some(())
    })
    .await;
    act(&ben, &first.id, "transfer", json!({"agent": "dora"}))
        .await
        .expect(200);
    dora.send(&first.conversation, "d1", "sorry")
        .await
        .expect(201);
    act(&dora, &first.id, "close", json!({})).await.expect(200);
    act(&cleo, &first.id, "rating", json!({"score": 4}))
        .await
        .expect(200);
    first.id
}

async fn handle_all(world: &World) -> Sessions {
    let (ben, dora) = (world.user("ben"), world.user("dora"));
    let first = handle_first(world).await;

    // One is closed while it waits.
    let fay = world.user("fay");
    let abandoned = open_session(&fay, "billing", "anybody?").await;
    act(&fay, &abandoned.id, "close", json!({}))
        .await
        .expect(200);

    // One goes to another desk, and one is open without an answer.
    let hal = world.user("hal");
    let moved = open_session(&hal, "billing", "offers?").await;
    act(&ben, &moved.id, "accept", json!({})).await.expect(200);
    act(&ben, &moved.id, "transfer", json!({"desk": "sales"}))
        .await
        .expect(200);
    let ian = world.user("ian");
    let open = open_session(&ian, "billing", "hm").await;
    act(&dora, &open.id, "accept", json!({})).await.expect(200);
    Sessions {
        first,
        moved: moved.id,
        open: open.id,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_figures_equal_a_model_of_the_same_acts() {
    // Given a desk with a short target, and sessions with everything that counts
    let world = World::start().await;
    let (admin, ben) = (world.admin(), world.user("ben"));
    let target = json!({"reply_target": "3s", "greeting": "Hello!"});
    set_desk(&admin, "billing", &["ben", "dora"], target).await;
    set_desk(&admin, "sales", &["gus"], json!({})).await;
    let sessions = handle_all(&world).await;

    // Then the figures are these
    let rows = metrics(&world, &ben, "").await;
    assert_eq!(rows.len(), 1, "{rows:?}");
    let row = &rows[0];
    let counts = [
        "opened",
        "accepted",
        "closed",
        "transferred",
        "abandoned",
        "messages",
    ];
    let counts = counts.map(|name| row[name].as_i64().expect("a number"));
    assert_eq!(counts, [4, 3, 2, 2, 1, 8], "{row}");
    // Stretches: one and two (in time), three (late), anybody?, offers?, hm.
    assert_eq!(
        (&row["due"], &row["replied_in_target"]),
        (&json!(5), &json!(1)),
        "{row}"
    );
    assert_near(&row["reply_rate"], 0.2);
    assert_near(&row["rating_avg"], 4.0);
    let mut waiting = Vec::new();
    for id in [&sessions.first, &sessions.moved, &sessions.open] {
        let found = session_of(&world, &admin, id).await;
        waiting.push(seconds_between(&found["opened_at"], &found["accepted_at"]));
        assert_near(&found["waiting_s"], *waiting.last().expect("one"));
    }
    waiting.sort_by(f64::total_cmp);
    assert_near(&row["waiting_p50_s"], waiting[1]);
    let most = waiting[1] + 0.9 * (waiting[2] - waiting[1]);
    assert_near(&row["waiting_p95_s"], most);
    let over = session_of(&world, &ben, &sessions.first).await;
    let handled = seconds_between(&over["accepted_at"], &over["closed_at"]);
    assert_near(&row["handling_p50_s"], handled);

    // And a rebuild gives the same
    let by_agent = metrics(&world, &ben, "by=agent").await;
    check_other_queries(&world, &by_agent).await;
    let rebuilt = world.run_ok(&["rebuild"]).await;
    assert!(rebuilt.contains("identical"), "{rebuilt}");
    assert_eq!(metrics(&world, &ben, "").await, rows);
    assert_eq!(metrics(&world, &ben, "by=agent").await, by_agent);
}

/// By agent and hour, in other periods, and for other callers.
async fn check_other_queries(world: &World, by_agent: &[Value]) {
    let (ben, cleo) = (world.user("ben"), world.user("cleo"));
    let of = |name: &str| {
        by_agent
            .iter()
            .find(|row| row["key"] == name)
            .expect("a row")
    };
    assert_eq!(
        (&of("ben")["accepted"], &of("ben")["transferred"]),
        (&json!(2), &json!(2))
    );
    assert_eq!(
        (&of("dora")["accepted"], &of("dora")["closed"]),
        (&json!(1), &json!(1))
    );
    assert_eq!(of("ben")["replied_in_target"], 1);
    let by_hour = metrics(world, &ben, "by=hour").await;
    let opened: i64 = by_hour
        .iter()
        .filter_map(|row| row["opened"].as_i64())
        .sum();
    assert_eq!(opened, 4);

    // And other periods, groupings and callers get nothing
    assert_eq!(
        metrics(world, &ben, "to=2020-01-01T00:00:00Z").await,
        [Value::Null; 0]
    );
    let path = "/v1/desks/billing/metrics";
    ben.get(&format!("{path}?by=year"))
        .await
        .expect_problem(400);
    ben.get(&format!("{path}?from=yesterday"))
        .await
        .expect_problem(400);
    cleo.get(path).await.expect_problem(404);
    world.user("gus").get(path).await.expect_problem(404);
}
