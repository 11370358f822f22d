//! The store of complete files.

use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use futures::stream::BoxStream;
use futures::{StreamExt as _, TryStreamExt as _};
use object_store::aws::AmazonS3Builder;
use object_store::client::{ClientOptions, HttpClient, HttpConnector};
use object_store::local::LocalFileSystem;
use object_store::path::Path as ObjectPath;
use object_store::{
    GetOptions, GetRange, GetResult, GetResultPayload, ObjectStore, ObjectStoreExt as _,
    RetryConfig, WriteMultipart,
};
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _};

use crate::key::{FOLDER, ObjectKey, PREVIEW_FOLDER, PreviewKey, PreviewSize, UploadKey};
use crate::location::StoreLocation;
use crate::staging::{CompletedUpload, Staging, StagingError};

/// How much of a file is read or sent at once. A bucket takes parts of at least 5 MiB.
const PART_BYTES: usize = 8 * 1024 * 1024;

/// How many parts of one file are sent to a bucket at the same time.
const CONCURRENT_PARTS: usize = 2;

/// How much of a file in a directory is read at once.
const READ_BYTES: usize = 256 * 1024;

/// How long the service of a bucket may take to accept a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// How often a request to it is repeated, and for how long.
const MAX_RETRIES: usize = 3;
const RETRY_TIMEOUT: Duration = Duration::from_secs(10);

/// How long it may send nothing.
const READ_TIMEOUT: Duration = Duration::from_secs(30);

/// Why the store did not do something.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// It has no such object.
    #[error("the file store has no such object")]
    Missing,
    /// It is away, full, or refuses the credentials.
    #[error("the file store failed: {0}")]
    Failed(String),
}

impl From<object_store::Error> for StoreError {
    fn from(error: object_store::Error) -> Self {
        match error {
            object_store::Error::NotFound { .. } => Self::Missing,
            other => Self::Failed(other.to_string()),
        }
    }
}

impl From<io::Error> for StoreError {
    fn from(error: io::Error) -> Self {
        Self::Failed(error.to_string())
    }
}

/// Bytes of an object: from the first position to before the second.
pub type ByteRange = Range<u64>;

/// The bytes of an object, in order.
pub type ByteStream = BoxStream<'static, Result<Bytes, StoreError>>;

/// An object in the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredObject {
    /// Its name.
    pub key: ObjectKey,
    /// Its size in bytes.
    pub size: u64,
    /// When it was put there.
    pub modified: SystemTime,
}

/// A store of files: a directory or a bucket. Cheap to clone.
#[derive(Debug, Clone)]
pub struct FileStore {
    objects: Arc<dyn ObjectStore>,
    prefix: ObjectPath,
    /// The directory, if it is one.
    directory: Option<PathBuf>,
    staging: Staging,
}

impl FileStore {
    /// Opens the store. `local` is a directory for uploads that are not complete, if the store is a
    /// bucket; otherwise they are in the directory of the store, on the same disk.
    pub fn open(location: &StoreLocation, local: &Path) -> Result<Self, StoreError> {
        match location {
            StoreLocation::Directory(directory) => {
                let staging = Staging::open(&directory.join("uploads"))?;
                let objects = LocalFileSystem::new_with_prefix(directory)?;
                Ok(Self {
                    objects: Arc::new(objects),
                    prefix: ObjectPath::default(),
                    directory: Some(directory.clone()),
                    staging,
                })
            }
            StoreLocation::Bucket { bucket, prefix } => {
                // Fails if a provider is already installed; any provider will do.
                let _ = rustls::crypto::ring::default_provider().install_default();
                let objects = AmazonS3Builder::from_env()
                    .with_bucket_name(bucket)
                    .with_http_connector(Connector)
                    .with_retry(RetryConfig {
                        max_retries: MAX_RETRIES,
                        retry_timeout: RETRY_TIMEOUT,
                        ..RetryConfig::default()
                    })
                    .build()?;
                Ok(Self {
                    objects: Arc::new(objects),
                    prefix: ObjectPath::from(prefix.as_str()),
                    directory: None,
                    staging: Staging::open(local)?,
                })
            }
        }
    }

    /// The uploads that are not complete.
    pub fn staging(&self) -> &Staging {
        &self.staging
    }

