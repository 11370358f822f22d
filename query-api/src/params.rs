//! Parses request parameters. A malformed parameter is a `400` that names the parameter.
//!
//! An empty parameter counts as absent, except for numbers that bound a page: an empty number there
//! points to a bug in the client.

use domain::history::{CursorParseError, CursorReference};
use domain::ids::{ConversationId, DeviceId};
use domain::time::Timestamp;
use http_edge::Problem;
use http_edge::extract::params;
use utoipa::ToSchema;

/// The default and the maximum size of a page.
#[derive(Debug, Clone, Copy)]
pub struct PageLimit {
    /// The size without the parameter.
    pub default: i64,
    /// The maximum size. A larger value is rejected, so that no client mistakes a page for the
    /// complete result.
    pub max: i64,
}

impl PageLimit {
    /// Parses a limit between 1 and `max`.
    pub fn parse(self, text: Option<&str>) -> Result<i64, Problem> {
        params::parse_limit(text, self.default, self.max)
    }
}

/// Parses a seq that bounds a page: an integer of at least `min`.
pub fn parse_bound(field: &str, text: Option<&str>, min: i64) -> Result<Option<i64>, Problem> {
    text.map(|text| params::parse_seq_bound(field, text, min))
        .transpose()
}

/// Parses a conversation id in a path. An invalid id is treated like an unknown one.
pub fn parse_conversation_id(text: &str) -> Result<ConversationId, Problem> {
    ConversationId::parse(text).map_err(|_| Problem::not_found_yet())
}

/// Parses the id of a device.
pub fn parse_device(text: Option<&str>) -> Result<Option<DeviceId>, Problem> {
    non_empty(text)
        .map(|text| {
            DeviceId::parse(text).map_err(|invalid| Problem::malformed("device", invalid.0))
        })
        .transpose()
}

/// Parses a cursor or a bare position of the log; 0 is before the first event.
pub fn parse_cursor(field: &str, text: Option<&str>) -> Result<Option<CursorReference>, Problem> {
    non_empty(text)
        .map(|text| {
            text.parse()
                .map_err(|error: CursorParseError| Problem::malformed(field, error.to_string()))
        })
        .transpose()
}

/// Parses `true` or `false`; false if absent.
pub fn parse_flag(field: &str, text: Option<&str>) -> Result<bool, Problem> {
    non_empty(text).map_or(Ok(false), |text| params::parse_flag(field, text))
}

/// How a response shows reactions, other than with lists of users.
#[expect(dead_code, reason = "describes a parameter")]
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
pub enum ReactionsForm {
    Summary,
}

/// Parses `reactions=summary`; false if absent.
pub fn parse_reactions_form(text: Option<&str>) -> Result<bool, Problem> {
    match non_empty(text) {
        None => Ok(false),
        Some("summary") => Ok(true),
        Some(_) => {
            let expected = "expected `summary`, or no parameter for lists of users";
            Err(Problem::malformed("reactions", expected))
        }
    }
}

/// Parses the conversation and the seq of a message in a path.
pub fn parse_message_path(conversation: &str, seq: &str) -> Result<(ConversationId, i64), Problem> {
    let seq = params::parse_seq(seq)?;
    Ok((parse_conversation_id(conversation)?, seq))
}

/// Parses an RFC 3339 time.
pub fn parse_time(field: &str, text: Option<&str>) -> Result<Option<Timestamp>, Problem> {
    let expected = || Problem::malformed(field, format!("expected {}", Timestamp::FORMAT));
    non_empty(text)
        .map(|text| Timestamp::parse(text).ok_or_else(expected))
        .transpose()
}

/// Returns the text unless it is absent or empty.
pub fn non_empty(text: Option<&str>) -> Option<&str> {
    text.filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_may_be_absent_but_not_empty() {
        assert_eq!(parse_bound("after", Some("0"), 0).ok(), Some(Some(0)));
        assert_eq!(parse_bound("after", None, 0).ok(), Some(None));
        assert!(parse_bound("after", Some(""), 0).is_err());
    }

    #[test]
    fn an_empty_parameter_counts_as_absent() {
        assert_eq!(parse_cursor("after", Some("")).ok(), Some(None));
        let start = Some(Some(CursorReference::bare(0)));
        assert_eq!(parse_cursor("after", Some("0")).ok(), start);
        assert!(parse_cursor("after", Some("-1")).is_err());
        assert_eq!(parse_flag("archived", Some("")).ok(), Some(false));
        assert!(parse_flag("archived", Some("yes")).is_err());
        assert_eq!(parse_time("since", Some("")).ok(), Some(None));
        assert!(parse_time("since", Some("yesterday")).is_err());
    }

    #[test]
    fn an_invalid_conversation_id_is_not_found() {
        for bad in ["", "a b", "a/b", "\0", &"c".repeat(65)] {
            assert_eq!(
                parse_conversation_id(bad).unwrap_err().status(),
                404,
                "{bad}"
            );
        }
    }
}
