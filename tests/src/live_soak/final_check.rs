//! The end of a run: waits until every device has everything, then compares everything.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use anyhow::{Context, Result, ensure};
use eventually::{eventually, eventually_within};
use serde_json::Value;

use super::badges;
use super::clients::UserResult;
use super::compare::{self, Mismatch};
use super::device_log::{DeviceLog, EntryJson, ReceivedEntry};
use super::expected::ExpectedFeeds;
use super::report::SoakReport;
use crate::client::Client;
use crate::feed::{self, MAX_PAGE_SIZE};
use crate::log;

/// How long devices may take to receive everything.
const SETTLE_TIMEOUT: std::time::Duration = std::time::Duration::from_secs(180);

/// The number of mismatches that the error lists.
const MAX_SHOWN_MISMATCHES: usize = 20;

/// What sync returns to each user, and the head of the log at that time.
pub struct SyncResult {
    entries: BTreeMap<String, Vec<ReceivedEntry>>,
    head: i64,
}

/// The progress of a device: its user, its name and its cursor.
pub type DeviceProgress = (String, String, Arc<AtomicI64>);

/// Waits until the log no longer grows and every device has what sync returns.
pub async fn wait_until_settled(
    admin: &Client,
    users: &[Client],
    devices: &[DeviceProgress],
) -> Result<SyncResult> {
    loop {
        let head = head(admin).await;
        let mut entries = BTreeMap::new();
        for user in users {
            let synced = feed::read_all(user, MAX_PAGE_SIZE, head).await;
            let synced: Result<Vec<ReceivedEntry>, _> = synced
                .into_iter()
                .map(|entry| {
                    serde_json::from_value(entry).map(|it: EntryJson| it.into_received(false))
                })
                .collect();
            entries.insert(user.user().to_owned(), synced?);
        }
        for (user, device, cursor) in devices {
            let last = entries.get(user).and_then(|entries| entries.last());
            let last = last.map_or(0, |entry| entry.key.position);
            eventually_within(
                SETTLE_TIMEOUT,
                format!("{user}/{device} is at {last}"),
                async || {
                    let cursor = cursor.load(Ordering::SeqCst);
                    // A device that started at the present may not have received anything since.
                    (cursor >= last || cursor < 0).then_some(())
                },
            )
            .await;
        }
        if self::head(admin).await == head {
            return Ok(SyncResult { entries, head });
        }
    }
}

async fn head(admin: &Client) -> i64 {
    eventually("the head of the log is readable", async || {
        let request = admin.request(&reqwest::Method::GET, "/v1/events?limit=1");
        let answer = request.try_send().await.ok()?;
        answer.header("tidings-position").parse().ok()
    })
    .await
}

/// Compares everything and fills the report. The first mismatches are the error.
pub async fn compare_everything(
    admin: &Client,
    users: &[Client],
    synced: &SyncResult,
    logs: &[DeviceLog],
    results: &[UserResult],
    report: &mut SoakReport,
) -> Result<()> {
    let events = log::fetch_events(admin).await?;
    let events: Vec<Value> = events
        .iter()
        .map(|event| serde_json::from_slice(event))
        .collect::<Result<_, _>>()?;
    let feeds = compute_expected_feeds(&events)?;
    ensure!(
        feeds.head() == synced.head,
        "the log is at {}, but sync was at {}",
        feeds.head(),
        synced.head
    );
    report.events = events.len();
    check_sends(&feeds, results)?;
    let mut mismatches: Vec<String> = Vec::new();
    for (user, entries) in &synced.entries {
        report.sync_entries += entries.len();
        add_mismatches(
            user,
            compare::compare_sync(user, &feeds, entries),
            &mut mismatches,
        );
    }
    for log in logs {
        let entries = synced.entries.get(&log.user);
        let entries = entries.context("a user without a sync result")?;
        let (counts, found) = compare::compare_device(log, &feeds, entries);
        report.add_counts(&counts);
        let who = format!("{}/{}", log.user, log.device);
        add_mismatches(&who, found, &mut mismatches);
    }
    report.mismatches = mismatches.len();
    ensure!(
        mismatches.is_empty(),
        "{} mismatches:\n{}",
        mismatches.len(),
        mismatches[..mismatches.len().min(MAX_SHOWN_MISMATCHES)].join("\n")
    );
    report.badges = badges::check_unread_counts(&events, users, synced.head).await?;
    Ok(())
}

fn add_mismatches(who: &str, found: Vec<Mismatch>, into: &mut Vec<String>) {
    into.extend(found.iter().map(|mismatch| format!("{who}: {mismatch}")));
}

/// Computes the expected feeds from the log.
fn compute_expected_feeds(events: &[Value]) -> Result<ExpectedFeeds> {
    let mut feeds = ExpectedFeeds::default();
    for event in events {
        let time = event["time"].as_str().and_then(parse_millis);
        feeds.apply(event, time.with_context(|| event.to_string())?)?;
    }
    Ok(feeds)
}

/// Each acknowledged send must be in the log once, as its response said, and no other sends.
fn check_sends(feeds: &ExpectedFeeds, results: &[UserResult]) -> Result<()> {
    let mut unknown = feeds.sent.clone();
    for sent in results.iter().flat_map(|results| &results.sent) {
        let logged = unknown.remove(&sent.word);
        let expected = vec![(sent.conversation.clone(), sent.seq, sent.position)];
        ensure!(
            logged.as_ref() == Some(&expected),
            "{sent:?} was acknowledged, the log has {logged:?}"
        );
    }
    for word in results
        .iter()
        .flat_map(|results| &results.refused_after_unknown)
    {
        let logged = unknown.remove(word).unwrap_or_default();
        ensure!(logged.len() <= 1, "{word} is in the log as {logged:?}");
    }
    ensure!(unknown.is_empty(), "the log has unknown sends: {unknown:?}");
    Ok(())
}

/// The milliseconds since 1970 of a time such as `2026-11-22T07:31:32.820Z`.
fn parse_millis(text: &str) -> Option<i64> {
    let number = |from: usize, to: usize| text.get(from..to)?.parse::<i64>().ok();
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    // Counting from March puts the leap day at the end of the year.
    let (year, month) = if month > 2 {
        (year, month - 3)
    } else {
        (year - 1, month + 9)
    };
    let days =
        365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day - 719_469;
    let seconds = days * 86_400 + number(11, 13)? * 3_600 + number(14, 16)? * 60 + number(17, 19)?;
    Some(seconds * 1_000 + number(20, 23)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_its_milliseconds() {
        for (text, expected) in [
            ("1970-01-01T00:00:00.000Z", 0),
            ("2000-02-29T12:00:00.001Z", 951_825_600_001),
            ("2026-11-22T07:31:32.820Z", 1_795_332_692_820),
        ] {
            assert_eq!(parse_millis(text), Some(expected), "{text}");
        }
    }
}
