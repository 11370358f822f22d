//! The writer of an index.

use std::sync::Arc;

use rustc_hash::FxHashSet;
use tantivy::IndexWriter;
use tantivy::indexer::{IndexWriterOptions, LogMergePolicy};

use super::document::{DocumentKey, IndexCheckpoint, MessageDocument};
use super::error::IndexError;
use super::handle::Index;
use super::schema::SchemaFields;
use super::visibility::{self, VisibilityFilter, VisibleConversations, VisibleSeqs};

/// The number of bytes that are buffered before a segment is written.
const MEMORY_LIMIT: usize = 64 * 1024 * 1024;

/// The share of removed messages above which a segment is rewritten without them.
const MAX_REMOVED_RATIO: f32 = 0.3;

/// Adds and removes messages, and commits them together with a checkpoint. Only one writer can
/// exist at a time, across all processes.
pub struct SearchIndexWriter {
    writer: IndexWriter,
    fields: SchemaFields,
}

impl Index {
    /// Opens the writer. Fails if another one exists, in any process.
    pub fn writer(&self) -> Result<SearchIndexWriter, IndexError> {
        let options = IndexWriterOptions::builder()
            .num_worker_threads(1)
            .memory_budget_per_thread(MEMORY_LIMIT)
            .num_merge_threads(1)
            .build();
        let writer: IndexWriter = self.tantivy_index.writer_with_options(options)?;
        let mut merge_policy = LogMergePolicy::default();
        merge_policy.set_del_docs_ratio_before_merge(MAX_REMOVED_RATIO);
        writer.set_merge_policy(Box::new(merge_policy));
        Ok(SearchIndexWriter {
            writer,
            fields: self.fields,
        })
    }
}

impl SearchIndexWriter {
    /// Adds a message that the index does not contain.
    pub fn add(&self, message: &MessageDocument) -> Result<(), IndexError> {
        self.writer.add_document(self.fields.to_document(message))?;
        Ok(())
    }

    /// Removes messages, given as conversation and sequence number. To update a message, remove it
    /// and then add it.
    pub fn remove(
        &self,
        messages: impl IntoIterator<Item = DocumentKey>,
    ) -> Result<(), IndexError> {
        let mut conversations = VisibleConversations::default();
        for (conversation, seq) in messages {
            let seqs = conversations
                .entry(conversation)
                .or_insert_with(|| VisibleSeqs::Only(FxHashSet::default()));
            if let VisibleSeqs::Only(seqs) = seqs {
                seqs.insert(seq);
            }
        }
        if conversations.is_empty() {
            return Ok(());
        }
        // The query that selects visible messages also selects the messages to delete.
        let filter = Arc::new(VisibilityFilter::new(conversations));
        let query = visibility::visibility_query(filter, self.fields, Arc::default());
        self.writer.delete_query(query)?;
        Ok(())
    }

    /// Commits all changes so far and the checkpoint, atomically and durably.
    pub fn commit(&mut self, checkpoint: &IndexCheckpoint) -> Result<(), IndexError> {
        let payload = serde_json::to_string(checkpoint).map_err(std::io::Error::from)?;
        let mut commit = self.writer.prepare_commit()?;
        commit.set_payload(&payload);
        commit.commit()?;
        Ok(())
    }

    /// Waits for running merges and closes the writer.
    pub fn wait_for_merges(self) -> Result<(), IndexError> {
        self.writer.wait_merging_threads()?;
        Ok(())
    }
}
