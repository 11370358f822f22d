//! The sessions of all desks, computed from the acts and from who was given what. It shares no code
//! with the services.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::act::{Act, reason_of};
use super::roster::{DESKS, conversation, text_of};
use super::session::{End, Session};

/// Agents are reminded of a customer who has no reply in time.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reminder {
    pub session: String,
    pub desk: usize,
    pub due: i64,
    /// Who has the session.
    pub agent: Option<String>,
    /// Who is reminded.
    pub agents: Vec<String>,
}

/// The conversation of a customer with a desk.
type Place = (usize, String);

#[derive(Debug, Default)]
struct PlaceState {
    /// The session that is not closed.
    current: Option<usize>,
    /// How many sessions were opened here.
    opened: usize,
    /// The agent who is a member.
    member: Option<String>,
}

#[derive(Debug)]
pub struct Model {
    pub sessions: Vec<Session>,
    /// Those that are not closed.
    pub unfinished: BTreeSet<usize>,
    /// The agents of each desk.
    pub agents: [Vec<String>; DESKS.len()],
    /// What agents were reminded of.
    pub reminders: Vec<Reminder>,
    /// How many sessions closed by themselves, and how many of them long before that was written.
    pub idle: (usize, usize),
    places: BTreeMap<Place, PlaceState>,
    numbers: HashMap<String, usize>,
}

impl Model {
    pub fn new() -> Self {
        Self {
            sessions: Vec::new(),
            unfinished: BTreeSet::new(),
            agents: DESKS.each_ref().map(|desk| desk.agents()),
            reminders: Vec::new(),
            idle: (0, 0),
            places: BTreeMap::new(),
            numbers: HashMap::new(),
        }
    }

    /// The number of the session with this id, if it was opened.
    pub fn number_of(&self, id: &str) -> Option<usize> {
        self.numbers.get(id).copied()
    }

    /// The session of a customer at a desk that is not closed.
    pub fn current(&self, desk: usize, customer: &str) -> Option<usize> {
        self.places.get(&(desk, customer.to_owned()))?.current
    }

    /// Whether the customer has a conversation with the desk.
    pub fn has_conversation(&self, desk: usize, customer: &str) -> bool {
        self.places.contains_key(&(desk, customer.to_owned()))
    }

    /// The customer and the agent who are members of each conversation.
    pub fn members(&self) -> impl Iterator<Item = (String, BTreeSet<String>)> {
        self.places.iter().map(|((desk, customer), place)| {
            let members = place.member.iter().chain([customer]).cloned().collect();
            (conversation(*desk, customer), members)
        })
    }

    /// The sessions that this agent has now.
    pub fn held_by(&self, agent: &str) -> Vec<usize> {
        let held = |number: &&usize| self.sessions[**number].agent.as_deref() == Some(agent);
        self.unfinished.iter().filter(held).copied().collect()
    }

    pub fn waiting_at(&self, desk: usize) -> Vec<usize> {
        let waits = |number: &&usize| {
            let session = &self.sessions[**number];
            session.desk == desk && session.is_waiting()
        };
        self.unfinished.iter().filter(waits).copied().collect()
    }

    pub fn is_agent(&self, desk: usize, user: &str) -> bool {
        self.agents[desk].iter().any(|agent| agent == user)
    }

    /// The agent who is a member of the conversation of a customer with a desk.
    pub fn member(&self, desk: usize, customer: &str) -> Option<&str> {
        self.places
            .get(&(desk, customer.to_owned()))?
            .member
            .as_deref()
    }

    /// The customer whom an act concerns.
    pub fn customer_of<'a>(&'a self, act: &'a Act) -> Option<&'a str> {
        match act {
            Act::Open { customer, .. } | Act::Write { customer, .. } => Some(customer),
            Act::SetAgents { .. } => None,
            Act::Reply { session, .. }
            | Act::Accept { session, .. }
            | Act::HandToAgent { session, .. }
            | Act::HandToDesk { session, .. }
            | Act::Close { session, .. }
            | Act::Note { session, .. }
            | Act::Tag { session, .. }
            | Act::Rate { session, .. } => Some(&self.sessions[*session].customer),
        }
    }

