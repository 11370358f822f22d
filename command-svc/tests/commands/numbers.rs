//! Numbers in message bodies: kept exactly, or refused.

use anyhow::{Result, ensure};
use http::Method;

use crate::support::{ApiReply, ApiUser, CommandTestService};

const MESSAGES: &str = "/v1/conversations/team/messages";

/// Sends a message whose body has this number. JSON values of this program could not hold it.
async fn send_number(user: &ApiUser, key: &str, literal: &str) -> Result<ApiReply> {
    let message = format!(
        r#"{{"client_message_id":"{key}","type":"custom","body":{{"a":[{{"n":{literal}}}]}}}}"#
    );
    user.call(Method::POST, MESSAGES, "application/json", message.into())
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_that_can_be_kept_are_stored_exactly() -> Result<()> {
    let world = CommandTestService::new().await?;
    let (ann, _) = world.create_group("team").await?;
    let numbers = [
        ("18446744073709551615", "18446744073709551615"),
        ("-9223372036854775808", "-9223372036854775808"),
        ("9007199254740993", "9007199254740993"),
        ("1.844674407370955e19", "18446744073709550000"),
        ("72057594037927936.0", "72057594037927936"),
        ("0.30000000000000004", "0.30000000000000004"),
        ("1e2", "100"),
        ("1e23", "1e+23"),
    ];
    for (n, (literal, _)) in numbers.iter().enumerate() {
        let key = format!("k{n}");
        send_number(&ann, &key, literal).await?.expect_status(201)?;
        let again = send_number(&ann, &key, literal).await?;
        ensure!(again.is_replay(), "{literal}: {again:?}");
    }
    let stored = world.event_payloads("message_sent").await?;
    for (payload, (literal, kept)) in stored.iter().zip(numbers) {
        let number = payload["body"]["a"][0]["n"].to_string();
        ensure!(number == kept, "{literal} became {number}");
    }
    // Another number is another payload.
    send_number(&ann, "k0", "18446744073709551614")
        .await?
        .expect_problem(409, "idempotency_mismatch")?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_that_would_be_rounded_are_refused() -> Result<()> {
    let world = CommandTestService::new().await?;
    let (ann, _) = world.create_group("team").await?;
    ann.send("team", "first", "text")
        .await?
        .expect_status(201)?;
    let before = world.count_events().await?;
    for literal in [
        "18446744073709551616",
        "-9223372036854775809",
        "123456789012345678901234567890",
        "3.14159265358979323846",
        "1e-400",
    ] {
        send_number(&ann, "k", literal)
            .await?
            .expect_invalid("body.a[0].n")?;
        let edit = format!(r#"{{"body":{{"text":"x","n":{literal}}}}}"#);
        let path = format!("{MESSAGES}/1");
        ann.call(Method::PUT, &path, "application/json", edit.into())
            .await?
            .expect_invalid("body.n")?;
        let line = format!(
            r#"{{"op":"send","conversation_id":"team","client_message_id":"k","type":"custom","body":{{"n":{literal}}}}}"#
        );
        let batch = ann
            .call(
                Method::POST,
                "/v1/batch",
                "application/x-ndjson",
                line.into(),
            )
            .await?;
        ensure!(batch.json["status"] == 422, "{literal}: {batch:?}");
    }
    ensure!(
        world.count_events().await? == before,
        "a refusal appends nothing"
    );
    Ok(())
}
