//! Deletes files that nothing uses.
//!
//! A message and the deletion of its file must not both win, and only the read model knows which
//! messages and avatars use a file. So a deletion has two phases. First the file is retired: every
//! send and every change of an avatar observes the file, so none that has not been appended by then
//! can use it. Once the read model has reached that position, it knows everything that uses the
//! file: if anything does, the file is reinstated, and otherwise it is deleted. The bytes are
//! removed after that event. A process that ends in between leaves a retired file, or bytes without
//! a file, and the next step goes on.

use std::collections::HashSet;
use std::time::Duration;

use command_svc::{ErasedFiles, execute_file_command};
use domain::file::command::{DeleteFile, FileCommand};
use domain::file::event::DeletionReason;
use domain::file::{File, FilePhase, UNUSED_GRACE};
use domain::ids::{FileId, UserId};
use domain::time::Timestamp;
use file_store::{ObjectKey, PreviewKey, StoreError, StoredObject, UploadKey};
use futures::TryStreamExt as _;
use http_edge::Problem;
use read_model::is_file_used;
use sqlx::PgPool;
use sqlx::types::time::OffsetDateTime;

use crate::problems::{database_away, store_away};
use crate::state::{FilesState, object_of};
use crate::uses;

/// The maximum number of files that one step deletes for each reason.
const MAX_FILES: i64 = 500;

/// How long the removal of the bytes of a file may take. A request must not wait for a store that
/// is away.
const REMOVAL_TIMEOUT: Duration = Duration::from_secs(10);

/// After how many failures a sweep ends: the store is away, and each would take as long.
const MAX_FAILURES: usize = 3;

/// What became of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CollectionOutcome {
    /// It is deleted, at this position.
    Deleted(i64),
    /// The same, and its bytes are still in the store, which is away.
    DeletedWithoutBytes(i64),
    /// Something uses it.
    Used,
    /// The read model is behind, so the file stays.
    Unknown,
}

/// Deletes files that nothing uses. Several processes may do so at the same time.
#[derive(Clone)]
pub struct Collector {
    state: FilesState,
}

impl Collector {
    /// A collector of these files.
    pub fn new(state: FilesState) -> Self {
        Self { state }
    }

    /// Deletes what has expired, and what nothing has used for a day at this time. Returns the
    /// number of deleted files. While the store is away, at most one is deleted, and the rest stays
    /// for a later step.
    pub async fn step(&self, now: Timestamp) -> Result<usize, Problem> {
        self.state.forget_reservations(now).await?;
        let (mut deleted, is_away) = self.delete_expired(now).await?;
        self.note_unused(now).await?;
        if is_away {
            return Ok(deleted);
        }
        for (id, is_erased) in self.find_due(now).await? {
            let by = (UserId::system(), None);
            let reason = if is_erased {
                DeletionReason::Erased
            } else {
                DeletionReason::Unused
            };
            match self.collect(&id, reason, by).await? {
                CollectionOutcome::Deleted(_) => deleted += 1,
                CollectionOutcome::DeletedWithoutBytes(_) => return Ok(deleted + 1),
                CollectionOutcome::Used => self.forget_unused(&id).await?,
                CollectionOutcome::Unknown => {}
            }
        }
        Ok(deleted)
    }

    async fn forget_unused(&self, id: &FileId) -> Result<(), Problem> {
        let forgotten = sqlx::query("DELETE FROM files.unused WHERE id = $1")
            .bind(id.as_str())
            .execute(self.state.pool())
            .await;
        forgotten.map(drop).map_err(|error| database_away(&error))
    }

    /// Deletes a stored file, unless something uses it.
    pub(crate) async fn collect(
        &self,
        id: &FileId,
        reason: DeletionReason,
        by: (UserId, Option<UserId>),
    ) -> Result<CollectionOutcome, Problem> {
        let commands = self.state.commands();
        let Some((retirement, position)) = self.retire(id, reason, &by).await? else {
            return Ok(CollectionOutcome::Unknown);
        };
        let found = uses::find_use(self.state.pool(), id, position).await;
        let found = found.map_err(|error| database_away(&error))?;
        if found != Some(false) {
            execute_file_command(commands, id, by, FileCommand::Reinstate).await?;
            return Ok(match found {
                Some(_) => CollectionOutcome::Used,
                None => CollectionOutcome::Unknown,
            });
        }
        let file = self.state.load(id).await?;
        let delete = FileCommand::Delete(DeleteFile {
            reason,
            by: (reason == DeletionReason::Owner).then(|| by.0.clone()),
            retirement: Some(retirement),
            now: self.state.now(),
        });
        let position = execute_file_command(commands, id, by, delete).await?;
        Ok(if self.remove_bytes(id, &file).await {
            CollectionOutcome::Deleted(position)
        } else {
            CollectionOutcome::DeletedWithoutBytes(position)
        })
    }

