//! The one who writes.

use std::sync::Arc;

use rustc_hash::FxHashSet;
use tantivy::IndexWriter;
use tantivy::indexer::{IndexWriterOptions, LogMergePolicy};

use super::schema::Fields;
use super::visible::{self, Conversations, Seen, Visible};
use super::{Checkpoint, Index, IndexError, Message};

/// Bytes that are collected before a segment is written.
const MEMORY: usize = 64 * 1024 * 1024;

/// A segment with this share of removed messages is written again without them.
const REMOVED: f32 = 0.3;

/// Adds and removes messages, and commits them together with the position up to which they are
/// complete. There is one at a time, over all processes: a second one is refused.
pub struct Writer {
    writer: IndexWriter,
    fields: Fields,
}

impl Index {
    /// Becomes the writer.
    pub fn writer(&self) -> Result<Writer, IndexError> {
        let options = IndexWriterOptions::builder()
            .num_worker_threads(1)
            .memory_budget_per_thread(MEMORY)
            .num_merge_threads(1)
            .build();
        let writer: IndexWriter = self.library.writer_with_options(options)?;
        let mut merging = LogMergePolicy::default();
        merging.set_del_docs_ratio_before_merge(REMOVED);
        writer.set_merge_policy(Box::new(merging));
        Ok(Writer {
            writer,
            fields: self.fields,
        })
    }
}

impl Writer {
    /// Adds a message that is not there yet.
    pub fn add(&self, message: &Message) -> Result<(), IndexError> {
        self.writer.add_document(self.fields.document(message))?;
        Ok(())
    }

    /// Takes messages out, as conversation and seq, of those that are there now. A message that has
    /// changed is taken out and then added.
    pub fn remove(&self, messages: impl IntoIterator<Item = (u64, u64)>) -> Result<(), IndexError> {
        let mut places = Conversations::default();
        for (conversation, seq) in messages {
            let place = places
                .entry(conversation)
                .or_insert_with(|| Seen::Only(FxHashSet::default()));
            if let Seen::Only(seqs) = place {
                seqs.insert(seq);
            }
        }
        if places.is_empty() {
            return Ok(());
        }
        // What one may see, and what one wants gone, are told in the same way.
        let gone = Arc::new(Visible::of(places));
        let query = visible::condition(gone, self.fields, Arc::default());
        self.writer.delete_query(query)?;
        Ok(())
    }

    /// Makes everything so far durable, all or nothing, complete up to there.
    pub fn commit(&mut self, checkpoint: &Checkpoint) -> Result<(), IndexError> {
        let payload = serde_json::to_string(checkpoint).map_err(std::io::Error::from)?;
        let mut commit = self.writer.prepare_commit()?;
        commit.set_payload(&payload);
        commit.commit()?;
        Ok(())
    }

    /// Ends when the merges that are under way have.
    pub fn finish(self) -> Result<(), IndexError> {
        self.writer.wait_merging_threads()?;
        Ok(())
    }
}
