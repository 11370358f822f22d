//! An import adds only to conversations that its own source made.

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use crate::support::CommandTestService;

const PATH: &str = "/v1/admin/import";

/// A line of the conversation `general` of a source, as `tidings import` sends it: if the name is
/// taken, the conversation has an id of its own.
fn line(number: i64, source: &str, sender: &str, text: &str) -> Value {
    json!({"line": number, "source": source, "conversation": format!("c_{source}"), "preferred": "general",
        "id": format!("m{number}"), "sender": sender, "sent_at": "2020-01-01T00:00:00Z", "text": text})
}

fn without(mut line: Value, fields: &[&str]) -> Value {
    for field in fields {
        line[*field] = Value::Null;
    }
    line
}

fn values<'a>(answers: &'a [Value], field: &str) -> Vec<&'a str> {
    answers
        .iter()
        .map(|answer| answer[field].as_str().unwrap_or_default())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_joins_a_conversation_that_a_user_made() -> Result<()> {
    let world = CommandTestService::new().await?;
    let (ann, _) = world.create_group("general").await?;
    ann.send("general", "k", "ours").await?.expect_status(201)?;
    let admin = world.admin();
    let mut direct = without(line(1, "", "zoe", "hello"), &["source", "preferred"]);
    direct["conversation"] = "general".into();
    let (_, answers) = admin.post_lines(PATH, &[direct]).await?;
    ensure!(values(&answers, "status") == ["rejected"], "{answers:?}");
    let reason = answers[0]["reason"].as_str().unwrap_or_default();
    ensure!(reason.starts_with("conversation: general was made by a user"));
    let lines = [line(1, "a", "bob", "one"), line(2, "a", "zoe", "two")];
    let (_, answers) = admin.post_lines(PATH, &lines).await?;
    ensure!(
        values(&answers, "conversation_id") == ["c_a", "c_a"],
        "{answers:?}"
    );
    world
        .user("zoe")
        .send("general", "k", "me too")
        .await?
        .expect_problem(404, "not_found")?;
    let before = world.count_events().await?;
    let (_, answers) = admin.post_lines(PATH, &lines).await?;
    ensure!(values(&answers, "status") == ["known", "known"]);
    ensure!(values(&answers, "conversation_id") == ["c_a", "c_a"]);
    ensure!(world.count_events().await? == before);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn two_sources_with_the_same_names_are_two_conversations() -> Result<()> {
    let world = CommandTestService::new().await?;
    let admin = world.admin();
    let both = [
        line(1, "a", "ann", "one"),
        line(1, "b", "bob", "another one"),
        line(2, "a", "cid", "two"),
        line(2, "b", "ann", "another two"),
    ];
    let (_, first) = admin.post_lines(PATH, &both[..1]).await?;
    ensure!(values(&first, "conversation_id") == ["general"]);
    let (_, answers) = admin.post_lines(PATH, &both).await?;
    ensure!(values(&answers, "status") == ["known", "imported", "imported", "imported"]);
    let ids = values(&answers, "conversation_id");
    ensure!(ids == ["general", "c_b", "general", "c_b"], "{ids:?}");
    let seqs: Vec<_> = answers
        .iter()
        .map(|answer| answer["seq"].as_i64())
        .collect();
    ensure!(seqs == [Some(1), Some(1), Some(2), Some(2)]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pair_gets_a_direct_conversation_unless_it_has_one() -> Result<()> {
    let world = CommandTestService::new().await?;
    let admin = world.admin();
    let direct = |number: i64, source: &str, sender: &str| {
        let mut line = without(line(number, source, sender, "psst"), &["preferred"]);
        line["direct"] = json!(["bob", "ann"]);
        line
    };
    let lines = [
        direct(1, "a", "ann"),
        direct(2, "a", "bob"),
        direct(3, "a", "eve"),
        direct(4, "a", "ann"),
    ];
    let (_, answers) = admin.post_lines(PATH, &lines).await?;
    let statuses = values(&answers, "status");
    ensure!(
        statuses == ["imported", "imported", "rejected", "imported"],
        "{answers:?}"
    );
    let id = answers[0]["conversation_id"].as_str().unwrap_or_default();
    ensure!(id.starts_with("d_") && answers[3]["seq"] == 3);
    let created = world.event_payloads("conversation_created").await?;
    ensure!(created[0]["kind"] == "direct" && created[0]["title"].is_null());
    let (_, answers) = admin.post_lines(PATH, &[direct(1, "b", "ann")]).await?;
    ensure!(
        values(&answers, "conversation_id") == ["c_b"],
        "{answers:?}"
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_earlier_release_imported_is_known() -> Result<()> {
    let world = CommandTestService::new().await?;
    let admin = world.admin();
    // As an earlier release sent it: no source, and the name is the id.
    let mut old = without(line(1, "", "ann", "one"), &["source", "preferred"]);
    old["conversation"] = "general".into();
    admin.post_lines(PATH, &[old]).await?;
    let mut renamed = without(line(1, "a", "ann", "one"), &["preferred"]);
    renamed["id"] = "another".into();
    renamed["earlier"] = json!({"conversation": "general", "key": "id:m1"});
    let before = world.count_events().await?;
    let (_, answers) = admin
        .post_lines(PATH, &[line(1, "a", "ann", "one"), renamed])
        .await?;
    ensure!(
        values(&answers, "status") == ["known", "known"],
        "{answers:?}"
    );
    ensure!(world.count_events().await? == before);
    let (_, answers) = admin
        .post_lines(PATH, &[line(1, "b", "bob", "not that one")])
        .await?;
    ensure!(values(&answers, "status") == ["imported"]);
    ensure!(values(&answers, "conversation_id") == ["c_b"]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_imports_of_a_source_make_one_conversation() -> Result<()> {
    let world = CommandTestService::new().await?;
    let calls = (1..=8).map(|number| {
        let admin = world.admin();
        async move {
            let lines = [line(number, "a", &format!("u{number}"), "hello")];
            admin.post_lines(PATH, &lines).await
        }
    });
    for (_, answers) in futures::future::try_join_all(calls).await? {
        ensure!(
            values(&answers, "conversation_id") == ["general"],
            "{answers:?}"
        );
    }
    ensure!(world.event_payloads("conversation_created").await?.len() == 1);
    Ok(())
}
