//! What must be true after a run, checked in every place where a message is stored.

use std::collections::BTreeMap;

use anyhow::{Result, ensure};
use eventually::eventually;
use serde_json::Value;
use sqlx::Row;

use super::load::{AckedSend, GROUPS, LoadOutcome, members};
use super::report::ChaosReport;
use crate::endpoints::SystemEndpoints;
use crate::feed;
use crate::log;

/// Checks everything and fills the report. The first violation is the error.
pub async fn check_invariants(
    system: &SystemEndpoints,
    done: &mut LoadOutcome,
    report: &mut ChaosReport,
) -> Result<()> {
    done.acked.sort_by_key(|acked| acked.position);
    report.acked = done.acked.len();
    report.unknown = done.unknown;
    let head = eventually("the log is readable", async || {
        log::check_positions(&system.pool).await.ok()
    })
    .await;
    check_log(system, &done.acked).await?;
    eventually("the mirror is at the head", async || {
        let (_, last) = log::mirror_range(&system.nats_url).await.ok()?;
        (last == head as u64).then_some(())
    })
    .await;
    let admin = system.admin();
    eventually("the projection is at the head", async || {
        let answer = admin.get(&format!("/v1/inbox?min_position={head}")).await;
        (answer.status == 200).then_some(())
    })
    .await;
    let events = log::fetch_events(&admin).await?;
    ensure!(
        events.len() as i64 == head,
        "the API returned {} events, the head is {head}",
        events.len()
    );
    report.mirrored = log::check_mirror(&system.nats_url, &events).await?;
    for group in 0..GROUPS {
        check_history(system, group, &done.acked, head).await?;
    }
    for user in all_users() {
        check_feed(system, &user, &done.acked, head).await?;
    }
    for poller in &mut done.pollers {
        eventually("a poller is at the head", async || {
            while poller.poll_once().await {}
            (poller.cursor() >= head).then_some(())
        })
        .await;
        poller.check_against_feed().await?;
        report.entries += poller.entries.len();
        report.failed_polls += poller.failures;
    }
    Ok(())
}

fn all_users() -> Vec<String> {
    let mut users: Vec<String> = (0..GROUPS).flat_map(members).collect();
    users.sort();
    users.dedup();
    users
}

/// Each acknowledged send must be in the log once, as its response said, and no other sends.
async fn check_log(system: &SystemEndpoints, acked: &[AckedSend]) -> Result<()> {
    let sends = sqlx::query(
        "SELECT position, aggregate_id, payload->>'sender', (payload->>'seq')::bigint, payload->'body'->>'text'
         FROM events WHERE event_type = 'message_sent' ORDER BY position",
    );
    let logged: Vec<AckedSend> = sends
        .fetch_all(&system.pool)
        .await?
        .iter()
        .map(|row| AckedSend {
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

/// Each send of a conversation must be in its history once, in the order of the seqs.
async fn check_history(
    system: &SystemEndpoints,
    group: usize,
    acked: &[AckedSend],
    head: i64,
) -> Result<()> {
    let id = format!("c{group}");
    let reader = system.user(&members(group)[0], 0);
    let expected: Vec<_> = acked
        .iter()
        .filter(|acked| acked.conversation == id)
        .collect();
    let messages = feed::read_history(&reader, &id, head).await;
    for (message, acked) in messages.iter().zip(&expected) {
        ensure!(
            matches_send(message, acked),
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

/// Each send must be once in the feed of each member, in log order, and in no other feed.
async fn check_feed(
    system: &SystemEndpoints,
    user: &str,
    acked: &[AckedSend],
    head: i64,
) -> Result<()> {
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
    let entries = feed::read_all(&system.user(user, 0), feed::MAX_PAGE_SIZE, head).await;
    let sent: Vec<_> = entries
        .iter()
        .filter(|entry| entry["type"] == "message_sent")
        .collect();
    for (entry, acked) in sent.iter().zip(&expected) {
        let is_equal = entry["position"] == acked.position && matches_send(&entry["data"], acked);
        ensure!(
            is_equal,
            "{user}: {entry} is in the feed where {acked:?} was acknowledged"
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

fn matches_send(message: &Value, acked: &AckedSend) -> bool {
    message["seq"] == acked.seq
        && message["position"] == acked.position
        && message["sender"] == acked.sender.as_str()
        && message["conversation_id"] == acked.conversation.as_str()
        && message["body"]["text"] == acked.key.as_str()
}
