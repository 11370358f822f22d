//! The store of complete files.

use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use futures::stream::BoxStream;
use futures::{StreamExt as _, TryStreamExt as _};
use object_store::local::LocalFileSystem;
use object_store::path::Path as ObjectPath;
use object_store::{
    GetOptions, GetRange, GetResult, GetResultPayload, ObjectStore, ObjectStoreExt as _,
};
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _};

use crate::bucket::Bucket;
use crate::key::{FOLDER, ObjectKey, PREVIEW_FOLDER, PreviewKey, PreviewSize, UploadKey};
use crate::location::StoreLocation;
use crate::staging::{CompletedUpload, Staging, StagingError};
use crate::store_error::{StoreError, is_full};

/// How much of a file in a directory is read at once.
const READ_BYTES: usize = 256 * 1024;

/// How long the service of a bucket may send nothing, unless the configuration says otherwise.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30);

/// Where the store is, and how long it may take.
#[derive(Debug, Clone)]
pub struct StoreConfig {
    /// Where the files are.
    pub location: StoreLocation,
    /// A directory for uploads that are not complete, if the store is a bucket. Otherwise they are
    /// in the directory of the store, on the same disk.
    pub uploads: PathBuf,
    /// The environment, of which the variables `AWS_*` name the service of a bucket and the
    /// credentials.
    pub variables: Vec<(String, String)>,
    /// How long the service of a bucket may send nothing.
    pub timeout: Duration,
}

impl StoreConfig {
    /// A store in this directory.
    pub fn directory(directory: &Path) -> Self {
        Self {
            location: StoreLocation::Directory(directory.to_owned()),
            uploads: directory.join("uploads"),
            variables: vec![],
            timeout: DEFAULT_TIMEOUT,
        }
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
    place: StorePlace,
    staging: Staging,
}

/// How bytes get into the store.
#[derive(Debug, Clone)]
enum StorePlace {
    /// They are moved within this directory.
    Directory(PathBuf),
    /// They are sent to this bucket.
    Bucket(Bucket),
}

impl FileStore {
    /// Opens the store.
    pub fn open(config: &StoreConfig) -> Result<Self, StoreError> {
        match &config.location {
            StoreLocation::Directory(directory) => {
                let staging = Staging::open(&directory.join("uploads"), false)?;
                let objects = LocalFileSystem::new_with_prefix(directory)?;
                Ok(Self {
                    objects: Arc::new(objects),
                    prefix: ObjectPath::default(),
                    place: StorePlace::Directory(directory.clone()),
                    staging,
                })
            }
            StoreLocation::Bucket { bucket, prefix } => {
                let staging = Staging::open(&config.uploads, true)?;
                let notes = config.uploads.join("parts");
                let bucket = Bucket::open(bucket, &config.variables, config.timeout, notes)?;
                Ok(Self {
                    objects: bucket.objects(),
                    prefix: ObjectPath::from(prefix.as_str()),
                    place: StorePlace::Bucket(bucket),
                    staging,
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
    /// they survive a power cut. After an error, the store may have them all the same.
    pub async fn put(&self, key: &ObjectKey, upload: &CompletedUpload) -> Result<(), StoreError> {
        match &self.place {
            StorePlace::Directory(directory) => {
                move_into_place(upload, directory.join(key.path())).await
            }
            StorePlace::Bucket(bucket) => {
                let path = self.path(&key.path());
                bucket.put(&path, key.file(), upload).await
            }
        }
    }

    /// Removes what has arrived of an upload that will not be completed: here, and the parts that
    /// were sent to a bucket.
    pub async fn abandon(&self, key: UploadKey) -> Result<(), StoreError> {
        self.staging.remove(key).await?;
        match &self.place {
            StorePlace::Directory(_) => Ok(()),
            StorePlace::Bucket(bucket) => bucket.abandon_parts(key).await,
        }
    }

    /// The files of which something has arrived that is not in the store yet.
    pub async fn list_unfinished(&self) -> Result<Vec<UploadKey>, StoreError> {
        let mut keys = self.staging.list().await?;
        if let StorePlace::Bucket(bucket) = &self.place {
            keys.extend(bucket.list_noted().await?);
        }
        keys.sort_unstable();
        keys.dedup();
        Ok(keys)
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
        let StorePlace::Directory(directory) = &self.place else {
            let put = self
                .objects
                .put(&self.path(&key.path()), bytes.into())
                .await;
            return put.map(drop).map_err(StoreError::of_write);
        };
        // What a crash leaves behind is an upload that nobody announced, which the sweep removes.
        let (upload, size) = (UploadKey::random(), bytes.len() as u64);
        let mut staged = self.staging.resume(upload, size, true).await?;
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
        match error {
            StagingError::Disk(error) if is_full(&error) => Self::Full(error.to_string()),
            other => Self::Failed(other.to_string()),
        }
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
