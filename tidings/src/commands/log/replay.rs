//! `tidings log replay`: publishes events again, on a chosen NATS subject and at a chosen speed.

use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use async_nats::Client;
use async_nats::HeaderMap;
use domain::envelope::Envelope;
use event_log::reader::LogReader;
use event_stream::mirror::MirrorConfig;
use event_stream::nats;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

use super::slice::LogSlice;
use crate::commands::progress;
use crate::config::{LogReplayArgs, ReplaySpeed, SystemConfig};
use crate::database::OperatorDatabase;
use crate::usage_error::UsageError;

/// How long to wait for the connection to NATS.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// The number of events that are serialised before the first of them is published, at maximum
/// speed. Published one by one, each event would wake the connection and cause a separate write.
const PUBLISH_BATCH_SIZE: usize = 500;

/// Publishes events until the end of the slice or a signal.
pub async fn run(
    config: &SystemConfig,
    database: &OperatorDatabase,
    args: &LogReplayArgs,
    stop: &CancellationToken,
) -> Result<()> {
    check_subject(config, &args.subject)?;
    let Some(url) = &database.nats_url else {
        return Err(UsageError(
            "no NATS server specified; use --nats-url, or --data with a running system".into(),
        )
        .into());
    };
    let client = nats::connect(url).await?;
    let connected = timeout(CONNECT_TIMEOUT, nats::wait_until_connected(&client, stop)).await;
    if !connected.context("cannot connect to NATS")? {
        return Ok(());
    }
    let reader = LogReader::new(database.pool.clone());
    let slice = LogSlice::resolve(&args.slice, &reader).await?;
    let began = Instant::now();
    let replayed = publish(&client, &reader, &slice, args, stop).await?;
    client
        .flush()
        .await
        .context("NATS did not accept the last events")?;
    let seconds = began.elapsed().as_secs_f64();
    let ReplayProgress { events, position } = replayed;
    if args.json {
        let json = serde_json::json!({
            "events": events, "position": position, "seconds": seconds, "complete": position >= slice.last,
        });
        println!("{json}");
    } else {
        println!("published {events} events up to position {position} in {seconds:.1} seconds");
        if position < slice.last {
            println!("resume with --after {position}");
        }
    }
    Ok(())
}

/// The number of events published so far, and the last position.
struct ReplayProgress {
    events: u64,
    position: i64,
}

async fn publish(
    client: &Client,
    reader: &LogReader,
    slice: &LogSlice,
    args: &LogReplayArgs,
    stop: &CancellationToken,
) -> Result<ReplayProgress> {
    let bar = progress::new_progress_bar("events");
    bar.set_length(slice.span());
    let mut pages = slice.read_pages(reader);
    let mut replayed = ReplayProgress {
        events: 0,
        position: slice.after,
    };
    let mut start: Option<(Instant, i64)> = None;
    let headers = HeaderMap::from_iter([(
        async_nats::HeaderName::from_static("content-type"),
        async_nats::HeaderValue::from("application/cloudevents+json"),
    )]);
    let at_once = match args.speed {
        ReplaySpeed::Factor(_) => 1,
        ReplaySpeed::Max => PUBLISH_BATCH_SIZE,
    };
    'pages: while let Some(page) = pages.recv().await {
        let page = page?;
        for events in page.events.chunks(at_once) {
            if let (ReplaySpeed::Factor(times), [event, ..]) = (args.speed, events) {
                let (began, first) =
                    *start.get_or_insert_with(|| (Instant::now(), event.time.millis()));
                let after = (event.time.millis() - first).max(0) as f64 / times;
                let due = began + Duration::from_secs_f64(after / 1000.0);
                if stop.run_until_cancelled(sleep_until(due)).await.is_none() {
                    break 'pages;
                }
            }
            if stop.is_cancelled() {
                break 'pages;
            }
            let bodies: Vec<Vec<u8>> = events
                .iter()
                .map(Envelope::to_json)
                .collect::<Result<_, _>>()?;
            for (event, body) in events.iter().zip(bodies) {
                let subject = args.subject.clone();
                client
                    .publish_with_headers(subject, headers.clone(), body.into())
                    .await?;
                replayed.events += 1;
                replayed.position = event.position;
            }
            bar.set_position(u64::try_from(replayed.position - slice.after)?);
        }
        replayed.position = replayed.position.max(page.scanned_to);
    }
    bar.finish_and_clear();
    Ok(replayed)
}

/// Checks that the subject is valid and does not belong to the mirror, whose content must be exact.
fn check_subject(config: &SystemConfig, subject: &str) -> Result<()> {
    let mirror = config
        .stream
        .as_deref()
        .map_or_else(MirrorConfig::default, MirrorConfig::named);
    let tokens: Vec<&str> = subject.split('.').collect();
    let is_legal = |token: &&str| {
        !token.is_empty() && !token.contains(['*', '>']) && !token.contains(char::is_whitespace)
    };
    if !tokens.iter().all(is_legal) || subject.starts_with('$') {
        bail!(UsageError(format!(
            "{subject:?} is not a valid subject to publish to; use one such as my.replay"
        )));
    }
    if mirror.reserves_subject(subject) {
        bail!(UsageError(format!(
            "{subject} is reserved for the mirror of the log; choose another subject"
        )));
    }
    Ok(())
}
