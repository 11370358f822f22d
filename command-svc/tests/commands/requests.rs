//! Invalid requests, rate limits and an unavailable log.

use anyhow::{Result, ensure};
use http::Method;
use serde_json::json;

use crate::support::CommandTestService;

#[tokio::test(flavor = "multi_thread")]
async fn malformed_requests_are_400_and_change_nothing() -> Result<()> {
    let world = CommandTestService::new().await?;
    let (ann, _) = world.create_group("team").await?;
    ann.send("team", "k", "one").await?.expect_status(201)?;
    let before = world.count_events().await?;
    let path = "/v1/conversations/team/messages";
    let whole = br#"{"client_message_id":"x","type":"text","body":{"text":"a"}}"#;
    let mut bodies: Vec<Vec<u8>> = (0..whole.len()).map(|end| whole[..end].to_vec()).collect();
    for text in [&b"a\\u0000"[..], b"\\ud800", b"a\0", b"\xff", b"\xc0\x80"] {
        let open = br#"{"client_message_id":"x","type":"text","body":{"text":""#;
        bodies.push([open, text, br#""}}"#].concat());
    }
    for body in bodies {
        let shown = String::from_utf8_lossy(&body).into_owned();
        let reply = ann
            .call(Method::POST, path, "application/json", body)
            .await?;
        ensure!(
            reply.status == 400,
            "{shown}: {} {}",
            reply.status,
            reply.text
        );
    }
    for (seq, status, code) in [
        ("0", 400, "malformed"),
        ("-1", 400, "malformed"),
        ("1.5", 400, "malformed"),
        ("one", 400, "malformed"),
        ("%2B1", 400, "malformed"),
        ("9223372036854775807", 404, "not_found"),
        ("9223372036854775808", 404, "not_found"),
    ] {
        let message = format!("{path}/{seq}");
        ann.delete(&message).await?.expect_problem(status, code)?;
        ann.put(&message, json!({"body": {}}))
            .await?
            .expect_problem(status, code)?;
        ann.put(&format!("{message}/reactions/x"), json!({}))
            .await?
            .expect_problem(status, code)?;
    }
    ensure!(world.count_events().await? == before);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invalid_conversation_id_looks_unknown() -> Result<()> {
    let world = CommandTestService::new().await?;
    let ann = world.user("ann");
    let unknown = ann
        .send("unknown", "k", "hi")
        .await?
        .expect_problem(404, "not_found")?;
    let long = "c".repeat(65);
    for id in [
        "a%20b",
        "%C3%A4",
        "a%2Fb",
        long.as_str(),
        "d_1",
        "%27%3B%20DROP",
    ] {
        let reply = ann
            .send(id, "k", "hi")
            .await?
            .expect_problem(404, "not_found")?;
        ensure!(reply.json == unknown.json, "{}", reply.text);
        let path = format!("/v1/conversations/{id}");
        ann.patch(&path, json!({"title": "x"}))
            .await?
            .expect_problem(404, "not_found")?;
        ann.post(&format!("{path}/members"), json!({"users": ["x"]}))
            .await?
            .expect_problem(404, "not_found")?;
        ann.delete(&format!("{path}/members/x"))
            .await?
            .expect_problem(404, "not_found")?;
        ann.delete(&format!("{path}/messages/1"))
            .await?
            .expect_problem(404, "not_found")?;
        ann.post(&format!("{path}/read"), json!({"up_to": 1}))
            .await?
            .expect_problem(404, "not_found")?;
        ann.patch(&format!("{path}/preferences"), json!({}))
            .await?
            .expect_problem(404, "not_found")?;
    }
    ensure!(world.count_events().await? == 0);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_media_types_and_sizes_are_checked() -> Result<()> {
    let world = CommandTestService::new().await?;
    let (ann, _) = world.create_group("team").await?;
    let path = "/v1/conversations/team";
    for key in ["", "x".repeat(129).as_str()] {
        let reply = ann.with_key(key).patch(path, json!({"title": "x"})).await?;
        reply.expect_invalid("Idempotency-Key")?;
    }
    let wrong_type = ann
        .call(Method::PATCH, path, "text/plain", b"{}".to_vec())
        .await?;
    wrong_type.expect_problem(415, "unsupported_media_type")?;
    let large = json!({"title": "x".repeat(256 * 1024)});
    ann.patch(path, large)
        .await?
        .expect_problem(413, "too_large")?;
    let members: Vec<_> = (0..1_001).map(|n| format!("u{n}")).collect();
    let group = json!({"kind": "group", "members": members});
    ann.post("/v1/conversations", group)
        .await?
        .expect_invalid("members")?;
    for (body, field) in [
        (json!({"members": []}), "kind"),
        (json!({"kind": "party", "members": []}), "kind"),
        (json!({"kind": "group"}), "members"),
        (json!({"kind": "group", "members": [5]}), "members[0]"),
    ] {
        ann.post("/v1/conversations", body)
            .await?
            .expect_invalid(field)?;
    }
    let get = ann
        .call(Method::GET, "/v1/conversations", "", Vec::new())
        .await?;
    get.expect_status(405)?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unavailable_log_is_503_with_retry_after() -> Result<()> {
    let world = CommandTestService::new().await?;
    let (ann, _) = world.create_group("team").await?;
    world.log.shut_down().await;
    let reply = ann
        .send("team", "k", "hi")
        .await?
        .expect_problem(503, "unavailable")?;
    ensure!(reply.headers.contains_key("retry-after"));
    let (_, answers) = ann
        .post_lines(
            "/v1/batch",
            &[json!({"op": "ack", "device": "d", "cursor": 1})],
        )
        .await?;
    ensure!(answers[0]["status"] == 503, "{answers:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn each_batch_line_counts_for_the_rate_limit_and_imports_do_not() -> Result<()> {
    let world = CommandTestService::with_rate(5).await?;
    let (ann, bob) = world.create_group("team").await?;
    let lines: Vec<_> = (0..100)
        .map(|n| json!({"op": "ack", "device": "d", "cursor": n % 2}))
        .collect();
    let (reply, answers) = ann.post_lines("/v1/batch", &lines).await?;
    ensure!(
        reply.status == 200 && answers.len() == 100,
        "{}",
        reply.text
    );
    let reply = ann
        .send("team", "k", "hi")
        .await?
        .expect_problem(429, "rate_limited")?;
    ensure!(reply.headers.contains_key("retry-after"));
    bob.send("team", "k", "hi").await?.expect_status(201)?;
    for n in 0..20 {
        let line = json!({"line": n, "conversation": "old", "id": n.to_string(), "sender": "ann",
            "sent_at": "2020-01-01T00:00:00Z", "text": "hi"});
        let (reply, _) = world
            .admin()
            .post_lines("/v1/admin/import", &[line])
            .await?;
        ensure!(reply.status == 200, "{}", reply.text);
    }
    Ok(())
}
