//! The files of the user, which are written beside the lines.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write as _};
use std::path::Path;

use file_store::{FileStore, ObjectKey, StoreError, UploadKey};
use futures::TryStreamExt as _;
use sqlx::PgPool;

use super::error::UserExportError;

/// A file of the user whose bytes are in the store.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct ExportedFile {
    /// The id of the file.
    pub id: String,
    /// The SHA-256 of its bytes.
    pub sha256: String,
    /// Its size in bytes.
    pub size: i64,
}

/// The files of a user whose bytes are in the store.
pub async fn list_files(pool: &PgPool, user: &str) -> Result<Vec<ExportedFile>, UserExportError> {
    let files = sqlx::query_as(
        "SELECT f.id, f.sha256, f.size FROM read.files f
         WHERE f.uploader = $1 AND f.sha256 IS NOT NULL ORDER BY f.position",
    );
    Ok(files.bind(user).fetch_all(pool).await?)
}

/// Writes the files into a new directory, each under its id.
pub async fn write_files(
    store: &FileStore,
    files: &[ExportedFile],
    directory: &Path,
) -> Result<(), UserExportError> {
    fs::create_dir(directory).map_err(|error| name_path(&error, directory))?;
    for file in files {
        let unreadable = |error| UserExportError::File(file.id.clone(), error);
        let key = UploadKey::parse(&file.id).and_then(|key| ObjectKey::new(key, &file.sha256));
        let key = key.ok_or_else(|| unreadable(StoreError::Missing))?;
        let size = u64::try_from(file.size).unwrap_or_default();
        let mut bytes = store.get(&key, 0..size).await.map_err(unreadable)?;
        let path = directory.join(&file.id);
        let created = File::create_new(&path).map_err(|error| name_path(&error, &path))?;
        let mut writer = BufWriter::new(created);
        while let Some(part) = bytes.try_next().await.map_err(unreadable)? {
            writer.write_all(&part)?;
        }
        writer.flush()?;
    }
    Ok(())
}

/// The error with the path that it is about.
pub(super) fn name_path(error: &io::Error, path: &Path) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}
