//! `tidings log verify`: verifies the log, or an export of it, against its seals.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Result, bail};
use data_dir::{UsageError, format_count, seal_key};
use domain::hex::from_hex;
use log_integrity::seal::verify::SealFinding;
use log_tools::verify::{
    VerifyEvent, VerifyOptions, VerifySummary, finding_to_json, verify_database, verify_export,
};
use settings::{LogVerifyArgs, SystemConfig};
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;

use crate::output::outln;
use crate::progress::CommandProgress;

/// The maximum number of findings that are printed; more are only counted.
const MAX_PRINTED_FINDINGS: u64 = 1_000;

/// The events match their seals, but no trusted key vouches for the seals.
#[derive(Debug, thiserror::Error)]
#[error(
    "the events match their seals, but anybody can seal a forged log: specify the key that you \
     trust with --public-key (`tidings log key` prints it on the system that seals the log)"
)]
pub struct UntrustedSealsError;

/// The events match their seals, but some of the seals are signed with a key that is not trusted.
#[derive(Debug, thiserror::Error)]
#[error(
    "the events match their seals, but not all seals are signed with a key that is trusted here. \
     The log was sealed by another system, for example by the origin of a loaded copy, or it is \
     forged: compare the keys with what `tidings log key` prints there, and if they are the same, \
     specify them all with --public-key {0}"
)]
pub struct UnknownKeyError(String);

/// Verifies the log in the database.
pub async fn run(
    config: &SystemConfig,
    pool: &PgPool,
    args: &LogVerifyArgs,
    stop: &CancellationToken,
) -> Result<()> {
    let options = verify_options(config, args)?;
    let progress = CommandProgress::counting("events");
    let mut findings = FindingPrinter::new(args.json);
    let summary = verify_database(pool, &options, stop, |event| match event {
        VerifyEvent::Finding(finding) => progress.suspend(|| findings.print(finding)),
        VerifyEvent::Progress { position, head } => progress.update_position(position, head),
    });
    let summary = summary.await?;
    drop(progress);
    print_summary(&summary, args.json)
}

/// Verifies an export.
pub fn verify_directory(config: &SystemConfig, args: &LogVerifyArgs, dir: &Path) -> Result<()> {
    let options = verify_options(config, args)?;
    let mut findings = FindingPrinter::new(args.json);
    let summary = verify_export(dir, &options, |event| {
        if let VerifyEvent::Finding(finding) = event {
            findings.print(finding);
        }
    })?;
    print_summary(&summary, args.json)
}

fn verify_options(config: &SystemConfig, args: &LogVerifyArgs) -> Result<VerifyOptions> {
    let mut public_keys = Vec::new();
    for text in &args.public_key {
        let key = from_hex(text).and_then(|bytes| bytes.try_into().ok());
        public_keys.push(key.ok_or_else(|| {
            UsageError(format!(
                "--public-key: {text} is not 32 bytes in hexadecimal digits"
            ))
        })?);
    }
    if public_keys.is_empty() {
        let own = seal_key::load(&config.seal_key_path())?;
        public_keys.extend(own.map(|key| key.public_key()));
    }
    Ok(VerifyOptions {
        public_keys,
        copies: args.copies.clone(),
    })
}

/// Prints findings, up to [`MAX_PRINTED_FINDINGS`].
struct FindingPrinter {
    json: bool,
    printed: u64,
    /// The keys of which a finding was printed. As text, one seal of each is enough.
    unknown_keys: BTreeSet<String>,
}

impl FindingPrinter {
    fn new(json: bool) -> Self {
        Self {
            json,
            printed: 0,
            unknown_keys: BTreeSet::new(),
        }
    }

    /// Prints a finding. If nobody reads on, the exit code still says that there was one.
    fn print(&mut self, finding: &SealFinding) {
        if self.printed == MAX_PRINTED_FINDINGS {
            return;
        }
        if let SealFinding::UnknownKey { public_key, .. } = finding
            && !self.json
            && !self.unknown_keys.insert(public_key.clone())
        {
            return;
        }
        self.printed += 1;
        let printed = if self.json {
            outln!("{}", finding_to_json(finding))
        } else {
            outln!("{finding}")
        };
        if printed.is_err() {
            self.printed = MAX_PRINTED_FINDINGS;
        }
    }
}

/// Prints the summary, and fails if there are findings or if the seals are not trusted.
fn print_summary(summary: &VerifySummary, as_json: bool) -> Result<()> {
    let printed = if as_json {
        outln!("{}", summary.to_json())
    } else {
        outln!("{summary}")
    };
    match summary.findings {
        0 if summary.is_trusted => Ok(printed?),
        0 => {
            printed?;
            Err(UntrustedSealsError.into())
        }
        count if count == summary.unknown_key_findings => {
            Err(UnknownKeyError(summary.signed_by.join(",")).into())
        }
        count => bail!(
            "{}: the log does not match its seals",
            format_count(count, "finding")
        ),
    }
}
