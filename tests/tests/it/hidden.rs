//! L9: everything that is hidden from somebody. A word is planted in each thing that is hidden, and
//! everybody asks for it by every route. Only those who may see it find it, and each of them does.

use std::collections::BTreeMap;
use std::time::Duration;

use domain::time::Timestamp;
use eventually::eventually;
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::types::time::OffsetDateTime;
use tests::client::Client;
use tests::live::LiveSocket;
use tests::routes::{ROUTES, Route};
use tests::token;
use tests::world::{Settings, World};

use crate::hook::{hook, start_service};

/// Ann owns the groups. Dan is banned from one; eve and zed are in none, and nobody knows zed.
const USERS: [&str; 6] = ["ann", "bob", "cat", "dan", "eve", "zed"];

const GROUPS: [&str; 3] = ["room", "asked", "invited"];

/// The seqs of the messages.
const SEQS: [&str; 4] = ["1", "2", "3", "4"];

/// Something hidden.
struct Secret {
    what: &'static str,
    /// The word in it, which occurs nowhere else.
    word: &'static str,
    /// The users who may see it.
    seen_by: &'static [&'static str],
}

const SECRETS: [Secret; 15] = [
    secret("the profile of a stranger", "quokka", &["zed"]),
    secret("the note of a contact request", "wombat", &["ann", "bob"]),
    secret("the note of a blocked request", "tuatara", &["eve"]),
    secret("what bob has cleared", "numbat", &["ann", "cat"]),
    secret("a recalled message", "weka", &[]),
    secret("the version before an edit", "kiwi", &["ann", "cat", "bob"]),
    secret("a message after a ban", "bilby", &["ann", "cat", "bob"]),
    secret("the reason of a ban", "kakapo", &["ann"]),
    secret("the reason of a silence", "kereru", &["ann", "cat"]),
    secret("the note of a join request", "takahe", &["ann", "eve"]),
    secret("the title of an invitation", "pukeko", &["ann", "cat"]),
    secret("a topic", "morepork", &["ann", "bob", "cat"]),
    secret("a message that is scheduled", "tieke", &["ann"]),
    secret("a message that is held", "dodo", &["ann"]),
    // Of a message of the owner's own: only moderators see it.
    secret("the note of a report", "tarsier", &[]),
];

const fn secret(
    what: &'static str,
    word: &'static str,
    seen_by: &'static [&'static str],
) -> Secret {
    Secret {
        what,
        word,
        seen_by,
    }
}

/// Runs one command, which must be accepted.
async fn run(client: &Client, method: Method, path: &str, body: Value) -> i64 {
    let answer = client.request(&method, path).json(&body).send().await;
    assert!((200..300).contains(&answer.status), "{path}: {answer}");
    answer.position()
}

/// Plants every secret. Returns the position of the last event.
async fn plant(world: &World) -> i64 {
    let [ann, bob, cat, dan, eve, zed] = USERS.map(|user| world.user(user));
    let (put, post, patch, delete) = (Method::PUT, Method::POST, Method::PATCH, Method::DELETE);
    let profile = json!({ "display_name": "Quokka", "about": "a quokka" });
    run(&zed, patch.clone(), "/v1/users/me", profile).await;
    let contact = json!({ "note": "wombat" });
    run(&ann, put.clone(), "/v1/contacts/bob", contact).await;
    run(&bob, put.clone(), "/v1/blocks/eve", Value::Null).await;
    let contact = json!({ "note": "tuatara" });
    run(&eve, put.clone(), "/v1/contacts/bob", contact).await;

    ann.create_group("room", &["bob", "cat", "dan"])
        .await
        .expect(201);
    let room = "/v1/conversations/room";
    ann.send("room", "m1", "a numbat").await.expect(201);
    ann.send("room", "m2", "a weka").await.expect(201);
    let recalled = format!("{room}/messages/2");
    run(&ann, delete.clone(), &recalled, Value::Null).await;
    ann.send("room", "m3", "a kiwi").await.expect(201);
    let edited = json!({ "body": { "text": "edited" } });
    run(&ann, put.clone(), &format!("{room}/messages/3"), edited).await;
    run(
        &bob,
        post.clone(),
        &format!("{room}/clear"),
        json!({ "up_to": 1 }),
    )
    .await;
    let reason = json!({ "reason": "kakapo" });
    run(&ann, put.clone(), &format!("{room}/bans/dan"), reason).await;
    let reason = json!({ "reason": "kereru", "until": "2099-01-01T00:00:00Z" });
    run(&ann, put.clone(), &format!("{room}/silences/cat"), reason).await;
    ann.send("room", "m4", "a bilby").await.expect(201);
    run(&ann, patch.clone(), room, json!({ "topic": "morepork" })).await;
    let report = json!({ "reason": "abuse", "note": "tarsier" });
    let reports = format!("{room}/messages/4/reports");
    run(&bob, post.clone(), &reports, report).await;

    let later = OffsetDateTime::now_utc() + Duration::from_secs(3_600);
    let later = json!({ "client_message_id": "m5", "type": "text", "body": { "text": "a tieke" },
        "send_at": Timestamp::from(later).to_string() });
    run(&ann, post.clone(), &format!("{room}/messages"), later).await;

    ann.create_group("asked", &["bob"]).await.expect(201);
    let asked = "/v1/conversations/asked";
    run(&ann, patch.clone(), asked, json!({ "join": "asked" })).await;
    run(
        &eve,
        post.clone(),
        &format!("{asked}/join"),
        json!({ "note": "takahe" }),
    )
    .await;

    let consent = json!({ "groups_from": "contacts" });
    run(&cat, patch.clone(), "/v1/users/me/settings", consent).await;
    let group = json!({ "id": "invited", "kind": "group", "title": "pukeko", "members": ["cat"] });
    let last = run(&ann, post.clone(), "/v1/conversations", group).await;
    dan.get_ok(&format!("/v1/inbox?min_position={last}")).await;
    last
}

