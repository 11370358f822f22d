//! Where the store is.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use url::Url;

/// Where the bytes of files are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreLocation {
    /// A directory of this machine, or one that several machines mount.
    Directory(PathBuf),
    /// A bucket of an S3 service. The variables `AWS_*` name the service and the credentials.
    Bucket {
        /// The name of the bucket.
        bucket: String,
        /// What the names of all objects begin with; may be empty.
        prefix: String,
    },
}

/// The text names no store.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected a directory, or a bucket such as s3://bucket/prefix")]
pub struct InvalidLocationError;

impl FromStr for StoreLocation {
    type Err = InvalidLocationError;

    fn from_str(text: &str) -> Result<Self, InvalidLocationError> {
        if !text.contains("://") {
            let directory = PathBuf::from(text);
            let is_empty = directory.as_os_str().is_empty();
            return (!is_empty)
                .then_some(Self::Directory(directory))
                .ok_or(InvalidLocationError);
        }
        let url = Url::parse(text).map_err(|_| InvalidLocationError)?;
        let is_plain = url.query().is_none()
            && url.fragment().is_none()
            && url.port().is_none()
            && url.username().is_empty();
        match (url.scheme(), url.host_str()) {
            ("s3", Some(bucket)) if is_plain && !bucket.is_empty() => Ok(Self::Bucket {
                bucket: bucket.to_owned(),
                prefix: url.path().trim_matches('/').to_owned(),
            }),
            _ => Err(InvalidLocationError),
        }
    }
}

impl fmt::Display for StoreLocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Directory(directory) => directory.display().fmt(f),
            Self::Bucket { bucket, prefix } if prefix.is_empty() => write!(f, "s3://{bucket}"),
            Self::Bucket { bucket, prefix } => write!(f, "s3://{bucket}/{prefix}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_location_is_a_directory_or_a_bucket() {
        let bucket = |bucket: &str, prefix: &str| StoreLocation::Bucket {
            bucket: bucket.to_owned(),
            prefix: prefix.to_owned(),
        };
        for (text, expected) in [
            ("/var/files", StoreLocation::Directory("/var/files".into())),
            ("files", StoreLocation::Directory("files".into())),
            ("s3://chat", bucket("chat", "")),
            ("s3://chat/a/b/", bucket("chat", "a/b")),
        ] {
            assert_eq!(text.parse(), Ok(expected), "{text}");
        }
        for bad in [
            "",
            "s3://",
            "https://a/b",
            "s3://a?b",
            "s3://k@a",
            "s3://a:9/b",
        ] {
            assert_eq!(
                bad.parse::<StoreLocation>(),
                Err(InvalidLocationError),
                "{bad}"
            );
        }
    }
}
