//! The summary of an import: counts the results of the lines.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fmt::Write as _;
use std::time::Duration;

use anyhow::Result;
use data_dir::format_count;
use serde::Serialize;

use crate::chunks::{ImportChunk, WantedConversation};
use crate::duplicates::TextDigest;
use crate::import_client::{LineReply, LineStatus};
use crate::input::ImportInput;
use crate::rejected::RejectedRecord;

/// What the ids of direct conversations start with.
const DIRECT_ID_PREFIX: &str = "d_";
/// The maximum number of rejected records that are recorded with a reason; more are only counted.
const MAX_RECORDED_REASONS: usize = 10_000;
/// The maximum number of rejected records, and of other ids, that the text output lists.
const MAX_SHOWN: usize = 100;
/// The maximum number of conversations that are recorded, and of those with another id.
const MAX_RECORDED_IDS: usize = 10_000;
/// The description of fields that no line has.
const UNKNOWN_FIELDS: &str = "unknown fields";
/// The description of files that could not be uploaded.
const REJECTED_FILES: &str = "files that could not be imported (their names are taken)";
/// The description of replies to what is no earlier line.
const DROPPED_REPLIES: &str = "replies to what is no earlier line";
/// The description of reactions that the system dropped.
const DROPPED_REACTIONS: &str = "reactions beyond the limit of different ones on a message";

/// The results of the lines so far.
#[derive(Debug, Default)]
pub struct ImportSummary {
    imported: u64,
    already_present: u64,
    skipped: u64,
    conversations: HashSet<TextDigest>,
    users: HashSet<TextDigest>,
    rejected: Vec<RejectedRecord>,
    rejected_parts: Vec<RejectedRecord>,
    other_ids: BTreeMap<String, BTreeSet<String>>,
    member_lines: u64,
    unsupported: BTreeMap<String, u64>,
    notes: Vec<String>,
    /// The titles or names of the conversations, by their ids.
    names: BTreeMap<String, String>,
    /// Whether nothing was sent.
    is_preview: bool,
    /// The ids of all users whom the input names.
    input_users: BTreeSet<String>,
    /// Those of them who existed before, if that is known.
    existing_users: Option<Vec<String>>,
}

/// A conversation that has imported messages.
#[derive(Serialize)]
struct ImportedConversation<'a> {
    id: &'a str,
    title: &'a str,
}

/// The summary in the format of `--json`.
#[derive(Serialize)]
struct ImportReport<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    dry_run: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    existing_users: Option<&'a [String]>,
    messages: u64,
    conversations: usize,
    users: usize,
    skipped: u64,
    already_present: u64,
    rejected: &'a [RejectedRecord],
    seconds: f64,
    #[serde(skip_serializing_if = "<[RejectedRecord]>::is_empty")]
    rejected_parts: &'a [RejectedRecord],
    #[serde(skip_serializing_if = "is_zero")]
    lines_of_members: u64,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    not_taken_over: &'a BTreeMap<String, u64>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    other_ids: &'a BTreeMap<String, BTreeSet<String>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    imported_conversations: Vec<ImportedConversation<'a>>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    notes: &'a [String],
}

impl ImportSummary {
    /// The number of messages that this import added.
    pub fn imported_messages(&self) -> u64 {
        self.imported
    }

    /// The number of records that could not be imported.
    pub fn skipped(&self) -> u64 {
        self.skipped
    }

    /// Records a rejected record.
    pub fn reject(&mut self, rejected: RejectedRecord) {
        self.skipped += 1;
        if self.rejected.len() < MAX_RECORDED_REASONS {
            self.rejected.push(rejected);
        }
    }

    /// Records fields that the lines of the input have, and no line can have.
    pub fn record_unknown_fields(&mut self, fields: Vec<RejectedRecord>) {
        for field in fields {
            self.reject_part(field, UNKNOWN_FIELDS);
        }
    }

    /// Records files that lines were sent without.
    pub fn record_rejected_files(&mut self, files: Vec<RejectedRecord>) {
        for file in files {
            self.reject_part(file, REJECTED_FILES);
        }
    }

    fn reject_part(&mut self, part: RejectedRecord, what: &str) {
        self.count_unsupported(what, 1);
        if self.rejected_parts.len() < MAX_RECORDED_REASONS {
            self.rejected_parts.push(part);
        }
    }

    fn count_unsupported(&mut self, what: &str, times: u64) {
        if times > 0 {
            *self.unsupported.entry(what.to_owned()).or_default() += times;
        }
    }

    /// Says that this is the summary of a preview.
    pub(crate) fn begin_preview(&mut self) {
        self.is_preview = true;
    }

    /// Records the lines of a preview, which nothing answers.
    pub fn record_unsent(&mut self, chunk: ImportChunk) {
        for rejected in chunk.rejected {
            self.reject(rejected);
        }
        self.record_unknown_fields(chunk.rejected_parts);
        for line in chunk.lines {
            match line.sender {
                Some(_) => self.imported += 1,
                None => self.member_lines += 1,
            }
            self.conversations.insert(line.conversation);
            self.users.extend(line.sender);
        }
    }

