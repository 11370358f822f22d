//! Reads the log in pages, and makes the previews of the images that are stored.

use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};
use connectivity::postgres::SessionLease;
use domain::envelope::Envelope;
use domain::file::File;
use domain::history::LogCursor;
use domain::ids::FileId;
use event_log::FlaggedFilter;
use event_log::reader::LogReader;
use file_store::{ImageDimensions, PreviewError, PreviewSource, Previews};

use super::progress;
use crate::state::{FilesState, object_of};

/// The type of the events that say that a file is stored.
const FILE_STORED: &str = "file_stored";

/// How many events of the log one step covers.
const MAX_EVENTS_PER_STEP: i64 = 5_000;

/// How often the progress is stored while there are no images.
const STORE_INTERVAL: Duration = Duration::from_secs(1);

/// What a step did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PreviewStep {
    /// There is more in the log.
    Advanced,
    /// This was all.
    Current,
    /// Another process follows the log.
    Standby,
}

/// Makes previews of what is stored, unless another process does.
pub struct PreviewFollower {
    state: FilesState,
    previews: Previews,
    reader: LogReader,
    active: Option<ActivePreviewFollower>,
}

/// What the process that follows the log holds.
struct ActivePreviewFollower {
    lease: SessionLease,
    /// Everything up to here is done.
    cursor: Option<LogCursor>,
    /// The progress that is stored, and when it was.
    stored: Option<LogCursor>,
    stored_at: Instant,
}

impl PreviewFollower {
    /// A follower of these files.
    pub fn new(state: FilesState, previews: Previews) -> Self {
        let reader = LogReader::new(state.pool().clone());
        Self {
            state,
            previews,
            reader,
            active: None,
        }
    }

    /// Follows the log a bit. After an error it begins again with what is stored, and perhaps
    /// another process goes on.
    pub async fn step(&mut self) -> Result<PreviewStep> {
        let active = match self.active.take() {
            Some(active) => Some(active),
            None => self.activate().await?,
        };
        let Some(mut active) = active else {
            return Ok(PreviewStep::Standby);
        };
        let step = self.follow(&mut active).await?;
        self.active = Some(active);
        Ok(step)
    }

    /// Stores the progress, and lets another process follow.
    pub async fn release(mut self) {
        if let Some(mut active) = self.active.take() {
            // What is not stored is looked at again, to the same effect.
            let _ = active.store().await;
            active.lease.release().await;
        }
    }

    /// Takes the lease, and continues with what is stored. `None` if another process has it.
    async fn activate(&self) -> Result<Option<ActivePreviewFollower>> {
        let Some(mut lease) = progress::try_acquire(self.state.pool()).await? else {
            return Ok(None);
        };
        let stored = progress::load(lease.connection()).await?;
        let (head, history) = (self.reader.head().await?, self.reader.history().await?);
        let mut cursor = stored;
        if let Some(lost) =
            stored.filter(|at| at.position > head.position || !history.contains(*at))
        {
            let common = history.last_common_position(lost).unwrap_or(0);
            let common = common.min(head.position);
            tracing::warn!(
                position = common,
                "the log was restored or has lost events; making previews from here on"
            );
            cursor = (common > 0).then(|| history.cursor_at(common));
        }
        Ok(Some(ActivePreviewFollower {
            lease,
            cursor,
            stored,
            stored_at: Instant::now(),
        }))
    }

    async fn follow(&self, active: &mut ActivePreviewFollower) -> Result<PreviewStep> {
        let filter = FlaggedFilter {
            types: vec![FILE_STORED.to_owned()],
            ..FlaggedFilter::default()
        };
        let page = self
            .reader
            .read_flagged(active.cursor, &filter, MAX_EVENTS_PER_STEP);
        let page = page.await?;
        let page = page.ok_or_else(|| anyhow!("the log no longer has what was followed"))?;
        for event in &page.events {
            self.make_previews(event).await?;
            if let Some(tag) = event.tag {
                let position = event.position;
                active.cursor = Some(LogCursor { position, tag });
                active.store_if_due().await?;
            }
        }
        active.cursor = page.reached;
        active.store_if_due().await?;
        Ok(if page.is_last {
            PreviewStep::Current
        } else {
            PreviewStep::Advanced
        })
    }

    /// Makes the previews of a file, if it is still there and is an image.
    async fn make_previews(&self, event: &Envelope) -> Result<()> {
        let Ok(id) = FileId::parse(&event.aggregate_id) else {
            return Ok(());
        };
        let file = self.state.load(&id).await;
        let file = file.map_err(|problem| anyhow!("{}", problem.detail()))?;
        let Some(source) = source_of(&id, &file) else {
            return Ok(());
        };
        match self.previews.make(&source).await {
            Err(PreviewError::Store(error)) => Err(error.into()),
            // One image must not keep the others from being made.
            Err(error) => {
                tracing::warn!(%id, %error, "a preview is made once somebody asks for it");
                Ok(())
            }
            Ok(()) => Ok(()),
        }
    }
}

impl ActivePreviewFollower {
    async fn store_if_due(&mut self) -> Result<()> {
        if self.cursor != self.stored && self.stored_at.elapsed() >= STORE_INTERVAL {
            self.store().await?;
        }
        Ok(())
    }

    async fn store(&mut self) -> Result<()> {
        progress::store(self.lease.connection(), self.cursor).await?;
        (self.stored, self.stored_at) = (self.cursor, Instant::now());
        Ok(())
    }
}

/// What the store has of a file. `None` if its bytes are not there.
fn source_of(id: &FileId, file: &File) -> Option<PreviewSource> {
    let stored = file.stored()?;
    let sides = stored.width.zip(stored.height);
    Some(PreviewSource {
        key: object_of(id, file)?,
        media_type: stored.media_type.as_str().to_owned(),
        size: u64::try_from(stored.size).ok()?,
        dimensions: sides.map(|(width, height)| ImageDimensions { width, height }),
    })
}
