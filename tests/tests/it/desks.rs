//! Service desks: the life of a session, and who sees what of it.

use eventually::eventually;
use serde_json::{Value, json};
use tests::client::Client;
use tests::desks::{CustomerSession, act, head, open_session, session_of, set_desk, texts};
use tests::live::LiveSocket;
use tests::token;
use tests::world::World;

pub async fn sessions(world: &World, client: &Client, query: &str) -> Vec<Value> {
    let position = head(world).await;
    let path = format!("/v1/desks/billing/sessions?min_position={position}&{query}");
    let page = client.get_ok(&path).await;
    page["sessions"].as_array().expect("sessions").clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn administrators_set_desks_and_agents_read_them() {
    let world = World::start().await;
    let (admin, ben, eve) = (world.admin(), world.user("ben"), world.user("eve"));
    let set = set_desk(&admin, "billing", &["ben"], json!({"greeting": "Hello!"})).await;
    let again = set_desk(&admin, "billing", &["ben"], json!({"greeting": "Hello!"})).await;
    assert_eq!(again.position(), set.position(), "nothing was appended");
    let path = format!("/v1/admin/desks/billing?min_position={}", set.position());
    let desk = ben.get_ok(&path).await;
    assert_eq!(desk["title"], "The billing desk");
    assert_eq!(desk["agents"], json!(["ben"]));
    assert_eq!(desk["idle_close"], "10m");
    assert_eq!(desk["greeting"], "Hello!");
    eve.get(&path).await.expect_problem(404);
    let bad = |change: Value| {
        let mut settings = json!({"title": "Billing", "agents": ["ben"]});
        for (name, value) in change.as_object().into_iter().flatten() {
            settings[name] = value.clone();
        }
        settings
    };
    for change in [
        json!({"idle_close": "soon"}),
        json!({"idle_close": "31d"}),
        json!({"max_open": 0}),
        json!({"agents": ["ben", "ben"]}),
        json!({"title": ""}),
        json!({"greeting": ""}),
        json!({"colour": "red"}),
    ] {
        let answer = admin
            .put("/v1/admin/desks/billing", Some(bad(change)))
            .await;
        answer.expect_problem(422);
    }
    let answer = ben
        .put("/v1/admin/desks/billing", Some(bad(json!({}))))
        .await;
    answer.expect_problem(403);
    let removed = admin.delete("/v1/admin/desks/billing").await;
    removed.expect(200);
    let path = format!(
        "/v1/admin/desks/billing?min_position={}",
        removed.position()
    );
    admin.get(&path).await.expect_problem(404);
    let gone = world
        .user("cleo")
        .post("/v1/desks/billing/sessions", json!({}))
        .await;
    gone.expect_problem(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_is_opened_accepted_and_closed() {
    // Given a desk with a greeting
    let world = World::start().await;
    let (admin, ben, cleo) = (world.admin(), world.user("ben"), world.user("cleo"));
    set_desk(
        &admin,
        "billing",
        &["ben", "dora"],
        json!({"greeting": "Hello!"}),
    )
    .await;

    // When a customer opens a session, then it waits, and there is one
    let opened = open_session(&cleo, "billing", "My invoice is wrong.").await;
    assert_eq!(opened.answer["state"], "waiting");
    assert_eq!(opened.answer["ahead"], 0);
    let again = cleo.post("/v1/desks/billing/sessions", json!({})).await;
    let again = again.expect(200);
    assert_eq!(again["session_id"], opened.id.as_str());
    assert_eq!(again["conversation_id"], opened.conversation.as_str());
    let other = open_session(&world.user("fay"), "billing", "Me too.").await;
    assert_eq!(other.answer["ahead"], 1);
    let expected = ["Hello!", "My invoice is wrong."];
    assert_eq!(
        texts(&world, &cleo, &opened.conversation).await.unwrap(),
        expected
    );
    let waiting = sessions(&world, &ben, "state=waiting").await;
    let ids: Vec<&str> = waiting
        .iter()
        .filter_map(|found| found["id"].as_str())
        .collect();
    assert_eq!(ids, [opened.id.as_str(), other.id.as_str()], "oldest first");
    assert_eq!(texts(&world, &ben, &opened.conversation).await, Err(404));

    // When an agent accepts it, then they see and write in the conversation
    let accepted = act(&ben, &opened.id, "accept", json!({})).await;
    accepted.expect(200);
    act(&ben, &opened.id, "accept", json!({})).await.expect(200);
    let taken = act(&world.user("dora"), &opened.id, "accept", json!({})).await;
    assert_eq!(taken.expect_problem(409), "taken");
    assert_eq!(
        texts(&world, &ben, &opened.conversation).await.unwrap(),
        expected
    );
    ben.send(&opened.conversation, "r1", "Let me see.")
        .await
        .expect(201);
    let open = session_of(&world, &ben, &opened.id).await;
    assert_eq!(
        (&open["state"], &open["agent"]),
        (&json!("open"), &json!("ben"))
    );
    assert_eq!(open["customer"], "cleo");
    assert!(open["last_agent_at"].is_string() && open["last_customer_at"].is_string());
    assert!(open["waiting_s"].as_f64() >= Some(0.0));
    assert_eq!(sessions(&world, &ben, "agent=ben").await.len(), 1);
}

/// A session of cleo with ben, in which both have written.
async fn open_with_ben(world: &World) -> CustomerSession {
    set_desk(&world.admin(), "billing", &["ben"], json!({})).await;
    let opened = open_session(&world.user("cleo"), "billing", "My invoice is wrong.").await;
    let ben = world.user("ben");
    act(&ben, &opened.id, "accept", json!({})).await.expect(200);
    ben.send(&opened.conversation, "r1", "Let me see.")
        .await
        .expect(201);
    opened
}

#[tokio::test(flavor = "multi_thread")]
async fn the_next_message_after_the_end_opens_another_session() {
    // Given an open session
    let world = World::start().await;
    let (ben, cleo) = (world.user("ben"), world.user("cleo"));
    let opened = open_with_ben(&world).await;

    // When it is closed, then the next message opens another one in the same conversation
    let closed = act(&ben, &opened.id, "close", json!({"reason": "solved"})).await;
    closed.expect(200);
    let repeated = act(&ben, &opened.id, "close", json!({})).await;
    repeated.expect(200);
    let over = session_of(&world, &cleo, &opened.id).await;
    assert_eq!(
        (&over["state"], &over["reason"]),
        (&json!("closed"), &json!("solved"))
    );
    assert_eq!((over.get("tags"), over.get("notes")), (None, None));
    let late = ben
        .send(&opened.conversation, "r2", "One more thing.")
        .await;
    assert_eq!(late.expect_problem(409), "session_closed");
    cleo.send(&opened.conversation, "c2", "And another one.")
        .await
        .expect(201);
    let list = sessions(&world, &ben, "state=waiting").await;
    assert_eq!(list.len(), 1);
    assert_eq!(list[0]["conversation_id"], opened.conversation.as_str());
    assert_ne!(list[0]["id"], opened.id.as_str());

    // Then the customer and the agent have the entries of the session
    let position = head(&world).await;
    let path = format!("/v1/inbox/entries?limit=500&min_position={position}");
    for client in [&cleo, &ben] {
        let page = client.get_ok(&path).await;
        let entries = page["entries"].as_array().expect("entries");
        let of = |kind: &str| entries.iter().filter(|entry| entry["type"] == kind).count();
        assert_eq!(
            (of("session_accepted"), of("session_closed")),
            (1, 1),
            "{page}"
        );
        let end = entries
            .iter()
            .find(|entry| entry["type"] == "session_closed");
        let data = &end.expect("an end")["data"];
        assert_eq!(data["session_id"], opened.id.as_str());
        assert_eq!(
            (&data["desk"], &data["agent"]),
            (&json!("billing"), &json!("ben"))
        );
        assert_eq!(data["reason"], "solved");
    }

    // Then the log has everything, and a rebuild gives the same
    let data = world.dir.join("data").display().to_string();
    world.run_ok(&["log", "seal", "--data", &data]).await;
    world.run_ok(&["log", "verify", "--data", &data]).await;
    world.run_ok(&["verify"]).await;
    let rebuilt = world.run_ok(&["rebuild"]).await;
    assert!(rebuilt.contains("identical"), "{rebuilt}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transfer_takes_the_history_from_the_former_agent() {
    // Given an open session
    let world = World::start().await;
    let (admin, ben, dora) = (world.admin(), world.user("ben"), world.user("dora"));
    let cleo = world.user("cleo");
    set_desk(&admin, "billing", &["ben", "dora"], json!({})).await;
    let opened = open_session(&cleo, "billing", "hello").await;
    act(&ben, &opened.id, "accept", json!({})).await.expect(200);

    // When it goes to another agent
    let refused = act(&dora, &opened.id, "transfer", json!({"agent": "dora"})).await;
    assert_eq!(refused.expect_problem(403), "forbidden");
    let unknown = act(&ben, &opened.id, "transfer", json!({"agent": "gus"})).await;
    assert_eq!(unknown.expect_problem(422), "invalid");
    let neither = act(&ben, &opened.id, "transfer", json!({})).await;
    neither.expect_problem(422);
    let note = json!({"agent": "dora", "note": "she is a friend of mine"});
    act(&ben, &opened.id, "transfer", note).await.expect(200);

    // Then the former one has nothing of it
    assert_eq!(texts(&world, &ben, &opened.conversation).await, Err(404));
    assert_eq!(
        texts(&world, &dora, &opened.conversation).await.unwrap(),
        ["hello"]
    );
    ben.send(&opened.conversation, "k", "hm")
        .await
        .expect_problem(404);
    let seen = session_of(&world, &dora, &opened.id).await;
    assert_eq!(seen["agent"], "dora");
    assert_eq!(seen["notes"][0]["text"], "she is a friend of mine");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_goes_to_another_desk_and_back() {
    // Given two desks and an open session
    let world = World::start().await;
    let (ben, gus, cleo) = (world.user("ben"), world.user("gus"), world.user("cleo"));
    let opened = open_with_ben(&world).await;
    set_desk(&world.admin(), "sales", &["gus"], json!({"title": "Sales"})).await;

    // When it goes to another desk
    let moved = act(&ben, &opened.id, "transfer", json!({"desk": "sales"})).await;
    let path = format!(
        "/v1/service-sessions/{}?min_position={}",
        opened.id,
        moved.position()
    );
    moved.expect(200);

    // Then it waits there in the conversation of the customer with that desk
    let there = gus.get_ok(&path).await;
    assert_eq!(
        (&there["state"], &there["desk"]),
        (&json!("waiting"), &json!("sales"))
    );
    let conversation = there["conversation_id"].as_str().expect("a conversation");
    assert_ne!(conversation, opened.conversation);
    ben.get(&path).await.expect_problem(404);
    assert_eq!(texts(&world, &ben, &opened.conversation).await, Err(404));
    let first = texts(&world, &cleo, &opened.conversation).await.unwrap();
    assert!(first[2].contains("Sales"), "{first:?}");
    act(&gus, &opened.id, "accept", json!({})).await.expect(200);
    gus.send(conversation, "g1", "how can I help?")
        .await
        .expect(201);
    assert_eq!(
        texts(&world, &cleo, conversation).await.unwrap(),
        ["how can I help?"]
    );
    assert_eq!(texts(&world, &gus, &opened.conversation).await, Err(404));

    // When the customer has one at each desk, then neither goes to the other
    let second = open_session(&cleo, "billing", "and my invoice?").await;
    act(&ben, &second.id, "accept", json!({})).await.expect(200);
    let busy = act(&ben, &second.id, "transfer", json!({"desk": "sales"})).await;
    assert_eq!(busy.expect_problem(409), "conflict");
    act(&gus, &opened.id, "close", json!({})).await.expect(200);
    act(&ben, &second.id, "transfer", json!({"desk": "sales"}))
        .await
        .expect(200);
    act(&gus, &second.id, "accept", json!({})).await.expect(200);
    act(&gus, &second.id, "transfer", json!({"desk": "billing"}))
        .await
        .expect(200);
    let back = session_of(&world, &ben, &second.id).await;
    assert_eq!(back["conversation_id"], opened.conversation.as_str());
    act(&ben, &second.id, "accept", json!({})).await.expect(200);
    world.run_ok(&["verify"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_is_rated_once_and_tagged() {
    let world = World::start().await;
    let (admin, ben, cleo) = (world.admin(), world.user("ben"), world.user("cleo"));
    set_desk(&admin, "billing", &["ben"], json!({})).await;
    let opened = open_session(&cleo, "billing", "hello").await;
    act(&ben, &opened.id, "accept", json!({})).await.expect(200);
    let early = act(&cleo, &opened.id, "rating", json!({"score": 5})).await;
    assert_eq!(early.expect_problem(422), "not_closed");
    act(&ben, &opened.id, "tags", json!({"tags": ["refund", "vip"]}))
        .await
        .expect(200);
    act(&ben, &opened.id, "close", json!({})).await.expect(200);
    for score in [0, 6, -1, 256] {
        let answer = act(&cleo, &opened.id, "rating", json!({ "score": score })).await;
        answer.expect_problem(422);
    }
    let rating = json!({"score": 4, "text": "quick"});
    act(&ben, &opened.id, "rating", rating.clone())
        .await
        .expect_problem(403);
    act(&cleo, &opened.id, "rating", rating).await.expect(200);
    let other = act(&cleo, &opened.id, "rating", json!({"score": 1})).await;
    other.expect_problem(409);
    let seen = session_of(&world, &ben, &opened.id).await;
    assert_eq!(
        (&seen["rating"], &seen["rating_text"]),
        (&json!(4), &json!("quick"))
    );
    assert_eq!(seen["tags"], json!(["refund", "vip"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn automatic_routing_skips_who_is_offline_or_busy() {
    // Given a desk where only ben is online
    let world = World::start().await;
    let admin = world.admin();
    let routing = json!({"routing": "least_busy", "max_open": 2});
    set_desk(&admin, "billing", &["ben", "dora"], routing).await;
    let address = world.address();
    let ben_token = token::for_user("ben");
    let mut ben_live = LiveSocket::open(&address, &ben_token, "")
        .await
        .expect("a connection");
    ben_live.wait_until_caught_up().await;

    // When three customers come, then ben gets as many as he may have
    let mut opened = Vec::new();
    for name in ["c1", "c2", "c3"] {
        opened.push(open_session(&world.user(name), "billing", "hello").await);
    }
    let ben = world.user("ben");
    eventually("ben has two sessions", async || {
        let open = sessions(&world, &ben, "state=open&agent=ben").await;
        (open.len() == 2).then_some(())
    })
    .await;
    let waiting = sessions(&world, &ben, "state=waiting").await;
    assert_eq!(waiting.len(), 1);
    assert_eq!(
        waiting[0]["id"],
        opened[2].id.as_str(),
        "the longest waiting come first"
    );

    // Then the agents hear of it
    let frame = loop {
        let frame = ben_live.next_frame().await;
        if frame["type"] == "desk" && frame["open"] == 2 && frame["waiting"] == 1 {
            break frame;
        }
    };
    assert_eq!(frame["desk"], "billing");

    // When dora comes online, then she gets the third
    let token = token::for_user("dora");
    let dora_live = LiveSocket::open(&address, &token, "").await;
    let _dora_live = dora_live.expect("a connection");
    eventually("dora has a session", async || {
        let open = sessions(&world, &ben, "state=open&agent=dora").await;
        (open.len() == 1).then_some(())
    })
    .await;

    // When ben is no agent any more, then his sessions wait again
    set_desk(&admin, "billing", &["gus"], json!({})).await;
    let gus = world.user("gus");
    eventually("all sessions wait", async || {
        let waiting = sessions(&world, &gus, "state=waiting").await;
        (waiting.len() == 3).then_some(())
    })
    .await;
    assert_eq!(texts(&world, &ben, &opened[0].conversation).await, Err(404));

    // When the desk is removed, then they are closed
    admin.delete("/v1/admin/desks/billing").await.expect(200);
    eventually("all sessions are closed", async || {
        let first = session_of(&world, &world.user("c1"), &opened[0].id).await;
        (first["state"] == "closed" && first["reason"] == "desk_removed").then_some(())
    })
    .await;
    world.run_ok(&["verify"]).await;
}