    /// Records the users whom lines name.
    pub(crate) fn record_users(&mut self, mut users: BTreeSet<String>) {
        self.input_users.append(&mut users);
    }

    /// The ids of all users whom the input names, after the map and the prefix.
    pub fn input_users(&self) -> &BTreeSet<String> {
        &self.input_users
    }

    /// Says which users of the input existed before.
    pub fn set_existing_users(&mut self, users: Vec<String>) {
        self.existing_users = Some(users);
    }

    /// Adds what the input knows of itself: the items that the import does not support, with their
    /// counts, and remarks about the input as a whole.
    pub fn add_input(&mut self, input: &ImportInput) {
        for (what, times) in input.unsupported() {
            self.count_unsupported(&what, times);
        }
        self.notes.extend(input.notes());
    }

    /// Records the replies to a chunk.
    pub fn record_replies(&mut self, chunk: &ImportChunk, answers: &[LineReply]) -> Result<()> {
        anyhow::ensure!(
            answers.len() == chunk.lines.len(),
            "expected one reply for each line"
        );
        for (answer, counted) in answers.iter().zip(&chunk.lines) {
            match (answer.status, counted.sender) {
                (LineStatus::Imported, Some(_)) => self.imported += 1,
                (LineStatus::Known, Some(_)) => self.already_present += 1,
                (LineStatus::Imported, None) => self.member_lines += 1,
                (LineStatus::Known, None) => {}
                (LineStatus::Rejected, _) => {
                    let reason = answer.reason.as_deref().unwrap_or("was rejected");
                    let (file, place) = (&counted.file, &counted.place);
                    let rejected =
                        RejectedRecord::new(counted.line, file, place, reason.to_owned());
                    self.reject(rejected);
                    continue;
                }
            }
            self.count_unsupported(DROPPED_REACTIONS, answer.reactions_dropped);
            if answer.reply_dropped {
                let (file, place) = (&counted.file, &counted.place);
                let reason = "its reply_to is the id of no earlier line of the conversation: \
                              imported without it";
                let part = RejectedRecord::new(counted.line, file, place, reason.to_owned());
                self.reject_part(part, DROPPED_REPLIES);
            }
            self.conversations.insert(counted.conversation);
            self.users.extend(counted.sender);
            self.record_id(&counted.wanted, answer.conversation_id.as_deref());
        }
        Ok(())
    }

    /// Records the id of a conversation, and whether it did not get the id that it should have.
    fn record_id(&mut self, wanted: &WantedConversation, id: Option<&str>) {
        let Some(id) = id else { return };
        if self.names.len() < MAX_RECORDED_IDS && !self.names.contains_key(id) {
            self.names.insert(id.to_owned(), wanted.name.clone());
        }
        let is_wanted = match &wanted.id {
            Some(wanted) => wanted == id,
            None => id.starts_with(DIRECT_ID_PREFIX),
        };
        if !is_wanted && self.other_ids.len() < MAX_RECORDED_IDS {
            let ids = self.other_ids.entry(wanted.name.clone()).or_default();
            ids.insert(id.to_owned());
        }
    }

    /// Sorts the rejected records: those rejected locally and those rejected by the system arrive
    /// in different orders.
    pub fn sort_rejected(&mut self) {
        self.rejected.sort_by_key(|rejected| rejected.number);
        self.rejected_parts.sort_by_key(|part| part.number);
    }

    /// The summary as one JSON object.
    pub fn to_json(&self, took: Duration) -> serde_json::Result<String> {
        serde_json::to_string(&self.to_report(took))
    }

