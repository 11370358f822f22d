//! Compares the file store with the log.

use std::collections::{BTreeMap, HashSet};

use anyhow::{Context as _, Result};
use file_store::{FileStore, ObjectKey, PreviewKey, StoredObject, UploadKey};
use futures::TryStreamExt as _;
use serde_json::{Value, json};
use sqlx::PgPool;

/// What the store has, compared with what the log says that it must have.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FilesReport {
    /// The number of files that the store must have.
    pub files: usize,
    /// Their size in bytes.
    pub bytes: u64,
    /// The ids of files whose bytes are missing.
    pub missing: Vec<String>,
    /// The ids of files whose bytes have another size than they had.
    pub damaged: Vec<String>,
    /// The names of objects that belong to no file, and of previews of such. What an upload has put
    /// there that may still be completed is no orphan. A preview that is missing is no difference:
    /// it is made when it is needed.
    pub orphaned: Vec<String>,
}

impl FilesReport {
    /// Whether the store is what the log says.
    pub fn is_equal(&self) -> bool {
        self.deviations().next().is_none()
    }

    /// What is not as the log says: each with its kind, such as `missing`.
    pub fn deviations(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let kinds = [
            ("missing", &self.missing),
            ("damaged", &self.damaged),
            ("orphaned", &self.orphaned),
        ];
        kinds
            .into_iter()
            .flat_map(|(kind, names)| names.iter().map(move |name| (kind, name.as_str())))
    }

    /// The report as one JSON object.
    pub fn to_json(&self) -> Value {
        json!({
            "equal": self.is_equal(),
            "files": self.files,
            "bytes": self.bytes,
            "missing": self.missing,
            "damaged": self.damaged,
            "orphaned": self.orphaned,
        })
    }
}

/// Compares the store with the read model, which follows from the log.
pub async fn compare(store: &FileStore, pool: &PgPool) -> Result<FilesReport> {
    // In this order: what is stored in between is in the second list too.
    let expected = list_expected(pool).await?;
    let objects: Vec<StoredObject> = store.list().try_collect().await?;
    let previews: Vec<PreviewKey> = store.list_previews().try_collect().await?;
    let objects: BTreeMap<ObjectKey, StoredObject> = objects
        .into_iter()
        .map(|object| (object.key.clone(), object))
        .collect();
    let mut report = FilesReport {
        files: expected.len(),
        bytes: expected.values().sum(),
        ..FilesReport::default()
    };
    let now = list_expected(pool).await?;
    for (key, size) in expected.iter().filter(|(key, _)| now.contains_key(key)) {
        match objects.get(key) {
            None => report.missing.push(key.file().to_string()),
            Some(object) if object.size != *size => report.damaged.push(key.file().to_string()),
            Some(_) => {}
        }
    }
    let uploads = list_uploads(pool).await?;
    let is_orphan = |key: &ObjectKey| {
        let is_expected = now.contains_key(key) || expected.contains_key(key);
        !is_expected && !uploads.contains(&key.file())
    };
    let orphaned = objects.keys().filter(|key| is_orphan(key));
    report.orphaned.extend(orphaned.map(ObjectKey::to_string));
    let orphaned = previews.iter().filter(|key| is_orphan(key.object()));
    report.orphaned.extend(orphaned.map(PreviewKey::to_string));
    Ok(report)
}

async fn list_expected(pool: &PgPool) -> Result<BTreeMap<ObjectKey, u64>> {
    let rows: Vec<(String, String, i64)> =
        sqlx::query_as("SELECT id, sha256, size FROM read.files WHERE sha256 IS NOT NULL")
            .fetch_all(pool)
            .await
            .context("the read model cannot be read")?;
    let keys = rows.into_iter().filter_map(|(id, sha256, size)| {
        let key = ObjectKey::new(UploadKey::parse(&id)?, &sha256)?;
        Some((key, u64::try_from(size).ok()?))
    });
    Ok(keys.collect())
}

/// The files whose bytes have not all arrived, or are being stored.
async fn list_uploads(pool: &PgPool) -> Result<HashSet<UploadKey>> {
    let ids: Vec<String> = sqlx::query_scalar("SELECT id FROM read.files WHERE phase = 'reserved'")
        .fetch_all(pool)
        .await
        .context("the read model cannot be read")?;
    Ok(ids.iter().filter_map(|id| UploadKey::parse(id)).collect())
}
