//! The file aggregate: what a user uploads, from the reservation to the deletion. There is one for
//! each file. The bytes are in the file store, under the id of the file; these events say which
//! bytes the store must have.
//!
//! A file that is stored can be used by messages of its uploader, and be an avatar. A send and a
//! change of an avatar observe the file, so they and a deletion cannot both win. A deletion has two
//! phases: once a file is retired, nothing new can use it; the process that retired it then looks
//! for a use, and deletes or reinstates it.

pub mod command;
pub mod digest;
pub mod event;
pub mod name;
pub mod quota;

use std::time::Duration;

use cqrs_es::Aggregate;
use cqrs_es::event_sink::EventSink;
use cqrs_es::persist::EventUpcaster;
use serde::{Deserialize, Serialize};

use crate::ids::UserId;
use crate::refusal::Refusal;
use crate::time::Timestamp;
use command::{DeleteFile, FileCommand, StoreFile};
use event::{
    DeletionReason, FileDeleted, FileEvent, FileReinstated, FileReserved, FileRetired, FileStored,
};

/// The field that names an avatar.
const AVATAR: &str = "avatar";

/// How long nothing may use a stored file before it is deleted.
pub const UNUSED_GRACE: Duration = Duration::from_secs(24 * 3_600);

/// Where a file is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FilePhase {
    /// Its bytes are expected.
    Reserved,
    /// Its bytes are in the store.
    Stored,
    /// Its bytes are in the store, and nothing new can use it.
    Retired,
    /// Its bytes are gone, or will be soon.
    Deleted,
}

impl FilePhase {
    /// The name in the tables and in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Reserved => "reserved",
            Self::Stored => "stored",
            Self::Retired => "retired",
            Self::Deleted => "deleted",
        }
    }
}

/// The state of one file.
///
/// It is stored in snapshots; the serialized field names must not change, and a new field needs a
/// default.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct File {
    /// What was announced; `None` until the file is reserved.
    reserved: Option<FileReserved>,
    /// What was stored.
    stored: Option<FileStored>,
    phase: Option<FilePhase>,
    /// How often it was retired.
    #[serde(default)]
    retirements: u64,
}

impl File {
    /// Decides which events a command causes. Returns no events if the state already matches the
    /// command, and a [`Refusal`] if a rule rejects it.
    pub fn decide(&self, command: FileCommand) -> Result<Vec<FileEvent>, Refusal> {
        match command {
            FileCommand::Reserve(reserved) => self.reserve(reserved),
            FileCommand::Store(store) => self.store(store),
            FileCommand::Retire(reason) => self.retire(reason),
            FileCommand::Reinstate => Ok(self.reinstate()),
            FileCommand::Delete(delete) => self.delete(delete),
        }
    }

    /// Where it is in its life; `None` if it does not exist.
    pub fn phase(&self) -> Option<FilePhase> {
        self.phase
    }

    /// What was announced; `None` if it does not exist or is deleted.
    pub fn reserved(&self) -> Option<&FileReserved> {
        let reserved = self.reserved.as_ref();
        reserved.filter(|_| self.phase != Some(FilePhase::Deleted))
    }

    /// What the store has; `None` if its bytes are not there.
    pub fn stored(&self) -> Option<&FileStored> {
        let stored = self.stored.as_ref();
        stored.filter(|_| self.phase != Some(FilePhase::Deleted))
    }

    /// What the store has, or had until it was deleted.
    pub fn last_stored(&self) -> Option<&FileStored> {
        self.stored.as_ref()
    }

    /// What it is, or was until it was deleted; `None` if it was never stored.
    pub fn last_known(&self) -> Option<(&FileReserved, &FileStored)> {
        self.reserved.as_ref().zip(self.stored.as_ref())
    }

    /// How often it was retired: names the last retirement.
    pub fn retirements(&self) -> u64 {
        self.retirements
    }

    /// Whether a message can bring it back: its bytes are there and will stay.
    pub fn is_available(&self) -> bool {
        self.phase == Some(FilePhase::Stored)
    }

    /// Checks that a new message of this user can use the file, and returns what it is.
    pub fn require_usable(&self, user: &UserId) -> Result<(&FileReserved, &FileStored), Refusal> {
        self.require_stored(&[user], "body.file")
    }

    /// Checks that the file can become an avatar: it is a stored image of one of these users.
    pub fn require_avatar(&self, owners: &[&UserId]) -> Result<(), Refusal> {
        let (_, stored) = self.require_stored(owners, AVATAR)?;
        let media_type = stored.media_type.as_str();
        if media_type.starts_with("image/") {
            return Ok(());
        }
        Err(Refusal::invalid(
            AVATAR,
            format!("The bytes of the file are no image of a known format but {media_type}."),
        ))
    }

