//! The writer of an index.

use std::sync::Arc;

use rustc_hash::FxHashSet;
use tantivy::IndexWriter;
use tantivy::indexer::{IndexWriterOptions, LogMergePolicy};

use super::schema::Fields;
use super::visible::{self, Conversations, Seen, Visible};
use super::{Checkpoint, Index, IndexError, Message};

/// The number of bytes that are buffered before a segment is written.
const MEMORY: usize = 64 * 1024 * 1024;

/// The share of removed messages above which a segment is rewritten without them.
const REMOVED: f32 = 0.3;

/// Adds and removes messages, and commits them together with a checkpoint. Only one writer can
/// exist at a time, across all processes.
pub struct Writer {
    writer: IndexWriter,
    fields: Fields,
}

impl Index {
    /// Opens the writer. Fails if another one exists, in any process.
    pub fn writer(&self) -> Result<Writer, IndexError> {
        let options = IndexWriterOptions::builder()
            .num_worker_threads(1)
            .memory_budget_per_thread(MEMORY)
            .num_merge_threads(1)
            .build();
        let writer: IndexWriter = self.library.writer_with_options(options)?;
        let mut merge_policy = LogMergePolicy::default();
        merge_policy.set_del_docs_ratio_before_merge(REMOVED);
        writer.set_merge_policy(Box::new(merge_policy));
        Ok(Writer {
            writer,
            fields: self.fields,
        })
    }
}

impl Writer {
    /// Adds a message that the index does not contain.
    pub fn add(&self, message: &Message) -> Result<(), IndexError> {
        self.writer.add_document(self.fields.document(message))?;
        Ok(())
    }

    /// Removes messages, given as conversation and sequence number. To update a message, remove it
    /// and then add it.
    pub fn remove(&self, messages: impl IntoIterator<Item = (u64, u64)>) -> Result<(), IndexError> {
        let mut conversations = Conversations::default();
        for (conversation, seq) in messages {
            let seqs = conversations
                .entry(conversation)
                .or_insert_with(|| Seen::Only(FxHashSet::default()));
            if let Seen::Only(seqs) = seqs {
                seqs.insert(seq);
            }
        }
        if conversations.is_empty() {
            return Ok(());
        }
        // The query that selects visible messages also selects the messages to delete.
        let filter = Arc::new(Visible::of(conversations));
        let query = visible::condition(filter, self.fields, Arc::default());
        self.writer.delete_query(query)?;
        Ok(())
    }

    /// Commits all changes so far and the checkpoint, atomically and durably.
    pub fn commit(&mut self, checkpoint: &Checkpoint) -> Result<(), IndexError> {
        let payload = serde_json::to_string(checkpoint).map_err(std::io::Error::from)?;
        let mut commit = self.writer.prepare_commit()?;
        commit.set_payload(&payload);
        commit.commit()?;
        Ok(())
    }

    /// Waits for running merges and closes the writer.
    pub fn finish(self) -> Result<(), IndexError> {
        self.writer.wait_merging_threads()?;
        Ok(())
    }
}
