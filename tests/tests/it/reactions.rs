//! L10 and L9 for reactions: messages show a bounded part of them, and a route pages the rest to
//! users who may see the message.

use serde_json::{Value, json};
use tests::client::Client;
use tests::world::World;

/// The key of the reactions, percent-encoded as in a path.
const THUMB: &str = "%F0%9F%91%8D";

/// The users who react.
const REACTORS: usize = 120;

const MESSAGE: &str = "/v1/conversations/room/messages/1";

fn reactor(n: usize) -> String {
    format!("m{n:03}")
}

/// A world in which 120 members have reacted to a message of alice, whose position is returned.
async fn world_with_reactions() -> (World, i64) {
    let world = World::start().await;
    let alice = world.user("alice");
    let members: Vec<String> = (0..REACTORS).map(reactor).collect();
    let names: Vec<&str> = members.iter().map(String::as_str).collect();
    alice.create_group("room", &names).await.expect(201);
    alice.send("room", "m", "hi").await.expect(201);
    let mut last = 0;
    for member in &members {
        let path = format!("{MESSAGE}/reactions/{THUMB}");
        last = world.user(member).put(&path, None).await.position();
    }
    let path = format!("{MESSAGE}/reactions/heart");
    let heart = alice.put(&path, None).await.position();
    assert!(heart > last);
    world.wait_until_projected(heart).await;
    (world, heart)
}

fn users(value: &Value) -> Vec<String> {
    let users = value.as_array().unwrap_or_else(|| panic!("{value}")).iter();
    users
        .map(|user| user.as_str().unwrap_or_default().to_owned())
        .collect()
}

