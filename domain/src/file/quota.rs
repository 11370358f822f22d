//! How much the files of one user may occupy together.

use crate::refusal::Refusal;

/// The maximum size of all files of a user, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StorageQuota(u64);

impl StorageQuota {
    /// A quota of so many bytes.
    pub fn new(bytes: u64) -> Self {
        Self(bytes)
    }

    /// Refuses a file of this size if the other files of the user, which occupy `taken`, leave no
    /// room for it. A file occupies its announced size from its reservation to its deletion.
    pub fn check(self, taken: u64, size: u64) -> Result<(), Refusal> {
        let Self(limit) = self;
        if taken.saturating_add(size) <= limit {
            return Ok(());
        }
        Err(Refusal::rule_violation(
            "quota",
            format!(
                "Your files may have {limit} bytes together, and have {taken}; delete some of them."
            ),
        ))
    }
}
