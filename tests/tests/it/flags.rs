//! Texts that a word list or the rules for links flag: stored as they are, with a case for
//! moderators, and nothing of it anywhere else.

use eventually::eventually;
use serde_json::{Value, json};
use tests::client::Client;
use tests::log::fetch_typed;
use tests::world::World;

async fn set_flag_list(admin: &Client, name: &str, word: &str) {
    let list = json!({ "action": "flag", "match": "word", "words": [word] });
    let path = format!("/v1/moderation/lists/{name}");
    admin.put(&path, Some(list)).await.expect(200);
}

/// Sends a text until the event that stores it has flags, which must be soon. Returns that event.
async fn send_until_flagged(world: &World, user: &Client, text: &str) -> Value {
    let mut count = 0;
    eventually(format!("{text:?} is flagged"), async || {
        count += 1;
        user.send("c", &format!("{text}-{count}"), text)
            .await
            .expect(201);
        let events = fetch_typed(&world.admin(), "message_sent").await;
        events
            .into_iter()
            .next_back()
            .filter(|event| event["data"]["flags"].is_array())
    })
    .await
}

async fn find_case(moderator: &Client, is_wanted: impl Fn(&Value) -> bool) -> Value {
    eventually("there is a case", async || {
        let listed = moderator
            .get_ok("/v1/moderation/cases?state=open&limit=200")
            .await;
        let cases = listed["cases"].as_array().cloned().unwrap_or_default();
        cases.into_iter().find(|case| is_wanted(case))
    })
    .await
}