    /// Applies an act that was granted.
    pub fn apply(&mut self, act: &Act, at: i64) {
        match act {
            Act::Open {
                customer,
                desk,
                with_text,
            } => {
                let session = self.open(*desk, customer, at);
                if *with_text {
                    self.sessions[session].add_customer_message(at);
                }
            }
            Act::Write { customer, desk } => {
                let session = self.open(*desk, customer, at);
                self.sessions[session].add_customer_message(at);
            }
            Act::Reply { agent, session } => {
                let session = &self.sessions[*session];
                let current = self.current(session.desk, &session.customer);
                let current = current.expect("a session that is not closed");
                self.sessions[current].add_agent_message(agent, at);
            }
            Act::Accept { agent, session } => self.accept(agent, *session, at),
            Act::HandToAgent { agent, session, to } => {
                if agent != to {
                    self.sessions[*session].hand_over(Some(to), at);
                    self.place_of(*session).member = Some(to.clone());
                }
            }
            Act::HandToDesk { session, desk, .. } => self.hand_to_desk(*session, *desk, at),
            Act::Close { user, session } => {
                if self.sessions[*session].end.is_none() {
                    let reason = reason_of(user);
                    let by = user.clone();
                    self.close(*session, End { at, by, reason });
                }
            }
            Act::Note { .. } | Act::Tag { .. } => {}
            Act::Rate { session, score } => self.sessions[*session].rating = Some(*score),
            Act::SetAgents { desk, agents } => self.agents[*desk].clone_from(agents),
        }
    }

    /// The session of the customer that is not closed; a new one if there is none.
    fn open(&mut self, desk: usize, customer: &str, at: i64) -> usize {
        let place = self.places.entry((desk, customer.to_owned())).or_default();
        if let Some(current) = place.current {
            return current;
        }
        place.opened += 1;
        let id = format!("{}.{}", conversation(desk, customer), place.opened);
        let number = self.sessions.len();
        place.current = Some(number);
        self.numbers.insert(id.clone(), number);
        self.unfinished.insert(number);
        let session = Session::open(id, customer, desk, at);
        self.sessions.push(session);
        number
    }

    fn place_of(&mut self, session: usize) -> &mut PlaceState {
        let Session { desk, customer, .. } = &self.sessions[session];
        self.places.entry((*desk, customer.clone())).or_default()
    }

    /// Also what the system does when it routes.
    pub fn accept(&mut self, agent: &str, session: usize, at: i64) {
        let found = &mut self.sessions[session];
        if found.end.is_none() && found.agent.as_deref() == Some(agent) {
            return;
        }
        found.accept(agent, at);
        self.place_of(session).member = Some(agent.to_owned());
    }

    fn hand_to_desk(&mut self, session: usize, desk: usize, at: i64) {
        let left = self.place_of(session);
        (left.current, left.member) = (None, None);
        self.sessions[session].hand_to_desk(desk, at);
        self.place_of(session).current = Some(session);
    }

    fn close(&mut self, session: usize, end: End) {
        self.sessions[session].close(end);
        self.unfinished.remove(&session);
        self.place_of(session).current = None;
    }

    /// Reminds agents of the customers who have no reply in time: of one who waits for an agent,
    /// all agents of the desk.
    pub fn remind_due(&mut self, now: i64) {
        for number in &self.unfinished {
            let session = &mut self.sessions[*number];
            let Some(due) = session.reminder_due_at().filter(|due| *due <= now) else {
                continue;
            };
            session.remind();
            let agents = &self.agents[session.desk];
            let agent = session.agent.clone();
            let agent = agent.filter(|agent| agents.contains(agent));
            self.reminders.push(Reminder {
                session: session.id.clone(),
                desk: session.desk,
                due,
                agents: agent.clone().map_or(agents.clone(), |agent| vec![agent]),
                agent,
            });
        }
    }

    /// Closes the sessions that are due. `late` is how late the worker has to be for one to count.
    pub fn close_due(&mut self, now: i64, late: i64) {
        let is_due = |number: &&usize| self.sessions[**number].idle_at() <= now;
        let due: Vec<usize> = self.unfinished.iter().filter(is_due).copied().collect();
        for session in due {
            let at = self.sessions[session].idle_at();
            self.idle.0 += 1;
            self.idle.1 += usize::from(now - at >= late);
            let (by, reason) = ("tidings".to_owned(), "idle".to_owned());
            self.close(session, End { at, by, reason });
        }
    }

    /// Users who are no agents of a desk any more lose its conversations.
    pub fn release_former_agents(&mut self, now: i64) {
        let agents = &self.agents;
        let mut released = Vec::new();
        for ((desk, _), place) in &mut self.places {
            let is_former = |member: &mut String| !agents[*desk].contains(member);
            if let Some(member) = place.member.take_if(is_former) {
                released.extend(place.current.map(|current| (current, member)));
            }
        }
        for (session, member) in released {
            let session = &mut self.sessions[session];
            if session.agent.as_deref() == Some(&member) {
                session.hand_over(None, now);
            }
        }
    }

    /// Says what a session is, for messages of failures.
    pub fn describe(&self, session: usize) -> String {
        let Session {
            id,
            desk,
            customer,
            agent,
            opened_at,
            end,
            ..
        } = &self.sessions[session];
        let (desk, opened) = (DESKS[*desk].id, text_of(*opened_at));
        format!("{id} of {customer} at {desk}, opened {opened}, with {agent:?}, ended {end:?}")
    }
}
