//! Writes the seals of the exported events next to them: `tidings log verify --export DIR` needs
//! nothing else.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;

use anyhow::Result;
use log_integrity::seal::store;
use sqlx::PgPool;

use super::manifest::Manifest;
use super::writer::put_in_place;

/// The file name of the seals in an export: one JSON object per line.
pub const SEALS_FILE: &str = "seals.jsonl";

/// The number of seals per page.
const SEAL_PAGE_SIZE: i64 = 10;

/// Writes the seals whose events have all been exported. An export that does not begin at the start
/// of the log has no seals, because their chain begins with the first event.
pub async fn write_seals(pool: &PgPool, dir: &Path, manifest: &Manifest) -> Result<()> {
    if manifest.after() > 0 {
        return Ok(());
    }
    let next = dir.join(".seals.next");
    let mut out = BufWriter::new(File::create(&next)?);
    let mut number = 0;
    'pages: loop {
        let seals = store::load_after(pool, number, SEAL_PAGE_SIZE).await?;
        if seals.is_empty() {
            break;
        }
        for seal in seals {
            if seal.last > manifest.complete_to().position {
                break 'pages;
            }
            number = seal.number;
            serde_json::to_writer(&mut out, &seal)?;
            out.write_all(b"\n")?;
        }
    }
    out.flush()?;
    put_in_place(out.get_ref(), &next, &dir.join(SEALS_FILE))
}
