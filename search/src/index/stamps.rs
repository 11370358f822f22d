//! Whether somebody has touched a file of an index that nobody has any business to touch.
//!
//! Files never change once they are written. Their stamps are taken as soon as they are, and looked at
//! now and then, and once more when a file goes: a merge that read a damaged segment has written the
//! damage into a new one, whose checksum is right.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, Metadata};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tantivy::directory::{AntiCallToken, TerminatingWrite, WritePtr};

/// What became of the files since the last look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Touched {
    /// Nobody has touched them.
    No,
    /// One of those that are there was changed, or is not there any more: reading all of them tells.
    Here,
    /// One had been changed when it went: what was made of it cannot be told from what should have been.
    Gone,
}

/// Length, time of the last change and number of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stamp(u64, i64, i64, u64);

impl From<Metadata> for Stamp {
    fn from(of: Metadata) -> Self {
        Self(of.len(), of.mtime(), of.mtime_nsec(), of.ino())
    }
}

/// The files of an index as they were written.
#[derive(Debug, Clone)]
pub(super) struct Stamps {
    directory: Arc<Path>,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    files: BTreeMap<PathBuf, Watched>,
    has_lost_a_touched_one: bool,
}

#[derive(Debug)]
struct Watched {
    written: Stamp,
    /// At the last look: what was told once is not told again.
    seen: Option<Stamp>,
}

impl Stamps {
    pub fn within(directory: &Path) -> Self {
        Self {
            directory: directory.into(),
            state: Arc::default(),
        }
    }

    /// Takes the stamps of files that are there.
    pub fn take(&self, files: &BTreeSet<PathBuf>) -> io::Result<()> {
        for file in files {
            let Some(written) = self.now(file)? else {
                continue;
            };
            let seen = Some(written);
            let watched = Watched { written, seen };
            self.state().files.insert(file.clone(), watched);
        }
        Ok(())
    }

    /// A file that will have its stamp when it is written.
    pub fn on(&self, file: &Path, writer: WritePtr) -> WritePtr {
        BufWriter::new(Box::new(Stamped {
            stamps: self.clone(),
            file: file.to_owned(),
            writer,
        }))
    }

    /// A file goes, because nothing refers to it any more.
    pub fn leave(&self, file: &Path) -> io::Result<()> {
        let now = self.now(file)?;
        let mut state = self.state();
        let watched = state.files.remove(file);
        state.has_lost_a_touched_one |= watched.is_some_and(|it| now != Some(it.written));
        Ok(())
    }

    /// Looks at all of them. What was told once is not told again.
    pub fn look(&self) -> io::Result<Touched> {
        let files: Vec<PathBuf> = self.state().files.keys().cloned().collect();
        let mut touched = Touched::No;
        for file in files {
            let now = self.now(&file)?;
            // One that was taken away meanwhile was looked at then.
            if let Some(watched) = self.state().files.get_mut(&file)
                && watched.seen != now
            {
                watched.seen = now;
                touched = Touched::Here;
            }
        }
        if std::mem::take(&mut self.state().has_lost_a_touched_one) {
            touched = Touched::Gone;
        }
        Ok(touched)
    }

    fn now(&self, file: &Path) -> io::Result<Option<Stamp>> {
        match fs::metadata(self.directory.join(file)) {
            Ok(found) => Ok(Some(found.into())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A file that is being written.
struct Stamped {
    stamps: Stamps,
    file: PathBuf,
    writer: WritePtr,
}

impl Write for Stamped {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.writer.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

impl TerminatingWrite for Stamped {
    fn terminate_ref(&mut self, token: AntiCallToken) -> io::Result<()> {
        self.writer.terminate_ref(token)?;
        self.stamps.take(&BTreeSet::from([self.file.clone()]))
    }
}
