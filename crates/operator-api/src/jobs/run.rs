//! Runs a job on a thread of its own: folding a log keeps a core busy, and requests must not wait
//! for it.

use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::progress::JobProgress;
use super::store::{JobEnd, JobStore};
use super::work::{JobOrder, JobSources, perform};

/// How often a job reports, and looks whether it is to stop.
const REPORT_INTERVAL: Duration = Duration::from_secs(1);

/// A job that was added.
pub struct JobRun {
    /// Identifies it.
    pub id: Uuid,
    /// What to do.
    pub order: JobOrder,
    /// The database, the index and the key.
    pub sources: JobSources,
    /// Where to report.
    pub store: JobStore,
    /// Cancelled when the process ends.
    pub shutdown: CancellationToken,
}

impl JobRun {
    /// Runs it in the background.
    pub fn spawn(self) {
        tokio::task::spawn_blocking(move || Handle::current().block_on(self.run()));
    }

    async fn run(self) {
        let progress = Arc::new(JobProgress::default());
        // Work that is dropped leaves what a killed command leaves: the locks end with their
        // connections, and the tables of a rebuild stay for the next one.
        let end = tokio::select! {
            done = perform(&self.sources, self.order, &progress) => match done {
                Ok(result) => JobEnd::Done(result),
                Err(error) => JobEnd::Failed(format!("{error:#}")),
            },
            end = self.watch(&progress) => end,
        };
        let (kind, subject) = (self.order.kind.as_str(), self.order.subject.as_str());
        match &end {
            JobEnd::Failed(error) => tracing::warn!(kind, subject, error, "a job failed"),
            end => tracing::info!(kind, subject, end = end.as_str(), "a job ended"),
        }
        if let Err(error) = self.store.end(self.id, progress.read(), end).await {
            tracing::warn!(kind, subject, %error, "the end of a job could not be recorded");
        }
    }

    /// Reports until the job is to stop.
    async fn watch(&self, progress: &JobProgress) -> JobEnd {
        let mut reports = interval(REPORT_INTERVAL);
        reports.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            if self
                .shutdown
                .run_until_cancelled(reports.tick())
                .await
                .is_none()
            {
                return JobEnd::Interrupted;
            }
            match self.store.report(self.id, progress.read()).await {
                Ok(Some(false)) => {}
                Ok(Some(true)) => return JobEnd::Stopped,
                // Another process believes that this one has ended, and may have started a job.
                Ok(None) => return JobEnd::Interrupted,
                Err(error) => tracing::warn!(%error, "the progress of a job was not recorded"),
            }
        }
    }
}

impl JobEnd {
    fn as_str(&self) -> &'static str {
        match self {
            Self::Done(_) => "done",
            Self::Failed(_) => "failed",
            Self::Stopped => "stopped",
            Self::Interrupted => "interrupted",
        }
    }
}
