//! What an export is asked for.

use std::path::PathBuf;

use super::format::ExportFormat;
use crate::slice::EventSelection;

/// What to export, and where to.
#[derive(Debug, Clone)]
pub struct ExportOptions {
    /// The events. Their time also says in which folder each is.
    pub selection: EventSelection,
    /// The directory. An export already in it resumes.
    pub dir: PathBuf,
    /// The format of the files.
    pub format: ExportFormat,
}
