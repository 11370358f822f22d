//! What is imported: a file of lines, a Slack export, or a Matrix export.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context as _, Result, bail};

use super::matrix::{Form, Matrix};
use super::slack::{self, Slack};
use super::source::{MAX_LINE_BYTES, Source, Text};

/// A file or a directory.
pub enum Input {
    /// JSON lines.
    Lines(Source),
    /// An unpacked Slack export.
    Slack(Slack),
    /// A Matrix export.
    Matrix(Box<Matrix>),
}

impl Input {
    /// Opens what is there.
    pub fn open(path: &Path) -> Result<Self> {
        if !path.is_dir() {
            let mut source = Source::open(path)?;
            let start = source
                .start(MAX_LINE_BYTES)
                .with_context(|| format!("cannot read {}", path.display()))?;
            return Ok(match Form::of(&start) {
                Some(form) => {
                    let name = path.file_stem().unwrap_or_default().to_string_lossy();
                    Self::Matrix(Box::new(Matrix::new(source, form, &name)))
                }
                None => Self::Lines(source),
            });
        }
        if !slack::is_export(path) {
            bail!(
                "{} is a directory without channels.json, which a Slack export has; anything else is imported \
                 from a file",
                path.display()
            );
        }
        Ok(Self::Slack(Slack::open(path)?))
    }

    /// How much there is, in bytes.
    pub fn bytes(&self) -> u64 {
        match self {
            Self::Lines(source) => source.bytes(),
            Self::Slack(export) => export.bytes(),
            Self::Matrix(export) => export.bytes(),
        }
    }

    /// How much of it has been read.
    pub fn bytes_read(&self) -> u64 {
        match self {
            Self::Lines(source) => source.bytes_read(),
            Self::Slack(export) => export.bytes_read(),
            Self::Matrix(export) => export.bytes_read(),
        }
    }

    /// Reads the next line, or message, into `buffer`.
    pub fn next(&mut self, buffer: &mut Vec<u8>) -> Result<Text> {
        let line = match self {
            Self::Lines(source) => return Ok(source.next(buffer)?),
            Self::Slack(export) => export.next_line()?,
            Self::Matrix(export) => export.next_line()?,
        };
        Ok(match line {
            Some(line) => {
                *buffer = line;
                Text::Line
            }
            None => Text::End,
        })
    }

    /// What was not taken over, and how often.
    pub fn unmapped(&self) -> BTreeMap<String, u64> {
        match self {
            Self::Lines(_) => BTreeMap::new(),
            Self::Slack(export) => export.unmapped(),
            Self::Matrix(export) => export.unmapped(),
        }
    }
}
