//! The receipt of an erasure: what was erased, and where it has been removed so far.

use std::fmt::Write as _;

use anyhow::Result;
use data_dir::format_count;
use log_integrity::erasure::ledger::{self, ErasureProgress};
use search::index::{Index, IndexDir};
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::lag::read_model_position;

/// Number of events per query.
const PAGE_SIZE: i64 = 10_000;

/// Maximum number of events in the text output. The JSON output has all of them.
const MAX_PRINTED_EVENTS: usize = 1_000;

/// What one erasure removed, or several together.
#[derive(Debug, Default)]
pub struct ErasureSummary {
    /// The number of erased messages.
    pub messages: u64,
    /// The number of erased titles.
    pub titles: u64,
    /// The position of the first erasure event.
    pub first: Option<i64>,
    /// The position of the last erasure event, or the head of the log.
    pub position: i64,
}

/// What was erased, and the position up to which it has been removed from each store.
pub struct ErasureReceipt {
    messages: u64,
    titles: u64,
    events: Vec<ledger::ErasedEvent>,
    progress: ErasureProgress,
    read_model_position: i64,
    search_position: Option<u64>,
}

impl ErasureReceipt {
    /// Loads what the erasure events in `erased` removed, and the current progress.
    pub async fn load(pool: &PgPool, index_dir: IndexDir, erased: &ErasureSummary) -> Result<Self> {
        let mut events: Vec<ledger::ErasedEvent> = Vec::new();
        if let Some(first) = erased.first {
            loop {
                let after = events.last().map_or(0, |event| event.position);
                let page =
                    ledger::load_erased_events(pool, first..=erased.position, after, PAGE_SIZE)
                        .await?;
                if page.is_empty() {
                    break;
                }
                events.extend(page);
            }
        }
        let index = tokio::task::spawn_blocking(move || {
            let build = index_dir.current_build().ok()??;
            let index = Index::open(&index_dir.build_path(build)).ok()?;
            Some(index.checkpoint().ok()?.position)
        });
        Ok(Self {
            messages: erased.messages,
            titles: erased.titles,
            events,
            progress: ledger::load_progress(pool).await?,
            read_model_position: read_model_position(pool).await?,
            search_position: index.await?,
        })
    }

    /// The receipt as one JSON object.
    pub fn to_json(&self) -> Value {
        let progress = &self.progress;
        json!({
            "messages": self.messages, "titles": self.titles, "events": self.events,
            "gone_from": {
                "log": progress.position, "read_models": self.read_model_position,
                "search": self.search_position, "files": progress.files_scrubbed_to,
                "stream_copies_left": progress.not_mirrored,
            },
            "last_erasure": progress.requested_to, "erased_in_all": progress.events,
        })
    }

    /// The receipt as text, with line endings. Lists at most `MAX_PRINTED_EVENTS` events.
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        // Writing to a String cannot fail.
        let _ = self.render(&mut text);
        text
    }

    fn render(&self, text: &mut String) -> std::fmt::Result {
        for event in self.events.iter().take(MAX_PRINTED_EVENTS) {
            let seq = event.seq.map_or_else(String::new, |seq| format!(" #{seq}"));
            writeln!(
                text,
                "position {}: {} of {}{seq}, erased by position {} at {}",
                event.position, event.event_type, event.conversation_id, event.by, event.erased_at
            )?;
        }
        if self.events.len() > MAX_PRINTED_EVENTS {
            let more = self.events.len() - MAX_PRINTED_EVENTS;
            writeln!(text, "and {more} more; use --json to list all")?;
        }
        writeln!(
            text,
            "{} and {} erased now; {} listed, {} erased in total",
            format_count(self.messages, "message"),
            format_count(self.titles, "title"),
            format_count(self.events.len(), "event"),
            self.progress.events
        )?;
        writeln!(
            text,
            "removed from the log up to position {}, from the read models up to {}, from the search index up to {}",
            self.progress.position,
            self.read_model_position,
            self.search_position.unwrap_or(0)
        )?;
        let copies = self.progress.not_mirrored;
        writeln!(text, "copies remaining in the stream: {copies}")?;
        let scrubbed_to = self.progress.files_scrubbed_to;
        if scrubbed_to < self.progress.requested_to {
            writeln!(
                text,
                "not yet removed from files: rewrite them with `tidings erase files`"
            )
        } else {
            writeln!(text, "removed from files up to position {scrubbed_to}")
        }
    }
}
