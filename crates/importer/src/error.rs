//! The errors with which an import ends although nothing failed: the exit code is 3.

use data_dir::format_count;

/// The input is of a kind that cannot be imported. The text says what it is and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnsupportedInputError(pub String);

/// Something could not be imported. The summary lists it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SkippedRecordsError(pub u64);

impl std::fmt::Display for UnsupportedInputError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::fmt::Display for SkippedRecordsError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let verb = if self.0 == 1 { "was" } else { "were" };
        let records = format_count(self.0, "record");
        write!(
            f,
            "{records} {verb} skipped; the summary lists what and why"
        )
    }
}

impl std::error::Error for UnsupportedInputError {}
impl std::error::Error for SkippedRecordsError {}