    /// Checks that it is a stored file of one of these users. `field` names it in a refusal.
    fn require_stored(
        &self,
        owners: &[&UserId],
        field: &'static str,
    ) -> Result<(&FileReserved, &FileStored), Refusal> {
        let reserved = self.reserved.as_ref();
        let Some(reserved) = reserved.filter(|own| owners.contains(&&own.uploader)) else {
            return Err(Refusal::invalid(
                field,
                "You have no file with this id; upload it first (POST /v1/files).",
            ));
        };
        let not_ready = |detail: &'static str| Refusal {
            field: Some(field),
            ..Refusal::rule_violation("file_not_ready", detail)
        };
        match (self.phase, &self.stored) {
            (Some(FilePhase::Stored), Some(stored)) => Ok((reserved, stored)),
            (Some(FilePhase::Reserved), _) => Err(not_ready(
                "The file is not stored yet; send its bytes first (PUT /v1/files/{id}/content).",
            )),
            _ => Err(not_ready(
                "The file was deleted, or is about to be; upload it again.",
            )),
        }
    }

    fn reserve(&self, reserved: FileReserved) -> Result<Vec<FileEvent>, Refusal> {
        if self.phase.is_some() {
            return Err(Refusal::conflict("A file with this id already exists."));
        }
        Ok(vec![FileEvent::FileReserved(reserved)])
    }

    fn store(&self, store: StoreFile) -> Result<Vec<FileEvent>, Refusal> {
        let Some(reserved) = &self.reserved else {
            return Err(Refusal::not_found());
        };
        let StoreFile { file, now } = store;
        match self.phase {
            Some(FilePhase::Reserved) => {}
            Some(FilePhase::Stored | FilePhase::Retired) if self.stored.as_ref() == Some(&file) => {
                return Ok(vec![]);
            }
            Some(FilePhase::Stored | FilePhase::Retired) => {
                return Err(Refusal::conflict(
                    "The file is stored already, and its bytes never change; reserve another one.",
                ));
            }
            _ => return Err(Refusal::not_found()),
        }
        self.check_open(now)?;
        if file.size != reserved.size {
            return Err(Refusal::rule_violation(
                "size_mismatch",
                format!(
                    "{} bytes were announced and {} arrived; nothing is stored.",
                    reserved.size, file.size
                ),
            ));
        }
        if reserved
            .sha256
            .as_ref()
            .is_some_and(|it| *it != file.sha256)
        {
            return Err(Refusal::rule_violation(
                "digest_mismatch",
                "The SHA-256 of the bytes is not the announced one; nothing is stored.",
            ));
        }
        Ok(vec![FileEvent::FileStored(file)])
    }

    /// Refuses an upload that has expired.
    pub fn check_open(&self, now: Timestamp) -> Result<(), Refusal> {
        match &self.reserved {
            Some(reserved) if now < reserved.expires_at => Ok(()),
            Some(_) => Err(Refusal::rule_violation(
                "upload_expired",
                "The upload has expired; reserve the file again (POST /v1/files).",
            )),
            None => Err(Refusal::not_found()),
        }
    }

    fn retire(&self, reason: DeletionReason) -> Result<Vec<FileEvent>, Refusal> {
        match self.phase {
            Some(FilePhase::Stored) => Ok(vec![FileEvent::FileRetired(FileRetired { reason })]),
            Some(FilePhase::Retired | FilePhase::Deleted) => Ok(vec![]),
            Some(FilePhase::Reserved) | None => Err(Refusal::not_found()),
        }
    }

    fn reinstate(&self) -> Vec<FileEvent> {
        match self.phase {
            Some(FilePhase::Retired) => vec![FileEvent::FileReinstated(FileReinstated {})],
            _ => vec![],
        }
    }

    /// A file that is stored can only be deleted once it is retired, and only by a process that has
    /// looked for a use since: it may have been reinstated, used and retired again. An
    /// administrator removes it whatever uses it.
    fn delete(&self, delete: DeleteFile) -> Result<Vec<FileEvent>, Refusal> {
        let DeleteFile {
            reason,
            by,
            retirement,
            now,
        } = delete;
        let may_delete = match self.phase {
            None => return Err(Refusal::not_found()),
            Some(FilePhase::Deleted) => return Ok(vec![]),
            Some(FilePhase::Retired) if retirement == Some(self.retirements) => true,
            Some(FilePhase::Stored | FilePhase::Retired) => reason == DeletionReason::Removed,
            Some(FilePhase::Reserved) => {
                reason != DeletionReason::Expired || self.check_open(now).is_err()
            }
        };
        if !may_delete {
            return Err(Refusal::conflict(
                "The file is in use, or can still be used, so it is not deleted.",
            ));
        }
        Ok(vec![FileEvent::FileDeleted(FileDeleted { reason, by })])
    }
}

impl Aggregate for File {
    const TYPE: &'static str = "file";
    type Command = FileCommand;
    type Event = FileEvent;
    type Error = Refusal;
    type Services = ();

    async fn handle(
        &mut self,
        command: FileCommand,
        (): &(),
        sink: &EventSink<Self>,
    ) -> Result<(), Refusal> {
        for event in self.decide(command)? {
            sink.write(event, self).await;
        }
        Ok(())
    }

    fn apply(&mut self, event: FileEvent) {
        match event {
            FileEvent::FileReserved(reserved) => {
                self.reserved = Some(reserved);
                self.phase = Some(FilePhase::Reserved);
            }
            FileEvent::FileStored(stored) => {
                self.stored = Some(stored);
                self.phase = Some(FilePhase::Stored);
            }
            FileEvent::FileRetired(_) => {
                self.phase = Some(FilePhase::Retired);
                self.retirements += 1;
            }
            FileEvent::FileReinstated(_) => self.phase = Some(FilePhase::Stored),
            FileEvent::FileDeleted(_) => {
                self.phase = Some(FilePhase::Deleted);
                // What people write can be erased from events, not from snapshots.
                if let Some(reserved) = &mut self.reserved {
                    reserved.name = None;
                }
            }
        }
    }
}

/// The upcasters for cqrs-es stores that read the `events` view.
pub fn upcasters() -> Vec<Box<dyn EventUpcaster>> {
    crate::event::upcast::upcasters::<FileEvent>()
}
