//! What has become of one message: stored, mirrored, projected, indexed, sealed, delivered, read,
//! notified. Every stage says when, as far as a time is stored, and where it stands now.
//!
//! - `sources`: what it is collected from. `message_trace`: its form.
//! - `stages`: the stages that all messages pass. `stage`: what one consists of. `followers`: those
//!   outside of the database.
//! - `recipients`: who has it, and who has read it. `render`: the trace as text.

mod followers;
mod message_trace;
mod recipients;
mod render;
mod sources;
mod stage;
mod stages;

pub use message_trace::{MessageTrace, TracedChange};
pub use recipients::{DeviceReceipt, MessageRecipient};
pub use render::render_trace;
pub use sources::TraceSources;
pub use stage::TraceStage;

use anyhow::Result;
use dispatcher::message_deliveries::load_message_deliveries;
use domain::ids::ConversationId;
use event_log::reader::LogReader;
use serde::Deserialize;

use recipients::RecipientList;

/// What no part of the system stores.
const NOT_STORED: [&str; 4] = [
    "when the event was projected and indexed",
    "pushes over live connections: a device counts once it acknowledges",
    "which device acknowledged first: a device has only its newest acknowledgement",
    "when a webhook accepted a delivery, and whether a settled notification was sent",
];

/// The fields that are read from the data of an event.
#[derive(Deserialize)]
struct EventAuthor {
    sender: Option<String>,
    by: Option<String>,
}

/// Traces a message. `None` if the log has no such message.
pub async fn trace_message(
    sources: &TraceSources<'_>,
    conversation: &ConversationId,
    seq: i64,
) -> Result<Option<MessageTrace>> {
    let reader = LogReader::new(sources.pool.clone());
    let events = reader.message_events(conversation.as_str(), seq).await?;
    let Some((sent, changes)) = events.split_first() else {
        return Ok(None);
    };
    let author = |data: &str| serde_json::from_str::<EventAuthor>(data).ok();
    let changes = changes.iter().map(|event| TracedChange {
        position: event.position,
        at: event.time,
        event_type: event.event_type.clone(),
        by: author(event.data.get()).and_then(|data| data.by),
    });
    let (checkpoint, stages) = stages::collect(sources, &reader, sent, seq).await?;
    let RecipientList {
        recipients,
        recipient_count,
        delivered_count,
        read_count,
    } = recipients::load(sources.pool, &reader, conversation.as_str(), seq).await?;
    let id = conversation.as_str();
    Ok(Some(MessageTrace {
        conversation_id: id.to_owned(),
        seq,
        position: sent.position,
        cursor: sent.cursor(),
        sender: author(sent.data.get()).and_then(|data| data.sender),
        checkpoint,
        stages,
        changes: changes.collect(),
        recipients,
        recipient_count,
        delivered_count,
        read_count,
        webhooks: load_message_deliveries(sources.pool, id, sent.position).await?,
        not_stored: NOT_STORED,
    }))
}
