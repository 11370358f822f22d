//! The order of the events of one source.

use super::outcome::FoldError;

/// Checks that the events of a source are consecutive. A missing event means that the log is
/// corrupted, a repeated one that the tables are.
pub(super) fn check_sequence(known: i64, given: i64) -> Result<(), FoldError> {
    if given <= known {
        let reason = format!("an event with sequence {given} follows one with sequence {known}");
        return Err(FoldError::Corruption(reason));
    }
    if given > known + 1 {
        return Err(format!("its sequence is {given}, expected {}", known + 1).into());
    }
    Ok(())
}
