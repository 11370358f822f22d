//! Makes the fold again as it was at a position: with the flood rules that were in force there, and
//! the messages that they still count.

use domain::deployment::event::DeploymentEvent;
use domain::deployment::flood::FloodRule;
use domain::envelope::Envelope;
use domain::event::{EventDecodeError, EventFamily as _};
use domain::history::LogCursor;
use event_log::LogError;
use event_log::reader::{EventFilter, LogReader};
use moderation::ModerationFold;
use moderation::flood::{FloodDetector, FloodOffence};

/// The type of the events that flood rules count.
const MESSAGE_SENT: &str = "message_sent";

/// How many events are read at a time.
const PAGE_LIMIT: i64 = 5_000;

/// The fold as it was at a position, where these offences made a difference.
pub(super) async fn resume_fold(
    reader: &LogReader,
    cursor: Option<LogCursor>,
    offences: Vec<FloodOffence>,
) -> Result<ModerationFold, LogError> {
    let position = cursor.map_or(0, |cursor| cursor.position);
    let (rules, since) = load_rules(reader, position).await?;
    let floods = FloodDetector::resume(rules, since, offences);
    let at = reader.event_time(position).await?.unwrap_or_default();
    let remembered = floods.remembered_from(position, at);
    let flagging = reader.has_flagging_rules(position).await?;
    let mut fold = ModerationFold::resume(floods, flagging);
    if let Some((after, from)) = remembered {
        let after = after.max(reader.last_position_before(from).await?);
        let load = for_each(reader, MESSAGE_SENT, after, position, |event| {
            log_unless_decoded(event, fold.remember(event));
        });
        load.await?;
    }
    Ok(fold)
}

/// The flood rules that were in force at a position, and the position of the event that set them.
async fn load_rules(reader: &LogReader, position: i64) -> Result<(Vec<FloodRule>, i64), LogError> {
    let mut rules = (Vec::new(), 0);
    let load = for_each(reader, "flood_rules_set", 0, position, |event| {
        let data = event.data.get().as_bytes();
        let decoded = DeploymentEvent::decode(&event.event_type, event.version, data);
        if let Some(DeploymentEvent::FloodRulesSet(set)) = log_unless_decoded(event, decoded) {
            rules = (set.rules, event.position);
        }
    });
    load.await?;
    Ok(rules)
}

/// Passes the events of a type after one position and up to another one.
async fn for_each(
    reader: &LogReader,
    event_type: &str,
    mut after: i64,
    last: i64,
    mut apply: impl FnMut(&Envelope),
) -> Result<(), LogError> {
    let filter = EventFilter {
        event_types: vec![event_type.to_owned()],
        ..EventFilter::default()
    };
    loop {
        let page = reader.read_page(&filter, after, last, PAGE_LIMIT).await?;
        page.events.iter().for_each(&mut apply);
        if page.is_last {
            return Ok(());
        }
        after = page.scanned_to;
    }
}

/// An event of a newer release cannot be decoded. It must not keep the others from being followed.
pub(super) fn log_unless_decoded<T>(
    event: &Envelope,
    decoded: Result<T, EventDecodeError>,
) -> Option<T> {
    if let Err(error) = &decoded {
        tracing::error!(%error, position = event.position, "moderation leaves out an event");
    }
    decoded.ok()
}
