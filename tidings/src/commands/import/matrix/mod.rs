//! An export of Matrix, read as lines of messages.
//!
//! Sources: the room events of the client-server API (spec.matrix.org, "Room Events", "Instant Messaging",
//! "Event replacements", "Event annotations and reactions", "Threading", "Rich replies", "Redactions"), and
//! Element's "Export chat" as JSON, an object with `room_name` and such events as `messages`. A file is one of
//!
//! - that object,
//! - an array of events,
//! - an event on each line.
//!
//! [`Form`] tells which, by the first bytes; a file of JSON lines is never taken for one. `event`: an event as
//! far as it is needed; `text`: its words. `room`: what the events make of each other.
//!
//! What happens to a message comes later in the file than the message, so everything is read before anything is
//! sent. What bounds memory is the file: at most [`MAX_BYTES`] unpacked. 300,000 events as Element writes
//! them, 138 MiB, took 220 MiB of memory; 600,000 that say little and stand close together, 125 MiB, took 334 MiB.
//!
//! - A user is called as there, `@ann:example.org`. What is longer than 128 characters keeps its first 103,
//!   followed by `~` and 24 digits of its SHA-256.
//! - A conversation is known by its `room_id`; its title is the room's name. Events without a `room_id` belong
//!   to the conversation of the file's `room_name`, or of the file's own name.
//! - Events keep the order of the file, or the opposite one if the file ends earlier than it begins, as the
//!   answers of a server do that is asked backwards.
//! - Of the texts of a message the first and the newest are kept. Whoever has left, and did not write, does not
//!   join.
//! - Element writes no reactions, and an edited message with its newest text only.
//!
//! Whatever a message here does not have is counted, and told at the end.

mod event;
mod room;
#[cfg(test)]
mod tests;
mod text;

use std::collections::{BTreeMap, VecDeque};
use std::io::{self, Read};

use anyhow::{Context as _, Result, anyhow, bail};
use serde::Deserialize;
use serde_json::Value;

use super::source::{Source, Text};
use event::Event;
use room::Gathered;

/// The largest file, unpacked.
pub const MAX_BYTES: u64 = 256 * 1024 * 1024;

/// How the events stand in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// The object that Element writes.
    Element,
    /// An array of events.
    Array,
    /// An event on each line.
    Lines,
}

/// See the module.
pub struct Matrix {
    /// `None` once it has been read.
    source: Option<(Source, Form)>,
    name: String,
    gathered: Gathered,
    lines: VecDeque<Event>,
    bytes: u64,
}

/// What Element writes.
#[derive(Deserialize)]
struct Export {
    room_name: Option<String>,
    messages: Vec<Event>,
}

impl Form {
    /// How a file that begins with this is an export; `None` if it is none. A line of a file of JSON lines
    /// is an object with a `conversation`, all on that line.
    pub fn of(start: &[u8]) -> Option<Self> {
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
            // Spread over lines, or longer than what is looked at: Element's first field tells.
            let inside = start.strip_prefix(b"{")?.trim_ascii_start();
            inside
                .starts_with(b"\"room_name\"")
                .then_some(Self::Element)
        }
    }
}

impl Matrix {
    /// An export that nothing has been read of. `name` is the file's.
    pub fn new(source: Source, form: Form, name: &str) -> Self {
        Self {
            bytes: source.bytes(),
            source: Some((source, form)),
            name: name.to_owned(),
            gathered: Gathered::default(),
            lines: VecDeque::new(),
        }
    }

    /// The file's size.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// How much of it has been read.
    pub fn bytes_read(&self) -> u64 {
        self.source
            .as_ref()
            .map_or(self.bytes, |(source, _)| source.bytes_read())
    }

    /// What was not taken over so far, and how often.
    pub fn unmapped(&self) -> BTreeMap<String, u64> {
        self.gathered.unmapped()
    }

    /// The next message, or who joined, as a line of JSON; `None` after the last.
    pub fn next_line(&mut self) -> Result<Option<Vec<u8>>> {
        if let Some((source, form)) = self.source.take() {
            let (name, mut events) = read(source, form, MAX_BYTES)?;
            let mut times = events.iter().filter_map(|event| event.at);
            let Some(first) = times.next() else {
                bail!("nothing in the file is an event of Matrix");
            };
            if times.next_back().is_some_and(|last| last < first) {
                events.reverse();
            }
            let name = name.filter(|name| !name.trim().is_empty());
            let (name, file) = (name, std::mem::take(&mut self.name));
            self.gathered = Gathered::of(&events, name, file);
            self.lines = events.into();
        }
        while let Some(event) = self.lines.pop_front() {
            if let Some(line) = self.gathered.line(event) {
                return Ok(Some(line.to_string().into_bytes()));
            }
        }
        Ok(None)
    }
}

/// The room's name, if the file says it, and all events.
fn read(source: Source, form: Form, most: u64) -> Result<(Option<String>, Vec<Event>)> {
    let bounded = |source: Source| Bounded {
        inner: source.into_text(),
        left: most,
    };
    let wrong = |error: serde_json::Error| {
        if error.is_io() {
            anyhow!(error)
        } else {
            anyhow!(error).context("the file is not a Matrix export")
        }
    };
    match form {
        Form::Element => {
            let export: Export =
                serde_json::from_reader(io::BufReader::new(bounded(source))).map_err(wrong)?;
            Ok((export.room_name, export.messages))
        }
        Form::Array => {
            let events = serde_json::from_reader(io::BufReader::new(bounded(source)));
            Ok((None, events.map_err(wrong)?))
        }
        Form::Lines => Ok((None, lines(source, most)?)),
    }
}

fn lines(mut source: Source, most: u64) -> Result<Vec<Event>> {
    let mut events = Vec::new();
    let mut buffer = Vec::new();
    let mut left = most;
    loop {
        match source.next(&mut buffer).context("cannot read the file")? {
            Text::End => return Ok(events),
            Text::TooLong => events.push(Event::no_event()),
            Text::Line if buffer.trim_ascii().is_empty() => {}
            Text::Line => {
                left = left
                    .checked_sub(buffer.len() as u64)
                    .ok_or_else(|| anyhow!(too_large()))?;
                let event = serde_json::from_slice(&buffer);
                events.push(event.unwrap_or_else(|_| Event::no_event()));
            }
        }
    }
}

fn too_large() -> String {
    format!(
        "the file is larger than {} MiB unpacked, and all of a Matrix export is read before anything is sent: export \
         the room in parts",
        MAX_BYTES / 1024 / 1024
    )
}

/// Fails beyond so many bytes.
struct Bounded<R> {
    inner: R,
    left: u64,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.left = self
            .left
            .checked_sub(count as u64)
            .ok_or_else(|| io::Error::other(too_large()))?;
        Ok(count)
    }
}
