//! Two administrators in two processes, one of which is killed in the middle of an act. The outcome
//! is that of one of the two, and the same everywhere: in both processes, after a restart, and
//! after a rebuild.

use std::time::Duration;

use eventually::eventually;
use reqwest::Method;
use serde_json::{Value, json};
use tests::client::Client;
use tests::fleet::{Fleet, FleetRole};
use tests::token;
use tests::world::Settings;

/// How long an act may be on its way before the process is killed.
const HEAD_STARTS: [Duration; 4] = [
    Duration::ZERO,
    Duration::from_millis(2),
    Duration::from_millis(10),
    Duration::from_millis(60),
];

/// A call of an administrator.
struct Act {
    method: Method,
    path: String,
    body: Value,
}

impl Act {
    fn new(method: Method, path: &str, body: Value) -> Self {
        Self {
            method,
            path: path.to_owned(),
            body,
        }
    }

    /// Calls; a killed process may not answer.
    async fn call(self, admin: Client) -> Option<u16> {
        let request = admin.request(&self.method, &self.path).json(&self.body);
        Some(request.try_send().await.ok()?.status)
    }
}

fn admin_at(fleet: &Fleet, name: &str, process: usize) -> Client {
    let client = fleet.user(name, process);
    client.with_token(Some(token::for_admin(name)))
}

/// Two administrators act at once while Postgres is suspended or runs, and the process of the first
/// one is killed. The second one is answered. Restarts the process.
async fn collide(fleet: &mut Fleet, killed: Act, other: Act, round: usize) {
    let (one, two) = (admin_at(fleet, "root", 0), admin_at(fleet, "boss", 1));
    let frozen = round.is_multiple_of(2).then(|| fleet.freeze_postgres());
    let mut first = tokio::spawn(killed.call(one));
    let second = tokio::spawn(other.call(two));
    let head_start = HEAD_STARTS[round / 2 % HEAD_STARTS.len()];
    let answered = tokio::time::timeout(head_start, &mut first).await;
    fleet.kill_service(FleetRole::Command(0));
    drop(frozen);
    let _ = answered.map(|joined| joined.expect("no panic"));
    let status = second.await.expect("no panic");
    assert!(
        matches!(status, Some(200 | 503)),
        "the other process answers: {status:?}"
    );
    fleet.start_service(FleetRole::Command(0)).await;
}

/// The newest event of these types about an aggregate, with one of its fields.
async fn newest(fleet: &Fleet, aggregate: &str, types: &[&str], field: &str) -> Option<String> {
    sqlx::query_scalar(
        "SELECT e.event_type || ' ' || coalesce(convert_from(e.payload, 'UTF8')::jsonb->>$3, '')
           FROM log.events e JOIN log.streams s ON s.id = e.stream
          WHERE s.aggregate_id = $1 AND e.event_type = ANY($2) ORDER BY e.position DESC LIMIT 1",
    )
    .bind(aggregate)
    .bind(types)
    .bind(field)
    .fetch_optional(&fleet.pool)
    .await
    .expect("the log")
}

/// Waits until every process answers what the log says.
async fn agree<T: PartialEq + std::fmt::Debug>(
    what: &str,
    expected: &T,
    ask: impl AsyncFn(usize) -> T,
) {
    for process in [0, 1] {
        eventually(
            format!("process {process}: {what} is {expected:?}"),
            async || (ask(process).await == *expected).then_some(()),
        )
        .await;
    }
}

async fn rebuild(fleet: &Fleet) {
    let output = fleet.run(&["rebuild"]).await;
    assert!(output.status.success(), "{output:?}");
}

const ROUNDS: usize = 8;

