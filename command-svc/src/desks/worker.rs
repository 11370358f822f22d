//! Does what is to be done with sessions: continues those on their way to another desk, ends those
//! of desks that were removed, releases those of former agents, closes idle ones and routes those
//! that wait.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use connectivity::OutageLog;
use connectivity::postgres::JobLock;
use domain::conversation::Conversation;
use domain::ids::{ConversationId, UserId};
use domain::session_id::SessionId;
use domain::time::Timestamp;
use event_log::{AppendError, LogError};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::routing::{self, Assignment};
use crate::commands::desks::continue_session;
use crate::commands::desks::system::{
    close_for_good, queue_idle_close, release_agent, route_session,
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

/// How many idle sessions a step closes.
const MAX_CLOSED_PER_STEP: usize = 500;

/// Whether a user is known to be online.
pub type OnlineCheck = Box<dyn Fn(&str) -> bool + Send + Sync>;

/// Routes and closes sessions.
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
    idle: Vec<(Timestamp, SessionId)>,
    assignments: Vec<Assignment>,
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
        let idle = self.find_idle(board).await?;
        let is_online = |agent: &UserId| (self.is_online)(agent.as_str());
        Ok(Tasks {
            arrivals: board.arrivals.values().cloned().collect(),
            orphans: board.orphans.clone(),
            former_agents: board.former_agents.clone(),
            idle,
            assignments: routing::assign(board, is_online),
        })
    }

    /// The idle sessions in the order in which they were due. The board knows when each is due at
    /// the earliest; its conversation knows what was written since.
    async fn find_idle(&self, board: &mut Board) -> Result<Vec<(Timestamp, SessionId)>, LogError> {
        let now = self.state.now();
        let conversations = self.state.log().conversations();
        for (due, session) in board.idle(now) {
            let Some(known) = board.sessions.get(&session) else {
                continue;
            };
            let id = known.conversation.as_str();
            let found = conversations.peek(id, Conversation::unfinished_session);
            let found = found.await?.0.filter(|found| found.id == session);
            // A session that has just ended is no longer on the board after the next look.
            board.postpone(&session, found.map_or(due, |found| found.idle_at));
        }
        let mut idle = board.idle(now);
        idle.truncate(MAX_CLOSED_PER_STEP);
        Ok(idle)
    }

    async fn perform(&self, tasks: Tasks) -> Result<(), LogError> {
        let Tasks {
            arrivals,
            orphans,
            former_agents,
            idle,
            assignments,
        } = tasks;
        self.close_idle(&idle).await?;
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
    async fn close_idle(&self, idle: &[(Timestamp, SessionId)]) -> Result<(), LogError> {
        let mut places = Vec::with_capacity(idle.len());
        {
            let followed = self.state.desk_board().follow().await?;
            for (_, session) in idle {
                let known = followed.board.sessions.get(session);
                places.extend(known.map(|known| known.conversation.clone()));
            }
        }
        let mut tickets = Vec::with_capacity(places.len());
        for conversation in &places {
            tickets.push(queue_idle_close(&self.state, conversation).await?);
        }
        for ticket in tickets {
            match ticket.wait().await {
                // After a conflict, the next step tries again.
                Ok(_) | Err(AppendError::Conflict | AppendError::DuplicateKey(_)) => {}
                Err(AppendError::Log(error)) => return Err(error),
            }
        }
        Ok(())
    }
}

/// Routes and closes sessions until shutdown.
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
