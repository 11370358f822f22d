//! What is imported: a file of lines, or a Slack export.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Result, bail};

use super::slack::{self, Slack};
use super::source::{Source, Text};

/// A file or a directory.
pub enum Input {
    /// JSON lines.
    Lines(Source),
    /// An unpacked Slack export.
    Slack(Slack),
}

impl Input {
    /// Opens what is there.
    pub fn open(path: &Path) -> Result<Self> {
        if !path.is_dir() {
            return Ok(Self::Lines(Source::open(path)?));
        }
        if !slack::is_export(path) {
            bail!(
                "{} is a directory without channels.json, which a Slack export has; anything else is imported \
                 from a file of JSON lines",
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
        }
    }

    /// How much of it has been read.
    pub fn bytes_read(&self) -> u64 {
        match self {
            Self::Lines(source) => source.bytes_read(),
            Self::Slack(export) => export.bytes_read(),
        }
    }

    /// Reads the next line, or message, into `buffer`.
    pub fn next(&mut self, buffer: &mut Vec<u8>) -> Result<Text> {
        match self {
            Self::Lines(source) => Ok(source.next(buffer)?),
            Self::Slack(export) => Ok(match export.next_line()? {
                Some(line) => {
                    *buffer = line;
                    Text::Line
                }
                None => Text::End,
            }),
        }
    }

    /// What was not taken over, and how often.
    pub fn unmapped(&self) -> BTreeMap<String, u64> {
        match self {
            Self::Lines(_) => BTreeMap::new(),
            Self::Slack(export) => export.unmapped(),
        }
    }
}
