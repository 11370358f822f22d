//! Converts a Matrix export into lines of messages.
//!
//! Sources: the room events of the client-server API (spec.matrix.org, "Room Events", "Instant
//! Messaging", "Event replacements", "Event annotations and reactions", "Threading", "Rich
//! replies", "Redactions"), and Element's "Export chat" as JSON, an object with `room_name` and
//! such events as `messages`. A file has one of three formats:
//!
//! - that object,
//! - an array of events,
//! - one event per line.
//!
//! [`MatrixFormat`] detects the format by the first bytes; a file of JSON lines is never mistaken
//! for a Matrix export. `event`: parses one event. `message_text`: the text of a message.
//! `room_state`: combines the events of a room.
//!
//! Edits, reactions and redactions come later in the file than their message, so the whole file is
//! read before anything is sent. The size of the file bounds the memory: at most
//! [`MAX_EXPORT_BYTES`] decompressed. 300,000 events as Element writes them, 138 MiB, took 220 MiB
//! of memory; 600,000 short events without whitespace, 125 MiB, took 334 MiB.
//!
//! - Users keep their Matrix ids, `@ann:example.org`. An id with more than 128 characters is
//!   shortened to its first 103, followed by `~` and 24 digits of its SHA-256.
//! - The id of a conversation is its `room_id`; its title is the name of the room. Events without a
//!   `room_id` belong to the conversation of the file's `room_name`, or of the name of the file.
//! - Events keep the order of the file. The order is reversed if the last event is older than the
//!   first, as in a server response that was paginated backwards.
//! - The import keeps the first and the newest text of a message. A user who has left and did not
//!   write does not join.
//! - Element exports no reactions, and an edited message only with its newest text.
//!
//! Data that Tidings does not support is counted and reported at the end.

mod event;
mod message_text;
mod room_state;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, VecDeque};
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, Result, anyhow, bail};
use serde::Deserialize;
use serde_json::Value;

use crate::line_reader::{LineReader, SourceLine};
use crate::record::{
    ImportRecord, RecordLine, RecordOrigin, RecordPlace, derive_name_id, file_name,
};
use event::MatrixEvent;
use room_state::RoomState;

/// The maximum size of an export, decompressed.
pub const MAX_EXPORT_BYTES: u64 = 256 * 1024 * 1024;

/// The format of a Matrix export.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MatrixFormat {
    /// The object that Element exports.
    Element,
    /// An array of events.
    Array,
    /// One event per line.
    Lines,
}

/// A Matrix export; see the module for its formats and rules.
pub struct MatrixExport {
    /// The unread file; `None` once it has been read.
    source: Option<(LineReader, MatrixFormat)>,
    file: Arc<str>,
    /// The name of the file without its extension.
    file_stem: String,
    /// The number of events so far.
    events: u64,
    room_state: RoomState,
    pending_events: VecDeque<MatrixEvent>,
    bytes: u64,
}

/// The JSON object that Element exports.
#[derive(Deserialize)]
struct ElementExport {
    room_name: Option<String>,
    messages: Vec<MatrixEvent>,
}

impl MatrixFormat {
    /// Detects the format of a file by its first bytes; `None` if it is not a Matrix export. In a
    /// file of JSON lines, each line is a whole object with a `conversation`.
    pub fn detect(start: &[u8]) -> Option<Self> {
        let start = start.trim_ascii_start();
        if start.starts_with(b"[") {
            return Some(Self::Array);
        }
        let line = start.split(|byte| *byte == b'\n').next()?;
        if let Ok(object) = serde_json::from_slice::<Value>(line) {
            let has = |field: &str| object.get(field).is_some();
            if has("conversation") {
                None
            } else if has("room_name") && object["messages"].is_array() {
                Some(Self::Element)
            } else {
                let is_event = ["type", "sender", "content", "origin_server_ts"];
                is_event.into_iter().all(has).then_some(Self::Lines)
            }
        } else {
            // Pretty-printed, or longer than the bytes read: check the first field that Element
            // writes.
            let first_field = start.strip_prefix(b"{")?.trim_ascii_start();
            first_field
                .starts_with(b"\"room_name\"")
                .then_some(Self::Element)
        }
    }
}

impl MatrixExport {
    /// An export that has not been read yet.
    pub fn new(source: LineReader, form: MatrixFormat, path: &Path) -> Self {
        let stem = path.file_stem().unwrap_or_default();
        Self {
            bytes: source.bytes(),
            source: Some((source, form)),
            file: file_name(path),
            file_stem: stem.to_string_lossy().into_owned(),
            events: 0,
            room_state: RoomState::default(),
            pending_events: VecDeque::new(),
        }
    }