    fn path(&self, names: &str) -> ObjectPath {
        let parts = self.prefix.parts();
        parts.chain(names.split('/').map(Into::into)).collect()
    }

    /// Puts the bytes of a complete upload into the store, whole or not at all. Once this returns,
    /// they survive a power cut.
    pub async fn put(&self, key: &ObjectKey, upload: &CompletedUpload) -> Result<(), StoreError> {
        match &self.directory {
            Some(directory) => move_into_place(upload, directory.join(key.path())).await,
            None => self.put_into_bucket(key, upload).await,
        }
    }

    async fn put_into_bucket(
        &self,
        key: &ObjectKey,
        upload: &CompletedUpload,
    ) -> Result<(), StoreError> {
        let path = self.path(&key.path());
        let mut file = tokio::fs::File::from_std(upload.file.try_clone()?);
        file.rewind().await?;
        if upload.size <= PART_BYTES as u64 {
            let mut whole = Vec::with_capacity(upload.size as usize);
            file.read_to_end(&mut whole).await?;
            self.objects.put(&path, whole.into()).await?;
            return Ok(());
        }
        let parts = self.objects.put_multipart(&path).await?;
        let mut writer = WriteMultipart::new_with_chunk_size(parts, PART_BYTES);
        let mut buffer = vec![0; READ_BYTES];
        loop {
            let read = match file.read(&mut buffer).await {
                Ok(read) => read,
                Err(error) => {
                    writer.abort().await?;
                    return Err(error.into());
                }
            };
            if read == 0 {
                break;
            }
            if let Err(error) = writer.wait_for_capacity(CONCURRENT_PARTS).await {
                writer.abort().await?;
                return Err(error.into());
            }
            writer.write(&buffer[..read]);
        }
        writer.finish().await?;
        Ok(())
    }

    /// Reads these bytes of an object.
    pub async fn get(&self, key: &ObjectKey, range: ByteRange) -> Result<ByteStream, StoreError> {
        if range.is_empty() {
            return Ok(futures::stream::empty().boxed());
        }
        let options = GetOptions {
            range: Some(GetRange::Bounded(range)),
            ..GetOptions::default()
        };
        let found = self
            .objects
            .get_opts(&self.path(&key.path()), options)
            .await?;
        read_payload(found).await
    }

