//! `epochs.json`: the epochs of the exported positions. With them an export in any format says
//! which history its positions belong to, so that a log that is loaded from it has the same
//! cursors.

use std::fs::{self, File};
use std::io::{ErrorKind, Write as _};
use std::path::Path;

use anyhow::{Context as _, Result};
use domain::history::{Epoch, History, LogCursor};
use serde::{Deserialize, Serialize};

use super::writer::put_in_place;

/// The file name of the epochs in an export.
const EPOCHS_FILE: &str = "epochs.json";

/// One epoch, as the file has it.
#[derive(Debug, Serialize, Deserialize)]
struct ExportedEpoch {
    /// The epoch covers the positions after this one.
    after: i64,
    /// Its tag, as in a cursor.
    tag: String,
}

/// Writes the epochs of the positions up to `complete_to`.
pub(super) fn write(dir: &Path, history: &History, complete_to: i64) -> Result<()> {
    let epochs = history.epochs().iter().enumerate();
    let epochs: Vec<ExportedEpoch> = epochs
        .filter(|(nth, epoch)| *nth == 0 || epoch.after < complete_to)
        .map(|(_, epoch)| ExportedEpoch {
            after: epoch.after,
            tag: epoch.tag.to_string(),
        })
        .collect();
    let next = dir.join(".epochs.next");
    let mut file = File::create(&next).with_context(|| next.display().to_string())?;
    file.write_all(&serde_json::to_vec_pretty(&epochs)?)?;
    file.write_all(b"\n")?;
    put_in_place(&file, &next, &dir.join(EPOCHS_FILE))
}

/// Reads the epochs; `None` if the export has none, as those of older releases.
pub(super) fn read(dir: &Path) -> Result<Option<History>> {
    let path = dir.join(EPOCHS_FILE);
    let text = match fs::read(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error).with_context(|| path.display().to_string()),
    };
    let invalid = || format!("{} is damaged", path.display());
    let epochs: Vec<ExportedEpoch> = serde_json::from_slice(&text).with_context(invalid)?;
    let epochs = epochs.into_iter().map(|epoch| {
        let cursor: LogCursor = format!("0.{}", epoch.tag).parse()?;
        Ok(Epoch {
            after: epoch.after,
            tag: cursor.tag,
        })
    });
    let epochs: Vec<Epoch> = epochs.collect::<Result<_>>().with_context(invalid)?;
    Ok(Some(History::from_epochs(epochs).with_context(invalid)?))
}

#[cfg(test)]
mod tests {
    use domain::history::EpochTag;

    use super::*;

    #[test]
    fn the_epochs_of_the_exported_positions_are_read_back() {
        let dir = std::env::temp_dir().join(format!("tidings-epochs-{}", std::process::id()));
        fs::create_dir_all(&dir).expect("a directory");
        let epoch = |after, bits| Epoch {
            after,
            tag: EpochTag::from_bits(bits),
        };
        let epochs = vec![epoch(0, 1), epoch(5, 0xff), epoch(9, 3)];
        let history = History::from_epochs(epochs).expect("a history");
        assert_eq!(read(&dir).expect("nothing there"), None);
        write(&dir, &history, 9).expect("written");
        let found = read(&dir).expect("readable").expect("there");
        fs::remove_dir_all(&dir).expect("removed");
        assert_eq!(found.epochs(), [epoch(0, 1), epoch(5, 0xff)]);
    }
}
