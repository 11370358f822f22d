//! Groups lines into requests.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

use anyhow::Result;
use tokio::sync::mpsc::Sender;

use crate::duplicates::TextDigest;
use crate::input::ImportInput;
use crate::line::{LineBody, LineContext, ParsedLine};
use crate::record::{RecordAttachment, RecordPlace};
use crate::rejected::RejectedRecord;

/// The maximum number of lines in one request, as accepted by the endpoint.
pub const MAX_CHUNK_LINES: usize = 1_000;
/// The maximum size of one request in bytes, as accepted by the endpoint.
pub const MAX_CHUNK_BYTES: usize = 4 * 1024 * 1024;
/// The maximum number of files that are uploaded before one request.
const MAX_CHUNK_FILES: usize = 50;
/// The maximum number of rejected lines in one chunk, for a file that contains no valid lines.
const MAX_REJECTED_LINES: usize = 1_000;

/// A line that has been sent and awaits its reply: the data that the summary needs.
#[derive(Debug, Clone)]
pub struct PendingLine {
    /// The number of the line in the import.
    pub line: u64,
    /// The file.
    pub file: Arc<str>,
    /// The place in the file.
    pub place: RecordPlace,
    /// What the conversation is called in the input, and the id that it should get.
    pub wanted: WantedConversation,
    /// A digest of the conversation id.
    pub conversation: TextDigest,
    /// A digest of the sender of a message; `None` for a line of members.
    pub sender: Option<TextDigest>,
}

/// What a conversation is called in the input, and the id that it should get.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WantedConversation {
    /// The name.
    pub name: String,
    /// The id; `None` for the direct conversation of two users.
    pub id: Option<String>,
}

/// A file beside the export that a line gets once it is uploaded.
#[derive(Debug, Clone)]
pub struct AttachedFile {
    /// Where the line is in the body of the request.
    pub at: Range<usize>,
    /// Which of the lines it is.
    pub index: usize,
    /// The sender, who uploads it.
    pub sender: String,
    /// Identifies the line when it is imported again.
    pub key: String,
    /// The file.
    pub file: RecordAttachment,
}

/// One request, and the lines that were rejected before sending.
#[derive(Debug, Default)]
pub struct ImportChunk {
    /// The body of the request, NDJSON.
    pub body: Vec<u8>,
    /// The lines of the body, in order.
    pub lines: Vec<PendingLine>,
    /// The records that were rejected before sending.
    pub rejected: Vec<RejectedRecord>,
    /// The parts that the lines of the body are sent without.
    pub rejected_parts: Vec<RejectedRecord>,
    /// The files that lines of the body get, in the order of the lines.
    pub attached: Vec<AttachedFile>,
    /// The files that lines of the body are sent without.
    pub rejected_files: Vec<RejectedRecord>,
    /// The users in the lines.
    pub users: BTreeSet<String>,
    /// The number of bytes of the input that have been read for this chunk and all before it.
    pub bytes_read: u64,
}

impl ImportChunk {
    fn is_full_for(&self, json: &[u8]) -> bool {
        self.lines.len() >= MAX_CHUNK_LINES
            || self.attached.len() >= MAX_CHUNK_FILES
            || self.rejected.len() >= MAX_REJECTED_LINES
            || self.rejected_parts.len() >= MAX_REJECTED_LINES
            || (!self.body.is_empty() && self.body.len() + json.len() + 1 > MAX_CHUNK_BYTES)
    }

    fn push(&mut self, mut line: ParsedLine, json: &[u8], file: Arc<str>, place: RecordPlace) {
        for name in &line.unknown_fields {
            let reason = format!("has {name}, which is no field of such a line: not imported");
            let part = RejectedRecord::new(line.line, &file, &place, reason);
            self.rejected_parts.push(part);
        }
        for user in line.users() {
            if !self.users.contains(user) {
                self.users.insert(user.to_owned());
            }
        }
        let attachment = line.attachment.take();
        if let (Some(file), LineBody::Message(message)) = (attachment, &line.body) {
            self.attached.push(AttachedFile {
                at: self.body.len()..self.body.len() + json.len(),
                index: self.lines.len(),
                sender: message.sender.clone(),
                key: format!("{} {}", line.conversation, line.key),
                file,
            });
        }
        let (conversation, sender) = line.digests();
        let id = line.preferred.unwrap_or(line.conversation);
        self.lines.push(PendingLine {
            line: line.line,
            file,
            place,
            wanted: WantedConversation {
                name: line.name,
                id: line.direct.is_none().then_some(id),
            },
            conversation,
            sender,
        });
        self.body.extend_from_slice(json);
        self.body.push(b'\n');
    }

    fn is_empty(&self) -> bool {
        self.lines.is_empty() && self.rejected.is_empty()
    }
}

/// Reads the whole input into chunks. Returns the input, which knows what it did not take over.
/// Blocks; ends early when the receiver of the chunks is dropped.
pub fn read_chunks(
    mut source: ImportInput,
    mut context: LineContext,
    chunks: &Sender<ImportChunk>,
) -> Result<ImportInput> {
    let mut chunk = ImportChunk::default();
    let mut number = 0;
    while let Some(record) = source.next_record()? {
        number += 1;
        let (file, place) = (record.file, record.place);
        let parsed = record.content.and_then(|line| {
            let parsed = ParsedLine::parse(number, &line.json, line.origin, &mut context)?;
            let attachment = line.attachment;
            Ok(ParsedLine {
                attachment,
                ..parsed
            })
        });
        match parsed {
            Ok(line) => {
                let json = serde_json::to_vec(&line)?;
                if chunk.is_full_for(&json) && !send_chunk(&mut chunk, chunks, &source) {
                    return Ok(source);
                }
                chunk.push(line, &json, file, place);
            }
            Err(reason) => {
                chunk
                    .rejected
                    .push(RejectedRecord::new(number, &file, &place, reason));
                if chunk.is_full_for(&[]) && !send_chunk(&mut chunk, chunks, &source) {
                    return Ok(source);
                }
            }
        }
    }
    if !chunk.is_empty() {
        send_chunk(&mut chunk, chunks, &source);
    }
    Ok(source)
}

/// Sends the chunk and starts a new one. False if the receiver is gone.
fn send_chunk(chunk: &mut ImportChunk, chunks: &Sender<ImportChunk>, source: &ImportInput) -> bool {
    chunk.bytes_read = source.bytes_read();
    chunks.blocking_send(std::mem::take(chunk)).is_ok()
}
