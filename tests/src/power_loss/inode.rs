//! Files, directories and symbolic links in memory.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::SystemTime;

use super::content::{FileContent, LostBytes};
use super::names::{InodeId, NameKey};
use super::pattern::LossPattern;
use crate::seed::Rng;

/// Who may use a file, and when it was changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Attributes {
    pub(super) mode: u16,
    pub(super) uid: u32,
    pub(super) gid: u32,
    pub(super) modified: SystemTime,
}

impl Attributes {
    /// Those of a new file of this user.
    pub(super) fn new(mode: u32, uid: u32, gid: u32) -> Self {
        Self {
            mode: (mode & 0o7777) as u16,
            uid,
            gid,
            modified: SystemTime::now(),
        }
    }
}

/// A name in a directory listing. The cookie orders names by age, so that a listing continues at
/// the right place although names come and go.
#[derive(Debug, Clone, Copy)]
pub(super) struct ListedName {
    pub(super) inode: InodeId,
    pub(super) cookie: u64,
}

/// What an inode is.
#[derive(Debug)]
pub(super) enum InodeKind {
    File(FileContent),
    Directory(BTreeMap<OsString, ListedName>),
    Symlink(PathBuf),
}

/// A file, directory or symbolic link.
#[derive(Debug)]
pub(super) struct Inode {
    pub(super) kind: InodeKind,
    pub(super) attributes: Attributes,
    /// The attributes at the last sync, or at the creation.
    pub(super) synced_attributes: Attributes,
    /// Its current names.
    pub(super) names: BTreeSet<NameKey>,
}

impl Inode {
    pub(super) fn new(kind: InodeKind, attributes: Attributes) -> Self {
        Self {
            kind,
            attributes,
            synced_attributes: attributes,
            names: BTreeSet::new(),
        }
    }

    pub(super) fn is_directory(&self) -> bool {
        matches!(self.kind, InodeKind::Directory(_))
    }

    /// What is left of it after a power loss. Content that was never synced may have survived in
    /// part. The durable names come later.
    pub(super) fn lose(self, pattern: LossPattern, rng: &mut Rng, bytes: &mut LostBytes) -> Self {
        let attributes = match pattern.keeps(rng) {
            true => self.attributes,
            false => self.synced_attributes,
        };
        let kind = match self.kind {
            InodeKind::File(content) => {
                let (left, lost) = content.lose(pattern, rng);
                bytes.unsynced += lost.unsynced;
                bytes.lost += lost.lost;
                InodeKind::File(FileContent::synced(left))
            }
            InodeKind::Directory(_) => InodeKind::Directory(BTreeMap::new()),
            InodeKind::Symlink(target) => InodeKind::Symlink(target),
        };
        Self::new(kind, attributes)
    }
}
