//! The files of a Slack export, as the tools that write and unpack it leave them.

use std::collections::{BTreeMap, VecDeque};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use serde_json::Value;
use unicode_normalization::UnicodeNormalization as _;

use super::attachments;

/// A file with the messages of one day.
pub(super) struct DayFile {
    pub(super) path: PathBuf,
    /// The path within the export.
    pub(super) name: String,
    pub(super) bytes: u64,
}

/// A directory of an export.
pub(super) struct ExportDirectory {
    /// Its name, as it is on disk.
    pub(super) name: String,
    pub(super) days: VecDeque<DayFile>,
    /// How many files are not the messages of a day.
    pub(super) other_files: u64,
}

/// Lists the directories of an export by their names in normal form: macOS decomposes letters when
/// it unpacks an archive.
pub(super) fn list_directories(export: &Path) -> Result<BTreeMap<String, ExportDirectory>> {
    let context = || format!("cannot read {}", export.display());
    let mut directories = BTreeMap::new();
    for entry in fs::read_dir(export).with_context(context)? {
        let path = entry.with_context(context)?.path();
        let Some(name) = path
            .file_name()
            .map(|name| name.to_string_lossy().into_owned())
        else {
            continue;
        };
        if path.is_dir() && !name.starts_with('.') && !attachments::is_of_files(&name) {
            directories.insert(normalize(&name), list_days(&path, name)?);
        }
    }
    Ok(directories)
}

/// The normal form in which names are compared.
pub(super) fn normalize(name: &str) -> String {
    name.nfc().collect()
}

/// Lists the message files of a directory in the order of their days.
fn list_days(path: &Path, name: String) -> Result<ExportDirectory> {
    let context = || format!("cannot read {}", path.display());
    let mut days = Vec::new();
    let mut other_files = 0;
    for entry in fs::read_dir(path).with_context(context)? {
        let entry = entry.with_context(context)?;
        let file = entry.file_name().to_string_lossy().into_owned();
        let bytes = entry.metadata().with_context(context)?.len();
        if is_day(&file) && bytes > 0 {
            days.push(DayFile {
                path: entry.path(),
                name: format!("{name}/{file}"),
                bytes,
            });
        } else if !attachments::is_of_files(&file) {
            other_files += 1;
        }
    }
    days.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(ExportDirectory {
        name,
        days: days.into(),
        other_files,
    })
}

/// Whether a file is called `YYYY-MM-DD.json`. macOS adds `._2026-11-01.json`, and others add lists
/// of canvases.
fn is_day(file: &str) -> bool {
    let Some(day) = file.strip_suffix(".json") else {
        return false;
    };
    day.len() == 10
        && day.bytes().enumerate().all(|(index, byte)| match index {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        })
}

/// Reads a file that contains a list. A missing one and `null` are empty. The inner error says why
/// the file cannot be used.
pub(super) fn read_list(file: &Path) -> Result<Result<Vec<Value>, String>> {
    let bytes = match fs::read(file) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Ok(Vec::new())),
        Err(error) => return Err(error).with_context(|| format!("cannot read {}", file.display())),
    };
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
    Ok(match serde_json::from_slice::<Value>(bytes) {
        Ok(Value::Array(list)) => Ok(list),
        Ok(Value::Null) => Ok(Vec::new()),
        Ok(_) => Err("is not a list, as the files of a Slack export are".to_owned()),
        Err(error) => Err(format!("is not JSON: {error}")),
    })
}

/// What does not change in the first message of a conversation; `None` if it has none.
pub(super) fn find_first_message(days: &VecDeque<DayFile>) -> Result<Option<String>> {
    for day in days {
        let messages = read_list(&day.path)?.unwrap_or_default();
        let times = messages.iter().filter_map(|message| {
            let at = message["ts"].as_str().and_then(parse_ts_millis)?;
            Some((at, message))
        });
        if let Some((_, first)) = times.min_by_key(|(at, _)| *at) {
            let parts = [&first["ts"], &first["user"], &first["text"]];
            return Ok(Some(serde_json::json!(parts).to_string()));
        }
    }
    Ok(None)
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

    #[test]
    fn only_dates_are_days() {
        assert!(is_day("2020-09-13.json"));
        for other in [
            "._2020-09-13.json",
            "2020-09-13.txt",
            "2020-9-13.json",
            "canvas_in_the_conversation.json",
            ".DS_Store",
        ] {
            assert!(!is_day(other), "{other}");
        }
    }
}
