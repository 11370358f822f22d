//! What the routes and the collection share.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use command_svc::{Clock, CommandState};
use domain::file::{File, FilePhase};
use domain::ids::{FileId, UserId};
use domain::time::Timestamp;
use event_log::EventLog;
use file_store::{FileStore, ObjectKey, UploadKey};
use http_edge::{Caller, Problem};
use sqlx::PgPool;

use crate::problems::log_away;
use crate::user_turns::UserTurns;

/// The limits of uploads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileLimits {
    /// The maximum size of a file in bytes.
    pub file_bytes: u64,
    /// The maximum size of all files of a user in bytes; `None` for no limit.
    pub user_bytes: Option<u64>,
}

/// The inputs of [`FilesState::new`].
pub struct FilesSetup {
    /// Executes commands.
    pub commands: CommandState,
    /// The log.
    pub log: EventLog,
    /// Reads the read model on the primary, and writes what the collection notes.
    pub pool: PgPool,
    /// The bytes.
    pub store: FileStore,
    /// The limits of uploads.
    pub limits: FileLimits,
    /// The clock.
    pub clock: Clock,
}

/// What the routes and the collection share. Cheap to clone.
#[derive(Clone)]
pub struct FilesState(Arc<SharedFiles>);

struct SharedFiles {
    setup: FilesSetup,
    turns: UserTurns,
    has_leftovers: AtomicBool,
}

impl FilesState {
    /// The state for these inputs.
    pub fn new(setup: FilesSetup) -> Self {
        Self(Arc::new(SharedFiles {
            setup,
            turns: UserTurns::default(),
            has_leftovers: AtomicBool::new(false),
        }))
    }

    /// Notes that bytes which belong to no file could not be removed.
    pub(crate) fn note_leftovers(&self) {
        self.0.has_leftovers.store(true, Ordering::Relaxed);
    }

    /// Whether that was noted since the last time.
    pub(crate) fn take_leftovers(&self) -> bool {
        self.0.has_leftovers.swap(false, Ordering::Relaxed)
    }

    /// Whose turn it is in this process.
    pub(crate) fn turns(&self) -> &UserTurns {
        &self.0.turns
    }

    pub(crate) fn commands(&self) -> &CommandState {
        &self.0.setup.commands
    }

    pub(crate) fn log(&self) -> &EventLog {
        &self.0.setup.log
    }

    pub(crate) fn pool(&self) -> &PgPool {
        &self.0.setup.pool
    }

    pub(crate) fn store(&self) -> &FileStore {
        &self.0.setup.store
    }

    pub(crate) fn limits(&self) -> FileLimits {
        self.0.setup.limits
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.0.setup.clock.now()
    }

    /// Reads the newest state of a file, durable or not.
    pub(crate) async fn load(&self, id: &FileId) -> Result<File, Problem> {
        let files = self.log().files();
        let loaded = files.peek(id.as_str(), File::clone).await;
        Ok(loaded.map_err(|error| log_away(&error))?.0)
    }

    /// Whether a file has these bytes, or an upload may still give them to it. Once this is not so,
    /// it never will be again: so what removes such bytes cannot take them from a file that another
    /// request, or another process, is storing at the same moment.
    pub(crate) async fn may_need(&self, object: &ObjectKey) -> Result<bool, Problem> {
        let id = FileId::parse(&object.file().to_string()).map_err(|_| Problem::internal())?;
        let file = self.load(&id).await?;
        Ok(match file.phase() {
            Some(FilePhase::Reserved) => true,
            Some(FilePhase::Stored | FilePhase::Retired) => {
                object_of(&id, &file).as_ref() == Some(object)
            }
            Some(FilePhase::Deleted) | None => false,
        })
    }
}

/// The caller as whom a request is made, and who really makes it.
pub(crate) fn parse_caller(caller: &Caller) -> Result<(UserId, Option<UserId>), Problem> {
    let parse = |user: &str| UserId::parse(user).map_err(|_| Problem::invalid_user_id());
    let actor = caller.actor.as_ref().map(|actor| parse(&actor.user));
    Ok((parse(&caller.user)?, actor.transpose()?))
}

/// The id in a path. What is no id is treated like an unknown one.
pub(crate) fn parse_id(text: &str) -> Result<(FileId, UploadKey), Problem> {
    let key = UploadKey::parse(text).ok_or_else(Problem::not_found)?;
    let id = FileId::parse(text).map_err(|_| Problem::not_found())?;
    Ok((id, key))
}

/// The object with the bytes of a file, if it has any.
pub(crate) fn object_of(id: &FileId, file: &File) -> Option<ObjectKey> {
    let sha256 = file.last_stored()?.sha256.as_str();
    ObjectKey::new(UploadKey::parse(id.as_str())?, sha256)
}
