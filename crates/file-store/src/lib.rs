//! Where the bytes of files are: a directory, or a bucket of an S3 service. The crate knows ids and
//! bytes, and neither users nor messages.
//!
//! The modules, in the order in which the bytes of an upload pass through them:
//!
//! - `staging`: the bytes of an upload that is not complete, in a local directory. They survive a
//!   broken connection and a restart, so an upload resumes where it stopped. `upload_file`: how
//!   they are written, and their digest.
//! - `content`: what the bytes are: their media type, and the dimensions of an image.
//! - `key`: the names of objects, which are made of ids and digests.
//! - `location`: where the store is. `store`: puts, reads, lists and deletes objects and their
//!   previews. `bucket`: sends objects to an S3 service. `store_error`: why the store did not do
//!   something.
//! - `previews`: smaller copies of images, which are made when they are needed. `renderer`: starts
//!   the child process that makes them. `preview_process`: what that process does within which
//!   limits. `thumbnail`: makes previews of an image.

#![deny(missing_docs)]
#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a failing test panics"))]

mod bucket;
mod content;
mod key;
mod location;
mod preview_process;
mod previews;
mod renderer;
mod staging;
mod store;
mod store_error;
mod thumbnail;
mod upload_file;

pub use content::{ContentFacts, ImageDimensions};
pub use key::{ObjectKey, PreviewKey, PreviewSize, UploadKey};
pub use location::{InvalidLocationError, StoreLocation};
pub use preview_process::{RENDER_COMMAND, render_previews};
pub use previews::{PreviewError, PreviewImage, PreviewSource, Previews};
pub use renderer::Renderer;
pub use staging::{CompletedUpload, StagedUpload, Staging, StagingError};
pub use store::{ByteRange, ByteStream, FileStore, StoreConfig, StoredObject};
pub use store_error::StoreError;
