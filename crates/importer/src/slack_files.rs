//! The contents of the files of a Slack export.

use std::collections::VecDeque;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use serde::Deserialize;
use serde_json::Value;

/// A file with the messages of one day.
pub(super) struct DayFile {
    pub(super) path: PathBuf,
    pub(super) bytes: u64,
}

/// A user in `users.json`.
#[derive(Deserialize)]
pub(super) struct SlackUser {
    pub(super) id: String,
    #[serde(default)]
    pub(super) name: String,
}

/// A conversation in one of the lists of conversations.
#[derive(Deserialize)]
pub(super) struct SlackChannel {
    pub(super) id: String,
    pub(super) name: Option<String>,
    /// The id of the creator.
    pub(super) creator: Option<String>,
    /// The ids of the current members.
    pub(super) members: Option<Vec<String>>,
}

/// A message in a file. Every field is optional.
#[derive(Deserialize)]
pub(super) struct SlackMessage {
    pub(super) ts: Option<String>,
    pub(super) user: Option<String>,
    pub(super) username: Option<String>,
    pub(super) bot_id: Option<String>,
    #[serde(default)]
    pub(super) text: String,
    pub(super) subtype: Option<String>,
    pub(super) thread_ts: Option<String>,
    pub(super) edited: Option<SlackEdit>,
    #[serde(default)]
    pub(super) reactions: Vec<SlackReaction>,
    #[serde(default)]
    pub(super) files: Vec<SlackFile>,
    #[serde(default)]
    pub(super) attachments: Vec<Value>,
}

/// The last edit of a message.
#[derive(Deserialize)]
pub(super) struct SlackEdit {
    pub(super) ts: Option<String>,
}

/// A reaction with the users who added it.
#[derive(Deserialize)]
pub(super) struct SlackReaction {
    pub(super) name: String,
    #[serde(default)]
    pub(super) users: Vec<String>,
    /// The number of users. For many users, `users` lists only some of them.
    #[serde(default)]
    pub(super) count: usize,
}

/// A file attached to a message.
#[derive(Deserialize)]
pub(super) struct SlackFile {
    pub(super) name: Option<String>,
    pub(super) title: Option<String>,
}

/// Lists the message files of a directory in the order of their days.
pub(super) fn list_day_files(directory: &Path) -> Result<VecDeque<DayFile>> {
    let context = || format!("cannot read {}", directory.display());
    let mut days = Vec::new();
    for entry in fs::read_dir(directory).with_context(context)? {
        let entry = entry?;
        let file = entry.path();
        if file
            .extension()
            .is_some_and(|extension| extension == "json")
        {
            let bytes = entry.metadata()?.len();
            days.push(DayFile { path: file, bytes });
        }
    }
    days.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(days.into())
}

/// Parses a timestamp such as `1355517523.000005` into milliseconds since 1970.
pub(super) fn parse_ts_millis(ts: &str) -> Option<i64> {
    let (seconds, rest) = ts.split_once('.').unwrap_or((ts, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if seconds.is_empty() || !digits(seconds) || !digits(rest) {
        return None;
    }
    let thousandths: i64 = format!("{rest:0<3}").get(..3)?.parse().ok()?;
    let seconds: i64 = seconds.parse().ok()?;
    seconds.checked_mul(1000)?.checked_add(thousandths)
}

/// Reads a file that contains a JSON array; `None` if the file does not exist.
pub(super) fn read_array<T: for<'a> Deserialize<'a>>(file: &Path) -> Result<Option<Vec<T>>> {
    match fs::read(file) {
        Ok(bytes) => serde_json::from_slice(&bytes).map(Some).with_context(|| {
            format!(
                "{} does not have the format of a Slack export",
                file.display()
            )
        }),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("cannot read {}", file.display())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamps_are_seconds_with_a_fraction() {
        assert_eq!(
            parse_ts_millis("1355517523.000005"),
            Some(1_355_517_523_000)
        );
        assert_eq!(parse_ts_millis("1355517523.25"), Some(1_355_517_523_250));
        for bad in ["", ".5", "now", "1.x", "-1.0", "99999999999999999999.0"] {
            assert_eq!(parse_ts_millis(bad), None, "{bad}");
        }
    }
}
