//! Prints how a rebuilt version differs from the served one.

use data_dir::format_count;
use projector::RowDifference;
use projector::index::IndexComparison;
use serde_json::{Map, Value};

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
        outln!("{}", describe_difference(difference))?;
    }
    Ok(())
}

/// Describes a differing row: its key, and the columns that differ.
fn describe_difference(difference: &RowDifference) -> String {
    let parse = |row: &Option<String>| -> Option<Map<String, Value>> {
        serde_json::from_str(row.as_deref()?).ok()
    };
    let row = format!("{} {}", difference.table, difference.key);
    match (parse(&difference.served), parse(&difference.rebuilt)) {
        (None, _) => format!("{row}: missing in the served read models"),
        (_, None) => format!("{row}: not expected in the served read models"),
        (Some(served), Some(rebuilt)) => {
            let columns = served
                .iter()
                .filter(|(name, value)| rebuilt.get(*name) != Some(value));
            let columns = columns.map(|(name, value)| {
                let expected = rebuilt.get(name).unwrap_or(&Value::Null);
                format!("{name} is {value}, expected {expected}")
            });
            format!("{row}: {}", columns.collect::<Vec<_>>().join(", "))
        }
    }
}
