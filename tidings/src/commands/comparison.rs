//! Prints how a rebuilt version differs from the served one.

use data_dir::format_count;
use projector::RowDifference;
use projector::index::IndexComparison;

use crate::output::{OutputError, outln};

/// Prints whether two search indexes are equal, and the messages that differ.
pub fn print_index_comparison(comparison: &IndexComparison) -> Result<(), OutputError> {
    let position = comparison.position;
    if comparison.is_equal() {
        return outln!("identical to the served index, at position {position}");
    }
    outln!(
        "different from the served index, at position {position}: {} instead of {}; these differ:",
        format_count(comparison.served.messages, "message"),
        comparison.built.messages
    )?;
    for message in &comparison.differing {
        outln!("message {} of {}", message.seq, message.conversation)?;
    }
    Ok(())
}

/// Prints the rows of read models that differ, one per line.
pub fn print_row_differences(differences: &[RowDifference]) -> Result<(), OutputError> {
    for difference in differences {
        outln!("{difference}")?;
    }
    Ok(())
}