fn is_about(case: &Value, kind: &str, conversation: &str, seq: &Value) -> bool {
    let target = &case["target"];
    case["kind"] == "flag"
        && target["type"] == kind
        && target["conversation_id"] == conversation
        && target["seq"] == *seq
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flagged_text_is_stored_as_it_is_and_opens_a_case() {
    // Given a group and a list that flags
    let world = World::start().await;
    let (admin, ann, bob) = (world.admin(), world.user("ann"), world.user("bob"));
    ann.create_group("c", &["bob"]).await.expect(201);
    set_flag_list(&admin, "watched", "schurke").await;

    // When somebody writes a listed word, then the event names the list
    let sent = send_until_flagged(&world, &ann, "Du S c h u r k e!").await;
    assert_eq!(sent["data"]["flags"], json!(["watched"]));
    assert_eq!(sent["data"]["body"]["text"], "Du S c h u r k e!");

    // And a case is open, which says why
    let seq = sent["data"]["seq"].clone();
    let case = find_case(&admin, |case| is_about(case, "message", "c", &seq)).await;
    assert_eq!(case["state"], "open");
    assert_eq!(case["excerpt"], "Du S c h u r k e!");
    assert_eq!(case["reports"], 0);
    let added = fetch_typed(&admin, "evidence_added").await;
    let added: Vec<_> = added
        .iter()
        .filter(|event| event["data"]["source_position"] == sent["position"])
        .collect();
    assert_eq!(added.len(), 1, "{added:?}");
    assert_eq!(added[0]["data"]["detail"], "watched");
    assert_eq!(added[0]["actor"], "tidings");

    // And nobody else learns of it
    let position = sent["position"].as_i64().expect("a position");
    for user in [&ann, &bob] {
        for path in [
            "/v1/conversations/c/messages?",
            "/v1/conversations/c?",
            "/v1/inbox?",
            "/v1/inbox/entries?after=0&",
            "/v1/search?q=schurke&",
        ] {
            let path = format!("{path}min_position={position}");
            let shown = eventually(format!("{path} answers"), async || {
                let shown = user.get(&path).await;
                (shown.status == 200).then_some(shown)
            })
            .await;
            let text = String::from_utf8_lossy(&shown.body).into_owned();
            assert!(
                !text.contains("flags") && !text.contains("watched"),
                "{path}: {text}"
            );
        }
        user.get("/v1/moderation/lists").await.expect_problem(403);
    }
    let exported = world.run_ok(&["export-user", "ann"]).await;
    assert!(!exported.contains("flags") && exported.contains("S c h u r k e"));
}

#[tokio::test(flavor = "multi_thread")]
async fn edits_batches_titles_and_links_are_flagged_too() {
    // Given a group, a list and a rule for links that flag
    let world = World::start().await;
    let (admin, ann) = (world.admin(), world.user("ann"));
    ann.create_group("c", &["bob"]).await.expect(201);
    let links = json!({ "deny": ["evil.example"], "action": "flag" });
    admin
        .put("/v1/moderation/links", Some(links))
        .await
        .expect(200);
    set_flag_list(&admin, "watched", "schurke").await;
    send_until_flagged(&world, &ann, "schurke").await;

    // When such texts are written in other ways
    let sent = ann.send("c", "both", "Schurke, see www.evil.example").await;
    let fine = ann.send("c", "fine", "good morning").await;
    let edit = json!({ "body": { "text": "guten Morgen, Schurke" } });
    let path = format!("/v1/conversations/c/messages/{}", fine.number("seq"));
    ann.put(&path, Some(edit)).await.expect(200);
    let line = json!({
        "op": "send", "conversation_id": "c", "client_message_id": "line", "type": "file",
        "body": { "name": "schurke.txt" },
    });
    let batch = ann.request(&reqwest::Method::POST, "/v1/batch");
    batch
        .body("application/x-ndjson", line.to_string())
        .send()
        .await;
    let title = json!({ "title": "Schurken? Ein Schurke!" });
    ann.patch("/v1/conversations/c", title).await.expect(200);
    let group = json!({ "kind": "group", "id": "d", "title": "Schurke", "members": [] });
    ann.post("/v1/conversations", group).await.expect(201);

    // Then each has its case, with the rules that flagged it
    let detail_of = async |event_type: &str| {
        let events = fetch_typed(&admin, event_type).await;
        let event = events.into_iter().next_back().expect("an event");
        eventually(format!("{event_type} has evidence"), async || {
            let added = fetch_typed(&admin, "evidence_added").await;
            let found = added
                .into_iter()
                .find(|added| added["data"]["source_position"] == event["position"]);
            found.map(|added| added["data"].clone())
        })
        .await
    };
    assert_eq!(detail_of("message_edited").await["detail"], "watched");
    assert_eq!(detail_of("message_sent").await["detail"], "watched");
    assert_eq!(detail_of("conversation_created").await["detail"], "watched");
    let renamed = detail_of("conversation_changed").await;
    assert_eq!(
        (&renamed["detail"], &renamed["user"]),
        (&json!("watched"), &json!("ann"))
    );
    for (kind, conversation, seq) in [
        ("message", "c", json!(sent.number("seq"))),
        ("message", "c", json!(fine.number("seq"))),
        ("conversation", "c", Value::Null),
        ("conversation", "d", Value::Null),
    ] {
        find_case(&admin, |case| is_about(case, kind, conversation, &seq)).await;
    }
    let added = fetch_typed(&admin, "evidence_added").await;
    let both = |event: &&Value| event["data"]["source_position"] == sent.position();
    let both = added.iter().find(both).expect("evidence");
    assert_eq!(both["data"]["detail"], "watched, links");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_repeats_and_loses_no_case() {
    // Given a list that flags
    let mut world = World::start().await;
    let ann = world.user("ann");
    ann.create_group("c", &[]).await.expect(201);
    set_flag_list(&world.admin(), "watched", "schurke").await;
    send_until_flagged(&world, &ann, "schurke").await;

    // When the system is killed several times while flagged texts are written
    for round in 0..4 {
        let ann = world.user("ann");
        for number in 0..25 {
            let text = format!("schurke {round} {number}");
            ann.send("c", &text, &text).await.expect(201);
        }
        world.kill();
        world.start_service().await;
    }

    // Then each of them has evidence in a case once
    let admin = world.admin();
    let flagged: Vec<Value> = fetch_typed(&admin, "message_sent").await;
    let flagged = flagged
        .iter()
        .filter(|event| event["data"]["flags"].is_array());
    let flagged: Vec<_> = flagged.map(|event| event["position"].clone()).collect();
    assert!(flagged.len() > 100, "{}", flagged.len());
    eventually("all have cases", async || {
        let added = fetch_typed(&admin, "evidence_added").await;
        let mut sources: Vec<_> = added
            .iter()
            .map(|event| event["data"]["source_position"].clone())
            .collect();
        sources.sort_by_key(Value::as_i64);
        assert!(sources.len() <= flagged.len(), "{sources:?}");
        (sources == flagged).then_some(())
    })
    .await;
}
