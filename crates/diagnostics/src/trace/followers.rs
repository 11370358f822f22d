//! The stages of what follows the log outside of the database: the stream and the search index.

use std::time::Duration;

use anyhow::{Context as _, Result};
use async_nats::jetstream;
use event_stream::mirror;
use search::index::{Index, IndexDir};

use super::sources::TraceSources;
use super::stage::{ProjectedMessage, TraceStage};

/// How long NATS may take. Without a response, the rest of the trace is still shown.
const NATS_TIMEOUT: Duration = Duration::from_secs(3);

/// Whether the stream has the event at a position.
pub(super) async fn trace_mirror(sources: &TraceSources<'_>, position: i64) -> TraceStage {
    let stage = |state, at, reached, detail| TraceStage {
        stage: "mirrored",
        state,
        at,
        position: reached,
        detail,
    };
    let Some(nats) = sources.nats else {
        let detail = "No NATS server is known here: start the system, or pass --nats-url.";
        return stage("unknown", None, None, detail.to_owned());
    };
    let jetstream = jetstream::new(nats.clone());
    let query = async {
        let Some(stream) = mirror::load_state(&jetstream, sources.mirror).await? else {
            return Ok(None);
        };
        let is_kept = (stream.first..=stream.last).contains(&position);
        let at = if is_kept {
            mirror::load_stored_at(&jetstream, sources.mirror, position).await?
        } else {
            None
        };
        Ok::<_, mirror::MirrorError>(Some((stream, at)))
    };
    let answer = tokio::time::timeout(NATS_TIMEOUT, query).await;
    match answer {
        Err(_) => {
            let detail = format!("NATS did not respond within {} s.", NATS_TIMEOUT.as_secs());
            stage("unknown", None, None, detail)
        }
        Ok(Err(error)) => stage("unknown", None, None, format!("{error}.")),
        Ok(Ok(None)) => stage(
            "pending",
            None,
            Some(0),
            "There is no stream yet.".to_owned(),
        ),
        Ok(Ok(Some((stream, at)))) => {
            let (name, detail) = if position > stream.last {
                (
                    "pending",
                    format!("The stream has reached sequence {}.", stream.last),
                )
            } else if position < stream.first {
                let detail = format!(
                    "The stream retains sequences from {} on; the log has the event.",
                    stream.first
                );
                ("done", detail)
            } else if at.is_some() {
                ("done", format!("It has sequence {position} in the stream."))
            } else {
                let detail = format!("Sequence {position} was removed from the stream.");
                ("absent", detail)
            };
            stage(name, at, Some(stream.last), detail)
        }
    }
}

/// What an index says of a message.
struct IndexedMessage {
    build: u64,
    checkpoint: i64,
    numbering: i64,
    is_found: bool,
}

/// Whether the index of this machine has the message.
pub(super) async fn trace_index(
    dir: &IndexDir,
    projected: &ProjectedMessage,
    position: i64,
    seq: i64,
) -> Result<TraceStage> {
    let (dir, conversation) = (dir.clone(), projected.conversation);
    let found = tokio::task::spawn_blocking(move || find_in_index(&dir, conversation, seq)).await?;
    let stage = |state, reached, detail| TraceStage {
        stage: "indexed",
        state,
        at: None,
        position: reached,
        detail,
    };
    let index = match found {
        Ok(index) => index,
        Err(error) => return Ok(stage("unknown", None, format!("{error:#}."))),
    };
    let (build, reached) = (index.build, Some(index.checkpoint));
    let (outcome, detail) = if index.numbering != projected.numbering {
        let detail = format!("Build {build} has other ids than the read model; it is replaced.");
        ("unknown", detail)
    } else if index.is_found {
        let detail = format!("Build {build} of this machine has it. The time is not stored.");
        ("done", detail)
    } else if index.checkpoint < position {
        let detail = format!("Build {build} has reached position {}.", index.checkpoint);
        ("pending", detail)
    } else if projected.has_message && !projected.is_searchable {
        let detail = "Control, recalled and erased messages are not in the index.";
        ("absent", detail.to_owned())
    } else {
        let detail = format!(
            "Build {build} does not have it: it may have no text, or changed since position {}.",
            index.checkpoint
        );
        ("absent", detail)
    };
    Ok(stage(outcome, reached, detail))
}

fn find_in_index(dir: &IndexDir, conversation: Option<i64>, seq: i64) -> Result<IndexedMessage> {
    let build = dir
        .current_build()?
        .with_context(|| format!("there is no search index in {}", dir.path().display()))?;
    let index = Index::open(&dir.build_path(build))?;
    let checkpoint = index.refresh()?;
    let is_found = match conversation {
        Some(id) => index.contains((id.unsigned_abs(), seq.unsigned_abs()))?,
        None => false,
    };
    Ok(IndexedMessage {
        build,
        checkpoint: i64::try_from(checkpoint.position)?,
        numbering: checkpoint.numbering,
        is_found,
    })
}
