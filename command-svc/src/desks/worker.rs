//! Does what is to be done with sessions: continues those on their way to another desk, ends those
//! of desks that were removed, releases those of former agents, closes idle ones, reminds agents of
//! customers without a reply, and routes those that wait.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use connectivity::OutageLog;
use connectivity::postgres::JobLock;
use domain::conversation::{Conversation, UnfinishedSession};
use domain::ids::{ConversationId, DeskId, UserId};
use domain::session_id::SessionId;
use event_log::{AppendError, AppendTicket, LogError};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::routing::{self, Assignment};
use crate::commands::desks::continue_session;
use crate::commands::desks::system::{
    close_for_good, queue_idle_close, queue_reminder, release_agent, route_session,
};
use crate::desk_board::{Board, SessionArrival};
use crate::error::CommandError;
use crate::state::CommandState;

/// The pause after a step that did nothing, and so the longest delay.
const POLL_INTERVAL: Duration = Duration::from_millis(250);

/// The pause after a step that did something: there is often more.
const BUSY_INTERVAL: Duration = Duration::from_millis(20);

/// The number of the lock: "desks" in ASCII.
const LOCK: i64 = 0x64_6573_6b73;

/// How many sessions a step closes, or reminds of.
const MAX_DUE_PER_STEP: usize = 500;

/// Whether a user is known to be online.
pub type OnlineCheck = Box<dyn Fn(&str) -> bool + Send + Sync>;

/// Routes and closes sessions, and reminds agents of them.
pub struct DeskWorker {
    state: CommandState,
    is_online: OnlineCheck,
}

/// What is to be done.
#[derive(Debug, Default, PartialEq, Eq)]
struct Tasks {
    arrivals: Vec<SessionArrival>,
    orphans: BTreeSet<ConversationId>,
    former_agents: BTreeMap<ConversationId, UserId>,
    reminders: Vec<SessionId>,
    idle: Vec<SessionId>,
    assignments: Vec<Assignment>,
}

/// A session, and where it is.
struct SessionPlace {
    session: SessionId,
    conversation: ConversationId,
    desk: DeskId,
}

impl DeskWorker {
    /// Creates the worker for this state.
    pub fn new(state: CommandState, is_online: OnlineCheck) -> Self {
        Self { state, is_online }
    }

    /// Does what is to be done. Returns whether there was anything.
    pub async fn step(&mut self) -> Result<bool, LogError> {
        if self.find_tasks().await? == Tasks::default() {
            return Ok(false);
        }
        let Some(lock) = JobLock::acquire(self.state.log().pool(), LOCK).await? else {
            return Ok(false);
        };
        // What the last holder of the lock has done is done.
        let done = match self.find_tasks().await {
            Ok(tasks) => self.perform(tasks).await,
            Err(error) => Err(error),
        };
        lock.release().await;
        done.map(|()| true)
    }

    async fn find_tasks(&self) -> Result<Tasks, LogError> {
        let board = self.state.desk_board();
        let mut followed = board.follow().await?;
        let board = &mut followed.board;
        let reminders = self.find_reminders(board).await?;
        let mut idle = self.find_idle(board).await?;
        if reminders.len() == MAX_DUE_PER_STEP {
            // There may be more, and each comes before the end of its session.
            idle.clear();
        }
        let is_online = |agent: &UserId| (self.is_online)(agent.as_str());
        Ok(Tasks {
            arrivals: board.arrivals.values().cloned().collect(),
            orphans: board.orphans.clone(),
            former_agents: board.former_agents.clone(),
            reminders,
            idle,
            assignments: routing::assign(board, is_online),
        })
    }

    /// The idle sessions in the order in which they were due, as many as a step closes. The board
    /// knows when each is due at the earliest; its conversation knows what was written since.
    async fn find_idle(&self, board: &mut Board) -> Result<Vec<SessionId>, LogError> {
        let now = self.state.now();
        for (due, session) in board.idle(now) {
            let found = self.find_unfinished(board, &session).await?;
            // A session that has just ended is no longer on the board after the next look.
            board.postpone(&session, found.map_or(due, |found| found.idle_at));
        }
        let idle = board.idle(now).into_iter().take(MAX_DUE_PER_STEP);
        Ok(idle.map(|(_, session)| session).collect())
    }

    /// The sessions in which a reminder may be due, in the order of their times, as many as a step
    /// reminds of. Those of desks that were removed are about to end.
    async fn find_reminders(&self, board: &Board) -> Result<Vec<SessionId>, LogError> {
        let now = self.state.now();
        let mut due = Vec::new();
        for (at, session) in board.reminders(now).take(MAX_DUE_PER_STEP) {
            let found = self.find_unfinished(board, session).await?;
            let known = found.and_then(|found| found.reminder_at);
            due.push((known.unwrap_or(at).min(now), session.clone()));
        }
        due.sort_unstable();
        Ok(due.into_iter().map(|(_, session)| session).collect())
    }

