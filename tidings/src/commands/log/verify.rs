//! `tidings log verify`: verifies the log, or an export of it, against its seals.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use domain::envelope::Envelope;
use domain::hex::from_hex;
use event_log::reader::{EventFilter, LogReader};
use log_integrity::erasure::redaction;
use log_integrity::seal::sealer::{Sealer, SealerConfig};
use log_integrity::seal::verify::{SealFinding, SealVerifier};
use log_integrity::seal::{Seal, store};
use serde_json::json;
use sqlx::{Connection as _, PgPool};
use tokio_util::sync::CancellationToken;

use super::export::{ExportReader, SEALS_FILE};
use crate::commands::progress;
use crate::config::{LogVerifyArgs, SystemConfig};
use crate::seal_key;
use crate::usage_error::UsageError;

/// The number of seals per page.
const SEAL_PAGE_SIZE: i64 = 10;

/// The number of events per page after the last seal.
const PAGE_SIZE: i64 = 10_000;

/// The maximum number of findings that are printed; more are only counted.
const MAX_PRINTED_FINDINGS: u64 = 1_000;

/// The report of a verification: prints the findings and counts them.
struct VerificationReport<'a> {
    args: &'a LogVerifyArgs,
    verifier: SealVerifier,
    seal_copies: Option<HashMap<i64, Seal>>,
    finding_count: u64,
}

impl<'a> VerificationReport<'a> {
    fn new(config: &SystemConfig, args: &'a LogVerifyArgs, log_id: String) -> Result<Self> {
        let mut keys = Vec::new();
        for text in &args.public_key {
            let key = from_hex(text).and_then(|bytes| bytes.try_into().ok());
            keys.push(key.ok_or_else(|| {
                UsageError(format!(
                    "--public-key: {text} is not 32 bytes in hexadecimal digits"
                ))
            })?);
        }
        if keys.is_empty() {
            keys.extend(seal_key::load(config)?.map(|key| key.public_key()));
        }
        let copies = args.copies.as_deref().map(read_seal_copies).transpose()?;
        Ok(Self {
            args,
            verifier: SealVerifier::new(log_id, keys),
            seal_copies: copies,
            finding_count: 0,
        })
    }

    fn check_seal(&mut self, seal: &Seal) {
        let findings = self.verifier.check_seal(seal);
        self.print_findings(&findings);
        let Some(copies) = &mut self.seal_copies else {
            return;
        };
        let number = seal.number;
        // An erasure deletes the salts; everything else never changes.
        let is_same =
            |copy: &Seal| copy.signature == seal.signature && copy.digests == seal.digests;
        if copies.remove(&number).is_some_and(|copy| !is_same(&copy)) {
            let why = "it differs from the copied seal".to_owned();
            self.print_findings(&[SealFinding::BrokenSeal {
                number,
                reason: why,
            }]);
        }
    }

    fn print_findings(&mut self, findings: &[SealFinding]) {
        for finding in findings {
            self.finding_count += 1;
            if self.finding_count > MAX_PRINTED_FINDINGS {
                continue;
            }
            if self.args.json {
                let position = match finding {
                    SealFinding::BrokenSeal { .. } => None,
                    SealFinding::MissingEvent { position }
                    | SealFinding::MovedEvent { position, .. }
                    | SealFinding::AlteredEvent { position }
                    | SealFinding::InvalidErasure { position } => Some(*position),
                };
                println!(
                    "{}",
                    json!({ "position": position, "finding": finding.to_string() })
                );
            } else {
                println!("{finding}");
            }
        }
    }

    /// Prints the summary, and fails if there are findings.
    fn finish(mut self, head: i64) -> Result<()> {
        let missing: Vec<i64> = self
            .seal_copies
            .take()
            .into_iter()
            .flatten()
            .map(|(n, _)| n)
            .collect();
        for number in missing {
            let why = "it was copied, but is missing here".to_owned();
            self.print_findings(&[SealFinding::BrokenSeal {
                number,
                reason: why,
            }]);
        }
        let sealed_to = self.verifier.sealed_to();
        let open = (head - sealed_to).max(0);
        if self.args.json {
            let json = json!({
                "events": self.verifier.compared_events, "erased": self.verifier.erased_events, "sealed_to": sealed_to,
                "not_sealed": open, "findings": self.finding_count,
            });
            println!("{json}");
        } else {
            println!(
                "{} events verified, sealed up to position {sealed_to}; {open} not sealed yet{}",
                self.verifier.compared_events,
                match self.verifier.erased_events {
                    0 => String::new(),
                    erased => format!("; {erased} erased"),
                }
            );
        }
        match self.finding_count {
            0 => Ok(()),
            count => bail!("{count} findings: the log does not match its seals"),
        }
    }
}

