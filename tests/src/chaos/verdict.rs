//! What must be true after a run, checked in every place where a message ends up.

use std::collections::BTreeMap;

use anyhow::{Result, ensure};
use serde_json::Value;
use sqlx::Row;

use super::Report;
use super::load::{Acked, Done, GROUPS, members};
use crate::eventually::eventually;
use crate::feed;
use crate::fleet::Fleet;
use crate::log;

/// Everything, into the report; the first broken law is the error.
pub async fn judge(fleet: &Fleet, mut done: Done, report: &mut Report) -> Result<()> {
    done.acked.sort_by_key(|acked| acked.position);
    report.acked = done.acked.len();
    report.unknown = done.unknown;
    let head = eventually("the log is readable", async || {
        log::check_positions(&fleet.pool).await.ok()
    })
    .await;
    in_the_log(fleet, &done.acked).await?;
    eventually("the mirror is at the head", async || {
        let (_, last) = log::mirror_ends(fleet.nats_url()).await.ok()?;
        (last == head as u64).then_some(())
    })
    .await;
    let admin = fleet.admin();
    eventually("the projection is at the head", async || {
        let answer = admin.get(&format!("/v1/inbox?min_position={head}")).await;
        (answer.status == 200).then_some(())
    })
    .await;
    let events = log::served(&admin).await?;
    ensure!(
        events.len() as i64 == head,
        "{} events are served, the head is {head}",
        events.len()
    );
    report.mirrored = log::check_mirror(fleet.nats_url(), &events).await?;
    for group in 0..GROUPS {
        in_the_history(fleet, group, &done.acked, head).await?;
    }
    for user in everybody() {
        in_the_feed(fleet, &user, &done.acked, head).await?;
    }
    for mut poller in done.pollers {
        eventually("a poller is at the head", async || {
            while poller.step().await {}
            (poller.cursor() >= head).then_some(())
        })
        .await;
        poller.check().await?;
        report.entries += poller.entries.len();
        report.failed_polls += poller.failures;
    }
    Ok(())
}

fn everybody() -> Vec<String> {
    let mut users: Vec<String> = (0..GROUPS).flat_map(members).collect();
    users.sort();
    users.dedup();
    users
}

/// Each send once in the log, where its answer said; and nothing else was sent.
async fn in_the_log(fleet: &Fleet, acked: &[Acked]) -> Result<()> {
    let sends = sqlx::query(
        "SELECT position, aggregate_id, payload->>'sender', (payload->>'seq')::bigint, payload->'body'->>'text'
         FROM events WHERE event_type = 'message_sent' ORDER BY position",
    );
    let logged: Vec<Acked> = sends
        .fetch_all(&fleet.pool)
        .await?
        .iter()
        .map(|row| Acked {
            position: row.get(0),
            conversation: row.get(1),
            sender: row.get(2),
            seq: row.get(3),
            key: row.get(4),
        })
        .collect();
    for (logged, acked) in logged.iter().zip(acked) {
        ensure!(
            logged == acked,
            "the log has {logged:?} where {acked:?} was acknowledged"
        );
    }
    ensure!(
        logged.len() == acked.len(),
        "{} sends logged, {} acknowledged",
        logged.len(),
        acked.len()
    );
    Ok(())
}

/// Each send of a conversation once in its history, seq by seq.
async fn in_the_history(fleet: &Fleet, group: usize, acked: &[Acked], head: i64) -> Result<()> {
    let id = format!("c{group}");
    let reader = fleet.user(&members(group)[0], 0);
    let expected: Vec<_> = acked
        .iter()
        .filter(|acked| acked.conversation == id)
        .collect();
    let messages = feed::history(&reader, &id, head).await;
    for (message, acked) in messages.iter().zip(&expected) {
        ensure!(
            matches(message, acked),
            "{id}: {message} is where {acked:?} was acknowledged"
        );
    }
    ensure!(
        messages.len() == expected.len(),
        "{id}: {} messages, {} acknowledged",
        messages.len(),
        expected.len()
    );
    Ok(())
}

/// Each send once in the feed of each member, and in nobody else's, in the order of the log.
async fn in_the_feed(fleet: &Fleet, user: &str, acked: &[Acked], head: i64) -> Result<()> {
    let groups: BTreeMap<String, bool> = (0..GROUPS)
        .map(|group| {
            (
                format!("c{group}"),
                members(group).iter().any(|member| member == user),
            )
        })
        .collect();
    let expected: Vec<_> = acked
        .iter()
        .filter(|acked| groups[&acked.conversation])
        .collect();
    let entries = feed::whole(&fleet.user(user, 0), feed::LARGEST, head).await;
    let sent: Vec<_> = entries
        .iter()
        .filter(|entry| entry["type"] == "message_sent")
        .collect();
    for (entry, acked) in sent.iter().zip(&expected) {
        let right = entry["position"] == acked.position && matches(&entry["data"], acked);
        ensure!(
            right,
            "{user} is served {entry} where {acked:?} was acknowledged"
        );
    }
    ensure!(
        sent.len() == expected.len(),
        "{user}: {} of {} sends in the feed",
        sent.len(),
        expected.len()
    );
    Ok(())
}

fn matches(message: &Value, acked: &Acked) -> bool {
    message["seq"] == acked.seq
        && message["position"] == acked.position
        && message["sender"] == acked.sender.as_str()
        && message["conversation_id"] == acked.conversation.as_str()
        && message["body"]["text"] == acked.key.as_str()
}