/// Pages through the users who have reacted. Checks the count of every page.
async fn page_users(client: &Client, suffix: &str, mine: bool) -> Vec<String> {
    let (mut after, mut all) = (String::new(), Vec::new());
    loop {
        let path = format!("{MESSAGE}/reactions/{THUMB}?limit=50&after={after}{suffix}");
        let page = client.get_ok(&path).await;
        assert_eq!(
            (&page["count"], &page["mine"]),
            (&json!(REACTORS), &json!(mine))
        );
        all.extend(users(&page["users"]));
        match page["next"].as_str() {
            Some(next) => next.clone_into(&mut after),
            None => return all,
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_lists_a_hundred_users_for_each_key() {
    let (world, _) = world_with_reactions().await;
    let alice = world.user("alice");
    let first: Vec<String> = (0..100).map(reactor).collect();
    let message = alice.get_ok(MESSAGE).await;
    assert_eq!(users(&message["reactions"]["👍"]), first);
    assert_eq!(message["reactions"]["heart"], json!(["alice"]));
    assert_eq!(message["truncated"], true);
    let history = alice.get_ok("/v1/conversations/room/messages").await;
    assert_eq!(history["messages"][0], message);
    let outbox = alice.get_ok("/v1/outbox").await;
    assert_eq!(outbox["messages"][0], message);
    let feed = alice.get_ok("/v1/inbox/entries").await;
    assert_eq!(feed["entries"][1]["data"], message);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_summary_has_counts_and_the_first_users() {
    let (world, _) = world_with_reactions().await;
    let (alice, member) = (world.user("alice"), world.user("m007"));
    let first: Vec<String> = (0..10).map(reactor).collect();
    let expected = |thumb: bool, heart: bool| {
        json!({
            "👍": { "count": REACTORS, "mine": thumb, "users": first },
            "heart": { "count": 1, "mine": heart, "users": ["alice"] },
        })
    };
    let query = "reactions=summary";
    let message = alice.get_ok(&format!("{MESSAGE}?{query}")).await;
    assert_eq!(message["reactions"], expected(false, true));
    assert!(message.get("truncated").is_none(), "{message}");
    let message = member.get_ok(&format!("{MESSAGE}?{query}")).await;
    assert_eq!(message["reactions"], expected(true, false));
    for (path, pointer) in [
        ("/v1/conversations/room/messages", "/messages/0"),
        ("/v1/inbox/entries", "/entries/1/data"),
    ] {
        let page = member.get_ok(&format!("{path}?{query}")).await;
        assert_eq!(page.pointer(pointer), Some(&message), "{path}");
    }
    let path = format!("{MESSAGE}?reactions=all");
    alice.get(&path).await.expect_problem(400);

    // A list of more than 50 messages has summaries, a shorter one has not.
    let mut last = 0;
    for n in 0..50 {
        last = alice
            .send("room", &format!("k{n}"), "more")
            .await
            .position();
    }
    for (limit, is_summary) in [(50, false), (51, true), (200, true)] {
        let path =
            format!("/v1/conversations/room/messages?after=0&limit={limit}&min_position={last}");
        let page = alice.get_ok(&path).await;
        let thumb = &page["messages"][0]["reactions"]["👍"];
        assert_eq!(thumb.is_object(), is_summary, "limit {limit}: {thumb}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_users_of_a_reaction_are_paged() {
    let (world, heart) = world_with_reactions().await;
    let (alice, member, admin) = (world.user("alice"), world.user("m007"), world.admin());
    let all: Vec<String> = (0..REACTORS).map(reactor).collect();
    assert_eq!(page_users(&alice, "", false).await, all);
    assert_eq!(page_users(&member, "", true).await, all);
    let path = format!("{MESSAGE}/reactions/nobody");
    let none = alice.get_ok(&path).await;
    let empty = json!({ "count": 0, "mine": false, "users": [], "next": null });
    assert_eq!(none, empty);

    // After a reaction was taken back, the past still has it.
    let path = format!("{MESSAGE}/reactions/{THUMB}");
    let removed = member.delete(&path).await.position();
    let now = alice
        .get_ok(&format!("{path}?min_position={removed}"))
        .await;
    assert_eq!(now["count"], REACTORS - 1);
    let past = format!("&as_of={heart}&as_user=m007");
    assert_eq!(page_users(&admin, &past, true).await, all);
    let before = format!("{path}?as_of={}&as_user=m007", heart - 1 - REACTORS as i64);
    assert_eq!(admin.get_ok(&before).await["count"], 0);

    // Invalid parameters are refused.
    for query in ["limit=0", "limit=201", "after=x"] {
        alice
            .get(&format!("{path}?{query}"))
            .await
            .expect_problem(400);
    }
    let long = format!("{MESSAGE}/reactions/{}", "x".repeat(33));
    assert_eq!(alice.get(&long).await.expect_problem(422), "invalid");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_users_of_a_reaction_are_visible_to_those_who_see_the_message() {
    let (world, heart) = world_with_reactions().await;
    let alice = world.user("alice");
    let path = format!("{MESSAGE}/reactions/{THUMB}");
    // A stranger, a former member, and a member who joined later without the history.
    let left = world
        .user("m001")
        .delete("/v1/conversations/room/members/m001")
        .await;
    left.expect(200);
    let hidden = json!({ "history": "since_join" });
    alice
        .patch("/v1/conversations/room", hidden)
        .await
        .expect(200);
    let late = json!({ "users": ["late"] });
    let joined = alice.post("/v1/conversations/room/members", late).await;
    let min = joined.position();
    for user in ["stranger", "m001", "late"] {
        let path = format!("{path}?min_position={min}");
        let answer = world.user(user).get(&path).await;
        assert_eq!(answer.expect_problem(404), "not_found", "{user}");
    }
    let missing = "/v1/conversations/room/messages/2/reactions/heart";
    alice.get(missing).await.expect_problem(404);
    // As of the earlier moment, the former member saw it.
    let past = format!("{path}?as_of={heart}&as_user=");
    let admin = world.admin();
    assert_eq!(
        admin.get_ok(&format!("{past}m001")).await["count"],
        REACTORS
    );
    for user in ["stranger", "late"] {
        let answer = admin.get(&format!("{past}{user}")).await;
        answer.expect_problem(404);
    }
    alice.get(&format!("{past}alice")).await.expect_problem(403);
}