/// Verifies the log in the database.
pub async fn verify_database(
    config: &SystemConfig,
    pool: &PgPool,
    args: &LogVerifyArgs,
    stop: &CancellationToken,
) -> Result<()> {
    let reader = LogReader::new(pool.clone());
    // Blocks erasure during the verification: a seal read before an erasure would not match the
    // event read after it.
    let erasure_lock = redaction::block_sealing(pool).await?;
    let head = reader.head().await?;
    let mut report = VerificationReport::new(config, args, head.log_id.to_string())?;
    let bar = progress::new_progress_bar("events");
    bar.set_length(head.position.unsigned_abs());
    let mut number = 0;
    loop {
        let seals = store::load_after(pool, number, SEAL_PAGE_SIZE).await?;
        if seals.is_empty() {
            break;
        }
        for seal in &seals {
            if stop.is_cancelled() {
                bail!("verification was stopped at position {}", seal.first);
            }
            number = seal.number;
            report.check_seal(seal);
            let events = reader
                .read_after(seal.first - 1, seal.last - seal.first + 1)
                .await?;
            let findings = report.verifier.check_events(seal, &events, false);
            bar.suspend(|| report.print_findings(&findings));
            bar.set_position(seal.last.unsigned_abs());
        }
    }
    let open = EventFilter {
        event_types: ["message_erased", "title_erased"].map(str::to_owned).into(),
        ..EventFilter::default()
    };
    let mut after = report.verifier.sealed_to();
    loop {
        let page = reader
            .read_page(&open, after, head.position, PAGE_SIZE)
            .await?;
        report.verifier.observe_unsealed(&page.events);
        after = page.scanned_to;
        if page.is_last {
            break;
        }
    }
    erasure_lock.close().await?;
    bar.finish_and_clear();
    let findings = report.verifier.finish();
    report.print_findings(&findings);
    report.finish(head.position)
}

/// Verifies an export in JSON lines with the seals that it contains.
pub fn verify_export(config: &SystemConfig, args: &LogVerifyArgs, dir: &Path) -> Result<()> {
    let exported = ExportReader::open(dir)?;
    let mut report = VerificationReport::new(config, args, exported.log_id().to_owned())?;
    let mut events = exported.events()?.peekable();
    let selected = exported.is_filtered();
    let file = dir.join(SEALS_FILE);
    let file = File::open(&file).with_context(|| file.display().to_string())?;
    for line in BufReader::new(file).lines() {
        let seal: Seal = serde_json::from_str(&line?).context("cannot parse a seal")?;
        report.check_seal(&seal);
        let mut of_seal: Vec<Envelope> = Vec::new();
        while let Some(event) = events.next_if(|event| {
            event
                .as_ref()
                .is_ok_and(|event| event.position <= seal.last)
        }) {
            of_seal.push(event?);
        }
        if let Some(Err(error)) = events.next_if(Result::is_err) {
            return Err(error);
        }
        let findings = report.verifier.check_events(&seal, &of_seal, selected);
        report.print_findings(&findings);
    }
    for event in events {
        report.verifier.observe_unsealed(&[event?]);
    }
    if !selected {
        let findings = report.verifier.finish();
        report.print_findings(&findings);
    }
    report.finish(exported.complete_to())
}

/// Seals the events that are not sealed yet.
pub async fn seal_log(config: &SystemConfig, pool: &PgPool) -> Result<()> {
    let settings = SealerConfig {
        interval: Duration::ZERO,
        copy_to: config.seals.seal_copy.clone(),
    };
    let key = seal_key::load_or_create(config)?;
    let mut sealer = Sealer::new(pool.clone(), key, settings);
    while sealer.seal_now().await? {}
    let last = store::load_last(pool).await?.map_or(0, |seal| seal.last);
    println!("sealed up to position {last}");
    Ok(())
}

fn read_seal_copies(file: &Path) -> Result<HashMap<i64, Seal>> {
    let lines =
        BufReader::new(File::open(file).with_context(|| file.display().to_string())?).lines();
    lines
        .map(|line| {
            let seal: Seal = serde_json::from_str(&line?).context("cannot parse a copied seal")?;
            Ok((seal.number, seal))
        })
        .collect()
}
