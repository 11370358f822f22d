//! Word lists and rules for links: checked wherever text is written, in every process within a
//! second, and never against the first response to a retry.

use eventually::eventually;
use serde_json::{Value, json};
use tests::client::Client;
use tests::ports;
use tests::response::ApiResponse;
use tests::service::ServiceProcess;
use tests::token;
use tests::world::World;
use uuid::Uuid;

async fn set_list(admin: &Client, name: &str, action: &str, matching: &str, words: &[&str]) {
    let list = json!({ "action": action, "match": matching, "words": words });
    let path = format!("/v1/moderation/lists/{name}");
    admin.put(&path, Some(list)).await.expect(200);
}

/// Sends texts until the rules count, which must be soon.
async fn send_until(
    user: &Client,
    text: &str,
    counts: impl Fn(&ApiResponse) -> bool,
) -> ApiResponse {
    eventually(format!("the rules count for {text:?}"), async || {
        let sent = user.send("c", &new_key(), text).await;
        counts(&sent).then_some(sent)
    })
    .await
}

fn new_key() -> String {
    Uuid::new_v4().to_string()
}

fn is_refused(response: &ApiResponse) -> bool {
    response.status == 422 && response.json()["code"] == "content_refused"
}

async fn stored_text(user: &Client, sent: &ApiResponse) -> Value {
    let (seq, position) = (sent.number("seq"), sent.position());
    let path = format!("/v1/conversations/c/messages/{seq}?min_position={position}");
    user.get_ok(&path).await["body"]["text"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_refuses_masks_and_is_gone_when_it_is_removed() {
    // Given a group and two lists
    let world = World::start().await;
    let (admin, ann) = (world.admin(), world.user("ann"));
    ann.create_group("c", &["bob"]).await.expect(201);
    let before = ann.send("c", "first", "you Schurke").await;
    assert_eq!(before.expect(201).get("masked"), None);
    set_list(&admin, "no", "refuse", "word", &["schurke"]).await;
    set_list(&admin, "stars", "mask", "word", &["dämlack", "笨蛋"]).await;

    // When somebody sends such words, then the lists count
    send_until(&ann, "you SCHURKE!", is_refused).await;
    send_until(&ann, "笨蛋", |sent| sent.json()["masked"] == true).await;
    ann.send("c", "compound", "Schurkenstaat").await.expect(201);
    let masked = ann
        .send("c", "m", "Du D\u{308}ämläck, d a m l a c k, 你是笨蛋吗")
        .await;
    assert_eq!(masked.expect(201)["masked"], true);
    let text = stored_text(&ann, &masked).await;
    assert_eq!(text, "Du ********, *************, 你是**吗");
    let search = format!("/v1/search?q=damlack&min_position={}", masked.position());
    let found = eventually("the search answers", async || {
        let answer = ann.get(&search).await;
        (answer.status == 200).then(|| answer.json())
    })
    .await;
    assert_eq!(found["total"], 0);

    // And a retry of what was accepted before returns the first response
    let retried = ann.send("c", "first", "you Schurke").await;
    assert!(retried.is_replay(), "{retried}");
    let retried = ann
        .send("c", "m", "Du D\u{308}ämläck, d a m l a c k, 你是笨蛋吗")
        .await;
    assert!(
        retried.is_replay() && retried.json() == masked.json(),
        "{retried}"
    );

    // And edits, batches and titles are checked too
    assert_other_texts_are_checked(&ann, masked.number("seq")).await;
    // Those who are not members learn nothing of the lists.
    let stranger = world.user("eve").send("c", "1", "schurke").await;
    assert_eq!(stranger.expect_problem(404), "not_found");

    // When the list is removed, then the word is accepted again
    admin.delete("/v1/moderation/lists/no").await.expect(200);
    send_until(&ann, "schurke", |sent| sent.status == 201).await;
}

/// Edits a message, changes the title and sends a batch, with words that are refused or masked.
async fn assert_other_texts_are_checked(ann: &Client, seq: i64) {
    let edit = |text: &str| json!({ "body": { "text": text } });
    let path = format!("/v1/conversations/c/messages/{seq}");
    let refused = ann.put(&path, Some(edit("schurke"))).await;
    assert_eq!(refused.expect_problem(422), "content_refused");
    let edited = ann.put(&path, Some(edit("ein Dämlack"))).await;
    assert_eq!(edited.expect(200)["masked"], true);
    let title = json!({ "title": "Schurken und Schurke" });
    let refused = ann.patch("/v1/conversations/c", title).await;
    assert_eq!(refused.expect_problem(422), "content_refused");
    let changed = ann
        .patch("/v1/conversations/c", json!({ "title": "笨蛋" }))
        .await;
    assert_eq!(changed.expect(200)["masked"], true);
    let lines = json!([
        { "op": "send", "conversation_id": "c", "client_message_id": "b1", "type": "text",
          "body": { "text": "schurke" } },
        { "op": "send", "conversation_id": "c", "client_message_id": "b2", "type": "text",
          "body": { "text": "笨蛋" } },
    ]);
    let batch = ann.post("/v1/batch", lines).await.expect(200);
    assert_eq!(
        (&batch[0]["code"], &batch[1]["masked"]),
        (&json!("content_refused"), &json!(true))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_are_shown_to_administrators_and_survive_a_restart() {
    // Given a long list
    let mut world = World::start().await;
    let (admin, ann) = (world.admin(), world.user("ann"));
    ann.create_group("c", &[]).await.expect(201);
    let words: Vec<String> = (0..100_000).map(|n| format!("verboten{n}")).collect();
    let list = json!({ "action": "refuse", "match": "anywhere", "words": words, "in": ["text"] });
    let first = admin
        .put("/v1/moderation/lists/long", Some(list.clone()))
        .await;
    first.expect(200);

    // When it is set again, then nothing is appended
    let events = "/v1/events?type=word_list_set";
    let count = |events: &ApiResponse| events.body.iter().filter(|byte| **byte == b'\n').count();
    let parts = count(&admin.get(events).await);
    assert!(parts >= 20, "{parts}");
    admin
        .put("/v1/moderation/lists/long", Some(list.clone()))
        .await
        .expect(200);
    assert_eq!(count(&admin.get(events).await), parts);

    // Then it can be read, and also after a restart it counts at once
    let shown = admin.get_ok("/v1/moderation/lists/long").await;
    assert_eq!(shown["words"], list["words"]);
    assert_eq!(
        (&shown["match"], &shown["in"]),
        (&json!("anywhere"), &json!(["text"]))
    );
    let all = admin.get_ok("/v1/moderation/lists").await;
    assert_eq!(all["lists"][0]["word_count"], 100_000);
    assert_eq!(
        admin
            .get("/v1/moderation/lists/none")
            .await
            .expect_problem(404),
        "not_found"
    );
    send_until(&ann, "das ist xverboten99999x", is_refused).await;
    world.stop();
    world.start_service().await;
    let ann = world.user("ann");
    assert!(is_refused(&ann.send("c", "after", "verboten7").await));

    // And a list with other words, or none, is refused or accepted
    let admin = world.admin();
    for (words, status) in [
        (json!(["\u{200B}"]), 422),
        (json!([""]), 422),
        (json!(["a\nb"]), 422),
        (json!([]), 200),
    ] {
        let list = json!({ "action": "flag", "match": "word", "words": words });
        let set = admin.put("/v1/moderation/lists/long", Some(list)).await;
        assert_eq!(set.status, status, "{set}");
    }
    let words: Vec<String> = (0..100_001).map(|n| format!("w{n}")).collect();
    let list = json!({ "action": "flag", "match": "word", "words": words });
    let long = admin.put("/v1/moderation/lists/long", Some(list)).await;
    assert_eq!(long.expect_problem(422), "invalid");
    assert_eq!(long.json()["errors"][0]["field"], "words", "{long}");
    let list = json!({ "action": "flag", "match": "word", "words": ["a"] });
    let odd = admin.put("/v1/moderation/lists/a%20b", Some(list)).await;
    assert_eq!(odd.expect_problem(422), "invalid");
}

#[tokio::test(flavor = "multi_thread")]
async fn links_are_refused_however_they_are_written_in_every_process() {
    // Given two processes
    let world = World::start().await;
    let (admin, ann) = (world.admin(), world.user("ann"));
    ann.create_group("c", &[]).await.expect(201);
    let port = ports::find_free();
    let dir = world.dir.join("other");
    std::fs::create_dir_all(&dir).expect("a directory");
    let other = ServiceProcess::start("command-svc", port, &dir, &world.env()).await;
    let _other = other.unwrap_or_else(|words| panic!("{words}"));
    let base = format!("http://127.0.0.1:{port}");
    let bases = tests::client::BaseUrls {
        commands: base.clone(),
        queries: base,
    };
    let elsewhere = ann.at(std::sync::Arc::new(bases));

    // When a host is denied in one of them
    let rules = json!({ "deny": ["Bücher.example"], "action": "refuse" });
    admin
        .put("/v1/moderation/links", Some(rules))
        .await
        .expect(200);

    // Then both refuse it, with and without a scheme, in punycode and in Unicode
    for user in [&ann, &elsewhere] {
        send_until(user, "see https://www.bücher.example/x", is_refused).await;
        for text in [
            "xn--bcher-kva.example",
            "BÜCHER。example",
            "Bu\u{308}cher.example.",
        ] {
            let sent = user.send("c", &new_key(), text).await;
            assert!(is_refused(&sent), "{text}");
        }
        let fine = user
            .send("c", &new_key(), "buecher.example and bücher.example.org")
            .await;
        fine.expect(201);
    }
    let shown = admin.get_ok("/v1/moderation/links").await;
    assert_eq!(
        shown,
        json!({ "deny": ["xn--bcher-kva.example"], "allow_only": null, "action": "refuse" })
    );
    let bad = json!({ "deny": ["https://a.example/x"], "action": "mask" });
    let refused = admin.put("/v1/moderation/links", Some(bad)).await;
    assert_eq!(refused.expect_problem(422), "invalid");

    // When only some hosts are allowed, then all others are refused
    let only = json!({ "deny": [], "allow_only": ["example.org"], "action": "mask" });
    admin
        .put("/v1/moderation/links", Some(only))
        .await
        .expect(200);
    let is_masked = |sent: &ApiResponse| sent.json()["masked"] == true;
    let sent = send_until(&ann, "https://evil.example/a", is_masked).await;
    assert_eq!(stored_text(&ann, &sent).await, "https://************/a");
    let fine = ann.send("c", "org", "https://docs.example.org/").await;
    assert_eq!(fine.expect(201).get("masked"), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn moderators_set_rules_and_silence_but_administer_nothing_else() {
    // Given a group of others
    let world = World::start().await;
    let ann = world.user("ann");
    ann.create_group("c", &["bob"]).await.expect(201);
    let now = token::unix_now();
    let with_scope = |scope: &str| {
        world
            .user("mia")
            .with_token(Some(token::issued_at("mia", now, scope)))
    };
    let (moderator, service) = (with_scope("moderator"), with_scope("service"));

    // When a moderator and a service try the calls of moderators and those of administrators
    set_list(&moderator, "no", "refuse", "word", &["schurke"]).await;
    moderator.get_ok("/v1/moderation/links").await;
    let silence = "/v1/conversations/c/silences/bob";
    moderator.put(silence, None).await.expect(200);

    // Then the lists and the silence count, and nothing else is open to them
    send_until(&ann, "Schurke", is_refused).await;
    let silenced = world.user("bob").send("c", "bob-1", "hello").await;
    assert_eq!(silenced.expect_problem(403), "silenced");
    let refused = [
        moderator.get("/v1/admin/switches").await,
        moderator.get("/v1/events").await,
        service.get("/v1/moderation/lists").await,
        ann.get("/v1/moderation/lists").await,
    ];
    for response in refused {
        assert_eq!(response.expect_problem(403), "forbidden");
    }
}
