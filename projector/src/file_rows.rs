//! The rows of a batch about files.

use std::collections::BTreeMap;

use domain::file::FilePhase;
use domain::file::event::{FileReserved, FileStored};
use domain::ids::FileId;
use domain::time::Timestamp;

/// What the events of a batch change in a file. Each of them is in the batch or not, and the rest
/// of the row stays as it is: so the fold need not know the row.
#[derive(Debug, Default)]
pub(crate) struct FileChange {
    /// The reservation, its position and its time.
    pub reserved: Option<(FileReserved, i64, Timestamp)>,
    /// What was stored, and when.
    pub stored: Option<(FileStored, Timestamp)>,
    /// Where it is in its life after the batch. A deleted file has no row.
    pub phase: Option<FilePhase>,
}

/// What a batch writes about files.
pub(crate) type FileChanges = BTreeMap<FileId, FileChange>;
