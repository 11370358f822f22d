//! Contact requests and contacts, as users see them, and as nobody else does.

use futures::future::join_all;
use serde_json::{Value, json};
use tests::client::Client;
use tests::feed;
use tests::live::LiveSocket;
use tests::log;
use tests::token;
use tests::world::World;

async fn ask(client: &Client, user: &str) -> Value {
    let answer = client.put(&format!("/v1/contacts/{user}"), None).await;
    answer.expect(200)
}

/// User and state of each contact.
async fn contacts(client: &Client, query: &str) -> Vec<(String, String)> {
    let page = client.get_ok(&format!("/v1/contacts?{query}")).await;
    let contacts = page["contacts"].as_array().expect("a list").iter();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    contacts
        .map(|contact| (text(&contact["user"]), text(&contact["state"])))
        .collect()
}

/// Type and data of the entries that belong to no conversation.
async fn private_entries(client: &Client, up_to: i64) -> Vec<(String, Value)> {
    let entries = feed::read_all(client, 100, up_to).await;
    let private = entries.into_iter().filter(|entry| {
        assert!(entry.get("conversation_id").is_some(), "{entry}");
        entry["conversation_id"].is_null()
    });
    private
        .map(|entry| {
            let kind = entry["type"].as_str().unwrap_or_default().to_owned();
            (kind, entry["data"].clone())
        })
        .collect()
}