/// Has a message of ann's held by an outside service.
async fn plant_held_message(world: &World) {
    let service = start_service().await;
    let hook = Some(hook(&service, "allow"));
    let set = world.admin().put("/v1/moderation/hook", hook).await;
    set.expect(200);
    let ann = world.user("ann");
    let mut attempt = 0;
    eventually("the hook counts", async || {
        attempt += 1;
        let sent = ann.send("asked", &attempt.to_string(), "refuse it").await;
        (sent.status == 422).then_some(())
    })
    .await;
    let held = ann.send("room", "m6", "hold a dodo").await;
    held.expect(202);
    world.wait_until_projected(held.position()).await;
}

/// The paths of a route with everything that its parameters can name here.
fn paths(route: &Route) -> Vec<String> {
    let mut paths = vec![route.template.to_owned()];
    for (parameter, values) in [
        ("{id}", &GROUPS[..]),
        ("{seq}", &SEQS[..]),
        ("{user}", &USERS[..]),
    ] {
        paths = paths
            .iter()
            .flat_map(|path| {
                let expanded = values.iter().map(|value| path.replace(parameter, value));
                let is_used = path.contains(parameter);
                expanded.take(if is_used { values.len() } else { 1 })
            })
            .collect();
    }
    let parts = paths
        .iter()
        .map(|path| path.replace("{key}", "x").replace("{name}", "x"));
    parts.map(|path| path.replace("{code}", "x")).collect()
}

/// Everything that a user is served, in lower case.
async fn served_to(world: &World, user: &str) -> String {
    let client = world.user(user);
    let mut served = String::new();
    for route in ROUTES {
        // The live connection is read below; it would not end.
        if route.method != "GET" || route.template == "/v1/live" {
            continue;
        }
        for path in paths(route) {
            let query = match route.template {
                "/v1/users" => "?ids=ann,bob,cat,dan,eve,zed",
                "/v1/presence" => "?users=ann,bob,cat,dan,eve,zed",
                "/v1/inbox/entries" => "?after=0&limit=500",
                "/v1/search" => "?q=a",
                "/v1/moderation/cases" => "?conversation=room",
                _ => "",
            };
            served += &client.get(&format!("{path}{query}")).await.to_string();
        }
    }
    let live = LiveSocket::open(&world.address(), &token::for_user(user), "after=0").await;
    let mut live = live.expect("open");
    live.wait_until_caught_up().await;
    for entry in &live.entries {
        served += &entry.to_string();
    }
    served.to_lowercase()
}

/// What two searches find for a word: people, and messages.
async fn found_by(client: &Client, word: &str) -> String {
    let people = client.get_ok(&format!("/v1/users?q={word}")).await;
    let messages = client.get_ok(&format!("/v1/search?q={word}")).await;
    format!("{}{}", people["users"], messages["hits"]).to_lowercase()
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_served_what_is_hidden_from_them_by_any_route() {
    let settings = Settings::default().with("TIDINGS_WEBHOOK_ALLOW", "127.0.0.0/8");
    let world = World::start_with(settings).await;
    plant(&world).await;
    plant_held_message(&world).await;
    let mut served = BTreeMap::new();
    for user in USERS {
        served.insert(user, served_to(&world, user).await);
    }
    for Secret {
        what,
        word,
        seen_by,
    } in SECRETS
    {
        for user in USERS {
            let may_see = seen_by.contains(&user);
            let is_served = served[user].contains(word);
            assert_eq!(is_served, may_see, "{what} ({word}), served to {user}");
            let found = found_by(&world.user(user), word).await;
            assert!(
                may_see || !found.contains(word),
                "{user} finds {what}: {found}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_served_when_somebody_was_seen_who_does_not_say_so() {
    // Given bob, who says when he was seen last, and cat, who does not
    let world = World::start().await;
    let [ann, cat] = ["ann", "cat"].map(|user| world.user(user));
    ann.create_group("room", &["bob", "cat"]).await.expect(201);
    let off = json!({ "last_seen": false });
    let path = "/v1/users/me/settings".to_owned();
    let last = run(&cat, Method::PATCH, &path, off).await;
    world.wait_until_projected(last).await;
    for (user, at) in [
        ("bob", "2001-02-03 04:05:06Z"),
        ("cat", "2002-03-04 05:06:07Z"),
    ] {
        let seen = "INSERT INTO presence.last_seen (name, at) VALUES ($1, $2::timestamptz)";
        let done = sqlx::query(seen).bind(user).bind(at).execute(&world.pool);
        done.await.expect("written");
    }
    // Then others learn of bob, cat learns of nobody, and nobody learns of cat
    for (user, sees_bob) in [("ann", true), ("cat", false), ("eve", false)] {
        let served = served_to(&world, user).await;
        assert_eq!(served.contains("2001-02-03t04:05:06"), sees_bob, "{user}");
        assert!(!served.contains("2002-03-04t05:06:07"), "{user}");
    }
}
