//! The fields of profiles and settings at their bounds, and people whom a query names or finds.

use serde_json::{Value, json};
use tests::client::Client;
use tests::world::World;

/// A JSON object of exactly this size.
fn object_of(bytes: usize) -> Value {
    let frame = r#"{"a":""}"#.len();
    json!({ "a": "x".repeat(bytes - frame) })
}

/// Changes one field, which is accepted or refused by its name.
async fn set(client: &Client, path: &str, field: &str, value: Value, is_accepted: bool) {
    let answer = client.patch(path, json!({ field: value })).await;
    if is_accepted {
        answer.expect(200);
    } else {
        let problem = answer.expect(422);
        let named = problem["errors"][0]["field"].as_str().unwrap_or_default();
        assert!(named.starts_with(field), "{answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn fields_are_accepted_up_to_their_bounds_and_no_further() {
    let world = World::start().await;
    let ann = world.user("ann");
    ann.create_group("room", &["bob"]).await.expect(201);
    let (me, room) = ("/v1/users/me", "/v1/conversations/room");
    for (path, field, within, beyond) in [
        (
            me,
            "display_name",
            json!("界".repeat(64)),
            json!("界".repeat(65)),
        ),
        (me, "about", json!("é".repeat(300)), json!("é".repeat(301))),
        (me, "custom", object_of(4_096), object_of(4_097)),
        (
            room,
            "topic",
            json!("界".repeat(500)),
            json!("界".repeat(501)),
        ),
        (room, "custom", object_of(4_096), object_of(4_097)),
        (room, "slow_mode", json!(3_600), json!(3_601)),
        (room, "retention_days", json!(3_650), json!(3_651)),
    ] {
        set(&ann, path, field, within.clone(), true).await;
        set(&ann, path, field, beyond, false).await;
        let head = tests::log::head(&world.pool).await.expect("a head");
        let shown = ann.get_ok(&format!("{path}?min_position={head}")).await;
        let shown = if path == me { &shown } else { &shown["policy"] };
        assert_eq!(shown[field], within, "{field}");
    }
    // The size of an object is that of its text, whatever the spaces in it.
    let spaced = format!(r#"{{ "custom" : {{ "a" : "{}" }} }}"#, "x".repeat(4_000));
    let request = ann.request(&reqwest::Method::PATCH, me);
    let set = request.body("application/json", spaced.into_bytes()).send();
    set.await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn languages_are_tags_and_time_zones_exist() {
    let world = World::start().await;
    let ann = world.user("ann");
    for (locale, is_accepted) in [
        ("en", true),
        ("zh-Hant-TW", true),
        ("es-419", true),
        ("de-CH-1901", true),
        ("sl-rozaj-biske", true),
        ("en-US-u-ca-gregory", true),
        ("x-club", true),
        // Registered before the grammar.
        ("i-klingon", true),
        ("en-GB-oed", true),
        ("zh-min-nan", true),
        ("en_US", false),
        ("en-", false),
        ("i-elvish", false),
        ("de DE", false),
    ] {
        set(&ann, "/v1/users/me", "locale", json!(locale), is_accepted).await;
    }
    for (zone, is_accepted) in [
        ("Asia/Shanghai", true),
        ("UTC", true),
        ("America/Argentina/Buenos_Aires", true),
        ("Mars/Olympus", false),
        ("", false),
    ] {
        let hours = json!({ "from": "22:00", "to": "07:00", "time_zone": zone });
        let path = "/v1/users/me/settings";
        set(&ann, path, "quiet_hours", hours, is_accepted).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_query_names_up_to_a_hundred_users() {
    let world = World::start().await;
    let ann = world.user("ann");
    let position = ann.create_group("room", &["bob"]).await.position();
    let ids = |count: usize| {
        let others = (0..count - 2).map(|n| format!("nobody{n}"));
        let ids: Vec<String> = others.chain(["ann".into(), "bob".into()]).collect();
        format!("/v1/users?ids={}&min_position={position}", ids.join(","))
    };
    let found = ann.get_ok(&ids(100)).await;
    let found: Vec<_> = found["users"].as_array().expect("users").iter().collect();
    let names: Vec<_> = found.iter().map(|user| user["id"].as_str()).collect();
    assert_eq!(
        names,
        [Some("ann"), Some("bob")],
        "unknown ids are left out"
    );
    let refused = ann.get(&ids(101)).await;
    assert_eq!(refused.expect_problem(400), "malformed");
}

/// The ids that a search finds, over all pages of this size.
async fn search(client: &Client, text: &str, limit: usize) -> Vec<String> {
    let mut found = Vec::new();
    let mut after = String::new();
    loop {
        let path = format!("/v1/users?q={text}&limit={limit}{after}");
        let page = client.get_ok(&path).await;
        let users = page["users"].as_array().expect("users");
        assert!(users.len() <= limit, "{page}");
        found.extend(
            users
                .iter()
                .filter_map(|user| user["id"].as_str().map(str::to_owned)),
        );
        let Some(next) = page["next"].as_str() else {
            return found;
        };
        after = format!("&after={next}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn callers_find_themselves_before_the_log_names_them() {
    let settings = tests::world::Settings::default().with("TIDINGS_DIRECTORY", "open");
    let world = World::start_with(settings).await;
    let position = world
        .user("zoe")
        .create_group("room", &["anna", "annika"])
        .await
        .position();
    world.wait_until_projected(position).await;
    let ann = world.user("ann");
    for limit in [1, 2, 3, 50] {
        assert_eq!(search(&ann, "AN", limit).await, ["anna", "annika", "ann"]);
        assert_eq!(search(&ann, "anni", limit).await, ["annika"]);
    }
    assert_eq!(
        ann.get_ok("/v1/users?ids=ann").await["users"][0]["id"],
        "ann"
    );
    // Once there is an event, she is where her id belongs, and there once.
    let position = ann.create_group("own", &[]).await.position();
    world.wait_until_projected(position).await;
    for limit in [1, 2, 50] {
        assert_eq!(search(&ann, "AN", limit).await, ["ann", "anna", "annika"]);
    }
}
