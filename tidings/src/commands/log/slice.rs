//! Selects the events that a command processes.

use anyhow::Result;
use domain::envelope::AggregateKind;
use domain::ids::{ConversationId, UserId};
use event_log::read_ahead;
use event_log::reader::{EventFilter, EventPage, LogReader};
use tokio::sync::mpsc;

use crate::commands::event_types;
use crate::config::EventFilterArgs;
use crate::usage_error::UsageError;

/// The number of events per page.
const PAGE_SIZE: usize = 10_000;

/// A filtered range of the log with a fixed end.
#[derive(Debug, Clone)]
pub struct LogSlice {
    /// The filter for the events.
    pub filter: EventFilter,
    /// The slice begins after this position.
    pub after: i64,
    /// The slice ends at this position.
    pub last: i64,
}

impl LogSlice {
    /// Resolves the arguments: converts times to positions and limits the end to the head of the
    /// log.
    pub async fn resolve(args: &EventFilterArgs, reader: &LogReader) -> Result<Self> {
        let filter = build_filter(args)?;
        let head = reader.head().await?.position;
        let mut after = args.after.unwrap_or(0);
        if let Some(since) = args.since {
            after = after.max(reader.last_position_before(since).await?);
        }
        let mut last = args.up_to.map_or(head, |up_to| up_to.min(head));
        if let Some(until) = args.until {
            last = last.min(reader.last_position_before(until).await?);
        }
        Ok(Self {
            filter,
            after,
            last,
        })
    }

    /// Reads the events in pages, in the background.
    pub fn read_pages(&self, reader: &LogReader) -> mpsc::Receiver<Result<EventPage, sqlx::Error>> {
        read_ahead::read_pages(
            reader.clone(),
            self.filter.clone(),
            self.after,
            self.last,
            PAGE_SIZE,
        )
    }

    /// The number of positions in the slice.
    pub fn span(&self) -> u64 {
        u64::try_from(self.last - self.after).unwrap_or(0)
    }
}

/// Builds the filter from the arguments, without positions and times.
pub fn build_filter(args: &EventFilterArgs) -> Result<EventFilter> {
    event_types::validate_names(&args.r#type)?;
    let conversation = args.conversation.as_deref().map(ConversationId::parse);
    let conversation = conversation
        .transpose()
        .map_err(|error| UsageError(format!("--conversation: {error}")))?;
    let user = args.user.as_deref().map(UserId::parse);
    let user = user
        .transpose()
        .map_err(|error| UsageError(format!("--user: {error}")))?;
    Ok(EventFilter {
        event_types: args.r#type.clone(),
        aggregate: conversation.map(|id| (AggregateKind::Conversation, id.as_str().to_owned())),
        since: None,
        until: None,
        user: user.map(|user| user.as_str().to_owned()),
    })
}
