//! The place: a code on the machine makes an owner, the owner makes administrators, and the name of
//! the place is where it belongs.

use eventually::eventually;
use serde_json::{Value, json};
use tests::client::Client;
use tests::world::{Settings, World};

use crate::accounts::{PASSWORD, open, register, sign_in, with_token};

/// The newest code that the process has printed.
async fn setup_code(world: &World) -> String {
    let log = world.dir.join("up.log");
    eventually("a setup code is printed", async || {
        let text = std::fs::read_to_string(&log).ok()?;
        let (_, code) = text.rsplit_once("/ops#setup=")?;
        let (code, _) = code.split_once('\n')?;
        Some(code.to_owned())
    })
    .await
}

fn owner(code: &str) -> Value {
    json!({
        "code": code, "user": "olga", "password": PASSWORD, "name": "The Tea House 茶館",
        "display_name": "Olga",
    })
}

async fn set_up(world: &World) -> Client {
    let anonymous = world.anonymous();
    let body = owner(&setup_code(world).await);
    let signed_in = anonymous.post("/v1/place/setup", body).await.expect(201);
    with_token(&anonymous, &signed_in)
}

/// Waits until the place is shown like this.
async fn wait_for_place(client: &Client, field: &str, value: &str) {
    eventually(format!("{field} is {value}"), async || {
        let place = client.get_ok("/v1/place").await;
        (place[field] == value).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_owner_sets_the_place_up_once_and_is_an_administrator() {
    let mut world = World::start_with(open()).await;
    let anonymous = world.anonymous();
    let place = anonymous.get_ok("/v1/place").await;
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(
        place,
        json!({"name": null, "accounts": "open", "setup": "needed", "version": version})
    );
    // A code is printed by each start, and those of earlier ones stay valid.
    let first = setup_code(&world).await;
    world.stop();
    world.start_service().await;
    let body = owner(&first);
    for (field, wrong, code) in [
        ("code", json!("guessed"), "setup_code"),
        ("password", json!("too short"), "invalid"),
        ("name", json!(" "), "invalid"),
        ("name", json!("n".repeat(65)), "invalid"),
        ("user", json!(""), "invalid"),
    ] {
        let mut body = body.clone();
        body[field] = wrong;
        let refused = anonymous.post("/v1/place/setup", body).await;
        let status = if code == "setup_code" { 403 } else { 422 };
        assert_eq!(refused.expect_problem(status), code, "{field}");
    }
    let signed_in = anonymous.post("/v1/place/setup", body.clone()).await;
    let signed_in = signed_in.expect(201);
    assert_eq!(
        (&signed_in["user"], &signed_in["scope"]),
        (&json!("olga"), &json!("admin"))
    );
    let olga = with_token(&anonymous, &signed_in);
    olga.get("/v1/admin/status").await.expect(200);
    let again = anonymous.post("/v1/place/setup", body).await;
    assert_eq!(again.expect_problem(409), "conflict");
    wait_for_place(&anonymous, "setup", "done").await;
    wait_for_place(&anonymous, "name", "The Tea House 茶館").await;
    // Signing in later gives the same rights, and the next start prints no code.
    let signed_in = sign_in(&anonymous, "olga", PASSWORD).await.expect(201);
    assert_eq!(signed_in["scope"], "admin");
    with_token(&anonymous, &signed_in)
        .get("/v1/admin/users/olga")
        .await
        .expect(200);
    let log = world.dir.join("up.log");
    let printed = || {
        let log = std::fs::read_to_string(&log).expect("the log");
        log.matches("/ops#setup=").count()
    };
    let before = printed();
    world.stop();
    world.start_service().await;
    wait_for_place(&anonymous, "name", "The Tea House 茶館").await;
    assert!(printed() <= before, "a set up place prints a code");
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_codes_are_limited_by_address() {
    let world = World::start_with(open()).await;
    let anonymous = world.anonymous();
    let code = setup_code(&world).await;
    for _ in 0..10 {
        let refused = anonymous.post("/v1/place/setup", owner("guessed")).await;
        assert_eq!(refused.expect_problem(403), "setup_code");
    }
    let limited = anonymous.post("/v1/place/setup", owner(&code)).await;
    assert_eq!(limited.expect_problem(429), "rate_limited");
    assert!(!limited.header("retry-after").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn without_accounts_there_is_nothing_to_set_up() {
    let world = World::start().await;
    let anonymous = world.anonymous();
    let place = anonymous.get_ok("/v1/place").await;
    assert_eq!(
        (&place["accounts"], &place["setup"]),
        (&json!("off"), &json!("off"))
    );
    let refused = anonymous.post("/v1/place/setup", owner("guessed")).await;
    assert_eq!(refused.expect_problem(404), "not_found");
    let refused = world.admin().get("/v1/admin/accounts").await;
    assert_eq!(refused.expect_problem(404), "not_found");
    // An administrator can name the place all the same.
    let admin = world.admin();
    let renamed = admin.patch("/v1/admin/place", json!({"name": "Here"}));
    assert_eq!(renamed.await.expect(200), json!({"name": "Here"}));
    wait_for_place(&anonymous, "name", "Here").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_owner_makes_administrators_and_takes_their_rights_back() {
    let world = World::start_with(open()).await;
    let olga = set_up(&world).await;
    let anonymous = world.anonymous();
    let opened = register(&anonymous, "dora", PASSWORD).await.expect(201);
    assert_eq!(opened["scope"], "");
    let dora = with_token(&anonymous, &opened);
    let scope = "/v1/admin/accounts/dora/scope";
    let refused = dora.put(scope, Some(json!({"scope": "admin"}))).await;
    assert_eq!(refused.expect_problem(403), "forbidden");
    for wrong in ["root", "Admin", "admin moderator"] {
        let refused = olga.put(scope, Some(json!({"scope": wrong}))).await;
        assert_eq!(refused.expect_problem(422), "invalid", "{wrong}");
    }
    let nobody = "/v1/admin/accounts/nobody/scope";
    let refused = olga.put(nobody, Some(json!({"scope": "admin"}))).await;
    assert_eq!(refused.expect_problem(404), "not_found");
    let set = olga.put(scope, Some(json!({"scope": "admin"}))).await;
    assert_eq!(set.expect(200), json!({"user": "dora", "scope": "admin"}));
    // The token from before has the rights from before.
    dora.get("/v1/inbox").await.expect(200);
    dora.get("/v1/admin/status").await.expect_problem(403);
    let signed_in = sign_in(&anonymous, "dora", PASSWORD).await.expect(201);
    let dora = with_token(&anonymous, &signed_in);
    dora.get("/v1/admin/status").await.expect(200);
    let listed = olga.get_ok("/v1/admin/accounts?scope=admin").await;
    let users: Vec<&Value> = listed["accounts"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|account| &account["user"])
        .collect();
    assert_eq!(users, ["dora", "olga"]);
    let page = olga.get_ok("/v1/admin/accounts?limit=1").await;
    assert_eq!(page["next"], "dora");
    let page = olga.get_ok("/v1/admin/accounts?after=dora&q=ol").await;
    assert_eq!(
        (&page["accounts"][0]["user"], &page["next"]),
        (&json!("olga"), &Value::Null)
    );
    // Every token of hers is revoked with the rights.
    olga.put(scope, Some(json!({"scope": ""})))
        .await
        .expect(200);
    eventually("the token of an administrator is revoked", async || {
        (dora.get("/v1/admin/status").await.status == 401).then_some(())
    })
    .await;
    let last = "/v1/admin/accounts/olga/scope";
    let refused = olga.put(last, Some(json!({"scope": ""}))).await;
    assert_eq!(refused.expect_problem(409), "last_administrator");
    let audit = olga.get_ok("/v1/admin/audit?actor=olga&limit=200").await;
    let acts: Vec<(&str, &Value)> = audit["entries"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|entry| (entry["act"].as_str().expect("a word"), &entry["target"]))
        .filter(|(act, _)| act.starts_with("place_") || *act == "scope_changed")
        .collect();
    let dora = json!("dora");
    assert_eq!(
        acts,
        [
            ("place_set_up", &json!("olga")),
            ("scope_changed", &dora),
            ("scope_changed", &dora)
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn name_owner_and_rights_are_in_a_backup_and_not_in_an_export() {
    let world = World::start_with(open()).await;
    let olga = set_up(&world).await;
    olga.patch("/v1/admin/place", json!({"name": "Nowhere else"}))
        .await
        .expect(200);
    let dir = |name: &str| world.dir.join(name).display().to_string();
    world.run_ok(&["log", "export", &dir("export")]).await;
    let exported = std::fs::read_dir(world.dir.join("export")).expect("a directory");
    for file in exported {
        let content = std::fs::read(file.expect("a file").path()).unwrap_or_default();
        let text = String::from_utf8_lossy(&content);
        assert!(!text.contains("Nowhere else"));
    }
    world
        .run_ok(&["backup", &dir("backup"), "--database-only"])
        .await;
    let restored = World::stopped(open()).await;
    restored
        .run_ok(&["restore", &dir("backup"), "--database-only", "--yes"])
        .await;
    let mut restored = restored;
    restored.start_service().await;
    let anonymous = restored.anonymous();
    wait_for_place(&anonymous, "name", "Nowhere else").await;
    wait_for_place(&anonymous, "setup", "done").await;
    let signed_in = sign_in(&anonymous, "olga", PASSWORD).await.expect(201);
    assert_eq!(signed_in["scope"], "admin");
}

#[tokio::test(flavor = "multi_thread")]
async fn both_pages_are_served_and_lead_to_the_api() {
    let world = World::start_with(Settings::default()).await;
    let anonymous = world.anonymous();
    for path in ["/", "/ops"] {
        let page = anonymous.get(path).await;
        assert_eq!(page.status, 200, "{page}");
        assert!(
            page.header("content-type").starts_with("text/html"),
            "{page}"
        );
        let policy = page.header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'"), "{policy}");
    }
    let api = anonymous.get("/api").await;
    assert!(String::from_utf8_lossy(&api.body).contains("href=\"/docs/\""));
    assert_eq!(
        anonymous.get("/nothing").await.expect_problem(404),
        "no_such_path"
    );
}
