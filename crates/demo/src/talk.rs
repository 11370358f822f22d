//! What is said from now on: a line every few seconds at first, so that a visitor sees it move, and
//! then slower.

use std::time::Duration;

use anyhow::Result;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::time::sleep;
use uuid::Uuid;

use crate::client::{DemoCall, DemoClient};
use crate::company::{Company, SpokenLine};
use crate::fill::SignedIn;

/// How many lines come quickly: about three minutes.
const QUICK_LINES: usize = 40;

/// How many lines come at all: a demo that is forgotten does not fill a disk.
const MAX_LINES: usize = 1_000;

/// How long somebody thinks about each character of a line that comes quickly.
const THOUGHT_PER_CHAR: Duration = Duration::from_millis(60);

/// The time between lines, quick and slow.
const QUICK: Duration = Duration::from_secs(3);
const SLOW: Duration = Duration::from_secs(45);

/// How long it takes until somebody reacts.
const REACTION_TIME: Duration = Duration::from_millis(1_500);

/// Sends line after line. A line that is refused is skipped: a guest may have closed the room.
pub async fn run(client: &DemoClient, company: &Company, people: &SignedIn) {
    let lines = company.talk.iter().cycle().take(MAX_LINES);
    for (number, line) in lines.enumerate() {
        let thought = THOUGHT_PER_CHAR * u32::try_from(line.text.chars().count()).unwrap_or(0);
        let pause = if number < QUICK_LINES { QUICK } else { SLOW };
        sleep(pause + thought).await;
        if let Err(error) = say(client, company, people, line).await {
            tracing::debug!(
                error = format!("{error:#}"),
                "a line of the demo was not said"
            );
        }
    }
}

async fn say(
    client: &DemoClient,
    company: &Company,
    people: &SignedIn,
    line: &SpokenLine,
) -> Result<()> {
    let call = async |method, path: &[&str], user: &str, body: Option<Value>| {
        let token = people.get(user).map_or("", String::as_str);
        let call = DemoCall {
            method,
            path,
            token,
            body,
        };
        client.call(&call).await
    };
    let message = json!({
        "client_message_id": format!("demo-{}", Uuid::new_v4().simple()),
        "type": "text", "body": {"text": line.text}, "mentions": line.mentions,
    });
    let path = ["v1", "conversations", &line.room, "messages"];
    let sent = call(Method::POST, &path, &line.by, Some(message)).await?;
    let members = company.room(&line.room).map(|room| room.members.iter());
    let other = members.and_then(|mut members| members.find(|member| **member != line.by));
    if let (Some(key), Some(other)) = (&line.react, other) {
        sleep(REACTION_TIME).await;
        let seq = sent["seq"].to_string();
        let path = [
            "v1",
            "conversations",
            &line.room,
            "messages",
            &seq,
            "reactions",
            key,
        ];
        call(Method::PUT, &path, other, None).await?;
    }
    Ok(())
}
