//! Who may do what with the sessions of service desks, and what it changes.

use super::Model;
use super::act::{Act, Action, FORBIDDEN, INVALID, NOT_FOUND, Outcome, applied_if};
use super::conversation::{MemberRole, ModelConversation, ModelMessage};
use super::desk::{DeskAction, ModelDesk, ModelSession};

/// The name of the system as a sender.
const SYSTEM: &str = "tidings";

impl Model {
    /// Applies that the customer has opened a session for the first time.
    pub fn create_desk_conversation(
        &mut self,
        id: &str,
        (desk, customer): (&str, &str),
        position: i64,
    ) {
        let customers = [customer.to_owned()];
        let mut conversation = ModelConversation::new(true, &customers, position);
        conversation.desk = Some(ModelDesk {
            desk: desk.to_owned(),
            customer: customer.to_owned(),
            current: None,
            opened: 0,
        });
        conversation.open_session(id);
        self.conversations.insert(id.to_owned(), conversation);
    }

    /// The conversation of a customer with a desk.
    pub fn desk_conversation(&self, desk: &str, customer: &str) -> Option<&String> {
        let mut all = self.conversations.iter();
        let found = all.find(|(_, conversation)| {
            let known = conversation.desk.as_ref();
            known.is_some_and(|known| known.desk == desk && known.customer == customer)
        });
        found.map(|(id, _)| id)
    }

    pub(super) fn desk_outcome(&self, act: &Act, what: &DeskAction) -> Outcome {
        let conversation = self.conversations.get(&act.conversation);
        let Some(place) = conversation.and_then(|found| found.desk.as_ref()) else {
            return NOT_FOUND;
        };
        let agents = &self.desks[&place.desk];
        let is_customer = place.customer == act.user;
        if !is_customer && !agents.contains(&act.user) {
            return NOT_FOUND;
        }
        let Some(session) = &place.current else {
            return Outcome::Applied;
        };
        let holder = session.agent.as_ref();
        let is_mine = holder == Some(&act.user);
        match what {
            DeskAction::Open => Outcome::Unchanged,
            DeskAction::Accept if is_customer => FORBIDDEN,
            DeskAction::Accept if holder.is_some() && !is_mine => Outcome::Refused(409),
            DeskAction::Accept => applied_if(!is_mine),
            DeskAction::Close if is_customer => Outcome::Applied,
            _ if !is_mine => FORBIDDEN,
            DeskAction::GiveToAgent(to) if !agents.contains(to) => INVALID,
            DeskAction::GiveToAgent(to) => applied_if(*to != act.user),
            DeskAction::GiveToDesk(desk) if *desk == place.desk => INVALID,
            DeskAction::GiveToDesk(desk) => {
                let there = self.desk_conversation(desk, &place.customer);
                let there = there.and_then(|id| self.conversations[id].desk.as_ref());
                match there.and_then(|place| place.current.as_ref()) {
                    Some(_) => Outcome::Refused(409),
                    None => Outcome::Applied,
                }
            }
            DeskAction::Close | DeskAction::Note => Outcome::Applied,
        }
    }

    pub(super) fn apply_desk(&mut self, act: &Act, what: &DeskAction, position: i64) {
        let Some(conversation) = self.conversations.get_mut(&act.conversation) else {
            return;
        };
        match what {
            DeskAction::Open => conversation.open_session(&act.conversation),
            DeskAction::Accept => conversation.give_session(&act.user),
            DeskAction::GiveToAgent(to) => conversation.give_session(to),
            DeskAction::Close => {
                if let Some(place) = &mut conversation.desk {
                    place.current = None;
                }
            }
            DeskAction::Note => {}
            DeskAction::GiveToDesk(desk) => {
                let Some(place) = &mut conversation.desk else {
                    return;
                };
                let (customer, moved) = (place.customer.clone(), place.current.take());
                conversation.add_message(ModelMessage {
                    sender: SYSTEM.to_owned(),
                    control: false,
                    recalled: false,
                    mentions: Vec::new(),
                    thread: None,
                    position,
                });
                conversation.keep_agent(None);
                let there = self.desk_conversation(desk, &customer).cloned();
                let there = there.and_then(|id| self.conversations.get_mut(&id));
                if let Some(place) = there.and_then(|found| found.desk.as_mut()) {
                    place.current = moved.map(|session| ModelSession {
                        agent: None,
                        ..session
                    });
                }
            }
        }
    }
}

impl ModelConversation {
    /// Whether this member may write: in a conversation with a desk, an agent needs the session.
    pub(super) fn sender_refusal(&self, by: &str) -> Option<Outcome> {
        let place = self.desk.as_ref().filter(|place| place.customer != by)?;
        match &place.current {
            None => Some(Outcome::Refused(409)),
            Some(session) if session.agent.as_deref() == Some(by) => None,
            Some(_) => Some(FORBIDDEN),
        }
    }

    /// The message of a customer opens a session, if there is none.
    pub(super) fn open_session_for_message(&mut self, id: &str) {
        let place = self.desk.as_ref();
        if place.is_some_and(|place| place.current.is_none()) {
            self.open_session(id);
        }
    }

    fn open_session(&mut self, id: &str) {
        if let Some(place) = &mut self.desk {
            place.opened += 1;
            place.current = Some(ModelSession {
                id: format!("{id}.{}", place.opened),
                agent: None,
            });
        }
    }

    fn give_session(&mut self, agent: &str) {
        if let Some(session) = self.desk.as_mut().and_then(|place| place.current.as_mut()) {
            session.agent = Some(agent.to_owned());
        }
        if !self.is_member(agent) {
            self.join(agent, MemberRole::Member);
        }
        self.keep_agent(Some(agent));
    }

    /// All other agents leave.
    fn keep_agent(&mut self, agent: Option<&str>) {
        let customer = self.desk.as_ref().map(|place| place.customer.clone());
        let stays = |user: &str| Some(user) == agent || Some(user) == customer.as_deref();
        let leaving = self.members.keys().filter(|user| !stays(user));
        for user in leaving.cloned().collect::<Vec<_>>() {
            self.leave(&user);
        }
    }
}

impl Action {
    /// Whether it is one of those that conversations with desks do not have: no user is added to
    /// them, and they have no settings.
    pub fn is_for_groups(&self) -> bool {
        matches!(
            self,
            Self::Add(..)
                | Self::Remove(_)
                | Self::SinceJoin(_)
                | Self::OpenJoin(_)
                | Self::Freeze(_)
                | Self::Join
                | Self::Silence(..)
                | Self::Ban(..)
        )
    }
}