#[tokio::test(flavor = "multi_thread")]
async fn a_ban_happens_or_not_and_it_is_the_same_everywhere() {
    let mut fleet = Fleet::start(2, &Settings::default()).await;
    let members: Vec<String> = (0..ROUNDS).map(|round| format!("bob{round}")).collect();
    let names: Vec<&str> = members.iter().map(String::as_str).collect();
    let ann = fleet.user("ann", 1);
    ann.create_group("room", &names).await.expect(201);
    for (round, bob) in members.iter().enumerate() {
        let path = format!("/v1/moderation/users/{bob}/restriction");
        let restrict = |kind| {
            let body = json!({ "kind": kind, "reason": "abuse" });
            Act::new(Method::PUT, &path, body)
        };
        collide(&mut fleet, restrict("banned"), restrict("silenced"), round).await;
    }
    let assert_agreed = async |fleet: &Fleet, step: &str| {
        for bob in &members {
            let stored = newest(fleet, bob, &["user_restricted"], "kind").await;
            let kind = stored.as_deref().and_then(|text| text.split(' ').nth(1));
            let kind = kind.map(str::to_owned);
            let send = async |process: usize| {
                let sent = fleet.user(bob, process).send("room", step, "hi").await;
                sent.json()["code"].as_str().map(str::to_owned)
            };
            agree(&format!("{bob} {step}"), &kind, send).await;
            let admin = admin_at(fleet, "root", 1);
            eventually(format!("{bob} {step} is shown as {kind:?}"), async || {
                let found = admin.get_ok(&format!("/v1/admin/users/{bob}")).await;
                let shown = found["restriction"]["kind"].as_str().map(str::to_owned);
                (shown == kind).then_some(())
            })
            .await;
        }
    };
    assert_agreed(&fleet, "before").await;
    rebuild(&fleet).await;
    assert_agreed(&fleet, "after").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revocation_happens_or_not_and_it_is_the_same_everywhere() {
    let mut fleet = Fleet::start(2, &Settings::default()).await;
    for round in 0..ROUNDS {
        let path = format!("/v1/admin/users/bob{round}");
        let revoke = Act::new(Method::POST, &format!("{path}/revoke"), Value::Null);
        let name = Act::new(Method::PUT, &path, json!({ "display_name": "Bob" }));
        collide(&mut fleet, revoke, name, round).await;
    }
    let token = |user: &str| token::issued_at(user, token::unix_now() - 600, "");
    for round in 0..ROUNDS {
        let bob = format!("bob{round}");
        let revoked = newest(&fleet, &bob, &["tokens_revoked"], "by").await;
        let code = revoked.map(|_| "revoked".to_owned());
        let call = async |process: usize| {
            let bob = fleet.user(&bob, process).with_token(Some(token(&bob)));
            let body = json!({ "locale": "en" });
            let answer = bob.patch("/v1/users/me", body).await;
            answer.json()["code"].as_str().map(str::to_owned)
        };
        agree(&bob, &code, call).await;
        let query = fleet.user(&bob, 1).with_token(Some(token(&bob)));
        let status = if code.is_some() { 401 } else { 200 };
        eventually(format!("a query of {bob} gets {status}"), async || {
            (query.get("/v1/inbox").await.status == status).then_some(())
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_switch_is_set_or_not_and_it_is_the_same_everywhere() {
    let mut fleet = Fleet::start(2, &Settings::default()).await;
    let ann = fleet.user("ann", 1);
    ann.create_group("room", &[]).await.expect(201);
    ann.send("room", "1", "hello").await.expect(201);
    let path = "/v1/admin/switches/reactions";
    for round in 0..ROUNDS {
        let off = json!({ "on": false, "reason": format!("round {round}") });
        let off = Act::new(Method::PUT, path, off);
        let on = Act::new(Method::PUT, path, json!({ "on": true }));
        collide(&mut fleet, off, on, round).await;
        let stored = newest(&fleet, "tidings", &["feature_switched"], "on").await;
        let is_off = stored.is_some_and(|text| text.ends_with(" false"));
        let reaction = format!("/v1/conversations/room/messages/1/reactions/k{round}");
        let react = async |process: usize| {
            let answer = fleet.user("ann", process).put(&reaction, None).await;
            answer.json()["code"] == "switched_off"
        };
        agree(&format!("round {round}"), &is_off, react).await;
        let switches = admin_at(&fleet, "root", 1)
            .get_ok("/v1/admin/switches")
            .await;
        assert_eq!(switches["switches"][0]["on"], json!(!is_off), "{switches}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restore_happens_or_not_and_it_is_the_same_everywhere() {
    let mut fleet = Fleet::start(2, &Settings::default()).await;
    let ann = fleet.user("ann", 1);
    ann.create_group("room", &["root", "boss"])
        .await
        .expect(201);
    for round in 0..ROUNDS {
        ann.send("room", &format!("{round}"), "hello")
            .await
            .expect(201);
        let message = format!("/v1/conversations/room/messages/{}", round + 1);
        ann.delete(&message).await.expect(200);
    }
    let admins = json!({ "members": ["root", "boss"], "role": "admin" });
    let members = "/v1/conversations/room/members";
    ann.post(members, admins).await.expect(200);
    for round in 0..ROUNDS {
        let message = format!("/v1/conversations/room/messages/{}", round + 1);
        let restore = Act::new(Method::POST, &format!("{message}/restore"), Value::Null);
        let recall = Act::new(Method::DELETE, &message, Value::Null);
        collide(&mut fleet, restore, recall, round).await;
    }
    let is_recalled = async |fleet: &Fleet, seq: usize| {
        let stored: Option<String> = sqlx::query_scalar(
            "SELECT event_type FROM log.events WHERE message = $1
               AND event_type IN ('message_recalled', 'message_restored')
             ORDER BY position DESC LIMIT 1",
        )
        .bind(seq as i64)
        .fetch_optional(&fleet.pool)
        .await
        .expect("the log");
        stored.as_deref() == Some("message_recalled")
    };
    for step in ["before", "after"] {
        for seq in 1..=ROUNDS {
            let expected = is_recalled(&fleet, seq).await;
            let message = format!("/v1/conversations/room/messages/{seq}");
            let react = async |process: usize| {
                let path = format!("{message}/reactions/{step}{process}");
                let answer = fleet.user("ann", process).put(&path, None).await;
                answer.json()["code"] == "recalled"
            };
            agree(&message, &expected, react).await;
            let ann = fleet.user("ann", 1);
            eventually(format!("{message} is shown"), async || {
                let shown = ann.get_ok(&message).await;
                (shown["recalled"] == json!(expected)).then_some(())
            })
            .await;
        }
        rebuild(&fleet).await;
    }
}
