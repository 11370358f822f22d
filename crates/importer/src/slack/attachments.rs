//! Finds the files of messages beside an export. Slack exports only their addresses; tools that
//! fetch them put them into the export:
//!
//! - `__uploads/ID/NAME` (slackdump for Mattermost, mmetl);
//! - `attachments/ID-NAME`, in the directory of the conversation or of the export (slackdump).
//!
//! A file is known by its id. Nothing that the messages say becomes a path.

use std::collections::HashMap;
use std::fs::{self, DirEntry};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

/// A directory with one directory for each file.
const UPLOADS_DIR: &str = "__uploads";

/// A directory of files whose names begin with their ids.
const ATTACHMENTS_DIR: &str = "attachments";

/// The files of messages, by their ids.
pub(super) type FoundFiles = HashMap<String, PathBuf>;

/// Whether a directory has files of messages, and no messages.
pub(super) fn is_of_files(name: &str) -> bool {
    [UPLOADS_DIR, ATTACHMENTS_DIR].contains(&name)
}

/// Finds all files beside an export. Links are not followed: they could lead anywhere.
pub(super) fn find_files(export: &Path) -> Result<FoundFiles> {
    let context = || format!("cannot read {}", export.display());
    let export = &fs::canonicalize(export).with_context(context)?;
    let mut found = FoundFiles::new();
    for entry in list(&export.join(UPLOADS_DIR))? {
        let mut files = list(&entry.path())?;
        files.sort_by_key(DirEntry::file_name);
        let first = files.into_iter().find(is_plain);
        if let Some(file) = first {
            found.insert(name_of(&entry), file.path());
        }
    }
    let mut folders = vec![export.join(ATTACHMENTS_DIR)];
    let is_directory = |entry: &DirEntry| entry.file_type().is_ok_and(|kind| kind.is_dir());
    let conversations = list(export)?.into_iter().filter(is_directory);
    folders.extend(conversations.map(|entry| entry.path().join(ATTACHMENTS_DIR)));
    for folder in folders {
        for file in list(&folder)?.iter().filter(|file| is_plain(file)) {
            if let Some((id, _)) = name_of(file).split_once('-') {
                found.insert(id.to_owned(), file.path());
            }
        }
    }
    Ok(found)
}

/// The entries of a directory; none if it is no directory.
fn list(directory: &Path) -> Result<Vec<DirEntry>> {
    let is_directory = fs::symlink_metadata(directory).is_ok_and(|found| found.is_dir());
    if !is_directory {
        return Ok(Vec::new());
    }
    let context = || format!("cannot read {}", directory.display());
    let entries = fs::read_dir(directory).with_context(context)?;
    let entries: std::io::Result<Vec<DirEntry>> = entries.collect();
    entries.with_context(context)
}

fn is_plain(entry: &DirEntry) -> bool {
    let is_hidden = name_of(entry).starts_with('.');
    !is_hidden && entry.file_type().is_ok_and(|kind| kind.is_file())
}

fn name_of(entry: &DirEntry) -> String {
    entry.file_name().to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_found_by_their_ids_and_links_are_not_followed() {
        let scratch = tempfile::tempdir().expect("a directory");
        let export = scratch.path().join("export");
        for path in [
            "__uploads/F1/a.png",
            "__uploads/F1/.DS_Store",
            "general/attachments/F2-a-b.png",
            "attachments/F3-c.png",
            "general/attachments/._F4-d.png",
            "general/F5-e.png",
            "secret/passwd",
        ] {
            let path = export.join(path);
            fs::create_dir_all(path.parent().expect("a parent")).expect("created");
            fs::write(path, b"content").expect("written");
        }
        let link = |to: &str, from: &str| {
            let from = export.join(from);
            fs::create_dir_all(from.parent().expect("a parent")).expect("created");
            std::os::unix::fs::symlink(export.join(to), from).expect("linked");
        };
        link("secret/passwd", "__uploads/F6/passwd");
        link("secret", "__uploads/F7");
        link("secret/passwd", "general/attachments/F8-passwd");
        link("general", "random");
        let found = find_files(&export).expect("read");
        let mut ids: Vec<&str> = found.keys().map(String::as_str).collect();
        ids.sort_unstable();
        assert_eq!(ids, ["F1", "F2", "F3"]);
        assert!(found["F1"].ends_with("__uploads/F1/a.png"));
        assert!(find_files(&scratch.path().join("nothing")).is_err());
    }
}
