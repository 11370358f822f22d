//! The input of an import: a file of JSON lines, or an export of another system.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, Result};

use crate::chat::{ChatExport, ExportContents};
use crate::kind::{InputKind, detect_directory, detect_file};
use crate::line_reader::{LineReader, MAX_LINE_BYTES, SourceLine};
use crate::matrix::MatrixExport;
use crate::record::{ImportRecord, RecordLine, RecordPlace, file_name};
use crate::slack::SlackExport;
use crate::{discord, mattermost, rocket_chat, telegram, whatsapp, zulip};

/// The input of an import, a file or a directory.
pub enum ImportInput {
    /// A file of JSON lines.
    Lines(LineInput),
    /// An unpacked Slack export.
    Slack(Box<SlackExport>),
    /// A Matrix export.
    Matrix(Box<MatrixExport>),
    /// An export of another system, which is read as a whole.
    Chats(ChatExport),
}

/// A file of JSON lines.
pub struct LineInput {
    reader: LineReader,
    file: Arc<str>,
    line: u64,
}

impl ImportInput {
    /// Opens a file or directory and detects its kind. The error of an input of another kind is an
    /// [`UnsupportedInputError`](crate::UnsupportedInputError).
    pub fn open(path: &Path) -> Result<Self> {
        if path.is_dir() {
            return Self::open_as(path, detect_directory(path)?, None);
        }
        let mut reader = LineReader::open(path)?;
        let start = reader
            .peek_start(MAX_LINE_BYTES)
            .with_context(|| format!("cannot read {}", path.display()))?;
        Self::open_as(path, detect_file(path, &start)?, Some(reader))
    }

    fn open_as(path: &Path, kind: InputKind, reader: Option<LineReader>) -> Result<Self> {
        let reader = |path: &Path| reader.map_or_else(|| LineReader::open(path), Ok);
        Ok(match kind {
            InputKind::Lines => Self::Lines(LineInput {
                reader: reader(path)?,
                file: file_name(path),
                line: 0,
            }),
            InputKind::Slack => Self::Slack(Box::new(SlackExport::open(path)?)),
            InputKind::Matrix(format) => {
                Self::Matrix(Box::new(MatrixExport::new(reader(path)?, format, path)))
            }
            InputKind::Mattermost(file) => Self::from_contents(mattermost::read(&file)?, &[file]),
            InputKind::RocketChatRoom => {
                Self::from_contents(rocket_chat::read_room(path)?, &[path.to_owned()])
            }
            InputKind::RocketChatDatabase(files) => {
                Self::from_contents(rocket_chat::read_database(&files)?, &[])
            }
            InputKind::Zulip(files) => Self::from_contents(zulip::read(path, &files)?, &files),
            InputKind::Discord(files) => Self::from_contents(discord::read(&files)?, &files),
            InputKind::Telegram(file) => Self::from_contents(telegram::read(&file)?, &[file]),
            InputKind::WhatsApp(file) => Self::from_contents(whatsapp::read(&file)?, &[file]),
        })
    }

    fn from_contents(contents: ExportContents, files: &[PathBuf]) -> Self {
        let size = |file: &PathBuf| std::fs::metadata(file).map_or(0, |file| file.len());
        let bytes = files.iter().map(size).sum();
        Self::Chats(ChatExport::new(contents, bytes))
    }

    /// The size of the input in bytes.
    pub fn bytes(&self) -> u64 {
        match self {
            Self::Lines(lines) => lines.reader.bytes(),
            Self::Slack(export) => export.bytes(),
            Self::Matrix(export) => export.bytes(),
            Self::Chats(export) => export.bytes(),
        }
    }

    /// The number of bytes read so far.
    pub fn bytes_read(&self) -> u64 {
        match self {
            Self::Lines(lines) => lines.reader.bytes_read(),
            Self::Slack(export) => export.bytes_read(),
            Self::Matrix(export) => export.bytes_read(),
            Self::Chats(export) => export.bytes_read(),
        }
    }

    /// Reads the next record; `None` after the last one.
    pub fn next_record(&mut self) -> Result<Option<ImportRecord>> {
        match self {
            Self::Lines(lines) => lines.next_record(),
            Self::Slack(export) => export.next_record(),
            Self::Matrix(export) => export.next_record(),
            Self::Chats(export) => Ok(export.next_record()),
        }
    }

    /// The items that the import does not support, with their counts.
    pub fn unsupported(&self) -> BTreeMap<String, u64> {
        match self {
            Self::Lines(_) => BTreeMap::new(),
            Self::Slack(export) => export.unsupported(),
            Self::Matrix(export) => export.unsupported(),
            Self::Chats(export) => export.unsupported(),
        }
    }

    /// Remarks about the input as a whole.
    pub fn notes(&self) -> Vec<String> {
        match self {
            Self::Lines(_) | Self::Matrix(_) => Vec::new(),
            Self::Slack(export) => export.notes(),
            Self::Chats(export) => export.notes(),
        }
    }
}

impl LineInput {
    fn next_record(&mut self) -> Result<Option<ImportRecord>> {
        let mut json = Vec::new();
        loop {
            self.line += 1;
            let place = RecordPlace::Line(self.line);
            let content = match self.reader.read_line(&mut json)? {
                SourceLine::End => return Ok(None),
                SourceLine::TooLong => Err(format!("is longer than {MAX_LINE_BYTES} bytes")),
                SourceLine::Line if json.trim_ascii().is_empty() => continue,
                SourceLine::Line => Ok(RecordLine {
                    json,
                    origin: None,
                    attachment: None,
                }),
            };
            return Ok(Some(ImportRecord {
                file: self.file.clone(),
                place,
                content,
            }));
        }
    }
}
