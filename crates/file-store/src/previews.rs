//! Previews of images: smaller copies in the store, beside the object that they are made from.
//!
//! A preview is derived. If the store does not have it, it is made, in a child process with limits.
//! If the image cannot be read, the store has a mark in its place, so that nobody tries again.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash as _, Hasher as _};
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures::{StreamExt as _, TryStreamExt as _};
use tokio::sync::{Mutex, OwnedMutexGuard, OwnedSemaphorePermit, Semaphore};

use crate::content::ImageDimensions;
use crate::key::{ObjectKey, PreviewKey, PreviewSize};
use crate::preview_process::MAX_SOURCE_BYTES;
use crate::renderer::{RenderError, Renderer};
use crate::store::{ByteStream, FileStore};
use crate::store_error::StoreError;
use crate::thumbnail::MAX_PIXELS;

/// How many images a process renders at a time.
const MAX_CONCURRENT: usize = 2;

/// How long a request waits for its turn.
const TURN_TIMEOUT: Duration = Duration::from_secs(5);

/// How many locks there are, of which each image has one: nobody renders it twice at a time.
const LOCKS: usize = 64;

/// What the store has in place of the previews of an image that cannot be read.
const NO_PREVIEW: &[u8] = b"no preview";

/// How previews begin, and their media types.
const TYPES: [(&[u8], &str); 2] = [
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
];

/// The media types of which there are previews.
const SOURCE_TYPES: [&str; 4] = ["image/jpeg", "image/png", "image/gif", "image/webp"];

/// Why it is not known whether there is a preview.
#[derive(Debug, thiserror::Error)]
pub enum PreviewError {
    /// Other images are being rendered.
    #[error("other previews are being made")]
    Busy,
    /// The child process took too long, although it computed little.
    #[error("making a preview took too long")]
    TimedOut,
    /// The child process could not be started, or failed for a reason of its own.
    #[error("{0}")]
    Failed(String),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// An image that is stored.
#[derive(Debug, Clone)]
pub struct PreviewSource {
    /// Its bytes.
    pub key: ObjectKey,
    /// Their media type.
    pub media_type: String,
    /// How many there are.
    pub size: u64,
    /// The dimensions that the header says, if they are known.
    pub dimensions: Option<ImageDimensions>,
}

impl PreviewSource {
    /// Whether it is an image of a format and a size of which there are previews.
    fn is_eligible(&self) -> bool {
        let pixels = self
            .dimensions
            .map_or(0, |known| u64::from(known.width) * u64::from(known.height));
        SOURCE_TYPES.contains(&self.media_type.as_str())
            && (1..=MAX_SOURCE_BYTES).contains(&self.size)
            && pixels <= MAX_PIXELS
    }
}

/// A preview.
pub struct PreviewImage {
    /// Its media type.
    pub media_type: &'static str,
    /// Its size in bytes.
    pub size: u64,
    /// The bytes.
    pub bytes: ByteStream,
}

/// What the store has in the place of a preview.
enum StoredPreview {
    Image(PreviewImage),
    /// The image cannot be read.
    Mark,
    /// Nothing, or what is no preview.
    Nothing,
}

/// The previews of the images in a store. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Previews {
    store: FileStore,
    renderer: Renderer,
    turns: Arc<Semaphore>,
    locks: Arc<[Arc<Mutex<()>>]>,
}

/// The right to render one image now. Held until it is dropped.
struct RenderPermit {
    _image: OwnedMutexGuard<()>,
    _turn: OwnedSemaphorePermit,
}

impl Previews {
    /// The previews of the images in this store.
    pub fn new(store: FileStore, renderer: Renderer) -> Self {
        Self {
            store,
            renderer,
            turns: Arc::new(Semaphore::new(MAX_CONCURRENT)),
            locks: (0..LOCKS).map(|_| Arc::default()).collect(),
        }
    }

    /// The store.
    pub fn store(&self) -> &FileStore {
        &self.store
    }

    /// Reads a preview, and makes it first if the store does not have it. `None` if there is none,
    /// because the bytes are no image that can be read.
    pub async fn open(
        &self,
        source: &PreviewSource,
        size: PreviewSize,
    ) -> Result<Option<PreviewImage>, PreviewError> {
        if !source.is_eligible() {
            return Ok(None);
        }
        let key = PreviewKey::new(source.key.clone(), size);
        match self.find(&key).await? {
            StoredPreview::Image(image) => return Ok(Some(image)),
            StoredPreview::Mark => return Ok(None),
            StoredPreview::Nothing => {}
        }
        let turn = tokio::time::timeout(TURN_TIMEOUT, self.wait_for_turn(&source.key)).await;
        self.make_now(turn.map_err(|_| PreviewError::Busy)??, source)
            .await?;
        match self.find(&key).await? {
            StoredPreview::Image(image) => Ok(Some(image)),
            // Deleted in the meantime, with its file.
            StoredPreview::Mark | StoredPreview::Nothing => Ok(None),
        }
    }