    /// The size of the file in bytes.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The number of bytes read so far.
    pub fn bytes_read(&self) -> u64 {
        self.source
            .as_ref()
            .map_or(self.bytes, |(source, _)| source.bytes_read())
    }

    /// The unsupported items so far, with their counts.
    pub fn unsupported(&self) -> BTreeMap<String, u64> {
        self.room_state.unsupported()
    }

    /// The next record; `None` after the last one.
    pub fn next_record(&mut self) -> Result<Option<ImportRecord>> {
        if let Some((source, form)) = self.source.take() {
            let (name, mut events) = read_events(source, form, MAX_EXPORT_BYTES)?;
            let mut times = events.iter().filter_map(|event| event.timestamp);
            let Some(first) = times.next() else {
                bail!("the file contains no Matrix events");
            };
            if times.next_back().is_some_and(|last| last < first) {
                events.reverse();
            }
            let name = name.filter(|name| !name.trim().is_empty());
            let (name, file) = (name, std::mem::take(&mut self.file_stem));
            self.room_state = RoomState::from_events(&events, name, file);
            self.pending_events = events.into();
        }
        while let Some(event) = self.pending_events.pop_front() {
            self.events += 1;
            let id = event.id.clone();
            if let Some((line, room)) = self.room_state.event_line(event) {
                let place = match id {
                    Some(id) => format!("event {id}"),
                    None => format!("event {}", self.events),
                };
                let content = RecordLine {
                    attachment: None,
                    json: line.to_string().into_bytes(),
                    origin: room.map(room_origin),
                };
                return Ok(Some(ImportRecord {
                    file: self.file.clone(),
                    place: RecordPlace::Part(place),
                    content: Ok(content),
                }));
            }
        }
        Ok(None)
    }
}

/// The origin of a room with an id, which is unique in all of Matrix. A room without one is only
/// known by its name, like the conversations of a file of JSON lines.
fn room_origin(room: String) -> RecordOrigin {
    RecordOrigin {
        source: "matrix".into(),
        preferred: Some(derive_name_id(&room)),
        channel: room,
        ..RecordOrigin::default()
    }
}

/// Reads the name of the room, if the file has one, and all events.
fn read_events(
    source: LineReader,
    form: MatrixFormat,
    max_bytes: u64,
) -> Result<(Option<String>, Vec<MatrixEvent>)> {
    let bounded = |source: LineReader| BoundedReader {
        inner: source.into_reader(),
        remaining: max_bytes,
    };
    let parse_error = |error: serde_json::Error| {
        if error.is_io() {
            anyhow!(error)
        } else {
            anyhow!(error).context("the file is not a Matrix export")
        }
    };
    match form {
        MatrixFormat::Element => {
            let export: ElementExport =
                serde_json::from_reader(io::BufReader::new(bounded(source)))
                    .map_err(parse_error)?;
            Ok((export.room_name, export.messages))
        }
        MatrixFormat::Array => {
            let events = serde_json::from_reader(io::BufReader::new(bounded(source)));
            Ok((None, events.map_err(parse_error)?))
        }
        MatrixFormat::Lines => Ok((None, read_event_lines(source, max_bytes)?)),
    }
}

fn read_event_lines(mut source: LineReader, max_bytes: u64) -> Result<Vec<MatrixEvent>> {
    let mut events = Vec::new();
    let mut buffer = Vec::new();
    let mut left = max_bytes;
    loop {
        match source
            .read_line(&mut buffer)
            .context("cannot read the file")?
        {
            SourceLine::End => return Ok(events),
            SourceLine::TooLong => events.push(MatrixEvent::unrecognized()),
            SourceLine::Line if buffer.trim_ascii().is_empty() => {}
            SourceLine::Line => {
                left = left
                    .checked_sub(buffer.len() as u64)
                    .ok_or_else(|| anyhow!(too_large_message()))?;
                let event = serde_json::from_slice(&buffer);
                events.push(event.unwrap_or_else(|_| MatrixEvent::unrecognized()));
            }
        }
    }
}

fn too_large_message() -> String {
    format!(
        "the file is larger than {} MiB decompressed; a Matrix export is held in memory as a whole, so export the \
         room in parts",
        MAX_EXPORT_BYTES / 1024 / 1024
    )
}

/// A reader that fails after a maximum number of bytes.
struct BoundedReader<R> {
    inner: R,
    remaining: u64,
}

impl<R: Read> Read for BoundedReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.remaining = self
            .remaining
            .checked_sub(count as u64)
            .ok_or_else(|| io::Error::other(too_large_message()))?;
        Ok(count)
    }
}
