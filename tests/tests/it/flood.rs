//! Flood rules: who sends many near-equal texts is silenced or flagged, by what follows the log.
//! The same log gives the same acts, whatever crashes and however many processes there are.

use eventually::eventually;
use serde_json::{Value, json};
use tests::client::{BaseUrls, Client};
use tests::database::{close_database, open_database};
use tests::log::fetch_typed;
use tests::ports;
use tests::service::ServiceProcess;
use tests::world::World;

async fn set_rules(admin: &Client, rules: Value) -> i64 {
    let set = admin
        .put("/v1/moderation/flood", Some(json!({ "rules": rules })))
        .await;
    set.expect(200);
    set.position()
}

fn silencing(same_text: u32, lasting: &str) -> Value {
    json!([{ "same_text": same_text, "within": "30s", "across": "conversation",
             "then": "silence", "for": lasting }])
}

/// Waits until the events up to a position have been followed.
async fn wait_until_followed(admin: &Client, position: i64) {
    eventually(format!("{position} is followed"), async || {
        let status = admin.get("/v1/admin/status").await;
        let followed = status.json()["database"]["moderation"]["position"].as_i64();
        (followed >= Some(position)).then_some(())
    })
    .await;
}

async fn wait_for_events(admin: &Client, event_type: &str, count: usize) -> Vec<Value> {
    eventually(format!("{count} {event_type}"), async || {
        let events = fetch_typed(admin, event_type).await;
        (events.len() >= count).then_some(events)
    })
    .await
}

/// The milliseconds between two times.
fn millis_between(from: &Value, to: &Value) -> i64 {
    let millis = |time: &Value| {
        let text = time.as_str().unwrap_or_default();
        let parsed = domain::time::Timestamp::parse(text);
        parsed.unwrap_or_else(|| panic!("{time}")).millis()
    };
    millis(to) - millis(from)
}

/// Sends five near-equal texts as one user, and others in between as another one. Returns the seq
/// of the last of the five.
async fn send_flood(flooder: &Client, other: &Client) -> i64 {
    let mut last = 0;
    let texts = [
        "Buy now!",
        "BUY NOW 2",
        "b\u{200B}uy, now",
        "buy now...",
        "Buy now 17",
    ];
    for (number, text) in texts.into_iter().enumerate() {
        let sent = flooder.send("c", &format!("b{number}"), text).await;
        sent.expect(201);
        last = sent.number("seq");
        let reply = format!("no, thanks {}", "x".repeat(number + 1));
        let replied = other.send("c", &format!("a{number}"), &reply).await;
        replied.expect(201);
    }
    last
}

