//! NATS: its version, JetStream with its limits, and its clock.

use std::time::{Duration, Instant};

use async_nats::Client;
use data_dir::secret::redact_url;
use embedded_servers::find::ServerRequirement;
use embedded_servers::version::ServerVersion;
use event_stream::mirror::MirrorConfig;
use event_stream::nats;
use indicatif::HumanBytes;
use serde::Deserialize;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::clock::judge_clock;
use super::finding::Finding;

const SUBJECT: &str = "nats";

/// How long the server may take to answer.
const TIMEOUT: Duration = Duration::from_secs(3);

/// With less, the mirror keeps only a short part of the log.
const MIN_STORAGE: i64 = 1024 * 1024 * 1024;

/// The largest event is smaller than this.
const FULL_PAYLOAD: usize = 4 * 1024 * 1024;
/// Usual events are smaller than this, which is the default of nats-server.
const MIN_PAYLOAD: usize = 1024 * 1024;

/// Examines the NATS at this address.
pub(super) async fn examine(url: &str, mirror: &MirrorConfig) -> Vec<Finding> {
    let problem = |text: String| vec![Finding::problem(SUBJECT, text)];
    let shown = redact_url(url);
    let client = match tokio::time::timeout(TIMEOUT, nats::connect_now(url)).await {
        Ok(Ok(client)) => client,
        Ok(Err(error)) => return problem(error.to_string()),
        Err(_) => {
            let seconds = TIMEOUT.as_secs();
            return problem(format!("no answer from {shown} within {seconds} s"));
        }
    };
    let info = client.server_info();
    let mut findings = vec![judge_version(&info.version, &shown)];
    findings.extend(judge_payload(info.max_payload));
    findings.extend(examine_jetstream(&client, mirror).await);
    findings
}

fn judge_version(version: &str, url: &str) -> Finding {
    let parsed = ServerVersion::find_in(version);
    let verdict = parsed.map_or_else(
        || Err("has no version".to_owned()),
        |version| ServerRequirement::Nats.check_version(version),
    );
    match verdict {
        Ok(()) => Finding::ok(SUBJECT, format!("version {version} at {url}")),
        Err(reason) => Finding::problem(SUBJECT, format!("the server at {url} {reason}")),
    }
}

fn judge_payload(max: usize) -> Option<Finding> {
    let shown = HumanBytes(max as u64);
    if max >= FULL_PAYLOAD {
        None
    } else if max >= MIN_PAYLOAD {
        let text = format!(
            "max_payload is {shown}: an event that names 1,000 users with the longest ids needs 4MB"
        );
        Some(Finding::note(SUBJECT, text))
    } else {
        let text =
            format!("max_payload is {shown}: the mirror stops at a long event; set it to 4MB");
        Some(Finding::problem(SUBJECT, text))
    }
}

async fn examine_jetstream(client: &Client, mirror: &MirrorConfig) -> Vec<Finding> {
    let jetstream = async_nats::jetstream::new(client.clone());
    let account = match tokio::time::timeout(TIMEOUT, jetstream.query_account()).await {
        Ok(Ok(account)) => account,
        Ok(Err(error)) => {
            let text = format!("JetStream cannot be used: {error}; start nats-server with -js");
            return vec![Finding::problem(SUBJECT, text)];
        }
        Err(_) => return vec![Finding::problem(SUBJECT, "JetStream does not answer")],
    };
    let limits = account.limits;
    let mut findings = vec![judge_storage(limits.max_storage, account.storage)];
    if limits.max_streams.is_some_and(|streams| streams < 1) {
        let text = "the account may have no streams; allow one";
        findings.push(Finding::problem(SUBJECT, text));
    }
    if let Some(difference) = compare_clocks(client, mirror).await {
        findings.push(judge_clock(SUBJECT, difference));
    }
    findings
}

/// `max` is `None` without a limit of the account.
fn judge_storage(max: Option<i64>, used: u64) -> Finding {
    let used_bytes = HumanBytes(used);
    let Some(max) = max else {
        return Finding::ok(
            SUBJECT,
            format!("JetStream uses {used_bytes}, without a limit"),
        );
    };
    let limit = HumanBytes(max.unsigned_abs());
    let text = format!("JetStream uses {used_bytes} of {limit}");
    // Nine tenths.
    if max < MIN_STORAGE || used / 9 > max.unsigned_abs() / 10 {
        return Finding::problem(
            SUBJECT,
            format!("{text}: the mirror stops when that is full; allow more storage"),
        );
    }
    Finding::ok(SUBJECT, text)
}

/// The part of the answer about a stream that has the server's time.
#[derive(Deserialize)]
struct StreamTime {
    ts: Option<String>,
}

/// The difference between the clocks. The server says its time only with the state of a stream, so
/// this is `None` before the mirror exists.
async fn compare_clocks(client: &Client, mirror: &MirrorConfig) -> Option<Duration> {
    let subject = format!("$JS.API.STREAM.INFO.{}", mirror.stream);
    let (asked, asked_at) = (Instant::now(), OffsetDateTime::now_utc());
    let request = client.request(subject, "".into());
    let answer = tokio::time::timeout(TIMEOUT, request).await.ok()?.ok()?;
    let here = asked_at + asked.elapsed() / 2;
    let answer: StreamTime = serde_json::from_slice(&answer.payload).ok()?;
    let there = OffsetDateTime::parse(&answer.ts?, &Rfc3339).ok()?;
    Some((there - here).unsigned_abs())
}

#[cfg(test)]
mod tests {
    use super::super::finding::FindingLevel;
    use super::*;

    #[test]
    fn old_servers_and_small_storage_are_problems() {
        let level = |version| judge_version(version, "nats://h").level;
        assert_eq!(level("2.11.1"), FindingLevel::Ok);
        assert_eq!(level("2.10.29"), FindingLevel::Problem);
        assert_eq!(level(""), FindingLevel::Problem);
        let payload = |max| judge_payload(max).map(|finding| finding.level);
        assert_eq!(payload(FULL_PAYLOAD), None);
        assert_eq!(payload(MIN_PAYLOAD), Some(FindingLevel::Note));
        assert_eq!(payload(MIN_PAYLOAD - 1), Some(FindingLevel::Problem));
        assert_eq!(judge_storage(None, 1).level, FindingLevel::Ok);
        let of = |max, used| judge_storage(Some(max), used).level;
        assert_eq!(of(MIN_STORAGE, 0), FindingLevel::Ok);
        assert_eq!(of(MIN_STORAGE - 1, 0), FindingLevel::Problem);
        let nearly_full = MIN_STORAGE.unsigned_abs() / 100 * 95;
        assert_eq!(of(MIN_STORAGE, nearly_full), FindingLevel::Problem);
    }
}
