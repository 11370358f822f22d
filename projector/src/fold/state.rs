//! The state of a fold.

use crate::config::ProjectorConfig;
use crate::rows::BatchRows;
use crate::working_set::WorkingSet;

/// The fold of one batch.
pub(crate) struct Fold<'a> {
    pub(super) config: &'a ProjectorConfig,
    /// Entries at or before this position are not written.
    pub(super) floor: i64,
    pub working_set: WorkingSet,
    pub rows: BatchRows,
}

impl<'a> Fold<'a> {
    /// `working_set` must contain every existing row that the events refer to.
    pub fn new(config: &'a ProjectorConfig, floor: i64, working_set: WorkingSet) -> Self {
        Self {
            config,
            floor,
            working_set,
            rows: BatchRows::default(),
        }
    }
}