    fn to_report(&self, took: Duration) -> ImportReport<'_> {
        let names = self.names.iter();
        ImportReport {
            dry_run: self.is_preview.then_some(true),
            existing_users: self.existing_users.as_deref(),
            imported_conversations: names
                .map(|(id, title)| ImportedConversation { id, title })
                .collect(),
            messages: self.imported,
            conversations: self.conversations.len(),
            users: self.users.len(),
            skipped: self.skipped,
            already_present: self.already_present,
            rejected: &self.rejected,
            rejected_parts: &self.rejected_parts,
            seconds: (took.as_secs_f64() * 1000.0).round() / 1000.0,
            lines_of_members: self.member_lines,
            not_taken_over: &self.unsupported,
            other_ids: &self.other_ids,
            notes: &self.notes,
        }
    }

    /// The summary as text, with line endings.
    pub fn to_text(&self, took: Duration) -> String {
        let mut text = String::new();
        // Writing to a String cannot fail.
        let content = format!(
            "{} in {} by {}",
            format_count(self.imported, "message"),
            format_count(self.conversations.len(), "conversation"),
            format_count(self.users.len(), "user"),
        );
        let _ = if self.is_preview {
            writeln!(
                text,
                "this would import {content}, without those that are already present; {} would be \
                 skipped",
                self.skipped
            )
        } else {
            writeln!(
                text,
                "{content} in {:.1} seconds; {} already present, {} skipped",
                took.as_secs_f64(),
                self.already_present,
                self.skipped,
            )
        };
        if self.member_lines > 0 {
            let lines = format_count(self.member_lines, "line");
            let _ = writeln!(text, "{lines} of members");
        }
        for note in &self.notes {
            let _ = writeln!(text, "note: {note}");
        }
        for (what, times) in &self.unsupported {
            let _ = writeln!(text, "not imported: {what} ({times})");
        }
        for (name, ids) in self.other_ids.iter().take(MAX_SHOWN) {
            let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
            let _ = writeln!(text, "{name:?} has another id: {}", ids.join(", "));
        }
        self.write_names(&mut text);
        let kinds = [UNKNOWN_FIELDS, REJECTED_FILES, DROPPED_REPLIES];
        let parts = kinds.map(|what| self.unsupported.get(what));
        let parts = parts.into_iter().flatten().sum();
        write_rejected_parts(&mut text, &self.rejected_parts, parts);
        write_rejected(&mut text, &self.rejected, self.skipped);
        text
    }

    /// Lists the conversations with their ids, and the users who existed before.
    fn write_names(&self, text: &mut String) {
        for (id, name) in self.names.iter().take(MAX_SHOWN) {
            let _ = writeln!(text, "conversation {id}: {name:?}");
        }
        if self.names.len() > MAX_SHOWN {
            let more = self.names.len() - MAX_SHOWN;
            let _ = writeln!(
                text,
                "... and {more} more; --json lists up to {MAX_RECORDED_IDS}"
            );
        }
        self.write_existing_users(text);
    }

    /// Lists the users who existed before. After an import that added no message, none of them got
    /// anything.
    fn write_existing_users(&self, text: &mut String) {
        let Some(existing) = &self.existing_users else {
            return;
        };
        let users = format_count(existing.len(), "user");
        let _ = match (self.is_preview, existing.as_slice()) {
            (true, []) => writeln!(text, "no user of the input exists already"),
            (true, _) => writeln!(
                text,
                "{users} of the input {} already, and would get these messages as their own; \
                 choose other ids with --users or --prefix for those who are somebody else",
                if existing.len() == 1 {
                    "exists"
                } else {
                    "exist"
                },
            ),
            (false, []) => return,
            (false, _) if self.imported == 0 => return,
            (false, _) => writeln!(
                text,
                "{users} of the input existed already, and got these messages as their own; for \
                 those who are somebody else, --users or --prefix would have chosen other ids",
            ),
        };
        for user in existing.iter().take(MAX_SHOWN) {
            let _ = writeln!(text, "  {user}");
        }
        if existing.len() > MAX_SHOWN {
            let more = existing.len() - MAX_SHOWN;
            let _ = writeln!(text, "... and {more} more; --json lists all");
        }
    }
}

/// Lists what parts were rejected: for each reason, the first place. `total` also counts those that
/// are not recorded.
fn write_rejected_parts(text: &mut String, parts: &[RejectedRecord], total: u64) {
    let mut by_reason: Vec<(&RejectedRecord, u64)> = Vec::new();
    for part in parts {
        match by_reason
            .iter_mut()
            .find(|(first, _)| first.reason == part.reason)
        {
            Some((_, times)) => *times += 1,
            None => by_reason.push((part, 1)),
        }
    }
    for (first, times) in by_reason.iter().take(MAX_SHOWN) {
        let RejectedRecord {
            file,
            place,
            reason,
            ..
        } = first;
        let _ = match times {
            1 => writeln!(text, "{file}, {place}: {reason}"),
            _ => writeln!(text, "{file}, {place} and {} more: {reason}", times - 1),
        };
    }
    let shown: u64 = by_reason
        .iter()
        .take(MAX_SHOWN)
        .map(|(_, times)| times)
        .sum();
    if total > shown {
        let _ = writeln!(
            text,
            "... and {} more; --json lists up to {MAX_RECORDED_REASONS}",
            total - shown
        );
    }
}

/// Lists what was rejected, up to [`MAX_SHOWN`] of `total`.
fn write_rejected(text: &mut String, rejected: &[RejectedRecord], total: u64) {
    for rejected in rejected.iter().take(MAX_SHOWN) {
        let RejectedRecord {
            file,
            place,
            reason,
            ..
        } = rejected;
        let _ = writeln!(text, "{file}, {place}: {reason}");
    }
    if total > MAX_SHOWN as u64 {
        let _ = writeln!(
            text,
            "... and {} more; --json lists up to {MAX_RECORDED_REASONS}",
            total - MAX_SHOWN as u64
        );
    }
}

// serde requires a reference.
#[allow(clippy::trivially_copy_pass_by_ref)]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

#[cfg(test)]
mod tests;
