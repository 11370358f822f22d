//! Local accounts: who can open one, signing in, its limits over all processes, and that a password
//! is nowhere but in its table.

use std::path::Path;

use eventually::eventually;
use futures::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use tests::client::Client;
use tests::fleet::Fleet;
use tests::response::ApiResponse;
use tests::token;
use tests::world::{Settings, World};

pub(crate) const PASSWORD: &str = "correct horse battery";
const OTHER: &str = "staple, battery and horse";

pub(crate) fn open() -> Settings {
    Settings::default().with("TIDINGS_ACCOUNTS", "open")
}

pub(crate) async fn register(client: &Client, user: &str, password: &str) -> ApiResponse {
    let body = json!({"user": user, "password": password});
    client.post("/v1/accounts", body).await
}

pub(crate) async fn sign_in(client: &Client, user: &str, password: &str) -> ApiResponse {
    let body = json!({"user": user, "password": password});
    client.post("/v1/sessions", body).await
}

pub(crate) fn with_token(client: &Client, signed_in: &Value) -> Client {
    let token = signed_in["token"].as_str().expect("a token");
    client.with_token(Some(token.to_owned()))
}

/// How many passwords the process has hashed or compared.
async fn hashes(client: &Client) -> u64 {
    let metrics = client.get("/metrics").await;
    let text = String::from_utf8_lossy(&metrics.body).into_owned();
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix("tidings_password_hashes_total "));
    line.map_or(0, |number| number.parse().expect("a number"))
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_is_opened_and_signs_in_with_its_password() {
    let world = World::start_with(open()).await;
    let anonymous = world.anonymous();
    // When dora opens an account,
    let body = json!({"user": "dora", "password": PASSWORD, "display_name": "Dora"});
    let opened = anonymous.post("/v1/accounts", body).await.expect(201);
    // then the answer has a token for 30 days, which says when it was issued,
    assert_eq!(opened["user"], "dora");
    let claims = token::claims_of(&opened["token"]);
    assert_eq!(claims["sub"], "dora");
    let issued = claims["iat"].as_f64().expect("a time");
    assert!((issued - token::unix_now() as f64).abs() < 60.0, "{issued}");
    assert_eq!(claims["exp"], issued as i64 + 30 * 24 * 3600);
    let expires_at = opened["expires_at"].as_str().expect("a time");
    assert!(expires_at.ends_with(".000Z"), "{expires_at}");
    // and with it dora is a user like every other.
    let dora = with_token(&anonymous, &opened);
    dora.create_group("room", &["bob"]).await.expect(201);
    // When she signs in, she gets another token.
    let signed_in = sign_in(&anonymous, "dora", PASSWORD).await.expect(201);
    assert_eq!(signed_in["user"], "dora");
    let dora = with_token(&anonymous, &signed_in);
    dora.get("/v1/inbox").await.expect(200);
    assert_eq!(dora.get("/v1/events").await.status, 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_id_that_was_ever_used_cannot_be_registered() {
    let world = World::start_with(open()).await;
    let anonymous = world.anonymous();
    let ann = world.user("ann");
    ann.create_group("room", &["bob", "cid"]).await.expect(201);
    ann.delete("/v1/conversations/room/members/cid")
        .await
        .expect(200);
    ann.put("/v1/blocks/eve", None).await.expect(200);
    register(&anonymous, "dora", PASSWORD).await.expect(201);
    for user in ["ann", "bob", "cid", "eve", "dora", "me"] {
        let refused = register(&anonymous, user, OTHER).await;
        assert_eq!(refused.expect_problem(409), "conflict", "{user}");
    }
    sign_in(&anonymous, "dora", PASSWORD).await.expect(201);
    // Of several that register the same id at once, one gets it.
    let rivals = join_all((0..4).map(|_| register(&anonymous, "fay", PASSWORD))).await;
    let mut statuses: Vec<u16> = rivals.iter().map(|answer| answer.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409, 409, 409]);
}

#[tokio::test(flavor = "multi_thread")]
async fn fields_of_an_account_have_limits() {
    let world = World::start_with(open()).await;
    let anonymous = world.anonymous();
    let long = "密".repeat(129);
    for (field, value) in [
        ("user", ""),
        ("user", "a\u{7}b"),
        ("password", "too short"),
        ("password", long.as_str()),
        ("display_name", ""),
        ("display_name", &long[..3 * 65]),
    ] {
        let mut body = json!({"user": "dora", "password": PASSWORD});
        body[field] = json!(value);
        let refused = anonymous.post("/v1/accounts", body).await;
        assert_eq!(refused.expect_problem(422), "invalid", "{field}");
        assert_eq!(refused.json()["errors"][0]["field"], field);
        let text = String::from_utf8_lossy(&refused.body).into_owned();
        assert!(!text.contains("too short"), "{text}");
    }
    // Nothing is trimmed, and the limits are in code points.
    let longest = format!(" {} ", "密".repeat(126));
    register(&anonymous, "dora", &longest).await.expect(201);
    sign_in(&anonymous, "dora", longest.trim())
        .await
        .expect_problem(401);
    sign_in(&anonymous, "dora", &longest).await.expect(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_configured_key_there_are_no_accounts_by_default() {
    let world = World::start().await;
    let anonymous = world.anonymous();
    for answer in [
        register(&anonymous, "dora", PASSWORD).await,
        sign_in(&anonymous, "dora", PASSWORD).await,
        world.admin().post("/v1/admin/invites", json!({})).await,
        world
            .user("ann")
            .put(
                "/v1/users/me/password",
                Some(json!({"old": PASSWORD, "new": OTHER})),
            )
            .await,
    ] {
        assert_eq!(answer.expect_problem(404), "not_found");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invite_opens_one_account() {
    let world = World::start_with(Settings::default().with("TIDINGS_ACCOUNTS", "invited")).await;
    let (anonymous, admin) = (world.anonymous(), world.admin());
    let invite = async |body: Option<Value>| {
        let request = admin.request(&Method::POST, "/v1/admin/invites");
        let request = match body {
            Some(body) => request.json(&body),
            None => request,
        };
        let invite = request.send().await.expect(201);
        assert!(invite["expires_at"].is_string(), "{invite}");
        invite["invite"].as_str().expect("a code").to_owned()
    };
    let register = async |user: &str, invite: Option<&str>| {
        let body = json!({"user": user, "password": PASSWORD, "invite": invite});
        anonymous.post("/v1/accounts", body).await
    };
    for code in [None, Some(""), Some("guessed")] {
        let refused = register("dora", code).await;
        assert_eq!(refused.expect_problem(403), "invite_required", "{code:?}");
    }
    let code = invite(Some(json!({"ttl": "1h"}))).await;
    register("dora", Some(&code)).await.expect(201);
    register("eve", Some(&code)).await.expect_problem(403);
    // A refused registration does not use up its invite, and of two at once, one is accepted.
    let code = invite(None).await;
    register("dora", Some(&code)).await.expect_problem(409);
    let (eve, fay) = tokio::join!(register("eve", Some(&code)), register("fay", Some(&code)));
    let mut statuses = [eve.status, fay.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 403]);
    let code = invite(Some(json!({}))).await;
    let expired = sqlx::query("UPDATE accounts.invites SET expires_at = now()")
        .execute(&world.pool)
        .await;
    assert_eq!(expired.expect("a statement").rows_affected(), 1);
    register("gus", Some(&code)).await.expect_problem(403);
    let ttl = admin.post("/v1/admin/invites", json!({"ttl": "0s"})).await;
    assert_eq!(ttl.expect_problem(422), "invalid");
    let user = world.user("ann").post("/v1/admin/invites", json!({})).await;
    assert_eq!(user.expect_problem(403), "forbidden");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_and_an_unknown_user_get_the_same_answer() {
    let world = World::start_with(open()).await;
    let anonymous = world.anonymous();
    register(&anonymous, "dora", PASSWORD).await.expect(201);
    let mut seen = Vec::new();
    for (user, password) in [
        ("dora", OTHER),
        ("nobody", OTHER),
        ("dora", ""),
        ("", PASSWORD),
        ("no\u{7}user", PASSWORD),
    ] {
        let before = hashes(&anonymous).await;
        let refused = sign_in(&anonymous, user, password).await;
        assert_eq!(refused.expect_problem(401), "wrong_password", "{user:?}");
        assert_eq!(refused.header("www-authenticate"), "Bearer");
        // One password was compared, with a hash of the same cost.
        assert_eq!(hashes(&anonymous).await - before, 1, "{user:?}");
        seen.push(refused.body);
    }
    assert!(seen.windows(2).all(|pair| pair[0] == pair[1]));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_limit_of_a_user_holds_over_all_processes() {
    let fleet = Fleet::start(2, &open()).await;
    let at = |process| fleet.user("nobody", process).with_token(None);
    register(&at(0), "dora", PASSWORD).await.expect(201);
    register(&at(1), "eve", PASSWORD).await.expect(201);
    // Given 10 wrong attempts, half of them at each process, many at the same time,
    let tried = (0..30).map(|n| async move { n % 2 });
    let tried = tried.map(|process| async {
        let process = process.await;
        sign_in(&at(process), "dora", OTHER).await.status
    });
    let mut statuses = join_all(tried).await;
    statuses.sort_unstable();
    assert_eq!(statuses[..10], [401; 10]);
    assert_eq!(statuses[10..], [429; 20]);
    // then the next one is refused at both, also with the right password,
    for process in [0, 1] {
        let refused = sign_in(&at(process), "dora", PASSWORD).await;
        assert_eq!(refused.expect_problem(429), "rate_limited");
        let wait: u64 = refused.header("retry-after").parse().expect("seconds");
        assert!((1..=900).contains(&wait), "{wait}");
    }
    // others are not affected,
    sign_in(&at(0), "eve", PASSWORD).await.expect(201);
    // and an attempt counts no longer than 15 minutes.
    let aged = sqlx::query(
        "UPDATE accounts.attempts
            SET wrong_at = ARRAY(SELECT t - interval '15 min' FROM unnest(wrong_at) AS t)",
    );
    aged.execute(&fleet.pool).await.expect("a statement");
    sign_in(&at(1), "dora", PASSWORD).await.expect(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_right_password_does_not_count_as_an_attempt() {
    let world = World::start_with(open()).await;
    let anonymous = world.anonymous();
    register(&anonymous, "dora", PASSWORD).await.expect(201);
    for _ in 0..9 {
        sign_in(&anonymous, "dora", OTHER).await.expect_problem(401);
    }
    for _ in 0..5 {
        sign_in(&anonymous, "dora", PASSWORD).await.expect(201);
    }
    sign_in(&anonymous, "dora", OTHER).await.expect_problem(401);
    sign_in(&anonymous, "dora", PASSWORD)
        .await
        .expect_problem(429);
    // An unknown user has the same limit.
    for _ in 0..10 {
        sign_in(&anonymous, "nobody", OTHER)
            .await
            .expect_problem(401);
    }
    sign_in(&anonymous, "nobody", OTHER)
        .await
        .expect_problem(429);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_has_a_limit_of_its_own() {
    let settings = open().with("TIDINGS_TRUSTED_PROXIES", "127.0.0.0/8");
    let world = World::start_with(settings).await;
    let from = async |address: &str, user: &str| {
        let request = world.anonymous().request(&Method::POST, "/v1/sessions");
        let request = request.header("x-forwarded-for", address);
        let body = json!({"user": user, "password": OTHER});
        request.json(&body).send().await
    };
    for n in 0..100 {
        let tried = from("203.0.113.7", &format!("user-{}", n % 20)).await;
        assert_eq!(tried.expect_problem(401), "wrong_password", "attempt {n}");
    }
    let refused = from("203.0.113.7", "another").await;
    assert_eq!(refused.expect_problem(429), "rate_limited");
    // What the client claims before the proxy does not help,
    let claimed = from("198.51.100.1, 203.0.113.7", "another").await;
    assert_eq!(claimed.status, 429);
    // and other addresses are not affected.
    from("203.0.113.8", "another").await.expect_problem(401);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_password_ends_the_earlier_tokens() {
    let world = World::start_with(open()).await;
    let anonymous = world.anonymous();
    let opened = register(&anonymous, "dora", PASSWORD).await.expect(201);
    let dora = with_token(&anonymous, &opened);
    let change = async |client: &Client, old: &str, new: &str| {
        let body = json!({"old": old, "new": new});
        client.put("/v1/users/me/password", Some(body)).await
    };
    // A wrong or short password changes nothing, and a user without an account has none to change.
    let refused = change(&dora, OTHER, OTHER).await;
    assert_eq!(refused.expect_problem(401), "wrong_password");
    let refused = change(&dora, PASSWORD, "too short").await;
    assert_eq!(refused.json()["errors"][0]["field"], "new");
    let refused = change(&world.user("ann"), PASSWORD, OTHER).await;
    assert_eq!(refused.expect_problem(404), "not_found");
    sign_in(&anonymous, "dora", PASSWORD).await.expect(201);
    // When dora changes it, the new token works,
    let changed = change(&dora, PASSWORD, OTHER).await.expect(200);
    let again = with_token(&anonymous, &changed);
    again.get("/v1/inbox").await.expect(200);
    // all earlier tokens are refused within a second,
    eventually("the earlier token is revoked", async || {
        let answer = dora.get("/v1/inbox").await;
        (answer.status == 401).then(|| assert_eq!(answer.expect_problem(401), "revoked"))
    })
    .await;
    again.get("/v1/inbox").await.expect(200);
    // and the new password is the one that signs in.
    sign_in(&anonymous, "dora", PASSWORD)
        .await
        .expect_problem(401);
    let signed_in = sign_in(&anonymous, "dora", OTHER).await.expect(201);
    let dora = with_token(&anonymous, &signed_in);
    dora.get("/v1/inbox").await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_issues_tokens() {
    let world = World::start().await;
    let (admin, anonymous) = (world.admin(), world.anonymous());
    let issue = async |body: Value| admin.post("/v1/admin/tokens", body).await;
    let issued = issue(json!({"user": "ann"})).await.expect(201);
    let found = token::claims_of(&issued["token"]);
    let iat = found["iat"].as_f64().expect("a time");
    assert_eq!(found["exp"], iat as i64 + 24 * 3600);
    assert!(found["scope"].is_null(), "{found}");
    let ann = with_token(&anonymous, &issued);
    ann.get("/v1/inbox").await.expect(200);
    assert_eq!(ann.get("/v1/events").await.status, 403);
    let issued = issue(json!({"user": "root", "ttl": "10m", "scope": "admin"})).await;
    let issued = issued.expect(201);
    let found = token::claims_of(&issued["token"]);
    assert_eq!(
        found["exp"],
        found["iat"].as_f64().expect("a time") as i64 + 600
    );
    let root = with_token(&anonymous, &issued);
    root.get("/v1/events").await.expect(200);
    for body in [
        json!({"user": ""}),
        json!({"user": "ann", "ttl": "soon"}),
        json!({"user": "ann", "ttl": "0s"}),
        json!({"user": "ann", "scope": "a\"b"}),
    ] {
        assert_eq!(issue(body).await.expect_problem(422), "invalid");
    }
    let body = json!({"user": "root", "scope": "admin"});
    let refused = world.user("ann").post("/v1/admin/tokens", body).await;
    assert_eq!(refused.expect_problem(403), "forbidden");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_is_in_no_log_export_event_or_manifest() {
    let settings = open()
        .with("TIDINGS_LOG", "trace")
        .with("TIDINGS_LOG_REQUESTS", "on");
    let world = World::start_with(settings).await;
    let anonymous = world.anonymous();
    let secrets = ["s3cret-of-dora-1", "s3cret-of-dora-2", "s3cret-of-dora-3"];
    let opened = register(&anonymous, "dora", secrets[0]).await.expect(201);
    sign_in(&anonymous, "dora", secrets[0]).await.expect(201);
    sign_in(&anonymous, "dora", secrets[2])
        .await
        .expect_problem(401);
    let dora = with_token(&anonymous, &opened);
    let body = json!({"old": secrets[0], "new": secrets[1]});
    dora.put("/v1/users/me/password", Some(body))
        .await
        .expect(200);
    let sent = dora.create_group("room", &["bob"]).await;
    // The earlier token may already be revoked.
    assert!([201, 401].contains(&sent.status), "{sent}");
    let dir = |name: &str| world.dir.join(name).display().to_string();
    world.run_ok(&["log", "export", &dir("export")]).await;
    let backup = ["backup", &dir("backup"), "--database-only"];
    world.run_ok(&backup).await;
    let manifest = std::fs::read_to_string(world.dir.join("backup/manifest.json"));
    let manifest: Value = serde_json::from_str(&manifest.expect("a file")).expect("JSON");
    let tables: Vec<&Value> = manifest["tables"]
        .as_array()
        .expect("tables")
        .iter()
        .collect();
    let rows = |name: &str| {
        let mut found = tables.iter().filter(|table| table["schema"] == "accounts");
        found
            .find(|table| table["name"] == name)
            .map(|table| table["rows"].clone())
    };
    assert_eq!(rows("accounts"), Some(json!(1)));
    assert_eq!(rows("attempts"), None);
    let files = find_secrets(&world.dir, &secrets);
    assert!(files.is_empty(), "a password is in {files:?}");
    let log = std::fs::read_to_string(world.dir.join("up.log")).expect("the log");
    assert!(log.contains("/v1/sessions"), "requests are not in the log");
    // The role of analysts cannot read the table.
    let query = ["psql", "--command", "SELECT * FROM accounts.accounts"];
    let refused = world.run(&query).await;
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(
        !refused.status.success() && said.contains("permission denied"),
        "{said}"
    );
}

/// The files below a directory that contain one of the secrets.
fn find_secrets(dir: &Path, secrets: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).expect("a directory").flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(find_secrets(&path, secrets));
        } else if let Ok(bytes) = std::fs::read(&path)
            && secrets
                .iter()
                .any(|secret| memchr::memmem::find(&bytes, secret.as_bytes()).is_some())
        {
            found.push(path.display().to_string());
        }
    }
    found
}
