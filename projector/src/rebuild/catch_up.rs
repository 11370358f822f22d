//! Folds the log into the shadow tables.

use event_log::read_ahead;
use event_log::reader::{EventFilter, LogReader};

use crate::error::ProjectionError;
use crate::projector::Projector;

/// The progress of a rebuild.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RebuildProgress {
    /// The position of the last folded event.
    pub position: i64,
    /// The end of the log when it was last read.
    pub head: i64,
}

/// Folds events up to a position or the current end of the log, reading pages ahead.
pub(super) async fn catch_up(
    projector: &mut Projector,
    reader: &LogReader,
    batch: usize,
    up_to: Option<i64>,
    on_progress: &mut impl FnMut(RebuildProgress),
) -> Result<(), ProjectionError> {
    let mut position = projector.position().await?;
    let head = match up_to {
        Some(up_to) => up_to,
        None => reader.head().await?.position,
    };
    let mut pages = read_ahead::read_pages(
        reader.clone(),
        EventFilter::default(),
        position,
        head,
        batch,
    );
    while position < head {
        let Some(page) = pages.recv().await else {
            break;
        };
        projector.step(&page?.events).await?;
        position = projector.position().await?;
        on_progress(RebuildProgress { position, head });
    }
    Ok(())
}
