//! Verifies the log, or an export of it, against its seals.

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use data_dir::format_count;
use domain::envelope::Envelope;
use domain::hex::to_hex;
use event_log::reader::{EventFilter, LogReader};
use log_integrity::erasure::ERASURE_EVENT_TYPES;
use log_integrity::erasure::redaction;
use log_integrity::seal::verify::{SealFinding, SealVerifier};
use log_integrity::seal::{Seal, store};
use serde_json::{Value, json};
use sqlx::{Connection as _, PgPool};
use tokio_util::sync::CancellationToken;

use crate::export::{ExportReader, SEALS_FILE};

/// The number of seals per page.
const SEAL_PAGE_SIZE: i64 = 10;

/// The number of events per page after the last seal.
const PAGE_SIZE: i64 = 10_000;

/// What seals are verified with.
#[derive(Debug, Clone, Default)]
pub struct VerifyOptions {
    /// The trusted public keys.
    pub public_keys: Vec<[u8; 32]>,
    /// A file with copies of the seals; the seals of the log must match them.
    pub copies: Option<PathBuf>,
}

/// What is reported during a verification.
#[derive(Debug)]
pub enum VerifyEvent<'a> {
    /// The log does not match its seals.
    Finding(&'a SealFinding),
    /// The events up to this position have been compared with their seals.
    Progress {
        /// The position.
        position: i64,
        /// The end of the log.
        head: i64,
    },
}

/// The result of a verification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifySummary {
    /// The number of verified events.
    pub events: u64,
    /// The number of erased events.
    pub erased: u64,
    /// The log is sealed up to this position.
    pub sealed_to: i64,
    /// The number of events that are not sealed yet.
    pub not_sealed: i64,
    /// The number of findings.
    pub findings: u64,
    /// How many of the findings are only that a key is not trusted.
    pub unknown_key_findings: u64,
    /// The public keys that the seals are signed with, in hexadecimal.
    pub signed_by: Vec<String>,
    /// Whether a trusted key vouches for the seals. Anybody can seal a forged log with another key.
    pub is_trusted: bool,
}

impl VerifySummary {
    /// The summary as one JSON object.
    pub fn to_json(&self) -> Value {
        json!({
            "events": self.events, "erased": self.erased, "sealed_to": self.sealed_to,
            "not_sealed": self.not_sealed, "findings": self.findings,
            "unknown_key_findings": self.unknown_key_findings,
            "signed_by": self.signed_by, "trusted": self.is_trusted,
        })
    }
}

impl fmt::Display for VerifySummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} verified, sealed up to position {}; {} not sealed yet",
            format_count(self.events, "event"),
            self.sealed_to,
            self.not_sealed
        )?;
        if self.erased > 0 {
            write!(f, "; {} erased", self.erased)?;
        }
        match (self.signed_by.join(", ").as_str(), self.is_trusted) {
            ("", true) => Ok(()),
            ("", false) => write!(f, "; no seal vouches for them"),
            (keys, true) => write!(f, "; signed by {keys}"),
            (keys, false) => write!(f, "; signed by {keys}, which nothing here vouches for"),
        }
    }
}

/// A finding as one JSON object.
pub fn finding_to_json(finding: &SealFinding) -> Value {
    let position = match finding {
        SealFinding::BrokenSeal { .. } | SealFinding::UnknownKey { .. } => None,
        SealFinding::MissingEvent { position }
        | SealFinding::MovedEvent { position, .. }
        | SealFinding::AlteredEvent { position }
        | SealFinding::InvalidErasure { position } => Some(*position),
    };
    json!({ "position": position, "finding": finding.to_string() })
}

/// A verification: reports and counts the findings.
struct Verification<F> {
    verifier: SealVerifier,
    seal_copies: Option<HashMap<i64, Seal>>,
    signers: BTreeSet<Vec<u8>>,
    has_trusted_keys: bool,
    finding_count: u64,
    unknown_key_count: u64,
    on_event: F,
}

