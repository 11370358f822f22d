//! A record of the input, or a part of one, that was rejected.

use std::sync::Arc;

use serde::Serialize;

use crate::record::RecordPlace;

/// A record that was rejected, or a part of one that was imported without it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RejectedRecord {
    /// The number of the record in the import.
    #[serde(skip)]
    pub number: u64,
    /// The file.
    pub file: Arc<str>,
    /// The line number, counted from 1, in a file of lines.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// The place in the file, in words.
    pub place: String,
    /// The reason for the rejection.
    pub reason: String,
}

impl RejectedRecord {
    /// What was rejected at this place, and why.
    pub fn new(number: u64, file: &Arc<str>, place: &RecordPlace, reason: String) -> Self {
        let line = match place {
            RecordPlace::Line(line) => Some(*line),
            RecordPlace::File | RecordPlace::Part(_) => None,
        };
        Self {
            number,
            file: file.clone(),
            line,
            place: place.to_string(),
            reason,
        }
    }
}
