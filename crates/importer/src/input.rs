//! The input of an import: a file of JSON lines, a Slack export, or a Matrix export.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context as _, Result, bail};

use crate::line_reader::{LineReader, MAX_LINE_BYTES, SourceLine};
use crate::matrix::{MatrixExport, MatrixFormat};
use crate::slack::{self, SlackExport};

/// The input of an import, a file or a directory.
pub enum ImportInput {
    /// A file of JSON lines.
    Lines(LineReader),
    /// An unpacked Slack export.
    Slack(SlackExport),
    /// A Matrix export.
    Matrix(Box<MatrixExport>),
}

impl ImportInput {
    /// Opens a file or directory and detects its type.
    pub fn open(path: &Path) -> Result<Self> {
        if !path.is_dir() {
            let mut source = LineReader::open(path)?;
            let start = source
                .peek_start(MAX_LINE_BYTES)
                .with_context(|| format!("cannot read {}", path.display()))?;
            return Ok(match MatrixFormat::detect(&start) {
                Some(form) => {
                    let name = path.file_stem().unwrap_or_default().to_string_lossy();
                    Self::Matrix(Box::new(MatrixExport::new(source, form, &name)))
                }
                None => Self::Lines(source),
            });
        }
        if !slack::is_export(path) {
            bail!(
                "{} is a directory but not a Slack export, because it has no channels.json; import any other \
                 format from a file",
                path.display()
            );
        }
        Ok(Self::Slack(SlackExport::open(path)?))
    }

    /// The size of the input in bytes.
    pub fn bytes(&self) -> u64 {
        match self {
            Self::Lines(source) => source.bytes(),
            Self::Slack(export) => export.bytes(),
            Self::Matrix(export) => export.bytes(),
        }
    }

    /// The number of bytes read so far.
    pub fn bytes_read(&self) -> u64 {
        match self {
            Self::Lines(source) => source.bytes_read(),
            Self::Slack(export) => export.bytes_read(),
            Self::Matrix(export) => export.bytes_read(),
        }
    }

    /// Reads the next line, or the next message as a line, into `buffer`.
    pub fn read_line(&mut self, buffer: &mut Vec<u8>) -> Result<SourceLine> {
        let line = match self {
            Self::Lines(source) => return Ok(source.read_line(buffer)?),
            Self::Slack(export) => export.next_line()?,
            Self::Matrix(export) => export.next_line()?,
        };
        Ok(match line {
            Some(line) => {
                *buffer = line;
                SourceLine::Line
            }
            None => SourceLine::End,
        })
    }

    /// The items that the import does not support, with their counts.
    pub fn unsupported(&self) -> BTreeMap<String, u64> {
        match self {
            Self::Lines(_) => BTreeMap::new(),
            Self::Slack(export) => export.unsupported(),
            Self::Matrix(export) => export.unsupported(),
        }
    }
}
