//! A bucket of an S3 service: how objects get into it, whole or not at all.
//!
//! A large object is sent in parts. The service keeps the parts of an upload that is never
//! completed, and no list of objects shows them. So each such upload is noted in a local directory
//! before its first part is sent. What fails is abandoned at once if the service answers, and
//! otherwise before the next attempt, or by the sweep.

use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use futures::{StreamExt as _, TryStreamExt as _};
use object_store::aws::{AmazonS3, AmazonS3Builder, AmazonS3ConfigKey};
use object_store::client::{ClientOptions, HttpClient, HttpConnector};
use object_store::multipart::{MultipartStore as _, PartId};
use object_store::path::Path as ObjectPath;
use object_store::{MultipartId, ObjectStoreExt as _, RetryConfig};

use crate::key::UploadKey;
use crate::staging::CompletedUpload;
use crate::store_error::StoreError;

/// How much of a file is sent at once. A bucket takes parts of at least 5 MiB.
const PART_BYTES: u64 = 8 * 1024 * 1024;

/// How many parts of one file are sent at the same time.
const CONCURRENT_PARTS: usize = 2;

/// How long the service of a bucket may take to accept a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// How often a request to it is repeated, and for how long.
const MAX_RETRIES: usize = 3;
const RETRY_TIMEOUT: Duration = Duration::from_secs(10);

/// A bucket. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Bucket {
    s3: Arc<AmazonS3>,
    /// Has a note for each object that is being sent in parts.
    notes: PathBuf,
}

/// What is known of an upload in parts.
#[derive(Debug, PartialEq, Eq)]
struct PartsNote {
    path: ObjectPath,
    id: MultipartId,
}

impl Bucket {
    /// The bucket of this name. `variables` name the service and the credentials. The service may
    /// send nothing for so long. Notes are in the directory.
    pub(crate) fn open(
        name: &str,
        variables: &[(String, String)],
        timeout: Duration,
        notes: PathBuf,
    ) -> Result<Self, StoreError> {
        // Fails if a provider is already installed; any provider will do.
        let _ = rustls::crypto::ring::default_provider().install_default();
        std::fs::create_dir_all(&notes)?;
        let mut builder = AmazonS3Builder::new();
        for (variable, value) in variables {
            let key = variable.to_ascii_lowercase().parse::<AmazonS3ConfigKey>();
            if let (true, Ok(key)) = (variable.starts_with("AWS_"), key) {
                builder = builder.with_config(key, value);
            }
        }
        let s3 = builder
            .with_bucket_name(name)
            .with_http_connector(Connector { timeout })
            .with_retry(RetryConfig {
                max_retries: MAX_RETRIES,
                retry_timeout: RETRY_TIMEOUT,
                ..RetryConfig::default()
            })
            .build()?;
        Ok(Self {
            s3: Arc::new(s3),
            notes,
        })
    }

    /// What reads, lists and deletes its objects.
    pub(crate) fn objects(&self) -> Arc<AmazonS3> {
        self.s3.clone()
    }

    /// Puts the bytes of a complete upload there.
    pub(crate) async fn put(
        &self,
        path: &ObjectPath,
        key: UploadKey,
        upload: &CompletedUpload,
    ) -> Result<(), StoreError> {
        let file = Arc::new(upload.file.try_clone()?);
        if upload.size > PART_BYTES {
            return self.put_in_parts(path, key, file, upload.size).await;
        }
        let whole = read_part(file, 0..upload.size).await?;
        let put = self.s3.put(path, whole.into()).await;
        put.map(drop).map_err(StoreError::of_write)
    }

    async fn put_in_parts(
        &self,
        path: &ObjectPath,
        key: UploadKey,
        file: Arc<std::fs::File>,
        size: u64,
    ) -> Result<(), StoreError> {
        self.abandon_parts(key).await?;
        let created = self.s3.create_multipart(path).await;
        let id = created.map_err(StoreError::of_write)?;
        let note = PartsNote {
            path: path.clone(),
            id,
        };
        tokio::fs::write(self.note_path(key), note.to_text()).await?;
        let sent = self.send_parts(&note, file, size).await;
        let ended = match &sent {
            Ok(()) => remove(self.note_path(key)).await,
            Err(_) => self.abandon_parts(key).await,
        };
        if let Err(error) = ended {
            tracing::warn!(%error, %key, "the parts of an upload stay until the next attempt");
        }
        sent
    }

