//! Where the bytes of files are: a directory, or a bucket of an S3 service. The crate knows ids and
//! bytes, and neither users nor messages.
//!
//! The modules, in the order in which the bytes of an upload pass through them:
//!
//! - `staging`: the bytes of an upload that is not complete, in a local directory. They survive a
//!   broken connection and a restart, so an upload resumes where it stopped.
//! - `content`: what the bytes are: their media type, and the dimensions of an image.
//! - `key`: the names of objects, which are made of ids and digests.
//! - `location`: where the store is. `store`: puts, reads, lists and deletes objects.

#![deny(missing_docs)]

mod content;
mod key;
mod location;
mod staging;
mod store;

pub use content::{ContentFacts, ImageDimensions};
pub use key::{ObjectKey, UploadKey};
pub use location::{InvalidLocationError, StoreLocation};
pub use staging::{CompletedUpload, StagedUpload, Staging, StagingError};
pub use store::{ByteRange, ByteStream, FileStore, StoreError, StoredObject};
