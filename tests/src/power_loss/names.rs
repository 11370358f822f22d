//! The names of files: those that the disk is known to have, and the changes since.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ffi::{OsStr, OsString};

/// The number of an inode.
pub(super) type InodeId = u64;

/// A name in a directory.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct NameKey {
    pub(super) directory: InodeId,
    pub(super) name: OsString,
}

impl NameKey {
    pub(super) fn new(directory: InodeId, name: &OsStr) -> Self {
        let name = name.to_owned();
        Self { directory, name }
    }
}

/// What one operation changes: each name gets an inode, or none. A rename changes two names, and
/// both changes survive or neither.
pub(super) type NameChange = Vec<(NameKey, Option<InodeId>)>;

/// The durable names, and the changes that are not durable yet in the order in which they were
/// made.
#[derive(Debug, Default)]
pub(super) struct NameJournal {
    durable: BTreeMap<NameKey, InodeId>,
    links: HashMap<InodeId, usize>,
    unsynced: Vec<NameChange>,
}

impl NameJournal {
    /// A journal whose names are durable.
    pub(super) fn new(durable: BTreeMap<NameKey, InodeId>) -> Self {
        let mut links = HashMap::new();
        for inode in durable.values() {
            *links.entry(*inode).or_default() += 1;
        }
        Self {
            durable,
            links,
            unsynced: Vec::new(),
        }
    }

    pub(super) fn record(&mut self, change: NameChange) {
        self.unsynced.push(change);
    }

    /// Whether a durable name leads to the inode.
    pub(super) fn is_linked(&self, inode: InodeId) -> bool {
        self.links.get(&inode).is_some_and(|links| *links > 0)
    }

    /// How many changes are not durable.
    pub(super) fn unsynced_count(&self) -> usize {
        self.unsynced.len()
    }

    /// Makes the changes of these names durable, with all earlier changes that they build on.
    pub(super) fn sync(&mut self, is_wanted: impl Fn(&NameKey) -> bool) {
        let mut related: HashSet<NameKey> = HashSet::new();
        let mut later = Vec::new();
        let mut taken = Vec::new();
        for change in std::mem::take(&mut self.unsynced).into_iter().rev() {
            let touches =
                |(key, _): &(NameKey, Option<InodeId>)| is_wanted(key) || related.contains(key);
            if change.iter().any(touches) {
                related.extend(change.iter().map(|(key, _)| key.clone()));
                taken.push(change);
            } else {
                later.push(change);
            }
        }
        later.reverse();
        self.unsynced = later;
        for change in taken.into_iter().rev() {
            self.apply(change);
        }
    }

    /// The names after a power loss, of which only the first so many unsynced changes survive:
    /// the journal of a file system keeps their order.
    pub(super) fn lose(mut self, survivors: usize) -> BTreeMap<NameKey, InodeId> {
        let unsynced = std::mem::take(&mut self.unsynced);
        for change in unsynced.into_iter().take(survivors) {
            self.apply(change);
        }
        self.durable
    }

    fn apply(&mut self, change: NameChange) {
        for (key, inode) in change {
            let previous = match inode {
                Some(inode) => {
                    *self.links.entry(inode).or_default() += 1;
                    self.durable.insert(key, inode)
                }
                None => self.durable.remove(&key),
            };
            if let Some(links) = previous.and_then(|inode| self.links.get_mut(&inode)) {
                *links -= 1;
            }
        }
    }
}
