//! The views for analysts: what they show, and that their role reaches nothing else.

use serde_json::json;
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions as _, Executor as _, PgConnection};
use tests::desks::{self, open_session, set_desk};
use tests::world::World;
use uuid::Uuid;

/// What a message says that is erased later. No view may show it.
const ERASED: &str = "quetzalcoatlus";
/// The same for a recalled message.
const RECALLED: &str = "archaeopteryx";

/// Grants the views to a role that does not exist yet, and connects as it.
async fn connect_as_analyst(world: &World, role: &str) -> PgConnection {
    let said = world.run_ok(&["analytics", "grant", role]).await;
    let find = |label: &str| said.lines().find_map(|line| line.strip_prefix(label));
    let url = find("created the role: ").expect("an address");
    let mut options: PgConnectOptions = url.parse().expect("an address");
    if let Some(password) = find("its password, which is not kept: ") {
        options = options.password(password);
    }
    options.connect().await.expect("the role can log in")
}

async fn texts(analyst: &mut PgConnection, sql: &str) -> Vec<String> {
    let rows = sqlx::query_scalar(sql).fetch_all(&mut *analyst).await;
    rows.unwrap_or_else(|error| panic!("{sql}: {error}"))
}

fn new_role() -> String {
    format!("analyst_{}", Uuid::new_v4().simple())
}

async fn drop_role(world: &World, role: &str) {
    let drop = format!("DROP ROLE {role}");
    world
        .pool
        .execute(drop.as_str())
        .await
        .expect("it is dropped");
}

/// A group and a direct conversation in which everything happens that the views show.
async fn act(world: &World) {
    let (ann, bob, cleo) = (world.user("ann"), world.user("bob"), world.user("cleo"));
    ann.create_group("room", &["bob", "cleo"]).await.expect(201);
    for (user, text) in [
        (&ann, "first"),
        (&ann, ERASED),
        (&bob, RECALLED),
        (&bob, "fourth"),
        (&ann, "fifth"),
    ] {
        user.send("room", text, text).await.expect(201);
    }
    let direct = ann.create_direct("bob").await;
    ann.send(&direct, "hello", "hello").await.expect(201);
    cleo.read("room", 4).await.expect(200);
    let reaction = "/v1/conversations/room/messages/1/reactions/heart";
    cleo.put(reaction, None).await.expect(200);
    let recall = "/v1/conversations/room/messages/3";
    bob.delete(recall).await.expect(200);
    let off = json!({ "read_receipts": false });
    bob.patch("/v1/users/me/settings", off).await.expect(200);
    bob.read("room", 5).await.expect(200);
    let ack = json!({ "device": "phone", "cursor": 1 });
    cleo.post("/v1/inbox/ack", ack).await.expect(200);
    ann.delete("/v1/conversations/room/members/cleo")
        .await
        .expect(200);
    let said = world
        .run_ok(&["erase", "message", "room", "2", "--yes", "--json"])
        .await;
    let erased: serde_json::Value = serde_json::from_str(&said).expect("JSON");
    assert_eq!(erased["messages"], 1, "{erased}");
    let last = ann.send("room", "sixth", "sixth").await.position();
    world.wait_until_projected(last).await;
}

/// The same word in what a customer writes of a session, which is erased later.
async fn act_at_a_desk(world: &World) {
    let (ann, bob) = (world.user("ann"), world.user("bob"));
    set_desk(&world.admin(), "billing", &["bob"], json!({})).await;
    let session = open_session(&ann, "billing", "My invoice is wrong.").await;
    for (user, what, body) in [
        (&bob, "accept", json!({})),
        (&bob, "notes", json!({ "text": ERASED })),
        (&bob, "tags", json!({ "tags": ["refund"] })),
        (&bob, "close", json!({ "reason": "solved" })),
        (&ann, "rating", json!({ "score": 5, "text": "quick" })),
    ] {
        desks::act(user, &session.id, what, body).await.expect(200);
    }
    world.wait_until_projected(desks::head(world).await).await;
}

/// Questions about what `act_at_a_desk` does, and their answers.
const ANSWERS_OF_DESKS: &[(&str, &[&str])] = &[(
    "SELECT concat_ws(' ', desk, customer, agent, state, closed_by, reason, rating, rating_text, tags,
        transfers, reply_target_seconds, accepted_at >= opened_at, closed_at >= accepted_at,
        waiting_seconds >= 0, handling_seconds >= 0, conversation_id LIKE 'desk\\_%', position > 0)
     FROM analytics.service_sessions",
    &["billing ann bob closed bob solved 5 quick [\"refund\"] 0 300 t t t t t t"],
)];

