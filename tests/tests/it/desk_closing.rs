//! Service sessions close by themselves at exactly their time, and have one agent, whatever is down
//! and however many processes there are.

use domain::time::Timestamp;
use eventually::eventually;
use serde_json::{Value, json};
use tests::desks::{act, head, open_session, session_of, set_desk};
use tests::fleet::Fleet;
use tests::world::{Settings, World};

use crate::desks::sessions;

fn millis(time: &Value) -> i64 {
    let parsed = time.as_str().and_then(Timestamp::parse);
    parsed.unwrap_or_else(|| panic!("{time}")).millis()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_idle_session_closes_by_itself_at_its_time() {
    let world = World::start().await;
    let (admin, ben, cleo) = (world.admin(), world.user("ben"), world.user("cleo"));
    set_desk(&admin, "billing", &["ben"], json!({"idle_close": "3s"})).await;
    let opened = open_session(&cleo, "billing", "hello").await;
    act(&ben, &opened.id, "accept", json!({})).await.expect(200);
    let last = ben
        .send(&opened.conversation, "r1", "Yes?")
        .await
        .expect(201);
    let waiting = open_session(&world.user("fay"), "billing", "hello").await;
    for (id, client) in [(&opened.id, &ben), (&waiting.id, &ben)] {
        eventually("the session is closed", async || {
            let found = session_of(&world, client, id).await;
            (found["state"] == "closed").then_some(())
        })
        .await;
    }
    let closed = session_of(&world, &cleo, &opened.id).await;
    assert_eq!(
        (&closed["reason"], &closed["closed_by"]),
        (&json!("idle"), &json!("tidings"))
    );
    assert_eq!(
        millis(&closed["closed_at"]) - millis(&last["sent_at"]),
        3_000
    );
    let abandoned = session_of(&world, &ben, &waiting.id).await;
    let last = millis(&abandoned["last_customer_at"]);
    assert_eq!(millis(&abandoned["closed_at"]) - last, 3_000);
    assert_eq!(abandoned["accepted_at"], Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_due_while_nothing_ran_is_closed_at_the_next_start_in_order() {
    const COUNT: usize = 30;
    // Given sessions that are due while nothing runs
    let mut world = World::start().await;
    set_desk(
        &world.admin(),
        "billing",
        &["ben"],
        json!({"idle_close": "4s"}),
    )
    .await;
    let mut due = Vec::new();
    for n in 0..COUNT {
        let customer = world.user(&format!("c{n}"));
        let opened = open_session(&customer, "billing", "hello").await;
        due.push(opened);
    }
    world.kill();
    let is_past = "SELECT max((payload->>'sent_at')::timestamptz) + interval '5 s' < now()
                   FROM events WHERE type = 'message_sent'";
    eventually("all are due", async || {
        let is_past: Result<bool, _> = sqlx::query_scalar(is_past).fetch_one(&world.pool).await;
        is_past.expect("an answer").then_some(())
    })
    .await;
    assert_eq!(count_closed(&world).await, 0);

    // When it starts, then each is closed once, with the time at which it was due, in order
    world.start_service().await;
    eventually("all are closed", async || {
        (count_closed(&world).await >= COUNT as i64).then_some(())
    })
    .await;
    let wrong: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM (
            SELECT c.payload->>'at' AS at, (c.payload->>'at')::timestamptz AS closed,
                   lag((c.payload->>'at')::timestamptz) OVER (ORDER BY c.position) AS before,
                   (SELECT max((m.payload->>'sent_at')::timestamptz) FROM events m
                    WHERE m.aggregate_id = c.aggregate_id AND m.type = 'message_sent') AS last
            FROM events c WHERE c.type = 'session_closed') x
         WHERE x.closed < x.before OR x.closed <> x.last + interval '4 s'",
    )
    .fetch_one(&world.pool)
    .await
    .expect("a count");
    assert_eq!((wrong, count_closed(&world).await), (0, COUNT as i64));
    let position = head(&world).await;
    world.wait_until_projected(position).await;
    let closed = sessions(&world, &world.user("ben"), "state=closed&limit=200").await;
    assert_eq!(closed.len(), COUNT);
    world.run_ok(&["verify"]).await;
}

async fn count_closed(world: &World) -> i64 {
    sqlx::query_scalar("SELECT count(*) FROM events WHERE type = 'session_closed'")
        .fetch_one(&world.pool)
        .await
        .expect("a count")
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_agents_who_accept_at_once_on_two_processes_one_gets_the_session() {
    const ROUNDS: usize = 200;
    let fleet = Fleet::start(2, &Settings::default()).await;
    set_desk(&fleet.admin(), "billing", &["ben", "dora"], json!({})).await;
    let (ben, dora) = (fleet.user("ben", 0), fleet.user("dora", 1));
    for round in 0..ROUNDS {
        let customer = fleet.user(&format!("c{round}"), round % 2);
        let opened = open_session(&customer, "billing", "hello").await;
        let (one, other) = tokio::join!(
            act(&ben, &opened.id, "accept", json!({})),
            act(&dora, &opened.id, "accept", json!({})),
        );
        let mut statuses = [one.status, other.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 409], "round {round}: {one} {other}");
        let loser = if one.status == 409 { one } else { other };
        assert_eq!(loser.expect_problem(409), "taken");
    }
}
