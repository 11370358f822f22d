//! `tidings log show POSITION`: prints one event.

use anyhow::{Result, bail};
use event_log::reader::LogReader;
use serde_json::Value;
use sqlx::PgPool;

use super::output::LineOutput;

/// Prints the event as a pretty-printed CloudEvents object.
pub async fn run(pool: &PgPool, position: i64) -> Result<()> {
    let reader = LogReader::new(pool.clone());
    let Some(event) = reader.read_after(position - 1, 1).await?.pop() else {
        let head = reader.head().await?.position;
        bail!("there is no event at position {position}; the log ends at position {head}");
    };
    let json: Value = serde_json::from_slice(&event.to_json()?)?;
    let mut output = LineOutput::new();
    output.write_line(serde_json::to_string_pretty(&json)?.as_bytes())?;
    output.flush()?;
    Ok(())
}
