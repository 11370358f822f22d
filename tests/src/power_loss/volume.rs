//! A file system in memory that knows what has been synced, as harsh as POSIX allows and the file
//! systems of Linux are.
//!
//! - Content and attributes are durable after an fsync of the file.
//! - Changes of names are durable after an fsync of their directory. Besides, an fsync of a file
//!   without a durable name makes its current names durable, and those of the directories above:
//!   ext4, XFS and btrfs do so, and Postgres relies on it for the files of tables. A file that has
//!   a durable name keeps it until the directory is synced: a rename needs that.
//! - Of everything else, a [`LossPattern`] chooses what survives.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ffi::{OsStr, OsString};
use std::time::SystemTime;

use super::content::{FileContent, LostBytes};
use super::inode::{Attributes, Inode, InodeKind, ListedName};
use super::names::{InodeId, NameJournal, NameKey};
use super::pattern::LossPattern;
use crate::seed::Rng;

/// The root directory.
pub(super) const ROOT: InodeId = 1;

/// The directory in which Postgres keeps the log of its changes.
const POSTGRES_LOG_DIR: &str = "pg_wal";

/// Why an operation fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum VolumeError {
    NotFound,
    Exists,
    NotEmpty,
    NotADirectory,
    IsADirectory,
    Invalid,
}

/// What a power loss took.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PowerLoss {
    /// Content that had not been synced.
    pub bytes: LostBytes,
    /// Changes of names that had not been synced.
    pub unsynced_names: usize,
    /// How many of them are gone.
    pub lost_names: usize,
}

/// The file system.
#[derive(Debug)]
pub(super) struct Volume {
    inodes: HashMap<InodeId, Inode>,
    journal: NameJournal,
    next_inode: InodeId,
    next_cookie: u64,
    /// Planted: an fsync of the log of Postgres does nothing, as with a disk that lies.
    pub(super) ignores_log_syncs: bool,
}

type VolumeResult<T> = Result<T, VolumeError>;

impl Volume {
    /// An empty one, whose root belongs to root.
    pub(super) fn new() -> Self {
        let root = Inode::new(
            InodeKind::Directory(BTreeMap::new()),
            Attributes::new(0o755, 0, 0),
        );
        Self {
            inodes: HashMap::from([(ROOT, root)]),
            journal: NameJournal::default(),
            next_inode: ROOT + 1,
            next_cookie: 3,
            ignores_log_syncs: false,
        }
    }

    pub(super) fn inode(&self, inode: InodeId) -> VolumeResult<&Inode> {
        self.inodes.get(&inode).ok_or(VolumeError::NotFound)
    }

    fn inode_mut(&mut self, inode: InodeId) -> VolumeResult<&mut Inode> {
        self.inodes.get_mut(&inode).ok_or(VolumeError::NotFound)
    }

    /// The names in a directory.
    pub(super) fn list(&self, inode: InodeId) -> VolumeResult<&BTreeMap<OsString, ListedName>> {
        match &self.inode(inode)?.kind {
            InodeKind::Directory(names) => Ok(names),
            _ => Err(VolumeError::NotADirectory),
        }
    }

    fn list_mut(&mut self, inode: InodeId) -> VolumeResult<&mut BTreeMap<OsString, ListedName>> {
        match &mut self.inode_mut(inode)?.kind {
            InodeKind::Directory(names) => Ok(names),
            _ => Err(VolumeError::NotADirectory),
        }
    }

    pub(super) fn lookup(&self, directory: InodeId, name: &OsStr) -> VolumeResult<InodeId> {
        let found = self.list(directory)?.get(name);
        found
            .map(|listed| listed.inode)
            .ok_or(VolumeError::NotFound)
    }

    pub(super) fn content(&mut self, inode: InodeId) -> VolumeResult<&mut FileContent> {
        match &mut self.inode_mut(inode)?.kind {
            InodeKind::File(content) => Ok(content),
            InodeKind::Directory(_) => Err(VolumeError::IsADirectory),
            InodeKind::Symlink(_) => Err(VolumeError::Invalid),
        }
    }

    /// Creates a file, directory or symbolic link.
    pub(super) fn create(
        &mut self,
        key: NameKey,
        kind: InodeKind,
        attributes: Attributes,
    ) -> VolumeResult<InodeId> {
        if self.list(key.directory)?.contains_key(&key.name) {
            return Err(VolumeError::Exists);
        }
        let inode = self.next_inode;
        self.next_inode += 1;
        self.inodes.insert(inode, Inode::new(kind, attributes));
        self.change_names(vec![(key, Some(inode))])?;
        Ok(inode)
    }

    /// Adds a name to a file.
    pub(super) fn link(&mut self, inode: InodeId, key: NameKey) -> VolumeResult<()> {
        if self.inode(inode)?.is_directory() {
            return Err(VolumeError::IsADirectory);
        }
        if self.list(key.directory)?.contains_key(&key.name) {
            return Err(VolumeError::Exists);
        }
        self.change_names(vec![(key, Some(inode))])
    }

    /// Removes the name of a file, or of an empty directory.
    pub(super) fn remove(&mut self, key: NameKey, directory: bool) -> VolumeResult<()> {
        let inode = self.lookup(key.directory, &key.name)?;
        match (self.inode(inode)?.is_directory(), directory) {
            (true, false) => return Err(VolumeError::IsADirectory),
            (false, true) => return Err(VolumeError::NotADirectory),
            (true, true) if !self.list(inode)?.is_empty() => return Err(VolumeError::NotEmpty),
            _ => {}
        }
        self.change_names(vec![(key, None)])
    }