impl<F: FnMut(VerifyEvent<'_>)> Verification<F> {
    fn new(options: &VerifyOptions, log_id: String, on_event: F) -> Result<Self> {
        let copies = options
            .copies
            .as_deref()
            .map(read_seal_copies)
            .transpose()?;
        Ok(Self {
            verifier: SealVerifier::new(log_id, options.public_keys.clone()),
            seal_copies: copies,
            signers: BTreeSet::new(),
            has_trusted_keys: !options.public_keys.is_empty(),
            finding_count: 0,
            unknown_key_count: 0,
            on_event,
        })
    }

    fn check_seal(&mut self, seal: &Seal) {
        let findings = self.verifier.check_seal(seal);
        self.report(&findings);
        self.signers.insert(seal.public_key.clone());
        let Some(copies) = &mut self.seal_copies else {
            return;
        };
        // An erasure deletes the salts; everything else never changes.
        let is_same =
            |copy: &Seal| copy.signature == seal.signature && copy.digests == seal.digests;
        if copies
            .remove(&seal.number)
            .is_some_and(|copy| !is_same(&copy))
        {
            self.report_seal(seal.number, "it differs from the copied seal");
        }
    }

    fn check_events(&mut self, seal: &Seal, events: &[Envelope], is_filtered: bool) {
        let findings = self.verifier.check_events(seal, events, is_filtered);
        self.report(&findings);
    }

    /// Reports redacted events that no event has erased, once all events have been seen.
    fn check_erasures(&mut self) {
        let findings = self.verifier.finish();
        self.report(&findings);
    }

    fn report(&mut self, findings: &[SealFinding]) {
        for finding in findings {
            self.finding_count += 1;
            let is_key = matches!(finding, SealFinding::UnknownKey { .. });
            self.unknown_key_count += u64::from(is_key);
            (self.on_event)(VerifyEvent::Finding(finding));
        }
    }

    fn report_seal(&mut self, number: i64, reason: &str) {
        self.report(&[SealFinding::BrokenSeal {
            number,
            reason: reason.to_owned(),
        }]);
    }

    /// Reports missing seals, and returns the summary.
    fn finish(mut self, head: i64) -> VerifySummary {
        for number in self.seal_copies.take().unwrap_or_default().into_keys() {
            self.report_seal(number, "it was copied, but is missing here");
        }
        let sealed_to = self.verifier.sealed_to();
        VerifySummary {
            events: self.verifier.compared_events,
            erased: self.verifier.erased_events,
            sealed_to,
            not_sealed: (head - sealed_to).max(0),
            findings: self.finding_count,
            unknown_key_findings: self.unknown_key_count,
            is_trusted: (self.has_trusted_keys && self.unknown_key_count == 0)
                || self.signers.is_empty(),
            signed_by: self.signers.iter().map(|key| to_hex(key)).collect(),
        }
    }
}

/// Verifies the log in the database. Returns an error if `stop` is cancelled.
pub async fn verify_database(
    pool: &PgPool,
    options: &VerifyOptions,
    stop: &CancellationToken,
    on_event: impl FnMut(VerifyEvent<'_>),
) -> Result<VerifySummary> {
    let reader = LogReader::new(pool.clone());
    // Blocks erasure during the verification: a seal read before an erasure would not match the
    // event read after it.
    let erasure_lock = redaction::block_sealing(pool).await?;
    let head = reader.head().await?;
    let mut verification = Verification::new(options, head.log_id.to_string(), on_event)?;
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
            verification.check_seal(seal);
            let events = reader
                .read_after(seal.first - 1, seal.last - seal.first + 1)
                .await?;
            verification.check_events(seal, &events, false);
            (verification.on_event)(VerifyEvent::Progress {
                position: seal.last,
                head: head.position,
            });
        }
    }
    observe_unsealed(&reader, &mut verification.verifier, head.position).await?;
    erasure_lock.close().await?;
    verification.check_erasures();
    Ok(verification.finish(head.position))
}

/// Reads the erasure events after the last seal, which explain erased events before it.
async fn observe_unsealed(
    reader: &LogReader,
    verifier: &mut SealVerifier,
    head: i64,
) -> Result<()> {
    let erasures = EventFilter {
        event_types: ERASURE_EVENT_TYPES.map(str::to_owned).into(),
        ..EventFilter::default()
    };
    let mut after = verifier.sealed_to();
    loop {
        let page = reader.read_page(&erasures, after, head, PAGE_SIZE).await?;
        verifier.observe_unsealed(&page.events);
        after = page.scanned_to;
        if page.is_last {
            return Ok(());
        }
    }
}

/// Verifies an export in JSON lines with the seals that it contains.
pub fn verify_export(
    dir: &Path,
    options: &VerifyOptions,
    on_event: impl FnMut(VerifyEvent<'_>),
) -> Result<VerifySummary> {
    let exported = ExportReader::open(dir)?;
    let log_id = exported.log_id().to_owned();
    let mut verification = Verification::new(options, log_id, on_event)?;
    let mut events = exported.events().peekable();
    let is_filtered = exported.is_filtered();
    let file = dir.join(SEALS_FILE);
    let file = File::open(&file).with_context(|| file.display().to_string())?;
    for line in BufReader::new(file).lines() {
        let seal: Seal = serde_json::from_str(&line?).context("cannot parse a seal")?;
        verification.check_seal(&seal);
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
        verification.check_events(&seal, &of_seal, is_filtered);
    }
    for event in events {
        verification.verifier.observe_unsealed(&[event?]);
    }
    if !is_filtered {
        verification.check_erasures();
    }
    let mut summary = verification.finish(exported.complete_to());
    if summary.signed_by.is_empty() && exported.event_count() > 0 {
        // An export outlives the system, so nothing will seal its events later.
        summary.is_trusted = false;
    }
    Ok(summary)
}

fn read_seal_copies(file: &Path) -> Result<HashMap<i64, Seal>> {
    let lines =
        BufReader::new(File::open(file).with_context(|| file.display().to_string())?).lines();
    let mut copies = HashMap::new();
    for line in lines {
        let line = line?;
        match serde_json::from_str::<Seal>(&line) {
            Ok(seal) => {
                copies.insert(seal.number, seal);
            }
            Err(error) if is_cut_short(&line, &error) => {}
            Err(error) => return Err(error).context("cannot parse a copied seal"),
        }
    }
    Ok(copies)
}

/// Whether a power loss has taken the end of a line, or left zeros in it. That seal was not
/// acknowledged by the database either; if it was created again, the copy has it again.
fn is_cut_short(line: &str, error: &serde_json::Error) -> bool {
    error.is_eof() || line.contains('\0')
}
