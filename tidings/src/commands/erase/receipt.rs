//! What was erased, and from where it is gone by now.

use anyhow::Result;
use event_log::erasure::ledger::{self, Progress};
use serde_json::json;
use sqlx::PgPool;

use super::request::Erased;
use crate::config::Config;

/// Events that are read at once.
const PAGE: i64 = 10_000;

/// Events that are printed for people; JSON has all of them.
const PRINTED: usize = 1_000;

/// See the module.
pub struct Receipt {
    messages: u64,
    titles: u64,
    events: Vec<ledger::Erased>,
    progress: Progress,
    read_models: i64,
    index: Option<u64>,
}

impl Receipt {
    /// Of what these events erased.
    pub async fn of(config: &Config, pool: &PgPool, erased: &Erased) -> Result<Self> {
        let mut events: Vec<ledger::Erased> = Vec::new();
        if let Some(first) = erased.first {
            loop {
                let after = events.last().map_or(0, |event| event.position);
                let page = ledger::erased(pool, first..=erased.position, after, PAGE).await?;
                if page.is_empty() {
                    break;
                }
                events.extend(page);
            }
        }
        let place = config.search();
        let index = tokio::task::spawn_blocking(move || {
            let build = place.current().ok()??;
            let index = search::index::Index::open(&place.directory(build)).ok()?;
            Some(index.checkpoint().ok()?.position)
        });
        Ok(Self {
            messages: erased.messages,
            titles: erased.titles,
            events,
            progress: ledger::progress(pool).await?,
            read_models: sqlx::query_scalar("SELECT position FROM read.checkpoint")
                .fetch_one(pool)
                .await?,
            index: index.await?,
        })
    }

    /// On standard output.
    pub fn print(&self, as_json: bool) {
        let Progress {
            ordered,
            position,
            events,
            not_mirrored,
            files_at,
        } = self.progress;
        if as_json {
            let json = json!({
                "messages": self.messages, "titles": self.titles, "events": self.events,
                "gone_from": { "log": position, "read_models": self.read_models, "search": self.index,
                               "files": files_at, "stream_copies_left": not_mirrored },
                "last_erasure": ordered, "erased_in_all": events,
            });
            println!("{json}");
            return;
        }
        for event in self.events.iter().take(PRINTED) {
            let seq = event.seq.map_or_else(String::new, |seq| format!(" #{seq}"));
            println!(
                "position {}: {} of {}{seq}, erased by position {} at {}",
                event.position, event.event_type, event.conversation_id, event.by, event.erased_at
            );
        }
        if self.events.len() > PRINTED {
            println!("and {} more; --json has all", self.events.len() - PRINTED);
        }
        println!(
            "{} messages and {} titles erased now; {} events shown, {events} erased in all",
            self.messages,
            self.titles,
            self.events.len()
        );
        println!(
            "gone from the log up to position {position}, from the read models up to {}, from the search index up to {}",
            self.read_models,
            self.index.unwrap_or(0)
        );
        println!("copies left in the stream: {not_mirrored}");
        if files_at < ordered {
            println!("not yet gone from files: `tidings erase files` writes them anew");
        } else {
            println!("gone from the files up to position {files_at}");
        }
    }
}