    /// Renames, and replaces what has the new name unless `keep_target`.
    pub(super) fn rename(
        &mut self,
        from: NameKey,
        to: NameKey,
        keep_target: bool,
    ) -> VolumeResult<()> {
        let inode = self.lookup(from.directory, &from.name)?;
        if let Ok(target) = self.lookup(to.directory, &to.name) {
            if keep_target {
                return Err(VolumeError::Exists);
            }
            if target == inode {
                return Ok(());
            }
            match (self.inode(inode)?.is_directory(), self.list(target)) {
                (true, Ok(names)) if !names.is_empty() => return Err(VolumeError::NotEmpty),
                (true, Err(_)) => return Err(VolumeError::NotADirectory),
                (false, Ok(_)) => return Err(VolumeError::IsADirectory),
                _ => {}
            }
        }
        self.change_names(vec![(from, None), (to, Some(inode))])
    }

    /// Changes current names, and records that the disk does not have the change yet.
    fn change_names(&mut self, change: Vec<(NameKey, Option<InodeId>)>) -> VolumeResult<()> {
        for (key, inode) in &change {
            let cookie = self.next_cookie;
            self.next_cookie += 1;
            let names = self.list_mut(key.directory)?;
            let previous = match inode {
                Some(inode) => {
                    let inode = *inode;
                    names.insert(key.name.clone(), ListedName { inode, cookie })
                }
                None => names.remove(&key.name),
            };
            self.inode_mut(key.directory)?.attributes.modified = SystemTime::now();
            if let Some(previous) = previous {
                self.inode_mut(previous.inode)?.names.remove(key);
            }
            if let Some(inode) = inode {
                self.inode_mut(*inode)?.names.insert(key.clone());
            }
        }
        self.journal.record(change);
        Ok(())
    }

    pub(super) fn write(&mut self, inode: InodeId, offset: usize, data: &[u8]) -> VolumeResult<()> {
        self.content(inode)?.write(offset, data);
        self.inode_mut(inode)?.attributes.modified = SystemTime::now();
        Ok(())
    }

    pub(super) fn set_len(&mut self, inode: InodeId, len: usize) -> VolumeResult<()> {
        self.content(inode)?.set_len(len);
        self.inode_mut(inode)?.attributes.modified = SystemTime::now();
        Ok(())
    }

    /// Changes attributes.
    pub(super) fn set_attributes(
        &mut self,
        inode: InodeId,
        change: impl FnOnce(&mut Attributes),
    ) -> VolumeResult<()> {
        change(&mut self.inode_mut(inode)?.attributes);
        Ok(())
    }

    /// An fsync of a file or directory.
    pub(super) fn sync(&mut self, inode: InodeId) -> VolumeResult<()> {
        if self.ignores_log_syncs && self.is_log_file(inode)? {
            return Ok(());
        }
        let synced = self.inode_mut(inode)?;
        synced.synced_attributes = synced.attributes;
        match &mut synced.kind {
            InodeKind::File(content) => content.sync(),
            InodeKind::Directory(_) => self.journal.sync(|key| key.directory == inode),
            InodeKind::Symlink(_) => {}
        }
        self.sync_first_names(inode)
    }

    /// Makes an inode reachable on the disk, if it is not.
    fn sync_first_names(&mut self, inode: InodeId) -> VolumeResult<()> {
        if inode == ROOT || self.journal.is_linked(inode) {
            return Ok(());
        }
        let names = self.inode(inode)?.names.clone();
        self.journal.sync(|key| names.contains(key));
        for key in names {
            self.sync_first_names(key.directory)?;
        }
        Ok(())
    }

    fn is_log_file(&self, inode: InodeId) -> VolumeResult<bool> {
        for key in &self.inode(inode)?.names {
            let mut above = self.inode(key.directory)?.names.iter();
            if above.any(|key| key.name == POSTGRES_LOG_DIR) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The file system after a power loss.
    pub(super) fn lose_power(mut self, pattern: LossPattern, rng: &mut Rng) -> (Self, PowerLoss) {
        let unsynced_names = self.journal.unsynced_count();
        let survivors = match pattern.keep_percent {
            0 => 0,
            _ => rng.below(unsynced_names + 1),
        };
        let durable = std::mem::take(&mut self.journal).lose(survivors);
        let mut loss = PowerLoss {
            unsynced_names,
            lost_names: unsynced_names - survivors,
            ..PowerLoss::default()
        };
        let mut after = Self::new();
        after.next_inode = self.next_inode;
        after.next_cookie = self.next_cookie;
        let mut children: BTreeMap<InodeId, Vec<(NameKey, InodeId)>> = BTreeMap::new();
        for (key, inode) in durable {
            children
                .entry(key.directory)
                .or_default()
                .push((key, inode));
        }
        let mut reachable = BTreeMap::new();
        let mut pending = vec![ROOT];
        let mut seen = HashSet::new();
        while let Some(inode) = pending.pop() {
            if !seen.insert(inode) {
                continue;
            }
            if let Some(lost) = self.inodes.remove(&inode) {
                let left = lost.lose(pattern, rng, &mut loss.bytes);
                after.inodes.insert(inode, left);
            }
            for (key, child) in children.remove(&inode).unwrap_or_default() {
                pending.push(child);
                reachable.insert(key, child);
            }
        }
        after.link_durable_names(&reachable);
        after.journal = NameJournal::new(reachable);
        (after, loss)
    }

    fn link_durable_names(&mut self, names: &BTreeMap<NameKey, InodeId>) {
        for (key, inode) in names {
            let (inode, cookie) = (*inode, self.next_cookie);
            self.next_cookie += 1;
            if let Some(found) = self.inodes.get_mut(&inode) {
                found.names.insert(key.clone());
            }
            if let Ok(names) = self.list_mut(key.directory) {
                names.insert(key.name.clone(), ListedName { inode, cookie });
            }
        }
    }
}
