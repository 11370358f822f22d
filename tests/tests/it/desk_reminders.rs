//! Agents are reminded of customers who have no reply in time: once, at the time, also if nothing
//! ran then. Customers do not learn of it.

use domain::time::Timestamp;
use eventually::eventually;
use serde_json::{Value, json};
use sqlx::PgPool;
use tests::client::Client;
use tests::desks::{CustomerSession, act, head, open_session, session_of, set_desk};
use tests::fleet::Fleet;
use tests::live::LiveSocket;
use tests::token;
use tests::world::{Settings, World};

fn millis(time: &Value) -> i64 {
    let parsed = time.as_str().and_then(Timestamp::parse);
    parsed.unwrap_or_else(|| panic!("{time}")).millis()
}

/// The reminders in the log: the session, its agent, who is reminded, and the time that was due.
async fn reminders(pool: &PgPool) -> Vec<Value> {
    let found =
        "SELECT payload::text FROM events WHERE type = 'session_reminded' ORDER BY position";
    let found: Vec<String> = sqlx::query_scalar(found)
        .fetch_all(pool)
        .await
        .expect("the events are readable");
    let parse = |text: &String| serde_json::from_str(text).expect("JSON");
    found.iter().map(parse).collect()
}

async fn wait_for_reminders(pool: &PgPool, count: usize) -> Vec<Value> {
    eventually(format!("{count} reminders"), async || {
        let found = reminders(pool).await;
        (found.len() >= count).then_some(found)
    })
    .await
}

/// The reminders in the sync feed of a user.
async fn entries(world: &World, client: &Client) -> Vec<Value> {
    let position = head(world).await;
    let path = format!("/v1/inbox/entries?after=0&limit=500&min_position={position}");
    let page = client.get_ok(&path).await;
    let entries = page["entries"].as_array().expect("entries").iter();
    let reminders = entries.filter(|entry| entry["type"] == "session_reminded");
    reminders.map(|entry| entry["data"].clone()).collect()
}

/// How long a customer waits for a reply before agents are reminded, in milliseconds.
const TARGET_MS: i64 = 3_000;

/// Sets a desk with reminders and one without, and lets people write who are not reminded of: a
/// customer of the second desk, and one who has a reply.
async fn set_desks(world: &World) {
    let admin = world.admin();
    let quick = json!({"reply_target": format!("{}s", TARGET_MS / 1_000), "reminders": true});
    set_desk(&admin, "billing", &["ben", "dora"], quick).await;
    set_desk(&admin, "sales", &["gus"], json!({"reply_target": "1s"})).await;
    for (desk, reminders) in [("billing", true), ("sales", false)] {
        let path = format!("/v1/admin/desks/{desk}?min_position={}", head(world).await);
        assert_eq!(admin.get_ok(&path).await["reminders"], reminders);
    }
    open_session(&world.user("fay"), "sales", "hello").await;
    let answered = open_session(&world.user("eve"), "billing", "hello").await;
    let ben = world.user("ben");
    act(&ben, &answered.id, "accept", json!({}))
        .await
        .expect(200);
    ben.send(&answered.conversation, "r0", "Yes?")
        .await
        .expect(201);
}

/// While a customer waits for an agent, all agents of the desk are reminded.
async fn remind_all(world: &World, opened: &CustomerSession) {
    let first = wait_for_reminders(&world.pool, 1).await.remove(0);
    assert_eq!(first["session"], opened.id.as_str());
    assert_eq!(
        (&first["agent"], &first["agents"]),
        (&Value::Null, &json!(["ben", "dora"]))
    );
    let data = [json!({
        "session_id": opened.id, "conversation_id": opened.conversation, "desk": "billing",
        "agent": null, "due": first["due"],
    })];
    for agent in ["ben", "dora"] {
        assert_eq!(entries(world, &world.user(agent)).await, data);
    }
    let session = session_of(world, &world.user("cleo"), &opened.id).await;
    let waited = millis(&first["due"]) - millis(&session["last_customer_at"]);
    assert_eq!(waited, TARGET_MS);
    assert_eq!(session["reply_due_at"], first["due"]);
}