fn pair(user: &str, state: &str) -> (String, String) {
    (user.to_owned(), state.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_is_shown_to_the_user_who_was_asked_and_becomes_a_contact() {
    let world = World::start().await;
    let [ann, bob, zoe] = ["ann", "bob", "zoe"].map(|user| world.user(user));
    for user in [&ann, &bob] {
        let name = json!({ "display_name": format!("Name of {}", user.user()) });
        user.patch("/v1/users/me", name).await.expect(200);
    }
    let note = json!({ "note": "We met at lunch." });
    let asked = ann.put("/v1/contacts/bob", Some(note.clone())).await;
    assert_eq!(asked.expect(200)["state"], "outgoing");
    let again = ann.put("/v1/contacts/bob", Some(note)).await;
    assert_eq!(
        again.expect(200),
        asked.json(),
        "nothing was appended: {again}"
    );
    world.wait_until_projected(asked.position()).await;
    assert_request_is_shown(&bob, "ann", "We met at lunch.").await;
    assert_eq!(contacts(&ann, "").await, [pair("bob", "outgoing")]);
    // Only the user who asked is visible to the other, until the request is accepted.
    assert_eq!(
        bob.get_ok("/v1/users/ann").await["display_name"],
        "Name of ann"
    );
    assert_eq!(
        bob.get_ok("/v1/users?q=name").await["users"]
            .as_array()
            .map(Vec::len),
        Some(2)
    );
    ann.get("/v1/users/bob").await.expect_problem(404);
    let accepted = bob.put("/v1/contacts/ann", None).await;
    assert_eq!(accepted.expect(200)["state"], "contact");
    world.wait_until_projected(accepted.position()).await;
    ann.get_ok("/v1/users/bob").await;
    for (user, other) in [(&ann, "bob"), (&bob, "ann")] {
        assert_eq!(
            contacts(user, "state=contact").await,
            [pair(other, "contact")]
        );
        assert_eq!(contacts(user, "state=incoming").await, []);
    }
    let request = |user: &str| {
        let data = json!({ "user": user, "note": "We met at lunch.", "by": "ann" });
        ("contact_requested".to_owned(), data)
    };
    let added = |user: &str| ("contact_added".to_owned(), json!({ "user": user }));
    let position = accepted.position();
    assert_eq!(
        private_entries(&ann, position).await,
        [request("bob"), added("bob")]
    );
    assert_eq!(
        private_entries(&bob, position).await,
        [request("ann"), added("ann")]
    );
    // Nobody else learns of any of it.
    assert_learned_nothing(&zoe, ["ann", "bob"], position).await;
}

/// Checks the first request that is shown to the user who was asked.
async fn assert_request_is_shown(asked: &Client, requester: &str, note: &str) {
    let page = asked.get_ok("/v1/contacts?state=incoming").await;
    let incoming = &page["contacts"][0];
    assert_eq!(
        (&incoming["user"], &incoming["state"], &incoming["note"]),
        (&json!(requester), &json!("incoming"), &json!(note))
    );
    assert!(
        incoming["since"].is_string() && page["next"].is_null(),
        "{page}"
    );
}

/// Checks that neither the request nor the profiles of others are visible to a user.
async fn assert_learned_nothing(stranger: &Client, others: [&str; 2], position: i64) {
    assert_eq!(contacts(stranger, "").await, []);
    assert_eq!(private_entries(stranger, position).await, []);
    for user in others {
        stranger
            .get(&format!("/v1/users/{user}"))
            .await
            .expect_problem(404);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_can_be_withdrawn_or_declined_and_a_contact_ended() {
    let world = World::start().await;
    let (ann, bob) = (world.user("ann"), world.user("bob"));
    // Nothing to remove.
    ann.delete("/v1/contacts/bob").await.expect(200);
    assert_eq!(log::head(&world.pool).await.expect("a head"), 0);
    let mut last = 0;
    for (requester, remover) in [(&ann, &ann), (&ann, &bob), (&bob, &ann)] {
        let (asked, other) = if requester.user() == "ann" {
            (&bob, "ann")
        } else {
            (&ann, "bob")
        };
        assert_eq!(ask(requester, asked.user()).await["state"], "outgoing");
        let peer = if remover.user() == "ann" {
            "bob"
        } else {
            "ann"
        };
        let path = format!("/v1/contacts/{peer}");
        last = remover.delete(&path).await.position();
        let again = remover.delete(&path).await;
        assert_eq!(again.expect(200)["position"], last, "nothing was appended");
        world.wait_until_projected(last).await;
        assert_eq!(contacts(asked, "").await, [], "{other}");
        assert_eq!(contacts(requester, "").await, []);
    }
    ask(&ann, "bob").await;
    ask(&bob, "ann").await;
    let ended = ann.delete("/v1/contacts/bob").await.position();
    assert!(ended > last);
    world.wait_until_projected(ended).await;
    for (user, other) in [(&ann, "bob"), (&bob, "ann")] {
        assert_eq!(contacts(user, "").await, []);
        user.get(&format!("/v1/users/{other}"))
            .await
            .expect_problem(404);
        let entries = private_entries(user, ended).await;
        let removed = entries.iter().filter(|(kind, _)| kind == "contact_removed");
        assert_eq!(removed.count(), 4, "{entries:?}");
        let data = json!({ "user": other });
        assert_eq!(entries.last(), Some(&("contact_removed".to_owned(), data)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_users_who_ask_at_once_both_become_contacts() {
    let world = World::start().await;
    let users: Vec<(Client, Client)> = (0..20)
        .map(|n| (world.user(&format!("a{n}")), world.user(&format!("b{n}"))))
        .collect();
    let both = users.iter().map(|(one, other)| async move {
        let (first, second) = tokio::join!(ask(one, other.user()), ask(other, one.user()));
        let contacts = [&first, &second].map(|answer| answer["state"] == "contact");
        assert_eq!(
            contacts.iter().filter(|is| **is).count(),
            1,
            "{first} {second}"
        );
        first["position"].as_i64().max(second["position"].as_i64())
    });
    let last = join_all(both).await.into_iter().flatten().max();
    world.wait_until_projected(last.expect("a position")).await;
    for (one, other) in &users {
        assert_eq!(contacts(one, "").await, [pair(other.user(), "contact")]);
        assert_eq!(contacts(other, "").await, [pair(one.user(), "contact")]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_blocked_user_asks_and_nothing_is_ever_shown() {
    let world = World::start().await;
    let (ann, bob) = (world.user("ann"), world.user("bob"));
    bob.put("/v1/blocks/ann", None).await.expect(200);
    ann.patch("/v1/users/me", json!({ "display_name": "Ann" }))
        .await
        .expect(200);
    let note = json!({ "note": "let me in" });
    let asked = ann.put("/v1/contacts/bob", Some(note)).await;
    assert_eq!(asked.expect(200)["state"], "outgoing");
    let lifted = bob.delete("/v1/blocks/ann").await.position();
    world.wait_until_projected(lifted).await;
    assert_eq!(contacts(&ann, "").await, [pair("bob", "outgoing")]);
    assert_eq!(contacts(&bob, "").await, []);
    bob.get("/v1/users/ann").await.expect_problem(404);
    let withdrawn = ann.delete("/v1/contacts/bob").await.position();
    world.wait_until_projected(withdrawn).await;
    assert_eq!(private_entries(&bob, withdrawn).await, []);
    assert_eq!(private_entries(&ann, withdrawn).await.len(), 2);
    // A request that was shown is not listed while its user is blocked.
    let asked = ann.put("/v1/contacts/bob", None).await.position();
    world.wait_until_projected(asked).await;
    assert_eq!(contacts(&bob, "").await, [pair("ann", "incoming")]);
    let blocked = bob.put("/v1/blocks/ann", None).await.position();
    world.wait_until_projected(blocked).await;
    assert_eq!(contacts(&bob, "").await, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn contacts_are_listed_page_by_page_and_bad_requests_are_refused() {
    let world = World::start().await;
    let ann = world.user("ann");
    for n in 0..5 {
        ask(&world.user(&format!("u{n}")), "ann").await;
    }
    let last = ask(&ann, "u3").await["position"]
        .as_i64()
        .expect("a position");
    world.wait_until_projected(last).await;
    let all = contacts(&ann, "").await;
    let states: Vec<&str> = all.iter().map(|(_, state)| state.as_str()).collect();
    assert_eq!(
        states,
        ["contact", "incoming", "incoming", "incoming", "incoming"]
    );
    let (mut found, mut after) = (Vec::new(), String::new());
    loop {
        let page = ann.get_ok(&format!("/v1/contacts?limit=2{after}")).await;
        found.extend(contacts(&ann, &format!("limit=2{after}")).await);
        match page["next"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => break,
        }
    }
    assert_eq!(found, all);
    for bad in ["state=friend", "limit=201", "after=x"] {
        ann.get(&format!("/v1/contacts?{bad}"))
            .await
            .expect_problem(400);
    }
    let long = json!({ "note": "x".repeat(201) });
    let refused = ann.put("/v1/contacts/bob", Some(long)).await;
    assert_eq!(refused.expect(422)["errors"][0]["field"], "note");
    let own = ann.put("/v1/contacts/ann", None).await;
    assert_eq!(own.expect(422)["errors"][0]["field"], "user");
}

#[tokio::test(flavor = "multi_thread")]
async fn live_delivery_equals_sync_and_a_kill_loses_no_half() {
    let mut world = World::start().await;
    let (ann, bob) = (world.user("ann"), world.user("bob"));
    let mut live = LiveSocket::open(&world.address(), &token::for_user("bob"), "after=0")
        .await
        .expect("opened");
    live.wait_until_caught_up().await;
    ask(&ann, "bob").await;
    let added = bob.put("/v1/contacts/ann", None).await.position();
    live.wait_for_position(added).await;
    world.wait_until_projected(added).await;
    assert_eq!(live.entries, feed::read_all(&bob, 100, added).await);
    assert_eq!(live.entries[0]["conversation_id"], Value::Null);
    drop(live);
    // An act is one event: whatever was acknowledged is whole for both users after a kill -9.
    let mut asked = Vec::new();
    for round in 0..5 {
        let user = format!("u{round}");
        asked.push(ask(&world.user(&user), "bob").await);
        world.kill();
        world.start_service().await;
    }
    let last = asked.last().expect("an answer")["position"].as_i64();
    world.wait_until_projected(last.expect("a position")).await;
    let bob = world.user("bob");
    assert_eq!(contacts(&bob, "state=incoming").await.len(), 5);
    for round in 0..5 {
        let user = world.user(&format!("u{round}"));
        assert_eq!(contacts(&user, "").await, [pair("bob", "outgoing")]);
    }
    world.run_ok(&["verify"]).await;
    world.run_ok(&["log", "verify"]).await;
}
