//! The seals of what was exported, beside it: `tidings log verify --export DIR` needs nothing else.

use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::Path;

use anyhow::{Context as _, Result};
use event_log::seal::store;
use sqlx::PgPool;

use super::manifest::Manifest;

/// Where they stand in an export: one JSON object a line.
pub const SEALS: &str = "seals.jsonl";

/// Seals read at once.
const AT_ONCE: i64 = 10;

/// Writes those of which every event is in what was exported so far. An export that begins in the middle of
/// the log has none: their chain begins with the first event.
pub async fn write(pool: &PgPool, dir: &Path, manifest: &Manifest) -> Result<()> {
    if manifest.after() > 0 {
        return Ok(());
    }
    let next = dir.join(".seals.next");
    let mut out = BufWriter::new(File::create(&next)?);
    let mut number = 0;
    'all: loop {
        let seals = store::after(pool, number, AT_ONCE).await?;
        if seals.is_empty() {
            break;
        }
        for seal in seals {
            if seal.last > manifest.complete_to {
                break 'all;
            }
            number = seal.number;
            serde_json::to_writer(&mut out, &seal)?;
            out.write_all(b"\n")?;
        }
    }
    out.flush()?;
    let path = dir.join(SEALS);
    fs::rename(&next, &path).with_context(|| path.display().to_string())
}