    /// The object, if the store has it.
    pub async fn find(&self, key: &ObjectKey) -> Result<Option<StoredObject>, StoreError> {
        match self.objects.head(&self.path(&key.path())).await {
            Ok(meta) => Ok(Some(StoredObject {
                key: key.clone(),
                size: meta.size,
                modified: meta.last_modified.into(),
            })),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Deletes an object, and then its previews. It is no error if the store does not have them.
    pub async fn delete(&self, key: &ObjectKey) -> Result<(), StoreError> {
        self.delete_path(&self.path(&key.path())).await?;
        self.delete_previews(key).await
    }

    async fn delete_path(&self, path: &ObjectPath) -> Result<(), StoreError> {
        match self.objects.delete(path).await {
            Err(object_store::Error::NotFound { .. }) | Ok(()) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Lists all objects, in any order.
    pub fn list(&self) -> BoxStream<'static, Result<StoredObject, StoreError>> {
        let parts = self.prefix.parts();
        let folder: ObjectPath = parts.chain([FOLDER.into()]).collect();
        let listed = self.objects.list(Some(&folder)).map_err(StoreError::from);
        listed
            .try_filter_map(|meta| async move {
                let key = ObjectKey::from_path(meta.location.as_ref());
                Ok(key.map(|key| StoredObject {
                    key,
                    size: meta.size,
                    modified: meta.last_modified.into(),
                }))
            })
            .boxed()
    }
}

/// Previews. They are no files of their own: each belongs to an object, and is made from it again
/// if it is lost.
impl FileStore {
    /// Puts a preview into the store, whole or not at all.
    pub(crate) async fn put_preview(
        &self,
        key: &PreviewKey,
        bytes: Bytes,
    ) -> Result<(), StoreError> {
        let Some(directory) = &self.directory else {
            let path = self.path(&key.path());
            self.objects.put(&path, bytes.into()).await?;
            return Ok(());
        };
        // What a crash leaves behind is an upload that nobody announced, which the sweep removes.
        let mut staged = self.staging.resume(UploadKey::random(), true).await?;
        staged.append(&bytes).await?;
        let staged = staged.complete().await?;
        move_into_place(&staged, directory.join(key.path())).await
    }

    /// Reads a preview. Returns its size and its bytes.
    pub(crate) async fn get_preview(
        &self,
        key: &PreviewKey,
    ) -> Result<(u64, ByteStream), StoreError> {
        let found = self.objects.get(&self.path(&key.path())).await?;
        Ok((found.meta.size, read_payload(found).await?))
    }

    /// Whether the store has all previews of an object.
    pub(crate) async fn has_previews(&self, object: &ObjectKey) -> Result<bool, StoreError> {
        for size in PreviewSize::ALL {
            let key = PreviewKey::new(object.clone(), size);
            match self.objects.head(&self.path(&key.path())).await {
                Ok(_) => {}
                Err(object_store::Error::NotFound { .. }) => return Ok(false),
                Err(error) => return Err(error.into()),
            }
        }
        Ok(true)
    }

    /// Deletes the previews of an object. It is no error if the store does not have them.
    pub async fn delete_previews(&self, object: &ObjectKey) -> Result<(), StoreError> {
        for size in PreviewSize::ALL {
            let key = PreviewKey::new(object.clone(), size);
            self.delete_path(&self.path(&key.path())).await?;
        }
        Ok(())
    }

    /// Lists all previews, in any order.
    pub fn list_previews(&self) -> BoxStream<'static, Result<PreviewKey, StoreError>> {
        let parts = self.prefix.parts();
        let folder: ObjectPath = parts.chain([PREVIEW_FOLDER.into()]).collect();
        let listed = self.objects.list(Some(&folder)).map_err(StoreError::from);
        listed
            .try_filter_map(|meta| async move { Ok(PreviewKey::from_path(meta.location.as_ref())) })
            .boxed()
    }
}

impl From<StagingError> for StoreError {
    fn from(error: StagingError) -> Self {
        Self::Failed(error.to_string())
    }
}

/// The bytes of what was found.
async fn read_payload(found: GetResult) -> Result<ByteStream, StoreError> {
    let range = found.range.clone();
    match found.payload {
        GetResultPayload::Stream(stream) => Ok(stream.map_err(StoreError::from).boxed()),
        GetResultPayload::File(file, _) => {
            let mut file = tokio::fs::File::from_std(file);
            file.set_max_buf_size(READ_BYTES);
            file.seek(io::SeekFrom::Start(range.start)).await?;
            Ok(read_file(file, range.end - range.start))
        }
    }
}

/// Moves a complete upload to where it stays.
async fn move_into_place(upload: &CompletedUpload, target: PathBuf) -> Result<(), StoreError> {
    let staged = upload.path.clone();
    let moved = tokio::task::spawn_blocking(move || move_file(&staged, &target)).await;
    moved.map_err(io::Error::other)??;
    Ok(())
}

/// Moves a file within one disk. The new name survives a power cut.
fn move_file(from: &Path, to: &Path) -> io::Result<()> {
    let folder = to.parent().unwrap_or(to);
    std::fs::create_dir_all(folder)?;
    std::fs::rename(from, to)?;
    std::fs::File::open(folder)?.sync_all()
}

/// Reads the next `count` bytes of a file.
fn read_file(file: tokio::fs::File, count: u64) -> ByteStream {
    futures::stream::try_unfold((file, count), |(mut file, left)| async move {
        if left == 0 {
            return Ok(None);
        }
        let mut buffer = Vec::with_capacity(READ_BYTES.min(left as usize));
        let read = (&mut file).take(left.min(READ_BYTES as u64));
        let mut read = read;
        let count = read.read_buf(&mut buffer).await?;
        if count == 0 {
            return Err(StoreError::Failed("a file is shorter than it was".into()));
        }
        Ok(Some((Bytes::from(buffer), (file, left - count as u64))))
    })
    .boxed()
}

/// Connects to the service of a bucket with the TLS of this program.
#[derive(Debug)]
struct Connector;

impl HttpConnector for Connector {
    fn connect(&self, _: &ClientOptions) -> object_store::Result<HttpClient> {
        let client = reqwest::Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .read_timeout(READ_TIMEOUT)
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(|error| object_store::Error::Generic {
                store: "S3",
                source: Box::new(error),
            })?;
        Ok(HttpClient::new(client))
    }
}
