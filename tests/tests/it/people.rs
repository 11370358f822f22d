//! Profiles, settings and the directory, as users see them.

use serde_json::{Value, json};
use tests::client::Client;
use tests::single_machine::SingleMachine;
use tests::world::{Settings, World};

/// The ids in a list of users.
fn ids(page: &Value) -> Vec<String> {
    let users = page["users"].as_array().expect("a list of users").iter();
    users
        .map(|user| user["id"].as_str().unwrap_or_default().to_owned())
        .collect()
}

async fn search(client: &Client, query: &str) -> Vec<String> {
    ids(&client.get_ok(&format!("/v1/users?{query}")).await)
}

async fn rename(client: &Client, name: &str) -> i64 {
    let renamed = client
        .patch("/v1/users/me", json!({ "display_name": name }))
        .await;
    renamed.expect(200);
    renamed.position()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_profile_starts_empty_and_changes_field_by_field() {
    let world = World::start().await;
    let ann = world.user("ann");
    let first = ann.get_ok("/v1/users/me").await;
    let settings = json!({"direct_from": "anyone", "groups_from": "anyone", "read_receipts": true,
                          "last_seen": true, "quiet_hours": null});
    assert_eq!(first["settings"], settings);
    for field in ["display_name", "avatar", "about", "locale", "custom"] {
        assert_eq!(first[field], Value::Null, "{field}");
    }
    assert_eq!(
        (&first["id"], &first["kind"]),
        (&json!("ann"), &json!("user"))
    );
    assert_eq!(first["deactivated"], false);
    let body = json!({"display_name": "Ann \u{5f20}", "about": "hello", "locale": "zh-Hans-CN",
                      "avatar": "https://example.com/a.png", "custom": {"team": [1, 2.5]}});
    let changed = ann.patch("/v1/users/me", body.clone()).await;
    changed.expect(200);
    let again = ann.patch("/v1/users/me", body.clone()).await;
    assert_eq!(
        again.expect(200)["position"],
        changed.position(),
        "nothing was appended"
    );
    let removed = ann
        .patch("/v1/users/me", json!({ "about": null }))
        .await
        .position();
    let now = ann
        .get_ok(&format!("/v1/users/me?min_position={removed}"))
        .await;
    assert_eq!(now["position"], removed);
    for field in ["display_name", "locale", "avatar", "custom"] {
        assert_eq!(now[field], body[field], "{field}");
    }
    assert_eq!(now["about"], Value::Null);
    let hours = json!({"from": "22:00", "to": "07:00", "time_zone": "Asia/Shanghai"});
    let set = ann
        .patch(
            "/v1/users/me/settings",
            json!({"direct_from": "contacts", "last_seen": false, "quiet_hours": hours}),
        )
        .await
        .position();
    let now = ann
        .get_ok(&format!("/v1/users/me?min_position={set}"))
        .await;
    let settings = &now["settings"];
    assert_eq!(
        (&settings["direct_from"], &settings["groups_from"]),
        (&json!("contacts"), &json!("anyone"))
    );
    assert_eq!(
        (&settings["last_seen"], &settings["quiet_hours"]),
        (&json!(false), &hours)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn invalid_profiles_and_settings_are_refused_by_field() {
    let world = World::start().await;
    let ann = world.user("ann");
    for (field, value) in [
        ("display_name", json!("")),
        ("display_name", json!("x".repeat(65))),
        ("about", json!("x".repeat(301))),
        ("locale", json!("not a tag")),
        ("avatar", json!("http://example.com/a.png")),
        ("custom", json!([])),
        ("custom", json!({ "a": "x".repeat(4_097) })),
        ("kind", json!("bot")),
    ] {
        let refused = ann.patch("/v1/users/me", json!({ field: value })).await;
        assert_eq!(
            refused.expect(422)["errors"][0]["field"],
            field,
            "{refused}"
        );
    }
    for (field, value) in [
        ("direct_from", json!("nobody")),
        ("read_receipts", json!("yes")),
        (
            "quiet_hours",
            json!({"from": "22:00", "to": "22:00", "time_zone": "UTC"}),
        ),
    ] {
        let refused = ann
            .patch("/v1/users/me/settings", json!({ field: value }))
            .await;
        let named = refused.expect(422)["errors"][0]["field"].clone();
        assert!(
            named.as_str().unwrap_or_default().starts_with(field),
            "{refused}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn users_see_those_with_whom_they_share_a_conversation() {
    let world = World::start().await;
    let [ann, bob, zoe] = ["ann", "bob", "zoe"].map(|user| world.user(user));
    ann.create_group("room", &["bob"]).await.expect(201);
    for user in [&ann, &bob] {
        rename(user, &format!("Secret {}", user.user())).await;
    }
    let last = rename(&zoe, "Zoe").await;
    world.wait_until_projected(last).await;
    let profile = ann.get_ok("/v1/users/bob").await;
    let keys: Vec<&str> = profile
        .as_object()
        .expect("an object")
        .keys()
        .map(String::as_str)
        .collect();
    assert_eq!(
        keys,
        [
            "about",
            "avatar",
            "custom",
            "deactivated",
            "display_name",
            "id",
            "kind",
            "last_seen"
        ]
    );
    assert_eq!(profile["display_name"], "Secret bob");
    assert_eq!(zoe.get_ok("/v1/users/zoe").await["display_name"], "Zoe");
    let listed = ann.get_ok("/v1/users?ids=bob,zoe,ann,nobody").await;
    assert_eq!(ids(&listed), ["ann", "bob"]);
    assert_eq!(search(&ann, "q=secret").await, ["ann", "bob"]);
    // A stranger and an unknown user get the same answer, by every route.
    for user in ["bob", "nobody"] {
        assert_eq!(
            zoe.get(&format!("/v1/users/{user}"))
                .await
                .expect_problem(404),
            "not_found"
        );
    }
    assert_eq!(search(&zoe, "ids=ann,bob").await, [""; 0]);
    for q in ["secret", "b", "bob", "a"] {
        assert_eq!(search(&zoe, &format!("q={q}")).await, [""; 0], "{q}");
    }
    // Leaving ends it.
    let left = bob
        .delete("/v1/conversations/room/members/bob")
        .await
        .position();
    world.wait_until_projected(left).await;
    ann.get("/v1/users/bob").await.expect_problem(404);
    assert_eq!(search(&ann, "q=secret").await, ["ann"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn with_an_open_directory_everybody_is_found_page_by_page() {
    let world = World::start_with(Settings::default().with("TIDINGS_DIRECTORY", "open")).await;
    let zoe = world.user("zo\u{eb}");
    rename(&zoe, "Zo\u{eb} O'Brien-M\u{fc}ller").await;
    let names = ["anna", "Annabel", "ANNE", "bob", "joann"];
    let mut last = 0;
    for name in names {
        last = rename(&world.user(name), &format!("Person {name}")).await;
    }
    world.wait_until_projected(last).await;
    let ann = world.user("stranger");
    assert_eq!(
        ann.get_ok("/v1/users/bob").await["display_name"],
        "Person bob"
    );
    ann.get("/v1/users/nobody").await.expect_problem(404);
    assert_eq!(search(&ann, "q=ann").await, ["anna", "Annabel", "ANNE"]);
    assert_eq!(search(&ann, "q=person%20jo").await, ["joann"]);
    for q in ["zoe", "ZO%C3%8B", "mul", "bri", "o%27b", "zoe%20o"] {
        assert_eq!(search(&ann, &format!("q={q}")).await, ["zo\u{eb}"], "{q}");
    }
    for q in ["oe", "rien", "erson"] {
        assert_eq!(search(&ann, &format!("q={q}")).await, [""; 0], "{q}");
    }
    let (mut found, mut after) = (Vec::new(), String::new());
    loop {
        let page = ann
            .get_ok(&format!("/v1/users?q=person&limit=2{after}"))
            .await;
        assert!(ids(&page).len() <= 2);
        found.extend(ids(&page));
        match page["next"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => break,
        }
    }
    assert_eq!(found, ["anna", "Annabel", "ANNE", "bob", "joann"]);
    for bad in ["", "?q=ann&ids=bob", "?q=ann&limit=201", "?q=ann&after=x"] {
        assert_eq!(
            ann.get(&format!("/v1/users{bad}"))
                .await
                .expect_problem(400),
            "malformed"
        );
    }
    ann.get("/v1/users?q=%20").await.expect_problem(422);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_sets_up_a_bot_and_the_event_names_them() {
    let world = World::start().await;
    let admin = world.admin();
    let body = json!({"display_name": "Helper", "kind": "bot", "custom": {"version": 1}});
    let set = admin
        .put("/v1/admin/users/helper", Some(body.clone()))
        .await;
    set.expect(200);
    let again = admin.put("/v1/admin/users/helper", Some(body)).await;
    assert_eq!(again.expect(200)["position"], set.position());
    world
        .user("ann")
        .put("/v1/admin/users/helper", Some(json!({})))
        .await
        .expect_problem(403);
    world.wait_until_projected(set.position()).await;
    let own = world.user("helper").get_ok("/v1/users/me").await;
    assert_eq!(
        (&own["kind"], &own["display_name"]),
        (&json!("bot"), &json!("Helper"))
    );
    let events = admin.get("/v1/events?source=/profiles/helper").await;
    let lines = String::from_utf8_lossy(&events.body).into_owned();
    let events: Vec<Value> = lines
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    let types: Vec<_> = events.iter().map(|event| event["type"].clone()).collect();
    assert_eq!(
        types,
        ["tidings.profile_changed.v1", "tidings.user_kind_changed.v1"]
    );
    for event in &events {
        assert_eq!(
            (&event["actor"], &event["data"]["by"]),
            (&json!("admin"), &json!("admin"))
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn erasing_a_user_erases_the_profile_everywhere() {
    let world = World::start().await;
    let ann = world.user("ann");
    ann.create_group("room", &["bob"]).await.expect(201);
    ann.patch(
        "/v1/users/me",
        json!({"display_name": "Rosebud", "about": "sled"}),
    )
    .await
    .expect(200);
    let admin = world.admin();
    let erased = admin
        .post("/v1/admin/erasures", json!({ "user": "ann" }))
        .await;
    assert_eq!(erased.expect(200)["profiles"], 1);
    let again = admin
        .post("/v1/admin/erasures", json!({ "user": "ann" }))
        .await;
    assert_eq!(again.expect(200)["profiles"], 0);
    world.wait_until_projected(erased.position()).await;
    assert_eq!(
        ann.get_ok("/v1/users/me").await["display_name"],
        Value::Null
    );
    let bob = world.user("bob");
    assert_eq!(bob.get_ok("/v1/users/ann").await["about"], Value::Null);
    assert_eq!(search(&bob, "q=rose").await, [""; 0]);
    assert_eq!(search(&bob, "q=an").await, ["ann"]);
    eventually::eventually("the log has no name", async || {
        let log = admin.get("/v1/events?limit=1000").await;
        (!String::from_utf8_lossy(&log.body).contains("Rosebud")).then_some(())
    })
    .await;
    world.run_ok(&["verify"]).await;
    world.run_ok(&["log", "verify"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn operators_show_set_deactivate_and_log_out_users() {
    let machine = SingleMachine::start(&Settings::default()).await;
    let ann = machine.user("ann");
    ann.create_group("room", &[]).await.expect(201);
    machine
        .run_ok(&[
            "user",
            "set",
            "ann",
            "--display-name",
            "Ann",
            "--kind",
            "bot",
        ])
        .await;
    machine
        .run_ok(&["user", "deactivate", "ann", "--yes"])
        .await;
    eventually::eventually("the user is refused", async || {
        (ann.get("/v1/inbox").await.status == 403).then_some(())
    })
    .await;
    machine.run_ok(&["user", "reactivate", "ann"]).await;
    machine.run_ok(&["user", "revoke", "ann"]).await;
    eventually::eventually("the tokens are refused", async || {
        (ann.get("/v1/inbox").await.status == 401).then_some(())
    })
    .await;
    let shown = eventually::eventually("the user is shown", async || {
        let text = machine.run_ok(&["user", "show", "ann", "--json"]).await;
        let shown: Value = serde_json::from_str(&text).expect("JSON");
        shown["revoked_before"].is_string().then_some(shown)
    })
    .await;
    assert_eq!(
        (&shown["display_name"], &shown["kind"]),
        (&json!("Ann"), &json!("bot"))
    );
    assert_eq!(
        (&shown["deactivated"], &shown["conversations"]),
        (&json!(false), &json!(1))
    );
    let text = machine.run_ok(&["user", "show", "ann"]).await;
    assert!(text.contains("kind           bot"), "{text}");
}
