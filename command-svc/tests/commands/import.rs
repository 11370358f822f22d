//! Import of messages from another system.

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use crate::support::CommandTestService;

const PATH: &str = "/v1/admin/import";

fn line(number: i64, conversation: &str, sender: &str, text: &str) -> Value {
    json!({"line": number, "conversation": conversation, "title": "Old team", "id": format!("m{number}"),
        "sender": sender, "sent_at": "2020-01-01T00:00:00.123Z", "text": text})
}

fn with(mut line: Value, field: &str, value: impl Into<Value>) -> Value {
    line[field] = value.into();
    line
}

fn statuses(answers: &[Value]) -> Vec<&str> {
    answers
        .iter()
        .filter_map(|answer| answer["status"].as_str())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn conversations_are_imported_once() -> Result<()> {
    let world = CommandTestService::new().await?;
    let admin = world.admin();
    let lines = [
        line(1, "old", "ann", "one"),
        line(2, "other", "cid", "elsewhere"),
        with(line(3, "old", "bob", "two"), "reply_to", "m1"),
        with(line(4, "old", "ann", "three"), "reply_to", "nowhere"),
        line(1, "old", "ann", "one"),
    ];
    let (reply, answers) = admin.post_lines(PATH, &lines).await?;
    ensure!(reply.status == 200, "{}", reply.text);
    ensure!(statuses(&answers) == ["imported", "imported", "imported", "imported", "known"]);
    let seqs: Vec<_> = answers
        .iter()
        .map(|answer| (&answer["line"], &answer["seq"]))
        .collect();
    ensure!(
        seqs == [
            (&json!(1), &json!(1)),
            (&json!(2), &json!(1)),
            (&json!(3), &json!(2)),
            (&json!(4), &json!(3)),
            (&json!(1), &json!(1))
        ]
    );
    ensure!(answers[1]["conversation_id"] == "other");
    let created = world.event_payloads("conversation_created").await?;
    ensure!(created.len() == 2 && created.iter().all(|event| event["title"] == "Old team"));
    let sent = world.event_payloads("message_sent").await?;
    let second = sent
        .iter()
        .find(|event| event["sender"] == "bob")
        .cloned()
        .unwrap_or_default();
    ensure!(second["reply_to"] == 1 && second["sent_at"] == "2020-01-01T00:00:00.123Z");
    let before = world.count_events().await?;
    let (_, again) = admin.post_lines(PATH, &lines).await?;
    ensure!(statuses(&again) == ["known"; 5] && again[2]["seq"] == 2);
    ensure!(world.count_events().await? == before);
    let more = [with(line(9, "old", "dee", "four"), "reply_to", "m3")];
    let (_, answers) = admin.post_lines(PATH, &more).await?;
    ensure!(answers[0]["seq"] == 4);
    ensure!(
        world
            .event_payloads("message_sent")
            .await?
            .last()
            .is_some_and(|event| event["reply_to"] == 2)
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn invalid_lines_do_not_stop_the_others() -> Result<()> {
    let world = CommandTestService::new().await?;
    let lines = [
        line(1, "d_1", "ann", "one"),
        with(line(2, "old", "ann", "x"), "sent_at", "yesterday"),
        with(line(3, "old", "ann", "x"), "text", " "),
        with(line(4, "old", "ann", "x"), "text", "a\u{0}b"),
        with(line(5, "old", "ann", "x"), "sender", "\u{1}"),
        json!({"line": 6}),
        json!("no object"),
        with(
            with(line(8, "old", "a\u{1}nn", "fine"), "id", Value::Null),
            "key",
            "k",
        ),
    ];
    let (reply, answers) = world.admin().post_lines(PATH, &lines).await?;
    ensure!(reply.status == 200, "{}", reply.text);
    ensure!(
        answers[..7]
            .iter()
            .all(|answer| answer["status"] == "rejected"),
        "{answers:?}"
    );
    ensure!(answers.iter().take(7).all(|answer| {
        answer["reason"]
            .as_str()
            .is_some_and(|reason| !reason.is_empty())
    }));
    let numbers: Vec<_> = answers
        .iter()
        .filter_map(|answer| answer["line"].as_i64())
        .collect();
    ensure!(numbers == [1, 2, 3, 4, 5, 6, 7, 8]);
    ensure!(answers[7]["status"] == "imported");
    ensure!(world.event_payloads("message_sent").await?[0]["sender"] == "ann");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn edits_reactions_and_joins_are_imported_once_and_in_order() -> Result<()> {
    let world = CommandTestService::new().await?;
    let edited = with(
        with(
            line(2, "old", "ann", "two"),
            "edited_at",
            "2020-01-02T00:00:00Z",
        ),
        "original",
        "tow",
    );
    let reactions = json!([{"key": "+1", "user": "bob"}, {"key": "+1", "user": "bob"}, {"key": "tada", "user": "eve"}]);
    let lines = [
        json!({"line": 1, "conversation": "old", "key": "join", "members": ["cid", "ann"]}),
        with(edited, "reactions", reactions),
        with(line(3, "old", "cid", "three"), "reply_to", "m2"),
        json!({"line": 4, "conversation": "old", "key": "all", "members": ["bob"]}),
    ];
    let (reply, answers) = world.admin().post_lines(PATH, &lines).await?;
    ensure!(reply.status == 200, "{}", reply.text);
    ensure!(statuses(&answers) == ["imported"; 4], "{answers:?}");
    let seqs: Vec<_> = answers
        .iter()
        .map(|answer| answer["seq"].as_i64())
        .collect();
    ensure!(seqs == [None, Some(1), Some(2), None], "{answers:?}");
    let types: Vec<String> =
        sqlx::query_scalar("SELECT event_type::text FROM log.events ORDER BY position")
            .fetch_all(&world.database.pool)
            .await?;
    let expected = [
        "conversation_created",
        "member_added",
        "message_sent",
        "message_edited",
        "member_added",
        "reaction_added",
        "member_added",
        "reaction_added",
        "message_sent",
    ];
    ensure!(types == expected, "{types:?}");
    ensure!(world.event_payloads("conversation_created").await?[0]["by"] == "cid");
    let sent = world.event_payloads("message_sent").await?;
    ensure!(sent[0]["body"]["text"] == "tow" && sent[1]["reply_to"] == 1);
    let edit = &world.event_payloads("message_edited").await?[0];
    ensure!(edit["body"]["text"] == "two" && edit["edited_at"] == "2020-01-02T00:00:00.000Z");
    let before = world.count_events().await?;
    let (_, again) = world.admin().post_lines(PATH, &lines).await?;
    ensure!(statuses(&again) == ["known"; 4] && again[1]["seq"] == 1);
    ensure!(world.count_events().await? == before);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn reactions_beyond_the_limit_are_counted_and_dropped() -> Result<()> {
    let world = CommandTestService::new().await?;
    let reaction = |n: usize| json!({"key": format!("r{n}"), "user": "bob"});
    let reactions: Vec<Value> = (0..103).map(reaction).collect();
    let lines = [with(line(1, "old", "ann", "one"), "reactions", reactions)];
    let (_, answers) = world.admin().post_lines(PATH, &lines).await?;
    ensure!(statuses(&answers) == ["imported"] && answers[0]["reactions_dropped"] == 3);
    ensure!(world.event_payloads("reaction_added").await?.len() == 100);
    let (_, answers) = world.admin().post_lines(PATH, &lines).await?;
    ensure!(statuses(&answers) == ["known"] && answers[0]["reactions_dropped"].is_null());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reply_to_no_earlier_line_is_reported_once() -> Result<()> {
    let world = CommandTestService::new().await?;
    let lines = [
        with(line(1, "old", "ann", "one"), "reply_to", "nowhere"),
        with(line(2, "old", "bob", "two"), "reply_to", "m1"),
    ];
    let (_, answers) = world.admin().post_lines(PATH, &lines).await?;
    ensure!(statuses(&answers) == ["imported"; 2], "{answers:?}");
    ensure!(answers[0]["reply_dropped"] == true && answers[1]["reply_dropped"].is_null());
    let sent = world.event_payloads("message_sent").await?;
    ensure!(sent[0]["reply_to"].is_null() && sent[1]["reply_to"] == 1);
    let (_, answers) = world.admin().post_lines(PATH, &lines).await?;
    ensure!(statuses(&answers) == ["known"; 2] && answers[0]["reply_dropped"].is_null());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_imports_of_the_same_lines_have_one_effect() -> Result<()> {
    let world = CommandTestService::new().await?;
    let lines: Vec<_> = (1..=200)
        .map(|n| line(n, &format!("c{}", n % 5), &format!("u{}", n % 7), "hello"))
        .collect();
    let calls = (0..4).map(|_| {
        let admin = world.admin();
        let lines = &lines;
        async move { admin.post_lines(PATH, lines).await }
    });
    for (reply, answers) in futures::future::try_join_all(calls).await? {
        ensure!(reply.status == 200, "{}", reply.text);
        ensure!(
            answers.iter().all(|answer| answer["status"] != "rejected"),
            "{answers:?}"
        );
    }
    ensure!(world.event_payloads("message_sent").await?.len() == 200);
    ensure!(world.event_payloads("conversation_created").await?.len() == 5);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_import_is_one_append_per_conversation() -> Result<()> {
    let world = CommandTestService::new().await?;
    let lines: Vec<_> = (1..=5_000)
        .map(|n| line(n, "big", &format!("u{}", n % 50), "hello"))
        .collect();
    let (reply, answers) = world.admin().post_lines(PATH, &lines).await?;
    ensure!(reply.status == 200 && answers.len() == 5_000);
    ensure!(answers.last().is_some_and(|answer| answer["seq"] == 5_000));
    let commits: i64 = sqlx::query_scalar("SELECT count(DISTINCT xmin::text) FROM log.events")
        .fetch_one(&world.database.pool)
        .await?;
    ensure!(commits == 1, "{commits} commits");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn only_administrators_can_import() -> Result<()> {
    let world = CommandTestService::new().await?;
    let (reply, _) = world
        .user("ann")
        .post_lines(PATH, &[line(1, "old", "ann", "one")])
        .await?;
    reply.expect_problem(403, "forbidden")?;
    ensure!(world.count_events().await? == 0);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn users_join_when_the_import_says_and_an_array_is_accepted() -> Result<()> {
    let world = CommandTestService::new().await?;
    let admin = world.admin();
    let at = "2019-01-01T00:00:00.000Z";
    let joined = json!({"line": 2, "conversation": "old", "key": "k", "members": ["zoe"],
        "joined_at": at});
    let lines = json!([
        line(1, "old", "ann", "one"),
        joined,
        line(3, "old", "bob", "two")
    ]);
    let reply = admin.post(PATH, lines).await?;
    ensure!(reply.status == 200 && reply.headers["content-type"] == "application/json");
    ensure!(reply.json[2]["seq"] == 2, "{}", reply.json);
    let created = world.event_payloads("conversation_created").await?;
    ensure!(created[0]["created_at"] == at);
    let added = world.event_payloads("member_added").await?;
    ensure!(
        added[0]["user"] == "zoe" && added[0]["joined_at"] == at,
        "{added:?}"
    );
    ensure!(added[1]["user"] == "bob" && added[1]["joined_at"] == "2020-01-01T00:00:00.123Z");
    let sent = world.event_payloads("message_sent").await?;
    ensure!(
        sent.iter()
            .all(|event| event["client_message_id"] == Value::Null)
    );
    Ok(())
}