    async fn send_parts(
        &self,
        note: &PartsNote,
        file: Arc<std::fs::File>,
        size: u64,
    ) -> Result<(), StoreError> {
        let PartsNote { path, id } = note;
        let send = |number: u64| {
            let file = file.clone();
            async move {
                let first = number * PART_BYTES;
                let bytes = read_part(file, first..size.min(first + PART_BYTES)).await?;
                let index = usize::try_from(number).map_err(io::Error::other)?;
                let sent = self.s3.put_part(path, id, index, bytes.into()).await;
                sent.map_err(StoreError::of_write)
            }
        };
        let parts: Vec<PartId> = futures::stream::iter(0..size.div_ceil(PART_BYTES))
            .map(send)
            .buffered(CONCURRENT_PARTS)
            .try_collect()
            .await?;
        let completed = self.s3.complete_multipart(path, id, parts).await;
        completed.map(drop).map_err(StoreError::of_write)
    }

    /// Removes the parts of an upload of this file that was not completed, if there are any.
    pub(crate) async fn abandon_parts(&self, key: UploadKey) -> Result<(), StoreError> {
        let place = self.note_path(key);
        let text = match tokio::fs::read_to_string(&place).await {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        // A note that was cut by a crash: no part had been sent.
        if let Some(PartsNote { path, id }) = PartsNote::parse(&text) {
            match self.s3.abort_multipart(&path, &id).await {
                Ok(()) | Err(object_store::Error::NotFound { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        remove(place).await
    }

    /// The files of which parts were sent, and which were not completed.
    pub(crate) async fn list_noted(&self) -> Result<Vec<UploadKey>, StoreError> {
        let mut keys = Vec::new();
        let mut entries = tokio::fs::read_dir(&self.notes).await?;
        while let Some(entry) = entries.next_entry().await? {
            keys.extend(entry.file_name().to_str().and_then(UploadKey::parse));
        }
        Ok(keys)
    }

    fn note_path(&self, key: UploadKey) -> PathBuf {
        self.notes.join(key.to_string())
    }
}

impl PartsNote {
    fn to_text(&self) -> String {
        format!("{}\n{}\n", self.path, self.id)
    }

    fn parse(text: &str) -> Option<Self> {
        let (path, id) = text.strip_suffix('\n')?.split_once('\n')?;
        Some(Self {
            path: ObjectPath::parse(path).ok()?,
            id: id.to_owned(),
        })
    }
}

async fn remove(path: PathBuf) -> Result<(), StoreError> {
    match tokio::fs::remove_file(path).await {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}

/// Reads some bytes of a file on a thread that may wait.
async fn read_part(
    file: Arc<std::fs::File>,
    range: std::ops::Range<u64>,
) -> Result<Vec<u8>, StoreError> {
    let read = tokio::task::spawn_blocking(move || {
        let length = usize::try_from(range.end - range.start).map_err(io::Error::other)?;
        let mut bytes = vec![0; length];
        file.read_exact_at(&mut bytes, range.start)?;
        Ok::<_, io::Error>(bytes)
    });
    Ok(read.await.map_err(io::Error::other)??)
}

/// Connects to the service of a bucket with the TLS of this program.
#[derive(Debug)]
struct Connector {
    timeout: Duration,
}

impl HttpConnector for Connector {
    fn connect(&self, _: &ClientOptions) -> object_store::Result<HttpClient> {
        let client = reqwest::Client::builder()
            .connect_timeout(CONNECT_TIMEOUT.min(self.timeout))
            .read_timeout(self.timeout)
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(|error| object_store::Error::Generic {
                store: "S3",
                source: Box::new(error),
            })?;
        Ok(HttpClient::new(client))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_is_read_back_and_one_that_was_cut_is_none() {
        let note = PartsNote {
            path: ObjectPath::from("chat/files/5a/a.b"),
            id: "an id/with+marks==".into(),
        };
        let text = note.to_text();
        assert_eq!(PartsNote::parse(&text[..text.len() - 1]), None);
        assert_eq!(PartsNote::parse("chat/files"), None);
        assert_eq!(PartsNote::parse(&text), Some(note));
    }
}
