//! What a batch writes, and between which checkpoints.

use domain::history::EpochTag;

use crate::checkpoint::Checkpoint;
use crate::config::ProjectorConfig;
use crate::rows::BatchRows;
use crate::working_set::WorkingSet;

/// A folded batch.
pub(crate) struct WriteBatch<'a> {
    pub config: &'a ProjectorConfig,
    /// The current checkpoint of the tables.
    pub from: Checkpoint,
    /// The checkpoint after the batch.
    pub to: Checkpoint,
    /// The tag of the last event. Without one, the event does not come from a log that it could be
    /// compared with.
    pub tag: Option<EpochTag>,
    pub working_set: &'a WorkingSet,
    pub rows: &'a BatchRows,
}

impl WriteBatch<'_> {
    /// Whether an ack covers messages of this batch, so that its receipts must be written after
    /// them.
    pub(super) fn has_deferred_acks(&self) -> bool {
        self.rows
            .acks
            .iter()
            .any(|ack| ack.cursor > self.from.position)
    }
}