/// In the next stretch, the agent of the session alone is reminded.
async fn remind_agent(world: &World, opened: &CustomerSession) {
    let (ben, cleo) = (world.user("ben"), world.user("cleo"));
    act(&ben, &opened.id, "accept", json!({})).await.expect(200);
    ben.send(&opened.conversation, "r1", "Let me see.")
        .await
        .expect(201);
    let asked = cleo.send(&opened.conversation, "m2", "And?").await;
    let asked = asked.expect(201);
    cleo.send(&opened.conversation, "m3", "Hello?")
        .await
        .expect(201);
    let second = wait_for_reminders(&world.pool, 2).await.remove(1);
    assert_eq!(
        (&second["agent"], &second["agents"]),
        (&json!("ben"), &json!(["ben"]))
    );
    assert_eq!(
        millis(&second["due"]) - millis(&asked["sent_at"]),
        TARGET_MS
    );
    for (user, count) in [("ben", 2), ("dora", 1), ("cleo", 0)] {
        assert_eq!(
            entries(world, &world.user(user)).await.len(),
            count,
            "{user}"
        );
        let path = format!("/v1/events?user={user}&type=session_reminded");
        let events = world.admin().get(&path).await;
        let found = String::from_utf8_lossy(&events.body).lines().count();
        assert_eq!(found, count, "{user}: {events}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn agents_are_reminded_once_of_a_customer_without_a_reply() {
    let world = World::start().await;
    set_desks(&world).await;
    let address = world.address();
    let mut live = Vec::new();
    for name in ["ben", "cleo"] {
        let socket = LiveSocket::open(&address, &token::for_user(name), "").await;
        live.push(socket.expect("a connection"));
    }
    let cleo = world.user("cleo");
    let opened = open_session(&cleo, "billing", "hello").await;
    remind_all(&world, &opened).await;
    remind_agent(&world, &opened).await;

    // Live too, but not the customer
    let end = cleo.send(&opened.conversation, "end", "bye").await;
    end.expect(201);
    for (socket, count) in live.iter_mut().zip([2, 0]) {
        socket.wait_for_position(end.position()).await;
        let reminders = socket.entries.iter();
        let reminders = reminders.filter(|entry| entry["type"] == "session_reminded");
        assert_eq!(reminders.count(), count, "{:?}", socket.entries);
    }
    let exported = world.run_ok(&["export-user", "cleo"]).await;
    assert!(!exported.contains("session_reminded"), "{exported}");

    // And a rebuild gives the same
    let rebuilt = world.run_ok(&["rebuild"]).await;
    assert!(rebuilt.contains("identical"), "{rebuilt}");
    let count = reminders(&world.pool).await.len();
    assert_eq!(count, 2, "once for each stretch");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_due_while_nothing_ran_is_reminded_of_at_the_next_start() {
    const COUNT: usize = 10;
    // Given customers who wait for a reply, and one whose session closes before it is due
    let mut world = World::start().await;
    let admin = world.admin();
    let slow = json!({"reply_target": "4s", "idle_close": "6s", "reminders": true});
    set_desk(&admin, "billing", &["ben"], slow).await;
    let never = json!({"reply_target": "6s", "idle_close": "4s", "reminders": true});
    set_desk(&admin, "sales", &["ben"], never).await;
    for n in 0..COUNT {
        open_session(&world.user(&format!("c{n}")), "billing", "hello").await;
    }
    open_session(&world.user("fay"), "sales", "hello").await;
    world.kill();
    let is_past = "SELECT max((payload->>'sent_at')::timestamptz) + interval '7 s' < now()
                   FROM events WHERE type = 'message_sent'";
    eventually("all are due", async || {
        let is_past: Result<bool, _> = sqlx::query_scalar(is_past).fetch_one(&world.pool).await;
        is_past.expect("an answer").then_some(())
    })
    .await;
    assert_eq!(reminders(&world.pool).await.len(), 0);

    // When it starts, then each is reminded of once, with the time that was due, before the end
    world.start_service().await;
    let closed = "SELECT count(*) FROM events WHERE type = 'session_closed'";
    eventually("all are closed", async || {
        let count: i64 = sqlx::query_scalar(closed)
            .fetch_one(&world.pool)
            .await
            .expect("a count");
        (count > COUNT as i64).then_some(())
    })
    .await;
    let found = reminders(&world.pool).await;
    assert_eq!(found.len(), COUNT);
    let due: Vec<i64> = found.iter().map(|one| millis(&one["due"])).collect();
    assert!(due.is_sorted(), "{due:?}");
    let wrong: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM events r
         JOIN events m ON m.aggregate_id = r.aggregate_id AND m.type = 'message_sent'
         JOIN events c ON c.aggregate_id = r.aggregate_id AND c.type = 'session_closed'
         WHERE r.type = 'session_reminded'
           AND (r.due <> m.sent_at + interval '4 s' OR c.position < r.position)",
    )
    .fetch_one(&world.pool)
    .await
    .expect("a count");
    assert_eq!(wrong, 0);
    assert_eq!(entries(&world, &world.user("ben")).await.len(), COUNT);
    world.run_ok(&["verify"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_processes_one_reminds_also_of_what_was_written_at_the_other() {
    const COUNT: usize = 10;
    let fleet = Fleet::start(2, &Settings::default()).await;
    let quick = json!({"reply_target": "5s", "reminders": true});
    set_desk(&fleet.admin(), "billing", &["ben"], quick).await;
    let mut opened = Vec::new();
    for n in 0..COUNT {
        let customer = fleet.user(&format!("c{n}"), n % 2);
        opened.push((open_session(&customer, "billing", "hello").await, n));
    }
    wait_for_reminders(&fleet.pool, COUNT).await;
    // The process with the lock knows these conversations, but not what is written now.
    for (round, stretches) in (2..=3).enumerate() {
        let ben = fleet.user("ben", round);
        for (session, n) in &opened {
            act(&ben, &session.id, "accept", json!({}))
                .await
                .expect(200);
            let key = format!("r{n}-{round}");
            ben.send(&session.conversation, &key, "Yes?")
                .await
                .expect(201);
            let customer = fleet.user(&format!("c{n}"), round);
            customer
                .send(&session.conversation, &key, "And?")
                .await
                .expect(201);
        }
        wait_for_reminders(&fleet.pool, COUNT * stretches).await;
    }
    let late: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM events WHERE type = 'session_reminded' AND time > due + interval '3 s'",
    )
    .fetch_one(&fleet.pool)
    .await
    .expect("a count");
    assert_eq!((late, reminders(&fleet.pool).await.len()), (0, COUNT * 3));
}
