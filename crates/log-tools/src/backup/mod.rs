//! Backups: everything that cannot be derived, as files that restore into an empty database.
//!
//! A backup is a directory. It contains the tables of the log, of the webhooks and of the local
//! accounts in the text format of `COPY`, compressed with zstd; the keys and settings;
//! `manifest.json`, which describes them; and `SHA256SUMS`, which is written last. Without
//! `SHA256SUMS` a backup is incomplete, and anything that does not match it is damaged.
//! `sha256sum -c` checks it too.
//!
//! Read models, the search index and the stream are not in it: they are derived from the log.
//! Neither are the snapshots of aggregates, which are a cache, and the wrong passwords of the last
//! minutes.
//!
//! - `directory`: writes private files, and their digests. `manifest`: what a backup contains.
//! - `tables`: the tables that belong to a backup, as the catalog of Postgres lists them.
//! - `writer`: [`write_backup`]. `reader`: [`BackupReader`], which checks before it reads.
//! - `restore`: [`restore_backup`].

mod directory;
mod manifest;
mod reader;
mod restore;
mod tables;
mod writer;

pub use directory::PrivateFile;
pub use manifest::{BackupManifest, BackupTable};
pub use reader::BackupReader;
pub use restore::{check_database_is_empty, restore_backup};
pub(crate) use tables::find_content;
pub use writer::{BackupOptions, write_backup};

/// What is reported during a backup or a restore.
#[derive(Debug, Clone, Copy)]
pub struct BackupProgress<'a> {
    /// The table or file in work.
    pub name: &'a str,
    /// The rows, or bytes, that are done.
    pub done: u64,
    /// How many there are, as far as known.
    pub total: u64,
}
