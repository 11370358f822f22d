//! The receipt of an erasure: what was erased, and where it has been removed so far.

use anyhow::Result;
use log_integrity::erasure::ledger::{self, ErasureProgress};
use serde_json::json;
use sqlx::PgPool;

use super::request::ErasureSummary;
use crate::config::SystemConfig;

/// Number of events per query.
const PAGE_SIZE: i64 = 10_000;

/// Maximum number of events in the text output. The JSON output has all of them.
const MAX_PRINTED_EVENTS: usize = 1_000;

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
    pub async fn load(
        config: &SystemConfig,
        pool: &PgPool,
        erased: &ErasureSummary,
    ) -> Result<Self> {
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
        let index_dir = config.index_dir();
        let index = tokio::task::spawn_blocking(move || {
            let build = index_dir.current_build().ok()??;
            let index = search::index::Index::open(&index_dir.build_path(build)).ok()?;
            Some(index.checkpoint().ok()?.position)
        });
        Ok(Self {
            messages: erased.messages,
            titles: erased.titles,
            events,
            progress: ledger::load_progress(pool).await?,
            read_model_position: sqlx::query_scalar("SELECT position FROM read.checkpoint")
                .fetch_one(pool)
                .await?,
            search_position: index.await?,
        })
    }

    /// Prints the receipt to standard output.
    pub fn print(&self, as_json: bool) {
        let ErasureProgress {
            requested_to: ordered,
            position,
            events,
            not_mirrored,
            files_scrubbed_to: files_at,
        } = self.progress;
        if as_json {
            let json = json!({
                "messages": self.messages, "titles": self.titles, "events": self.events,
                "gone_from": { "log": position, "read_models": self.read_model_position, "search": self.search_position,
                               "files": files_at, "stream_copies_left": not_mirrored },
                "last_erasure": ordered, "erased_in_all": events,
            });
            println!("{json}");
            return;
        }
        for event in self.events.iter().take(MAX_PRINTED_EVENTS) {
            let seq = event.seq.map_or_else(String::new, |seq| format!(" #{seq}"));
            println!(
                "position {}: {} of {}{seq}, erased by position {} at {}",
                event.position, event.event_type, event.conversation_id, event.by, event.erased_at
            );
        }
        if self.events.len() > MAX_PRINTED_EVENTS {
            println!(
                "and {} more; use --json to list all",
                self.events.len() - MAX_PRINTED_EVENTS
            );
        }
        println!(
            "{} messages and {} titles erased now; {} events listed, {events} erased in total",
            self.messages,
            self.titles,
            self.events.len()
        );
        println!(
            "removed from the log up to position {position}, from the read models up to {}, from the search index up to {}",
            self.read_model_position,
            self.search_position.unwrap_or(0)
        );
        println!("copies remaining in the stream: {not_mirrored}");
        if files_at < ordered {
            println!("not yet removed from files: rewrite them with `tidings erase files`");
        } else {
            println!("removed from files up to position {files_at}");
        }
    }
}
