//! Lines gathered into requests.

use std::collections::BTreeMap;

use anyhow::Result;
use indicatif::ProgressBar;
use tokio::sync::mpsc::Sender;

use super::input::Input;
use super::line::Line;
use super::repeats::{Digest, Repeats};
use super::source::{MAX_LINE_BYTES, Text};

/// Lines and bytes of one request, as the endpoint takes them.
pub const MAX_LINES: usize = 1_000;
/// See [`MAX_LINES`].
pub const MAX_BYTES: usize = 4 * 1024 * 1024;
/// Refused lines that are told of together, in a file that has nothing else.
const MAX_REFUSED: usize = 1_000;

/// What of a line is still needed when it is answered.
#[derive(Debug, Clone)]
pub struct Counted {
    /// Its number.
    pub line: u64,
    /// A digest of its conversation.
    pub conversation: Digest,
    /// A digest of a message's sender; `None` for a line of members.
    pub sender: Option<Digest>,
}

/// One request, and what could not become part of it.
#[derive(Debug, Default)]
pub struct Chunk {
    /// The request's body, NDJSON.
    pub body: Vec<u8>,
    /// For each of its lines, in order, what the answer is counted by.
    pub lines: Vec<Counted>,
    /// Lines that were refused before sending, with reasons.
    pub refused: Vec<(u64, String)>,
}

impl Chunk {
    fn is_full_for(&self, json: &[u8]) -> bool {
        self.lines.len() >= MAX_LINES
            || self.refused.len() >= MAX_REFUSED
            || (!self.body.is_empty() && self.body.len() + json.len() + 1 > MAX_BYTES)
    }

    fn is_empty(&self) -> bool {
        self.lines.is_empty() && self.refused.is_empty()
    }
}

/// Reads all of it into chunks. Blocks; ends early when nobody takes them any more. Answers what was not taken
/// over.
pub fn read(
    mut source: Input,
    chunks: &Sender<Chunk>,
    progress: &ProgressBar,
) -> Result<BTreeMap<String, u64>> {
    let mut repeats = Repeats::default();
    let mut buffer = Vec::new();
    let mut chunk = Chunk::default();
    let mut number = 0;
    loop {
        number += 1;
        let parsed = match source.next(&mut buffer)? {
            Text::End => break,
            Text::TooLong => Err(format!("is longer than {MAX_LINE_BYTES} bytes")),
            Text::Line if buffer.trim_ascii().is_empty() => continue,
            Text::Line => Line::parse(number, &buffer, &mut repeats),
        };
        match parsed {
            Ok(line) => {
                let json = serde_json::to_vec(&line)?;
                if chunk.is_full_for(&json) && !give(&mut chunk, chunks, &source, progress) {
                    return Ok(source.unmapped());
                }
                let (conversation, sender) = line.members();
                chunk.lines.push(Counted {
                    line: number,
                    conversation,
                    sender,
                });
                chunk.body.extend_from_slice(&json);
                chunk.body.push(b'\n');
            }
            Err(reason) => {
                chunk.refused.push((number, reason));
                if chunk.is_full_for(&[]) && !give(&mut chunk, chunks, &source, progress) {
                    return Ok(source.unmapped());
                }
            }
        }
    }
    if !chunk.is_empty() {
        give(&mut chunk, chunks, &source, progress);
    }
    Ok(source.unmapped())
}

/// Whether it was taken.
fn give(chunk: &mut Chunk, chunks: &Sender<Chunk>, source: &Input, progress: &ProgressBar) -> bool {
    progress.set_position(source.bytes_read());
    chunks.blocking_send(std::mem::take(chunk)).is_ok()
}
