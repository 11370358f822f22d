//! The end of a run: everybody has everything, and everything is compared.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::clients::Deeds;
use super::compare::{self, Mismatch};
use super::journal::{Collected, Journal, WireEntry};
use super::told::Told;
use super::{Report, badges};
use crate::client::Client;
use crate::eventually::{eventually, within};
use crate::feed::{self, LARGEST};
use crate::log;

/// How long devices may take to have everything.
const SETTLING: std::time::Duration = std::time::Duration::from_secs(180);

/// Mismatches that are shown in full.
const SHOWN: usize = 20;

/// What sync returns from 0 to each user, and the log's head then.
pub struct Synced {
    entries: BTreeMap<String, Vec<Collected>>,
    head: i64,
}

/// How far a device is: its user, its name, its cursor.
pub type Progress = (String, String, Arc<AtomicI64>);

/// Waits until nothing happens any more and every device has what sync returns.
pub async fn settle(admin: &Client, users: &[Client], devices: &[Progress]) -> Result<Synced> {
    loop {
        let head = head(admin).await;
        let mut entries = BTreeMap::new();
        for user in users {
            let synced = feed::whole(user, LARGEST, head).await;
            let synced: Result<Vec<Collected>, _> = synced
                .into_iter()
                .map(|entry| serde_json::from_value(entry).map(|it: WireEntry| it.collected(false)))
                .collect();
            entries.insert(user.user().to_owned(), synced?);
        }
        for (user, device, cursor) in devices {
            let last = entries.get(user).and_then(|entries| entries.last());
            let last = last.map_or(0, |entry| entry.key.position);
            within(
                SETTLING,
                format!("{user}/{device} is at {last}"),
                async || {
                    let cursor = cursor.load(Ordering::SeqCst);
                    // A device that began at the present may have been told of nothing since.
                    (cursor >= last || cursor < 0).then_some(())
                },
            )
            .await;
        }
        if self::head(admin).await == head {
            return Ok(Synced { entries, head });
        }
    }
}

async fn head(admin: &Client) -> i64 {
    eventually("the log's head", async || {
        let request = admin.request(&reqwest::Method::GET, "/v1/events?limit=1");
        let answer = request.try_send().await.ok()?;
        answer.header("tidings-position").parse().ok()
    })
    .await
}

/// Compares everything; the report counts, and the first mismatches are the error.
pub async fn judge(
    admin: &Client,
    users: &[Client],
    synced: &Synced,
    journals: &[Journal],
    deeds: &[Deeds],
    report: &mut Report,
) -> Result<()> {
    let events = log::served(admin).await?;
    let events: Vec<Value> = events
        .iter()
        .map(|event| serde_json::from_slice(event))
        .collect::<Result<_, _>>()?;
    let told = told(&events)?;
    ensure!(
        told.head() == synced.head,
        "the log is at {}, sync was at {}",
        told.head(),
        synced.head
    );
    report.events = events.len();
    check_sends(&told, deeds)?;
    let mut mismatches: Vec<String> = Vec::new();
    for (user, entries) in &synced.entries {
        report.synced += entries.len();
        note(
            user,
            compare::check_sync(user, &told, entries),
            &mut mismatches,
        );
    }
    for journal in journals {
        let entries = synced.entries.get(&journal.user);
        let entries = entries.context("everybody has synced")?;
        let (tally, found) = compare::check(journal, &told, entries);
        report.add(&tally);
        let who = format!("{}/{}", journal.user, journal.device);
        note(&who, found, &mut mismatches);
    }
    report.mismatches = mismatches.len();
    ensure!(
        mismatches.is_empty(),
        "{} mismatches:\n{}",
        mismatches.len(),
        mismatches[..mismatches.len().min(SHOWN)].join("\n")
    );
    report.badges = badges::check(&events, users, synced.head).await?;
    Ok(())
}

fn note(who: &str, found: Vec<Mismatch>, into: &mut Vec<String>) {
    into.extend(found.iter().map(|mismatch| format!("{who}: {mismatch}")));
}

/// What the log says.
fn told(events: &[Value]) -> Result<Told> {
    let mut told = Told::default();
    for event in events {
        let time = event["time"].as_str().and_then(milliseconds);
        told.take(event, time.with_context(|| event.to_string())?)?;
    }
    Ok(told)
}

/// Each acknowledged send is in the log once, where its answer said, and nothing else is.
fn check_sends(told: &Told, deeds: &[Deeds]) -> Result<()> {
    let mut unasked = told.sent.clone();
    for sent in deeds.iter().flat_map(|deeds| &deeds.sent) {
        let logged = unasked.remove(&sent.word);
        let answered = vec![(sent.conversation.clone(), sent.seq, sent.position)];
        ensure!(
            logged.as_ref() == Some(&answered),
            "{sent:?} was acknowledged, the log has {logged:?}"
        );
    }
    for word in deeds.iter().flat_map(|deeds| &deeds.doubtful) {
        let logged = unasked.remove(word).unwrap_or_default();
        ensure!(logged.len() <= 1, "{word} is in the log as {logged:?}");
    }
    ensure!(unasked.is_empty(), "nobody knows of {unasked:?}");
    Ok(())
}

/// The milliseconds since 1970 of a time such as `2026-11-22T07:31:32.820Z`.
fn milliseconds(text: &str) -> Option<i64> {
    let number = |from: usize, to: usize| text.get(from..to)?.parse::<i64>().ok();
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    // Years that begin in March have the leap day at their end.
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
            assert_eq!(milliseconds(text), Some(expected), "{text}");
        }
    }
}
