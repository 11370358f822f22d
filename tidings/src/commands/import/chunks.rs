//! Groups lines into requests.

use std::collections::BTreeMap;

use anyhow::Result;
use indicatif::ProgressBar;
use tokio::sync::mpsc::Sender;

use super::input::Input;
use super::line::Line;
use super::repeats::{Digest, Repeats};
use super::source::{MAX_LINE_BYTES, Text};

/// The maximum number of lines in one request, as accepted by the endpoint.
pub const MAX_LINES: usize = 1_000;
/// The maximum size of one request in bytes, as accepted by the endpoint.
pub const MAX_BYTES: usize = 4 * 1024 * 1024;
/// The maximum number of rejected lines in one chunk, for a file that contains no valid lines.
const MAX_REFUSED: usize = 1_000;

/// A line that has been sent and awaits its reply: the data that the summary needs.
#[derive(Debug, Clone)]
pub struct Counted {
    /// The line number.
    pub line: u64,
    /// A digest of the conversation id.
    pub conversation: Digest,
    /// A digest of the sender of a message; `None` for a line of members.
    pub sender: Option<Digest>,
}

/// One request, and the lines that were rejected before sending.
#[derive(Debug, Default)]
pub struct Chunk {
    /// The body of the request, NDJSON.
    pub body: Vec<u8>,
    /// The lines of the body, in order.
    pub lines: Vec<Counted>,
    /// The numbers of the lines that were rejected before sending, with the reasons.
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

/// Reads the whole input into chunks and returns the number of unsupported items by description.
/// Blocks; ends early when the receiver of the chunks is dropped.
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

/// Sends the chunk and starts a new one. False if the receiver is gone.
fn give(chunk: &mut Chunk, chunks: &Sender<Chunk>, source: &Input, progress: &ProgressBar) -> bool {
    progress.set_position(source.bytes_read());
    chunks.blocking_send(std::mem::take(chunk)).is_ok()
}