/// Questions about what `act` does, and their answers.
const ANSWERS: &[(&str, &[&str])] = &[
    (
        "SELECT concat_ws(' ', seq, sender, text, recalled, erased) FROM analytics.messages
         WHERE conversation_id = 'room' ORDER BY seq",
        &[
            "1 ann first f f",
            "2 ann t t",
            "3 bob t f",
            "4 bob fourth f f",
            "5 ann fifth f f",
            "6 ann sixth f f",
        ],
    ),
    (
        "SELECT concat_ws(' ', kind, member_count, message_count, position) FROM analytics.conversations
         WHERE conversation_id = 'room'",
        &["group 2 6 1"],
    ),
    (
        "SELECT concat_ws(' ', user_id, role, is_member, left_at IS NOT NULL, left_after_seq)
         FROM analytics.members WHERE conversation_id = 'room' ORDER BY user_id",
        &["ann owner t f", "bob member t f", "cleo f t 5"],
    ),
    (
        "SELECT concat_ws(' ', user_id, kind, position) FROM analytics.users
         WHERE user_id IN ('ann', 'cleo') ORDER BY 1",
        &["ann user 1", "cleo user 1"],
    ),
    // Bob had switched read receipts off.
    (
        "SELECT concat_ws(' ', conversation_id, user_id, read_seq) FROM analytics.reads",
        &["room cleo 4"],
    ),
    (
        "SELECT concat_ws(' ', conversation_id, seq, user_id, reaction) FROM analytics.reactions",
        &["room 1 cleo heart"],
    ),
    (
        "SELECT concat_ws(' ', active_users, senders, readers, messages) FROM analytics.daily_active",
        &["3 2 1 7"],
    ),
    (
        "SELECT concat_ws(' ', seq, user_id, asked_seq, asked_by, reply_seconds >= seconds_since_last)
         FROM analytics.reply_times ORDER BY conversation_id, seq",
        &["3 bob 1 ann t", "5 ann 3 bob t"],
    ),
    (
        "SELECT concat_ws(' ', seq, user_id, read_position IS NOT NULL) FROM analytics.delivery
         WHERE conversation_id = 'room' AND seq IN (1, 5) ORDER BY 1",
        &["1 bob t", "1 cleo t", "5 bob f", "5 cleo f"],
    ),
    (
        "SELECT DISTINCT (position > 0)::text FROM analytics.delivery",
        &["true"],
    ),
];

#[tokio::test(flavor = "multi_thread")]
async fn the_views_show_what_happened_and_no_erased_content() {
    let world = World::start().await;
    act(&world).await;
    let role = new_role();
    let mut analyst = connect_as_analyst(&world, &role).await;
    for (sql, expected) in ANSWERS {
        assert_eq!(texts(&mut analyst, sql).await, *expected, "{sql}");
    }
    act_at_a_desk(&world).await;
    for (sql, expected) in ANSWERS_OF_DESKS {
        assert_eq!(texts(&mut analyst, sql).await, *expected, "{sql}");
    }
    let views = "SELECT viewname::text FROM pg_views WHERE schemaname = 'analytics'";
    let mut all = String::new();
    for view in texts(&mut analyst, views).await {
        let rows = format!("SELECT v::text FROM analytics.{view} v");
        all += &texts(&mut analyst, &rows).await.join("\n");
    }
    assert!(all.contains("fourth"), "{all}");
    assert!(!all.contains(ERASED) && !all.contains(RECALLED), "{all}");
    drop(analyst);
    drop_role(&world, &role).await;
}

/// Everything that is not a view for analysts.
const OTHERS: &str = "SELECT format('%I.%I', n.nspname, c.relname)
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'v', 'm', 'p', 'f', 'S')
    AND n.nspname <> 'analytics' AND n.nspname !~ '^(pg_|information_schema)' ORDER BY 1";

#[tokio::test(flavor = "multi_thread")]
async fn the_role_of_analysts_reads_the_views_and_nothing_else() {
    let world = World::start().await;
    let role = new_role();
    let mut analyst = connect_as_analyst(&world, &role).await;
    let others: Vec<String> = sqlx::query_scalar(OTHERS)
        .fetch_all(&world.pool)
        .await
        .expect("the tables");
    assert!(others.len() > 70, "{others:?}");
    let catalogs = [
        "pg_catalog.pg_authid",
        "pg_catalog.pg_shadow",
        "pg_catalog.pg_statistic",
    ];
    let others = others.iter().map(String::as_str).chain(catalogs);
    for relation in others {
        let refused = analyst
            .execute(format!("SELECT * FROM {relation} LIMIT 1").as_str())
            .await
            .expect_err(relation)
            .to_string();
        assert!(
            refused.contains("permission denied"),
            "{relation}: {refused}"
        );
    }
    for statement in [
        "SET default_transaction_read_only = off",
        "SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE",
    ] {
        analyst.execute(statement).await.expect(statement);
    }
    for statement in [
        "DELETE FROM analytics.users",
        "UPDATE analytics.messages SET type = 'text'",
        "CREATE TABLE analytics.own (a int)",
        "CREATE TABLE public.own (a int)",
        "SELECT pg_read_file('postgresql.conf')",
        "COPY (SELECT 1) TO PROGRAM 'true'",
        "SET ROLE tidings_psql",
    ] {
        let refused = analyst.execute(statement).await;
        refused.expect_err(statement);
    }

    // Granting again changes nothing, and a revocation takes effect at once.
    let again = world.run_ok(&["analytics", "grant", &role]).await;
    assert!(!again.contains("created"), "{again}");
    let count = "SELECT count(*)::text FROM analytics.users";
    assert_eq!(texts(&mut analyst, count).await.len(), 1);
    world.run_ok(&["analytics", "revoke", &role]).await;
    let refused = analyst.execute(count).await.expect_err("revoked");
    assert!(
        refused.to_string().contains("permission denied"),
        "{refused}"
    );
    let said = world.run_ok(&["analytics", "revoke", &role]).await;
    assert!(said.contains("could not read"), "{said}");
    drop(analyst);
    drop_role(&world, &role).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_that_is_no_analyst_is_refused() {
    let world = World::start().await;
    for (role, why) in [
        ("tidings_reader", "is a role of Tidings"),
        ("ann smith", "is no name of a role"),
        ("pg_monitor_x", "reserved"),
    ] {
        let refused = world.run(&["analytics", "grant", role]).await;
        let said = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert!(!refused.status.success() && said.contains(why), "{said}");
    }
}
