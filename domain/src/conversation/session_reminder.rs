//! Rules for reminding agents of a customer who has no reply in time.

use super::Conversation;
use super::event::ConversationEvent;
use super::session_command::RemindAgents;
use super::session_event::SessionReminded;

impl Conversation {
    /// Once for each stretch of customer messages without an answer. A session that closes by
    /// itself before needs no reminder. A customer who is also an agent is not reminded.
    pub(super) fn remind_agents(&self, remind: RemindAgents) -> Vec<ConversationEvent> {
        let RemindAgents { mut agents, now } = remind;
        let service = self.service.as_ref();
        let current = service.and_then(|service| service.current.as_ref());
        let (Some(service), Some(current)) = (service, current) else {
            return vec![];
        };
        let due = current.reminder_at();
        let Some(due) = due.filter(|due| *due <= now && *due < current.idle_at()) else {
            return vec![];
        };
        agents.retain(|agent| *agent != service.customer);
        if agents.is_empty() {
            return vec![];
        }
        // The session of a user who is no agent any more is about to wait again.
        let agent = current.agent.clone();
        let agent = agent.filter(|agent| agents.contains(agent));
        vec![ConversationEvent::SessionReminded(SessionReminded {
            session: current.id.clone(),
            desk: service.desk.clone(),
            agents: agent.clone().map_or(agents, |agent| vec![agent]),
            agent,
            due,
        })]
    }
}