    /// Retires a file. Returns its retirement, and a position that is not before it; `None` if
    /// somebody else is collecting the file at the same time.
    async fn retire(
        &self,
        id: &FileId,
        reason: DeletionReason,
        by: &(UserId, Option<UserId>),
    ) -> Result<Option<(u64, i64)>, Problem> {
        let commands = self.state.commands();
        let retire = || {
            let command = FileCommand::Retire(reason);
            execute_file_command(commands, id, by.clone(), command)
        };
        retire().await?;
        let retirement = self.state.load(id).await?.retirements();
        // This one changes nothing, and answers once what was loaded is durable.
        let position = retire().await?;
        let is_same = self.state.load(id).await?.retirements() == retirement;
        Ok(is_same.then_some((retirement, position)))
    }

    /// Removes the bytes of a deleted file. If that fails, the sweep of the next round does it.
    /// Returns whether they are gone.
    pub(crate) async fn remove_bytes(&self, id: &FileId, file: &File) -> bool {
        let store = self.state.store();
        let remove = async {
            if let Some(key) = UploadKey::parse(id.as_str()) {
                store.abandon(key).await?;
            }
            match object_of(id, file) {
                Some(object) => store.delete(&object).await,
                None => Ok(()),
            }
        };
        let late = |_| StoreError::Failed("it took too long".to_owned());
        let removed = tokio::time::timeout(REMOVAL_TIMEOUT, remove).await;
        let removed = removed.map_err(late).flatten();
        if let Err(error) = &removed {
            tracing::warn!(%error, "the bytes of a deleted file stay until the next sweep");
            self.state.note_leftovers();
        }
        removed.is_ok()
    }

    /// Returns the number of deleted files, and whether the store is away.
    async fn delete_expired(&self, now: Timestamp) -> Result<(usize, bool), Problem> {
        let expired: Vec<String> = sqlx::query_scalar(
            "SELECT id FROM read.files WHERE phase = 'reserved' AND expires_at <= $1 \
             ORDER BY expires_at LIMIT $2",
        )
        .bind(OffsetDateTime::from(now))
        .bind(MAX_FILES)
        .fetch_all(self.state.pool())
        .await
        .map_err(|error| database_away(&error))?;
        let mut deleted = 0;
        for id in &parse_ids(&expired) {
            let file = self.state.load(id).await?;
            if file.phase() != Some(FilePhase::Reserved) {
                continue;
            }
            let delete = FileCommand::Delete(DeleteFile {
                reason: DeletionReason::Expired,
                by: None,
                retirement: None,
                now,
            });
            let by = (UserId::system(), None);
            execute_file_command(self.state.commands(), id, by, delete).await?;
            deleted += 1;
            if !self.remove_bytes(id, &file).await {
                return Ok((deleted, true));
            }
        }
        Ok((deleted, false))
    }

    /// Notes which stored files nothing uses, and since when, as far as the steps have seen it.
    async fn note_unused(&self, now: Timestamp) -> Result<(), Problem> {
        let now = OffsetDateTime::from(now);
        sqlx::query(concat!(
            "DELETE FROM files.unused u WHERE (NOT u.erased AND ",
            is_file_used!("u.id"),
            ") OR NOT EXISTS (SELECT FROM read.files f WHERE f.id = u.id)"
        ))
        .execute(self.state.pool())
        .await
        .map_err(|error| database_away(&error))?;
        sqlx::query(concat!(
            "INSERT INTO files.unused (id, since) \
             SELECT f.id, greatest($1, f.stored_at) FROM read.files f \
             WHERE f.phase <> 'reserved' AND NOT ",
            is_file_used!("f.id"),
            " ON CONFLICT (id) DO NOTHING"
        ))
        .bind(now)
        .execute(self.state.pool())
        .await
        .map_err(|error| database_away(&error))?;
        Ok(())
    }