#[tokio::test(flavor = "multi_thread")]
async fn who_floods_a_conversation_is_silenced_there() {
    // Given a rule
    let world = World::start().await;
    let (admin, ann, bob) = (world.admin(), world.user("ann"), world.user("bob"));
    for id in ["c", "d"] {
        ann.create_group(id, &["bob"]).await.expect(201);
    }
    set_rules(&admin, silencing(5, "1m")).await;
    let shown = admin.get_ok("/v1/moderation/flood").await;
    assert_eq!(shown, json!({ "rules": silencing(5, "1m") }));

    // When bob sends five near-equal texts
    let last = send_flood(&bob, &ann).await;

    // Then he is silenced in this conversation, from the fifth of them on
    let silenced = wait_for_events(&admin, "member_silenced", 1).await;
    let (event, data) = (&silenced[0], &silenced[0]["data"]);
    assert_eq!(
        (&data["user"], &data["by"]),
        (&json!("bob"), &json!("tidings"))
    );
    assert_eq!(event["actor"], "tidings");
    let sent = fetch_typed(&admin, "message_sent").await;
    let fifth = sent
        .iter()
        .find(|event| event["data"]["seq"] == last)
        .expect("the fifth");
    assert_eq!(millis_between(&fifth["time"], &data["until"]), 60_000);
    let refused = bob.send("c", "more", "something else").await;
    assert_eq!(refused.expect_problem(403), "silenced");
    assert_eq!(refused.json()["until"], data["until"]);

    // And not elsewhere, and nobody else
    bob.send("d", "elsewhere", "buy now").await.expect(201);
    ann.send("c", "still", "hello").await.expect(201);

    // And a case says why
    let case = eventually("there is a case", async || {
        let listed = admin.get_ok("/v1/moderation/cases?state=open").await;
        let cases = listed["cases"].as_array().cloned().unwrap_or_default();
        cases.into_iter().find(|case| case["kind"] == "flood")
    })
    .await;
    assert_eq!(case["target"]["conversation_id"], "c");
    assert_eq!(case["target"]["seq"], last);
    let added = fetch_typed(&admin, "evidence_added").await;
    assert_eq!(added[0]["data"]["source_position"], fifth["position"]);
    let detail = added[0]["data"]["detail"].as_str().unwrap_or_default();
    assert!(
        detail.starts_with("5 near-equal texts within 30s in this conversation"),
        "{detail}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn further_silences_last_longer_and_lifting_one_is_respected() {
    // Given a rule whose first silence is short
    let world = World::start().await;
    let (admin, ann, bob) = (world.admin(), world.user("ann"), world.user("bob"));
    ann.create_group("c", &["bob"]).await.expect(201);
    set_rules(&admin, silencing(3, "3s")).await;
    let flood = async |round: usize| {
        for number in 0..3 {
            let key = format!("{round}-{number}");
            eventually("bob can write", async || {
                let sent = bob.send("c", &key, "buy now").await;
                (sent.status < 300).then_some(())
            })
            .await;
        }
    };

    // When bob floods, waits, and floods again
    flood(0).await;
    wait_for_events(&admin, "member_silenced", 1).await;
    flood(1).await;
    let silenced = wait_for_events(&admin, "member_silenced", 2).await;

    // Then the second silence lasts half an hour
    let lasting = |silence: &Value| {
        let sent = millis_between(&silence["time"], &silence["data"]["until"]);
        // It began with the message, a moment before.
        (sent + 999) / 1_000
    };
    assert!(lasting(&silenced[0]) <= 3, "{silenced:?}");
    let minutes = (lasting(&silenced[1]) + 59) / 60;
    assert_eq!(minutes, 30, "{silenced:?}");

    // And when a moderator lifts it, then nothing silences bob for the same messages again
    admin
        .delete("/v1/conversations/c/silences/bob")
        .await
        .expect(200);
    let sent = bob.send("c", "after", "something else").await;
    sent.expect(201);
    wait_until_followed(&admin, sent.position()).await;
    assert_eq!(fetch_typed(&admin, "member_silenced").await.len(), 2);
    bob.send("c", "more", "something more").await.expect(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_across_all_counts_and_restricts_everywhere() {
    // Given a rule that flags, and one that silences
    let world = World::start().await;
    let (admin, ann, bob) = (world.admin(), world.user("ann"), world.user("bob"));
    for id in ["c", "d", "e"] {
        ann.create_group(id, &["bob"]).await.expect(201);
    }
    let rule = |then: &str| json!([{ "same_text": 3, "within": "10m", "across": "all", "then": then, "for": "1h" }]);
    set_rules(&admin, rule("flag")).await;

    // When bob sends the same to three groups, then there is a case, and he can go on
    for id in ["c", "d", "e"] {
        bob.send(id, &format!("1-{id}"), "buy now")
            .await
            .expect(201);
    }
    let added = wait_for_events(&admin, "evidence_added", 1).await;
    let detail = added[0]["data"]["detail"].as_str().unwrap_or_default();
    assert_eq!(detail, "3 near-equal texts within 10m in all conversations");
    let case = eventually("there is a case", async || {
        let listed = admin.get_ok("/v1/moderation/cases?state=open").await;
        listed["cases"].get(0).cloned()
    })
    .await;
    assert_eq!(
        (&case["kind"], &case["target"]["user"]),
        (&json!("flood"), &json!("bob"))
    );
    assert_eq!(case["target"]["type"], "user");
    bob.send("c", "fine", "hello").await.expect(201);

    // When the rule silences, then he is silenced everywhere
    set_rules(&admin, rule("silence")).await;
    for id in ["c", "d", "e"] {
        bob.send(id, &format!("2-{id}"), "buy now")
            .await
            .expect(201);
    }
    let restricted = wait_for_events(&admin, "user_restricted", 1).await;
    let data = &restricted[0]["data"];
    assert_eq!(
        (&data["kind"], &data["by"]),
        (&json!("silenced"), &json!("tidings"))
    );
    assert_eq!(restricted[0]["source"], "/profiles/bob");
    assert_eq!(restricted[0]["actor"], "tidings");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_sent_before_imported_or_differs_is_no_flood() {
    // Given texts that were sent before there was a rule
    let world = World::start().await;
    let (admin, ann) = (world.admin(), world.user("ann"));
    ann.create_group("c", &[]).await.expect(201);
    for number in 0..2 {
        ann.send("c", &format!("before{number}"), "buy now")
            .await
            .expect(201);
    }
    set_rules(&admin, silencing(3, "1h")).await;

    // When others are imported, differ, are numbers or have no text
    let lines = (0..5).map(|number| {
        json!({ "conversation": "c", "id": format!("i{number}"), "sender": "ann",
                "sent_at": "2020-01-01T00:00:00Z", "text": "buy now" })
        .to_string()
    });
    let import = admin.request(&reqwest::Method::POST, "/v1/admin/import");
    let lines = lines.collect::<Vec<_>>().join("\n");
    import
        .body("application/x-ndjson", lines)
        .send()
        .await
        .expect(200);
    let others = [
        "buy now",
        "buy it now",
        "buy",
        "1",
        "2",
        "3",
        "👍",
        "👎",
        "🎉",
    ];
    for (number, text) in others.into_iter().enumerate() {
        ann.send("c", &format!("other{number}"), text)
            .await
            .expect(201);
    }
    for number in 0..5 {
        let photo = json!({
            "client_message_id": format!("photo{number}"), "type": "image",
            "body": { "url": "https://example.org/a.png", "name": format!("IMG_{number}.png") },
        });
        ann.send_message("c", photo).await.expect(201);
    }
    let last = ann.send("c", "last", "good night").await;
    last.expect(201);

    // Then nothing is done
    wait_until_followed(&admin, last.position()).await;
    assert!(fetch_typed(&admin, "evidence_added").await.is_empty());

    // When the rules are removed, then nothing counts anymore
    set_rules(&admin, json!([])).await;
    assert_eq!(
        admin.get_ok("/v1/moderation/flood").await,
        json!({ "rules": [] })
    );
    for number in 0..3 {
        ann.send("c", &format!("after{number}"), "buy now")
            .await
            .expect(201);
    }
    let last = ann.send("c", "end", "good night").await;
    wait_until_followed(&admin, last.position()).await;
    assert!(fetch_typed(&admin, "evidence_added").await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_rules_are_refused_and_named_and_only_moderators_set_them() {
    let world = World::start().await;
    let (admin, ann) = (world.admin(), world.user("ann"));
    let rule = |changed: Value| {
        let mut rule = silencing(5, "1m")[0].clone();
        for (field, value) in changed.as_object().cloned().unwrap_or_default() {
            rule[field] = value;
        }
        json!({ "rules": [rule] })
    };
    for (changed, named) in [
        (json!({ "same_text": 1 }), "rules[0].same_text"),
        (json!({ "within": "soon" }), "rules[0].within"),
        (json!({ "within": "2d" }), "rules[0].within"),
        (json!({ "for": null }), "rules[0].for"),
        (json!({ "for": "0s" }), "rules[0].for"),
        (json!({ "across": "here" }), "across"),
        (json!({ "then": "ban" }), "then"),
        (json!({ "words": [] }), "words"),
    ] {
        let refused = admin.put("/v1/moderation/flood", Some(rule(changed))).await;
        assert_eq!(refused.status, 422, "{refused}");
        let text = String::from_utf8_lossy(&refused.body).into_owned();
        assert!(text.contains(named), "{named}: {text}");
    }
    let set = admin
        .put("/v1/moderation/flood", Some(rule(json!({}))))
        .await;
    set.expect(200);
    // Repeating a command that changes nothing appends nothing.
    admin
        .put("/v1/moderation/flood", Some(rule(json!({}))))
        .await
        .expect(200);
    assert_eq!(fetch_typed(&admin, "flood_rules_set").await.len(), 1);
    ann.put("/v1/moderation/flood", Some(rule(json!({}))))
        .await
        .expect_problem(403);
    ann.get("/v1/moderation/flood").await.expect_problem(403);
}

/// Sends the same text again and again to a group of the sender's own, and returns when all are
/// sent.
async fn send_same(user: &Client, round: usize, count: usize) {
    let id = format!("of-{}", user.user());
    for number in 0..count {
        let key = format!("{round}-{number}");
        user.send(&id, &key, &format!("buy now {number}"))
            .await
            .expect(201);
    }
}

/// The position of every third message of each sender: what a rule of three finds.
async fn expected_sources(admin: &Client) -> Vec<i64> {
    let mut counts = std::collections::BTreeMap::<String, usize>::new();
    let mut sources = Vec::new();
    for event in fetch_typed(admin, "message_sent").await {
        let sender = event["data"]["sender"].as_str().unwrap_or_default();
        let count = counts.entry(sender.to_owned()).or_default();
        *count += 1;
        if count.is_multiple_of(3) {
            sources.extend(event["position"].as_i64());
        }
    }
    sources
}

async fn found_sources(admin: &Client) -> Vec<i64> {
    let added = fetch_typed(admin, "evidence_added").await;
    let found = added
        .iter()
        .filter_map(|event| event["data"]["source_position"].as_i64());
    let mut found: Vec<i64> = found.collect();
    found.sort_unstable();
    found
}

fn flagging() -> Value {
    json!([{ "same_text": 3, "within": "1d", "across": "conversation", "then": "flag" }])
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_log_gives_the_same_acts_over_crashes() {
    // Given a rule that flags every third text
    let mut world = World::start().await;
    let names = ["ann", "bob", "cleo"];
    for name in names {
        let id = format!("of-{name}");
        world.user(name).create_group(&id, &[]).await.expect(201);
    }
    set_rules(&world.admin(), flagging()).await;

    // When the system is killed in the middle, again and again, and Postgres is away for a moment
    for round in 0..4 {
        let users = names.map(|name| world.user(name));
        let sending = users.iter().map(|user| send_same(user, round, 10));
        futures::future::join_all(sending).await;
        if round == 1 {
            close_database(&world.pool).await;
            open_database(&world.pool).await;
        } else {
            world.kill();
            world.start_service().await;
        }
    }

    // Then it has found what one process would have found, and each once
    let admin = world.admin();
    let expected = expected_sources(&admin).await;
    assert_eq!(expected.len(), 39);
    eventually("all floods are found", async || {
        let found = found_sources(&admin).await;
        assert!(found.len() <= expected.len(), "{found:?}");
        (found == expected).then_some(())
    })
    .await;

    // And when the log is followed from its beginning again, or the progress belongs to another
    // history, then nothing is added
    for rewind in ["position = 0, tag = NULL", "tag = tag + 1"] {
        world.stop();
        let rewind = format!("UPDATE moderation.progress SET {rewind}");
        for statement in [&rewind, "DELETE FROM moderation.flood_offences"] {
            let done = sqlx::query(statement).execute(&world.pool).await;
            done.expect("the progress is changed");
        }
        world.start_service().await;
        let admin = world.admin();
        let sent = world
            .user("ann")
            .send("of-ann", &rewind, "good night")
            .await;
        wait_until_followed(&admin, sent.position()).await;
        assert_eq!(found_sources(&admin).await, expected);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_processes_one_follows_and_the_other_takes_over() {
    // Given two processes
    let mut world = World::start().await;
    let admin = world.admin();
    let ann = world.user("ann");
    ann.create_group("of-ann", &[]).await.expect(201);
    set_rules(&admin, flagging()).await;
    let port = ports::find_free();
    let dir = world.dir.join("other");
    std::fs::create_dir_all(&dir).expect("a directory");
    let other = ServiceProcess::start("command-svc", port, &dir, &world.env()).await;
    let _other = other.unwrap_or_else(|words| panic!("{words}"));
    send_same(&ann, 0, 10).await;
    let expected = expected_sources(&admin).await;
    eventually("the floods are found", async || {
        (found_sources(&admin).await == expected).then_some(())
    })
    .await;

    // When the one that follows is killed in the middle, then the other one goes on
    let base = format!("http://127.0.0.1:{port}");
    let bases = BaseUrls {
        commands: base.clone(),
        queries: base,
    };
    let elsewhere = ann.at(std::sync::Arc::new(bases));
    send_same(&elsewhere, 1, 5).await;
    world.kill();
    send_same(&elsewhere, 2, 6).await;
    let followed: i64 = eventually("the other process follows", async || {
        let position: i64 = sqlx::query_scalar("SELECT position FROM moderation.progress")
            .fetch_one(&world.pool)
            .await
            .ok()?;
        let head = tests::log::head(&world.pool).await.ok()?;
        (position == head).then_some(position)
    })
    .await;
    assert!(followed > 0);

    // And every flood is found once
    world.start_service().await;
    let admin = world.admin();
    let expected = expected_sources(&admin).await;
    assert_eq!(expected.len(), 7);
    assert_eq!(found_sources(&admin).await, expected);
}
