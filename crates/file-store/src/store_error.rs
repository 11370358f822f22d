//! Why the store did not do something.

use std::io;

/// What S3 services answer when a bucket takes no more: as the status of RFC 4918, and as the codes
/// of SeaweedFS, Ceph and MinIO, which have several statuses.
const FULL_ANSWERS: [&str; 4] = [
    "507 Insufficient Storage",
    "QuotaExceeded",
    "StorageFull",
    "InsufficientCapacity",
];

/// Why the store did not do something.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// It has no such object.
    #[error("the file store has no such object")]
    Missing,
    /// It has no room.
    #[error("the file store is full: {0}")]
    Full(String),
    /// It is away, fails, or refuses the credentials.
    #[error("the file store failed: {0}")]
    Failed(String),
}

impl StoreError {
    /// The same for a request that no absent object can make fail: then the bucket is absent.
    pub(crate) fn of_write(error: object_store::Error) -> Self {
        match error {
            object_store::Error::NotFound { source, .. } => Self::Failed(source.to_string()),
            other => other.into(),
        }
    }
}

impl From<object_store::Error> for StoreError {
    fn from(error: object_store::Error) -> Self {
        if matches!(error, object_store::Error::NotFound { .. }) {
            return Self::Missing;
        }
        let text = error.to_string();
        if FULL_ANSWERS.iter().any(|answer| text.contains(answer)) {
            Self::Full(text)
        } else {
            Self::Failed(text)
        }
    }
}

impl From<io::Error> for StoreError {
    fn from(error: io::Error) -> Self {
        if is_full(&error) {
            Self::Full(error.to_string())
        } else {
            Self::Failed(error.to_string())
        }
    }
}

/// Whether a disk has no room: it is full, or a quota or a limit of the process is reached.
pub(crate) fn is_full(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_store_is_no_broken_one() {
        let error = |text: &str| object_store::Error::Generic {
            store: "S3",
            source: text.into(),
        };
        for text in [
            "status code: 507 Insufficient Storage: ",
            "<Error><Code>QuotaExceeded</Code></Error>",
            "<Code>XMinioStorageFull</Code>",
            "<Code>XMinioAdminBucketQuotaExceeded</Code>",
        ] {
            let full = StoreError::from(error(text));
            assert!(matches!(full, StoreError::Full(_)), "{text}");
        }
        let failed = StoreError::from(error("status code: 503 Slow Down"));
        assert!(matches!(failed, StoreError::Failed(_)));
        for (kind, expected) in [
            (io::ErrorKind::StorageFull, true),
            (io::ErrorKind::QuotaExceeded, true),
            (io::ErrorKind::FileTooLarge, true),
            (io::ErrorKind::PermissionDenied, false),
            (io::ErrorKind::NotFound, false),
        ] {
            let found = matches!(StoreError::from(io::Error::from(kind)), StoreError::Full(_));
            assert_eq!(found, expected, "{kind}");
        }
    }

    #[test]
    fn a_bucket_that_does_not_exist_is_no_missing_object() {
        let absent = || object_store::Error::NotFound {
            path: "files".into(),
            source: "NoSuchBucket".into(),
        };
        assert!(matches!(StoreError::from(absent()), StoreError::Missing));
        let failed = StoreError::of_write(absent());
        assert!(matches!(failed, StoreError::Failed(text) if text == "NoSuchBucket"));
    }
}
