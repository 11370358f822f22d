//! The commands of the file aggregate.

use super::event::{DeletionReason, FileReserved, FileStored};
use crate::ids::UserId;
use crate::time::Timestamp;

/// A command to a file.
#[derive(Debug, Clone)]
pub enum FileCommand {
    /// Announce a file whose bytes will follow.
    Reserve(FileReserved),
    /// Record that the store has the bytes.
    Store(StoreFile),
    /// Let nothing new use it, because it will probably be deleted.
    Retire(DeletionReason),
    /// Let a retired file be used again, because something uses it.
    Reinstate,
    /// Delete it.
    Delete(DeleteFile),
}

/// The data of [`FileCommand::Store`].
#[derive(Debug, Clone)]
pub struct StoreFile {
    /// What the store has.
    pub file: FileStored,
    /// The current time.
    pub now: Timestamp,
}

/// The data of [`FileCommand::Delete`].
#[derive(Debug, Clone)]
pub struct DeleteFile {
    /// Why it is deleted.
    pub reason: DeletionReason,
    /// Who deletes it, if it is not the system.
    pub by: Option<UserId>,
    /// The retirement since which nothing uses it: the number of retirements then.
    pub retirement: Option<u64>,
    /// The current time.
    pub now: Timestamp,
}
