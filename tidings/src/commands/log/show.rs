//! `tidings log show POSITION`: one event, to read.

use anyhow::{Result, bail};
use event_log::reader::Reader;
use serde_json::Value;
use sqlx::PgPool;

use super::output::Output;

/// Prints the CloudEvents object, laid out.
pub async fn run(pool: &PgPool, position: i64) -> Result<()> {
    let reader = Reader::new(pool.clone());
    let Some(event) = reader.after(position - 1, 1).await?.pop() else {
        let head = reader.head().await?.position;
        bail!("the log ends at position {head}");
    };
    let json: Value = serde_json::from_slice(&event.to_json()?)?;
    let mut output = Output::new();
    output.line(serde_json::to_string_pretty(&json)?.as_bytes())?;
    output.flush()?;
    Ok(())
}