    async fn find_unfinished(
        &self,
        board: &Board,
        session: &SessionId,
    ) -> Result<Option<UnfinishedSession>, LogError> {
        let Some(known) = board.sessions.get(session) else {
            return Ok(None);
        };
        let conversations = self.state.log().conversations();
        let id = known.conversation.as_str();
        let found = conversations.peek(id, Conversation::unfinished_session);
        Ok(found.await?.0.filter(|found| found.id == *session))
    }

    async fn perform(&self, tasks: Tasks) -> Result<(), LogError> {
        let Tasks {
            arrivals,
            orphans,
            former_agents,
            reminders,
            idle,
            assignments,
        } = tasks;
        let unsure = self.remind(&reminders).await?;
        // A reminder comes before the end.
        self.close_idle(idle.iter().filter(|session| !unsure.contains(session)))
            .await?;
        for arrival in arrivals {
            match continue_session(&self.state, arrival).await {
                Err(CommandError::Log(error)) => return Err(error),
                Err(error) => {
                    let code = error.code();
                    tracing::warn!(code, "cannot continue a session at another desk");
                }
                Ok(_) => {}
            }
        }
        for conversation in orphans {
            close_for_good(&self.state, &conversation).await?;
            self.forget_agent(&conversation).await?;
        }
        for (conversation, agent) in former_agents {
            release_agent(&self.state, &conversation, &agent).await?;
            self.forget_agent(&conversation).await?;
        }
        for Assignment {
            session,
            conversation,
            agent,
        } in assignments
        {
            route_session(&self.state, conversation, session, agent).await?;
        }
        Ok(())
    }

    async fn forget_agent(&self, conversation: &ConversationId) -> Result<(), LogError> {
        let mut followed = self.state.desk_board().follow().await?;
        followed.board.forget_agent(conversation);
        Ok(())
    }

    /// Closes these sessions, in this order. A session in which somebody has just written stays.
    async fn close_idle(&self, idle: impl Iterator<Item = &SessionId>) -> Result<(), LogError> {
        let mut queued = Vec::new();
        for place in self.find_places(idle).await? {
            queued.push(queue_idle_close(&self.state, &place.conversation).await?);
        }
        for ticket in queued {
            confirm(ticket).await?;
        }
        Ok(())
    }

    /// Reminds of these sessions, in this order. Returns those for which the next step must try
    /// again.
    async fn remind(&self, sessions: &[SessionId]) -> Result<BTreeSet<SessionId>, LogError> {
        let now = self.state.now();
        let mut queued = Vec::with_capacity(sessions.len());
        for place in self.find_places(sessions.iter()).await? {
            let SessionPlace {
                session,
                conversation,
                desk,
            } = place;
            queued.push(queue_reminder(&self.state, session, &conversation, &desk).await?);
        }
        let (mut planned, mut unsure) = (Vec::new(), BTreeSet::new());
        for reminder in queued {
            if !confirm(reminder.ticket).await? {
                unsure.insert(reminder.session);
            } else if reminder.is_here {
                planned.push((reminder.session, reminder.next));
            }
        }
        if !planned.is_empty() {
            let mut followed = self.state.desk_board().follow().await?;
            for (session, next) in planned {
                followed.board.plan_reminder(&session, next, now);
            }
        }
        Ok(unsure)
    }

    /// Where these sessions are, without those that have ended.
    async fn find_places(
        &self,
        sessions: impl Iterator<Item = &SessionId>,
    ) -> Result<Vec<SessionPlace>, LogError> {
        let board = &self.state.desk_board().follow().await?.board;
        let place = |session: &SessionId| {
            let known = board.sessions.get(session)?;
            Some(SessionPlace {
                session: session.clone(),
                conversation: known.conversation.clone(),
                desk: known.desk.clone(),
            })
        };
        Ok(sessions.filter_map(place).collect())
    }
}

/// Waits for an append. After a conflict, it returns false, and the next step tries again.
async fn confirm(ticket: AppendTicket) -> Result<bool, LogError> {
    match ticket.wait().await {
        Ok(_) => Ok(true),
        Err(AppendError::Conflict | AppendError::DuplicateKey(_)) => Ok(false),
        Err(AppendError::Log(error)) => Err(error),
    }
}

/// Routes and closes sessions, and reminds of them, until shutdown.
pub async fn run(mut worker: DeskWorker, shutdown: CancellationToken) {
    let outages = OutageLog::new("The worker of service desks");
    loop {
        let Some(outcome) = shutdown.run_until_cancelled(worker.step()).await else {
            return;
        };
        let pause = match outages.record(outcome) {
            Ok(true) => BUSY_INTERVAL,
            _ => POLL_INTERVAL,
        };
        if shutdown.run_until_cancelled(sleep(pause)).await.is_none() {
            return;
        }
    }
}
