//! What an export contains: it resumes only with the same specification.

use domain::time::Timestamp;
use event_log::sent_range::TimeField;
use serde::{Deserialize, Serialize};

use super::columns::COLUMNS_VERSION;
use super::format::ExportFormat;
use crate::slice::LogSlice;

/// The specification of an export, as the manifest stores it. Fields that later releases have added
/// are absent where they have the value that the first releases had.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportSpec {
    format: String,
    log_id: String,
    /// The export begins after this position.
    after: i64,
    types: Vec<String>,
    conversation: Option<String>,
    user: Option<String>,
    /// Whether texts that a spreadsheet would run begin with an apostrophe. In CSV files of the
    /// first releases, and in other formats, they do not.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    escaped_formulas: bool,
    /// The version of the columns, if the format has columns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    columns: Option<u32>,
    /// `sent_at` if that time distributes the events over the days.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    by: Option<String>,
    /// The range of times of messages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sent_since: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sent_until: Option<Timestamp>,
}

impl ExportSpec {
    /// The specification of an export of this slice of this log.
    pub fn new(format: ExportFormat, by: TimeField, slice: &LogSlice, log_id: String) -> Self {
        let aggregate = slice.filter.aggregate.as_ref();
        Self {
            format: format.as_str().to_owned(),
            log_id,
            after: slice.after,
            types: slice.filter.event_types.clone(),
            conversation: aggregate.map(|(_, id)| id.clone()),
            user: slice.filter.user.clone(),
            escaped_formulas: format == ExportFormat::Csv,
            columns: (format != ExportFormat::Jsonl).then_some(COLUMNS_VERSION),
            by: (by != TimeField::Time).then(|| by.as_str().to_owned()),
            sent_since: slice.filter.sent.since,
            sent_until: slice.filter.sent.until,
        }
    }

    /// How an existing export differs from one that is asked for; `None` if it does not.
    pub fn describe_difference(&self, asked: &Self) -> Option<String> {
        if self == asked {
            return None;
        }
        let of_one = |value: Option<&str>, what: &str| match value {
            Some(value) => format!("of the {what} {value}"),
            None => format!("of every {what}"),
        };
        let types = match self.types.as_slice() {
            [] => "of every type".to_owned(),
            types => format!("of the types {}", types.join(", ")),
        };
        let escaping = if self.escaped_formulas {
            "without --raw"
        } else {
            "with --raw, or of a release that had no --raw"
        };
        let is_same_format = self.format == asked.format;
        let differences = [
            (!is_same_format, format!("in the format {}", self.format)),
            (
                is_same_format && self.columns != asked.columns,
                "of a release whose files have other columns".to_owned(),
            ),
            (
                is_same_format && self.escaped_formulas != asked.escaped_formulas,
                escaping.to_owned(),
            ),
            (self.log_id != asked.log_id, "of another log".to_owned()),
            (
                self.after != asked.after,
                format!("of the events after position {}", self.after),
            ),
            (self.types != asked.types, types),
            (
                self.conversation != asked.conversation,
                of_one(self.conversation.as_deref(), "conversation"),
            ),
            (
                self.user != asked.user,
                of_one(self.user.as_deref(), "user"),
            ),
            (
                self.by != asked.by,
                format!("by {}", self.by.as_deref().unwrap_or("time")),
            ),
            (
                self.sent_range() != asked.sent_range(),
                "of messages sent at other times".to_owned(),
            ),
        ];
        let found = differences.into_iter().filter(|(differs, _)| *differs);
        let found: Vec<String> = found.map(|(_, difference)| difference).collect();
        Some(found.join(", "))
    }

    fn sent_range(&self) -> (Option<Timestamp>, Option<Timestamp>) {
        (self.sent_since, self.sent_until)
    }

    /// `jsonl`, `csv` or `parquet`.
    pub fn format(&self) -> &str {
        &self.format
    }

    /// The id of the exported log.
    pub fn log_id(&self) -> &str {
        &self.log_id
    }

    /// The export begins after this position.
    pub fn after(&self) -> i64 {
        self.after
    }

    /// Whether the export contains only selected events.
    pub fn is_filtered(&self) -> bool {
        !self.types.is_empty()
            || self.conversation.is_some()
            || self.user.is_some()
            || self.sent_range() != (None, None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The specification in the manifest of an export that an earlier release has made.
    fn earlier(format: &str) -> ExportSpec {
        let json = format!(
            r#"{{"format":"{format}","log_id":"1","after":0,"types":[],"conversation":null,"user":null}}"#
        );
        serde_json::from_str(&json).expect("an earlier specification is valid")
    }

    #[test]
    fn lines_of_an_earlier_release_are_the_same_and_columns_are_not() {
        let (lines, columns) = (earlier("jsonl"), earlier("parquet"));
        assert_eq!(lines.describe_difference(&earlier("jsonl")), None);
        let asked = ExportSpec {
            columns: Some(COLUMNS_VERSION),
            ..columns.clone()
        };
        assert_eq!(
            columns.describe_difference(&asked).as_deref(),
            Some("of a release whose files have other columns")
        );
    }

    #[test]
    fn a_difference_is_named() {
        let jsonl = earlier("jsonl");
        let other = ExportSpec {
            types: vec!["message_sent".to_owned()],
            user: Some("ann".to_owned()),
            ..earlier("csv")
        };
        assert_eq!(
            jsonl.describe_difference(&other).as_deref(),
            Some("in the format jsonl, of every type, of every user")
        );
        assert_eq!(
            other.describe_difference(&jsonl).as_deref(),
            Some("in the format csv, of the types message_sent, of the user ann")
        );
    }
}
