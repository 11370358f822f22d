//! What a job does: what the commands on the machine do, with progress that others can read.

use std::path::PathBuf;

use anyhow::{Result, bail};
use data_dir::{postgres, seal_key};
use log_integrity::seal::key::SealKey;
use log_tools::verify::{VerifyEvent, VerifyOptions, finding_to_json, verify_database};
use projector::index::{IndexBuilds, IndexComparison, IndexProgress, rebuild_index, verify_index};
use projector::{
    PreviousVersion, ProjectorConfig, ReadModelComparison, RebuildProgress, RebuildStart,
};
use search::index::IndexDir;
use serde_json::{Value, json};
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;

use super::job::{JobKind, JobSubject, RebuildOrigin};
use super::progress::JobProgress;

/// The number of events per transaction, as in the commands on the machine.
const BATCH: usize = 10_000;

/// The maximum number of findings in a result; more are only counted.
const MAX_FINDINGS: usize = 100;

/// What the work needs.
#[derive(Debug, Clone)]
pub struct JobSources {
    /// The address of Postgres. May contain a password.
    pub database_url: String,
    /// How events are folded.
    pub projector: ProjectorConfig,
    /// The search index of this machine.
    pub index_dir: IndexDir,
    /// The key that vouches for the seals.
    pub seal_key_path: PathBuf,
}

/// What to do.
#[derive(Debug, Clone, Copy)]
pub struct JobOrder {
    /// Whether to rebuild or to verify.
    pub kind: JobKind,
    /// The read models, the index or the seals.
    pub subject: JobSubject,
    /// What becomes of what a rebuild replaces.
    pub replaced: PreviousVersion,
    /// Where a rebuild begins.
    pub origin: RebuildOrigin,
}

/// Does it. Returns the result as the API shows it.
pub async fn perform(
    sources: &JobSources,
    order: JobOrder,
    progress: &JobProgress,
) -> Result<Value> {
    // Its own connections, with the time limits of the commands on the machine: the statements are
    // longer than those of requests.
    let pool = postgres::open_operator_pool(&sources.database_url).await?;
    let result = match (order.kind, order.subject) {
        (JobKind::Rebuild, JobSubject::ReadModels) => {
            rebuild_read_models(&pool, sources, order, progress).await
        }
        (JobKind::Rebuild, JobSubject::Search) => {
            rebuild_search(&pool, sources, order, progress).await
        }
        (JobKind::Verify, JobSubject::ReadModels) => {
            verify_read_models(&pool, sources, progress).await
        }
        (JobKind::Verify, JobSubject::Search) => verify_search(&pool, sources, progress).await,
        (_, JobSubject::Seals) => verify_seals(&pool, sources, progress).await,
    };
    pool.close().await;
    result
}

async fn rebuild_read_models(
    pool: &PgPool,
    sources: &JobSources,
    order: JobOrder,
    progress: &JobProgress,
) -> Result<Value> {
    let on_progress = |step: RebuildProgress| progress.update(step.position, step.head);
    let (start, replaced) = (start(order.origin), order.replaced);
    let config = sources.projector.clone();
    let done = projector::rebuild(pool.clone(), config, BATCH, start, replaced, on_progress);
    let done = done.await?;
    progress.update(done.position, done.position);
    Ok(json!({
        "position": done.position, "start_position": done.start_position,
        "swap_ms": done.swap_duration.as_secs_f64() * 1_000.0,
        "comparison": done.comparison.as_ref().map(ReadModelComparison::to_json),
    }))
}

async fn rebuild_search(
    pool: &PgPool,
    sources: &JobSources,
    order: JobOrder,
    progress: &JobProgress,
) -> Result<Value> {
    let index_dir = sources.index_dir.clone();
    let builds = IndexBuilds::new(index_dir.clone());
    if order.origin == RebuildOrigin::Kept && builds.kept_build()?.is_none() {
        bail!("no rebuild has kept an index; rebuild with `keep` first");
    }
    let on_progress = |step| {
        if let IndexProgress::Filled { messages, total } = step {
            progress.update(messages.cast_signed(), total.cast_signed());
        }
    };
    let (start, replaced) = (start(order.origin), order.replaced);
    let built = rebuild_index(pool.clone(), index_dir, start, replaced, on_progress).await?;
    let messages = built.messages.cast_signed();
    progress.update(messages, messages);
    Ok(json!({
        "position": built.position, "messages": built.messages, "resumed": built.resumed,
        "comparison": built.comparison.as_ref().map(IndexComparison::to_json),
    }))
}

fn start(origin: RebuildOrigin) -> RebuildStart {
    match origin {
        RebuildOrigin::Log => RebuildStart::InterruptedBuild,
        RebuildOrigin::Kept => RebuildStart::KeptVersion,
    }
}

async fn verify_read_models(
    pool: &PgPool,
    sources: &JobSources,
    progress: &JobProgress,
) -> Result<Value> {
    let on_progress = |step: RebuildProgress| progress.update(step.position, step.head);
    let config = sources.projector.clone();
    let compared = projector::verify(pool.clone(), config, BATCH, on_progress).await?;
    Ok(compared.to_json())
}

async fn verify_search(
    pool: &PgPool,
    sources: &JobSources,
    progress: &JobProgress,
) -> Result<Value> {
    let on_progress = |messages: u64, total: u64| {
        progress.update(messages.cast_signed(), total.cast_signed());
    };
    let compared = verify_index(pool.clone(), sources.index_dir.clone(), on_progress).await?;
    Ok(compared.to_json())
}

async fn verify_seals(
    pool: &PgPool,
    sources: &JobSources,
    progress: &JobProgress,
) -> Result<Value> {
    let own_key = seal_key::load(&sources.seal_key_path)?;
    let options = VerifyOptions {
        public_keys: own_key.iter().map(SealKey::public_key).collect(),
        copies: None,
    };
    let mut first_findings = Vec::new();
    let never = CancellationToken::new();
    let on_event = |event: VerifyEvent<'_>| match event {
        VerifyEvent::Finding(finding) if first_findings.len() < MAX_FINDINGS => {
            first_findings.push(finding_to_json(finding));
        }
        VerifyEvent::Finding(_) => {}
        VerifyEvent::Progress { position, head } => progress.update(position, head),
    };
    let summary = verify_database(pool, &options, &never, on_event).await?;
    let mut result = summary.to_json();
    result["first_findings"] = Value::Array(first_findings);
    Ok(result)
}