    /// Makes the previews of an image, unless the store has them.
    pub async fn make(&self, source: &PreviewSource) -> Result<(), PreviewError> {
        if !source.is_eligible() || self.store.has_previews(&source.key).await? {
            return Ok(());
        }
        let permit = self.wait_for_turn(&source.key).await?;
        self.make_now(permit, source).await
    }

    async fn wait_for_turn(&self, object: &ObjectKey) -> Result<RenderPermit, PreviewError> {
        let mut hasher = DefaultHasher::new();
        object.hash(&mut hasher);
        let lock = &self.locks[hasher.finish() as usize % LOCKS];
        let image = lock.clone().lock_owned().await;
        let turn = self.turns.clone().acquire_owned().await;
        Ok(RenderPermit {
            _image: image,
            _turn: turn.map_err(|error| PreviewError::Failed(error.to_string()))?,
        })
    }

    async fn make_now(
        &self,
        _permit: RenderPermit,
        source: &PreviewSource,
    ) -> Result<(), PreviewError> {
        let object = &source.key;
        // Somebody else may have made them while this one waited.
        if self.store.has_previews(object).await? {
            return Ok(());
        }
        let bytes = match self.store.get(object, 0..source.size).await {
            Ok(bytes) => bytes,
            Err(StoreError::Missing) => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        let rendered = self.renderer.render(bytes).await;
        count(&rendered);
        let previews = match rendered {
            Ok(previews) => previews,
            Err(RenderError::Unreadable) => vec![NO_PREVIEW.into(); PreviewSize::ALL.len()],
            Err(RenderError::TimedOut) => return Err(PreviewError::TimedOut),
            Err(RenderError::Failed(reason)) => return Err(PreviewError::Failed(reason)),
            Err(RenderError::Store(error)) => return Err(error.into()),
        };
        for (size, bytes) in PreviewSize::ALL.into_iter().zip(previews) {
            let key = PreviewKey::new(object.clone(), size);
            self.store.put_preview(&key, bytes).await?;
        }
        // A deletion removes the bytes of a file first and then its previews. So either the
        // deletion finds these previews, or this finds that the bytes are gone.
        if self.store.find(object).await?.is_none() {
            self.store.delete_previews(object).await?;
        }
        Ok(())
    }

    async fn find(&self, key: &PreviewKey) -> Result<StoredPreview, PreviewError> {
        let (size, mut bytes) = match self.store.get_preview(key).await {
            Ok(found) => found,
            Err(StoreError::Missing) => return Ok(StoredPreview::Nothing),
            Err(error) => return Err(error.into()),
        };
        let first = read_beginning(&mut bytes).await?;
        if &first[..] == NO_PREVIEW {
            return Ok(StoredPreview::Mark);
        }
        let known = TYPES.iter().find(|(begin, _)| first.starts_with(begin));
        let Some(&(_, media_type)) = known else {
            // Something has damaged it: it is made again.
            self.store.delete_previews(key.object()).await?;
            return Ok(StoredPreview::Nothing);
        };
        Ok(StoredPreview::Image(PreviewImage {
            media_type,
            size,
            bytes: futures::stream::once(std::future::ready(Ok(first)))
                .chain(bytes)
                .boxed(),
        }))
    }
}

/// Reads as much as tells what the store has, also if it arrives byte by byte.
async fn read_beginning(bytes: &mut ByteStream) -> Result<Bytes, StoreError> {
    let mut beginning = BytesMut::new();
    while beginning.len() < NO_PREVIEW.len() {
        match bytes.try_next().await? {
            Some(more) => beginning.extend_from_slice(&more),
            None => break,
        }
    }
    Ok(beginning.freeze())
}

fn count(rendered: &Result<Vec<Bytes>, RenderError>) {
    let outcome = match rendered {
        Ok(_) => "made",
        Err(RenderError::Unreadable) => "unreadable",
        Err(RenderError::TimedOut) => "timed_out",
        Err(RenderError::Failed(_) | RenderError::Store(_)) => "failed",
    };
    metrics::counter!("tidings_previews_total", "outcome" => outcome).increment(1);
}