    /// The files that nothing has used for a day, and those whose deletion was interrupted.
    async fn find_due(&self, now: Timestamp) -> Result<Vec<(FileId, bool)>, Problem> {
        let grace = i64::try_from(UNUSED_GRACE.as_millis()).unwrap_or(i64::MAX);
        let before = Timestamp::from_millis(now.millis().saturating_sub(grace));
        let due: Vec<(String, bool)> = sqlx::query_as(
            "SELECT n.id, bool_or(n.erased) FROM ( \
                (SELECT id, erased FROM files.unused WHERE since <= $1 OR erased \
                 ORDER BY since LIMIT $2) \
                UNION ALL (SELECT id, false FROM read.files WHERE phase = 'retired' LIMIT $2) \
             ) AS n(id, erased) \
             JOIN read.files f ON f.id = n.id AND f.phase <> 'reserved' GROUP BY n.id",
        )
        .bind(OffsetDateTime::from(before))
        .bind(MAX_FILES)
        .fetch_all(self.state.pool())
        .await
        .map_err(|error| database_away(&error))?;
        let due = due.into_iter();
        Ok(due
            .filter_map(|(id, is_erased)| Some((FileId::parse(&id).ok()?, is_erased)))
            .collect())
    }

    /// Removes bytes that belong to no file: those of deleted files whose removal failed, and those
    /// of uploads that were interrupted. What an upload may still complete stays until it expires.
    pub async fn sweep(&self) -> Result<usize, Problem> {
        let store = self.state.store();
        let mut sweep = Sweep::default();
        let objects = store.list().map_ok(|object: StoredObject| object.key);
        let objects: Vec<ObjectKey> = objects
            .try_collect()
            .await
            .map_err(|error| store_away(&error))?;
        for object in &objects {
            if !self.state.may_need(object).await? {
                sweep.note(store.delete(object).await)?;
            }
        }
        let previews: Vec<PreviewKey> = store
            .list_previews()
            .try_collect()
            .await
            .map_err(|error| store_away(&error))?;
        let objects = previews.iter().map(PreviewKey::object);
        for object in objects.collect::<HashSet<_>>() {
            if !self.state.may_need(object).await? {
                sweep.note(store.delete_previews(object).await)?;
            }
        }
        let unfinished = store.list_unfinished().await;
        for key in unfinished.map_err(|error| store_away(&error))? {
            let id = FileId::parse(&key.to_string()).map_err(|_| Problem::internal())?;
            let file = self.state.load(&id).await?;
            if file.phase() != Some(FilePhase::Reserved) {
                sweep.note(store.abandon(key).await)?;
            }
        }
        sweep.finish()
    }
}

/// What a sweep has done so far. What cannot be removed does not keep it from the rest.
#[derive(Default)]
struct Sweep {
    removed: usize,
    failures: Vec<StoreError>,
}

impl Sweep {
    /// Fails if too much could not be removed.
    fn note(&mut self, removed: Result<(), StoreError>) -> Result<(), Problem> {
        match removed {
            Ok(()) => self.removed += 1,
            Err(error) => self.failures.push(error),
        }
        match self.failures.last() {
            Some(error) if self.failures.len() >= MAX_FAILURES => Err(store_away(error)),
            _ => Ok(()),
        }
    }

    /// The number of objects and uploads that were removed, if everything could be.
    fn finish(self) -> Result<usize, Problem> {
        match self.failures.first() {
            Some(error) => Err(store_away(error)),
            None => Ok(self.removed),
        }
    }
}

/// Notes the files of an erasure: the next step deletes those that nothing uses. If this fails,
/// they go after the usual time.
pub async fn note_erased(pool: &PgPool, files: ErasedFiles) {
    let noted = match files {
        ErasedFiles::Used(files) => {
            let ids: Vec<String> = files.into_iter().map(String::from).collect();
            sqlx::query(
                "INSERT INTO files.unused (id, since, erased) \
                 SELECT DISTINCT n.id, now(), true FROM unnest($1::text[]) AS n(id) \
                 ON CONFLICT (id) DO UPDATE SET erased = true",
            )
            .bind(ids)
            .execute(pool)
            .await
        }
        ErasedFiles::Of(user) => {
            sqlx::query(
                "INSERT INTO files.unused (id, since, erased) \
                 SELECT f.id, now(), true FROM read.files f \
                 WHERE f.uploader = $1 AND f.phase <> 'reserved' \
                 ON CONFLICT (id) DO UPDATE SET erased = true",
            )
            .bind(user.as_str())
            .execute(pool)
            .await
        }
    };
    if let Err(error) = noted {
        tracing::warn!(%error, "the files of an erasure are deleted later");
    }
}

fn parse_ids(texts: &[String]) -> Vec<FileId> {
    let ids = texts.iter().filter_map(|text| FileId::parse(text).ok());
    ids.collect()
}
