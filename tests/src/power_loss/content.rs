//! The content of one file: what programs read, and what the disk is known to have.

use std::collections::BTreeSet;

use super::pattern::{LossPattern, PAGE_BYTES};
use crate::seed::Rng;

/// The content of a file, with everything that was changed since the last sync.
#[derive(Debug, Clone, Default)]
pub(super) struct FileContent {
    current: Vec<u8>,
    synced: Vec<u8>,
    /// The pages that were written since the last sync.
    dirty: BTreeSet<usize>,
    /// The shortest length since the last sync, if the file was truncated.
    shrunk_to: Option<usize>,
}

/// How much of what was not synced a power loss took.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LostBytes {
    /// The bytes that had not been synced, in whole units of the disk.
    pub unsynced: usize,
    /// How many of them are gone.
    pub lost: usize,
}

impl FileContent {
    /// A file that the disk has.
    pub(super) fn synced(bytes: Vec<u8>) -> Self {
        Self {
            current: bytes.clone(),
            synced: bytes,
            ..Self::default()
        }
    }

    pub(super) fn len(&self) -> usize {
        self.current.len()
    }

    /// What programs read.
    pub(super) fn read(&self, offset: usize, size: usize) -> &[u8] {
        let from = offset.min(self.current.len());
        let to = offset.saturating_add(size).min(self.current.len());
        &self.current[from..to]
    }

    pub(super) fn write(&mut self, offset: usize, data: &[u8]) {
        let end = offset + data.len();
        if end > self.current.len() {
            self.current.resize(end, 0);
        }
        self.current[offset..end].copy_from_slice(data);
        if !data.is_empty() {
            self.dirty
                .extend(offset / PAGE_BYTES..=(end - 1) / PAGE_BYTES);
        }
    }

    pub(super) fn set_len(&mut self, len: usize) {
        if len < self.current.len() {
            self.shrunk_to = Some(self.shrunk_to.map_or(len, |shortest| shortest.min(len)));
            self.dirty.retain(|page| page * PAGE_BYTES < len);
            if !len.is_multiple_of(PAGE_BYTES) {
                self.dirty.insert(len / PAGE_BYTES);
            }
        }
        self.current.resize(len, 0);
    }

    /// Makes the current content durable.
    pub(super) fn sync(&mut self) {
        self.resize_synced();
        for page in std::mem::take(&mut self.dirty) {
            let range = self.clip(page * PAGE_BYTES, PAGE_BYTES);
            self.synced[range.clone()].copy_from_slice(&self.current[range]);
        }
    }

    fn resize_synced(&mut self) {
        if let Some(shortest) = self.shrunk_to.take() {
            self.synced.truncate(shortest);
        }
        self.synced.resize(self.current.len(), 0);
    }

    /// The part of a unit that both versions have.
    fn clip(&self, from: usize, size: usize) -> std::ops::Range<usize> {
        let end = self.current.len().min(self.synced.len());
        from.min(end)..(from + size).min(end)
    }

    /// What is left after a power loss. A new length may have reached the disk or not. Of the
    /// written pages, each unit may have reached it, whether or not earlier ones did.
    pub(super) fn lose(mut self, pattern: LossPattern, rng: &mut Rng) -> (Vec<u8>, LostBytes) {
        let mut bytes = LostBytes::default();
        let was_shrunk = self.shrunk_to.is_some();
        let keeps_length = pattern.keeps(rng);
        let unsynced_pages = std::mem::take(&mut self.dirty);
        if keeps_length {
            self.resize_synced();
        }
        // The blocks of a file whose truncation is undone are the old ones.
        let may_keep = keeps_length || !was_shrunk;
        for page in unsynced_pages {
            for part in 0..PAGE_BYTES / pattern.unit_bytes {
                let from = page * PAGE_BYTES + part * pattern.unit_bytes;
                if from >= self.current.len() {
                    break;
                }
                bytes.unsynced += pattern.unit_bytes;
                if may_keep && pattern.keeps(rng) {
                    let range = self.clip(from, pattern.unit_bytes);
                    self.synced[range.clone()].copy_from_slice(&self.current[range]);
                } else {
                    bytes.lost += pattern.unit_bytes;
                }
            }
        }
        (self.synced, bytes)
    }
}
