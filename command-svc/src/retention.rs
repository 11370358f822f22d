//! Retention: what is older than its conversation's kind may be is erased, a little at a time.
//!
//! The age of a message is counted from when the log took it, so that an imported past is not gone before
//! anybody has seen it.

use std::collections::BTreeMap;
use std::time::Duration;

use domain::conversation::event::ConversationKind;
use domain::ids::{ConversationId, UserId};
use domain::time::Timestamp;
use event_log::Failed;
use event_log::erasure::retention::Turn;
use event_log::reader::Reader;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::commands::erase::erase_messages;
use crate::no::No;
use crate::state::CommandState;

/// Messages that a step looks at.
const PAGE: i64 = 500;

/// Between two steps that had something to do: at most 2,500 messages a second.
const PACE: Duration = Duration::from_millis(200);

/// Between two looks when there was nothing.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Who erases.
const RETENTION: &str = "tidings-retention";

/// How old a message may become. What has no age is kept for ever.
#[derive(Debug, Clone, Copy, Default)]
pub struct Ages {
    /// In direct conversations.
    pub direct: Option<Duration>,
    /// In groups.
    pub groups: Option<Duration>,
}

/// See the module.
pub struct Retention {
    state: CommandState,
    ages: Ages,
}

impl Retention {
    /// Of this log.
    pub fn new(state: CommandState, ages: Ages) -> Self {
        Self { state, ages }
    }

    /// Erases some of what is too old. Answers whether there may be more.
    pub async fn step(&mut self) -> Result<bool, Failed> {
        let direct = self.of(ConversationKind::Direct, self.ages.direct).await?;
        let groups = self.of(ConversationKind::Group, self.ages.groups).await?;
        Ok(direct || groups)
    }

    async fn of(&self, kind: ConversationKind, age: Option<Duration>) -> Result<bool, Failed> {
        let Some(age) = age else {
            return Ok(false);
        };
        let pool = self.state.log().pool();
        let age = i64::try_from(age.as_millis()).unwrap_or(i64::MAX);
        let oldest = Timestamp::from_millis(self.state.now().millis().saturating_sub(age));
        let due = Reader::new(pool.clone()).position_at(oldest).await?;
        let Some(mut turn) = Turn::take(pool, kind).await? else {
            return Ok(false);
        };
        if due <= turn.position {
            return Ok(false);
        }
        let sent = turn.sent(due, PAGE).await?;
        let mut seqs: BTreeMap<ConversationId, Vec<i64>> = BTreeMap::new();
        for message in sent.iter().filter(|message| !message.is_erased) {
            let Ok(id) = ConversationId::parse(&message.conversation) else {
                continue;
            };
            if id.is_direct() == (kind == ConversationKind::Direct) {
                seqs.entry(id).or_default().push(message.seq);
            }
        }
        let by = UserId::parse(RETENTION).map_err(|invalid| Failed::Corrupt(invalid.0.into()))?;
        for (id, seqs) in &seqs {
            match erase_messages(&self.state, id, seqs, false, &by).await {
                Ok(_) => {}
                Err(No::Failed(failed)) => return Err(failed),
                Err(no) => return Err(Failed::Unavailable(format!("not erased: {}", no.code()))),
            }
        }
        let is_full = sent.len() as i64 == PAGE;
        let reached = sent
            .last()
            .filter(|_| is_full)
            .map_or(due, |last| last.position);
        turn.end(reached).await?;
        Ok(is_full)
    }
}

/// Erases what is too old until the stop signal.
pub async fn run(mut retention: Retention, shutdown: CancellationToken) {
    loop {
        let pause = match shutdown.run_until_cancelled(retention.step()).await {
            None => return,
            Some(Ok(true)) => PACE,
            Some(Ok(false)) => LOOK_EVERY,
            Some(Err(error)) => {
                tracing::warn!(%error, "nothing is erased for its age for now");
                LOOK_EVERY
            }
        };
        if shutdown.run_until_cancelled(sleep(pause)).await.is_none() {
            return;
        }
    }
}
