//! Groups lines into requests.

use std::collections::BTreeMap;

use anyhow::Result;
use tokio::sync::mpsc::Sender;

use crate::duplicates::{DuplicateCounter, TextDigest};
use crate::input::ImportInput;
use crate::line::ParsedLine;
use crate::line_reader::{MAX_LINE_BYTES, SourceLine};

/// The maximum number of lines in one request, as accepted by the endpoint.
pub const MAX_CHUNK_LINES: usize = 1_000;
/// The maximum size of one request in bytes, as accepted by the endpoint.
pub const MAX_CHUNK_BYTES: usize = 4 * 1024 * 1024;
/// The maximum number of rejected lines in one chunk, for a file that contains no valid lines.
const MAX_REJECTED_LINES: usize = 1_000;

/// A line that has been sent and awaits its reply: the data that the summary needs.
#[derive(Debug, Clone)]
pub struct PendingLine {
    /// The line number.
    pub line: u64,
    /// A digest of the conversation id.
    pub conversation: TextDigest,
    /// A digest of the sender of a message; `None` for a line of members.
    pub sender: Option<TextDigest>,
}

/// One request, and the lines that were rejected before sending.
#[derive(Debug, Default)]
pub struct ImportChunk {
    /// The body of the request, NDJSON.
    pub body: Vec<u8>,
    /// The lines of the body, in order.
    pub lines: Vec<PendingLine>,
    /// The numbers of the lines that were rejected before sending, with the reasons.
    pub rejected: Vec<(u64, String)>,
    /// The number of bytes of the input that have been read for this chunk and all before it.
    pub bytes_read: u64,
}

impl ImportChunk {
    fn is_full_for(&self, json: &[u8]) -> bool {
        self.lines.len() >= MAX_CHUNK_LINES
            || self.rejected.len() >= MAX_REJECTED_LINES
            || (!self.body.is_empty() && self.body.len() + json.len() + 1 > MAX_CHUNK_BYTES)
    }

    fn is_empty(&self) -> bool {
        self.lines.is_empty() && self.rejected.is_empty()
    }
}

/// Reads the whole input into chunks and returns the number of unsupported items by description.
/// Blocks; ends early when the receiver of the chunks is dropped.
pub fn read_chunks(
    mut source: ImportInput,
    chunks: &Sender<ImportChunk>,
) -> Result<BTreeMap<String, u64>> {
    let mut repeats = DuplicateCounter::default();
    let mut buffer = Vec::new();
    let mut chunk = ImportChunk::default();
    let mut number = 0;
    loop {
        number += 1;
        let parsed = match source.read_line(&mut buffer)? {
            SourceLine::End => break,
            SourceLine::TooLong => Err(format!("is longer than {MAX_LINE_BYTES} bytes")),
            SourceLine::Line if buffer.trim_ascii().is_empty() => continue,
            SourceLine::Line => ParsedLine::parse(number, &buffer, &mut repeats),
        };
        match parsed {
            Ok(line) => {
                let json = serde_json::to_vec(&line)?;
                if chunk.is_full_for(&json) && !send_chunk(&mut chunk, chunks, &source) {
                    return Ok(source.unsupported());
                }
                let (conversation, sender) = line.digests();
                chunk.lines.push(PendingLine {
                    line: number,
                    conversation,
                    sender,
                });
                chunk.body.extend_from_slice(&json);
                chunk.body.push(b'\n');
            }
            Err(reason) => {
                chunk.rejected.push((number, reason));
                if chunk.is_full_for(&[]) && !send_chunk(&mut chunk, chunks, &source) {
                    return Ok(source.unsupported());
                }
            }
        }
    }
    if !chunk.is_empty() {
        send_chunk(&mut chunk, chunks, &source);
    }
    Ok(source.unsupported())
}

/// Sends the chunk and starts a new one. False if the receiver is gone.
fn send_chunk(chunk: &mut ImportChunk, chunks: &Sender<ImportChunk>, source: &ImportInput) -> bool {
    chunk.bytes_read = source.bytes_read();
    chunks.blocking_send(std::mem::take(chunk)).is_ok()
}
