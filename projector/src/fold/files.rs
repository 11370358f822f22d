//! Applies the events of files. They have no entries: users learn of a file from its messages.

use domain::file::FilePhase;
use domain::file::event::FileEvent;
use domain::ids::FileId;

use super::state::Fold;
use crate::decode::EventPosition;

impl Fold<'_> {
    pub(super) fn apply_file(&mut self, at: EventPosition, id: &FileId, event: &FileEvent) {
        let change = self.rows.files.entry(id.clone()).or_default();
        match event {
            FileEvent::FileReserved(reserved) => {
                change.reserved = Some((reserved.clone(), at.position, at.time));
                change.phase = Some(FilePhase::Reserved);
            }
            FileEvent::FileStored(stored) => {
                change.stored = Some((stored.clone(), at.time));
                change.phase = Some(FilePhase::Stored);
            }
            FileEvent::FileRetired(_) => change.phase = Some(FilePhase::Retired),
            FileEvent::FileReinstated(_) => change.phase = Some(FilePhase::Stored),
            FileEvent::FileDeleted(_) => change.phase = Some(FilePhase::Deleted),
        }
    }
}
