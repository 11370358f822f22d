//! Where the lines of an export go.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;

use super::files::name_path;

/// A new file, or standard output. The file is created with its first line: an export that fails
/// before leaves nothing.
pub struct ExportOutput {
    path: Option<PathBuf>,
    writer: Option<BufWriter<Box<dyn Write + Send>>>,
}

impl ExportOutput {
    /// The output into a file at this path, or to standard output.
    pub fn new(path: Option<PathBuf>) -> Self {
        Self { path, writer: None }
    }

    /// Writes one line.
    pub fn write_line(&mut self, line: &str) -> io::Result<()> {
        let writer = match &mut self.writer {
            Some(writer) => writer,
            None => self
                .writer
                .insert(BufWriter::new(open(self.path.as_ref())?)),
        };
        writer.write_all(line.as_bytes())?;
        writer.write_all(b"\n")
    }

    /// Writes what is still in memory.
    pub fn finish(self) -> io::Result<()> {
        match self.writer {
            Some(mut writer) => writer.flush(),
            None => Ok(()),
        }
    }
}

fn open(path: Option<&PathBuf>) -> io::Result<Box<dyn Write + Send>> {
    let Some(path) = path else {
        return Ok(Box::new(io::stdout()));
    };
    let file = File::create_new(path).map_err(|error| name_path(&error, path))?;
    Ok(Box::new(file))
}
