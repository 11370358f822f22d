//! What customers and agents do next. Each of them has moves at random times; a move becomes an act
//! when its time has come, and depends on what is the case then.

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap};

use tests::seed::Rng;

use super::act::Act;
use super::agents;
use super::customers::{self, Choice};
use super::model::Model;
use super::process::Surroundings;
use super::roster::{AGENTS, DESKS, Hours, MINUTE, SECOND, agent, customer};

/// When somebody does something next.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Move {
    /// An agent comes online or goes offline.
    Shift {
        agent: String,
        is_online: bool,
    },
    /// An administrator replaces the agents of a desk.
    Setting {
        desk: usize,
        agents: Vec<String>,
    },
    Agent(String),
    /// The customer comes to the desk.
    Arrival {
        desk: usize,
        customer: String,
    },
    Customer {
        desk: usize,
        customer: String,
    },
}

/// An agent came online or went offline.
#[derive(Debug, Clone)]
pub struct Presence {
    pub at: i64,
    pub agent: String,
    pub is_online: bool,
}

pub struct People {
    pub presence: Vec<Presence>,
    rng: Rng,
    /// The moves by time, and then in the order in which they were planned.
    moves: BinaryHeap<Reverse<(i64, usize, Move)>>,
    planned: usize,
    /// What follows from the move that is being chosen.
    drafts: Vec<(i64, Move)>,
    surroundings: Surroundings,
}

impl People {
    pub fn new(rng: Rng, hours: Hours, surroundings: Surroundings) -> Self {
        let mut people = Self {
            presence: Vec::new(),
            rng,
            moves: BinaryHeap::new(),
            planned: 0,
            drafts: Vec::new(),
            surroundings,
        };
        for number in 1..=AGENTS {
            people.plan_shift(&agent(number), hours);
        }
        for number in 0..hours.customers {
            people.plan_arrival(&customer(number), hours);
        }
        people.plan_settings(hours);
        people
    }

    fn plan(&mut self, at: i64, next: Move) {
        self.planned += 1;
        self.moves.push(Reverse((at, self.planned, next)));
    }

    /// A day with a break, after which the agent comes back.
    fn plan_shift(&mut self, agent: &str, hours: Hours) {
        let span = hours.span();
        let begin = hours.begin + self.rng.between(0, span / 8);
        let pause = hours.begin + self.rng.between(span / 3, span * 2 / 3);
        let back = pause + self.rng.between(3 * MINUTE, 20 * MINUTE);
        let end = hours.end + self.rng.between(0, 20 * MINUTE);
        for (at, is_online) in [(begin, true), (pause, false), (back, true), (end, false)] {
            let agent = agent.to_owned();
            self.plan(at, Move::Shift { agent, is_online });
        }
    }

    /// More come at noon than in the morning and in the evening.
    fn plan_arrival(&mut self, customer: &str, hours: Hours) {
        let half = hours.span() / 2;
        let at = hours.begin + self.rng.between(0, half) + self.rng.between(0, half);
        let desk = self.rng.below(DESKS.len());
        let customer = customer.to_owned();
        if self.rng.chance(8) {
            // A question to another desk meanwhile.
            let desk = (desk + 1) % DESKS.len();
            let (later, customer) = (at + self.rng.between(0, 5 * MINUTE), customer.clone());
            self.plan(later, Move::Arrival { desk, customer });
        }
        self.plan(at, Move::Arrival { desk, customer });
    }

    /// An agent leaves each desk in the middle of the day, and two of them return.
    fn plan_settings(&mut self, hours: Hours) {
        let span = hours.span();
        for (desk, rules) in DESKS.iter().enumerate() {
            let all = rules.agents();
            let mut rest = all.clone();
            rest.remove(self.rng.below(all.len()));
            let at = hours.begin + self.rng.between(span * 2 / 5, span / 2);
            self.plan(at, Move::Setting { desk, agents: rest });
            if desk > 0 {
                let at = at + self.rng.between(span / 10, span / 5);
                self.plan(at, Move::Setting { desk, agents: all });
            }
        }
    }

    /// When the next move is.
    pub fn next_time(&self) -> Option<i64> {
        self.moves.peek().map(|Reverse((at, ..))| *at)
    }

    /// Nothing runs until then: who wanted to do something tries again soon after.
    pub fn delay(&mut self, until: i64) {
        for Reverse((at, number, next)) in std::mem::take(&mut self.moves) {
            let at = match next {
                _ if at >= until => at,
                Move::Shift { .. } => until,
                _ => until + self.rng.between(0, 90 * SECOND),
            };
            self.moves.push(Reverse((at, number, next)));
        }
    }

    /// The acts of all moves until now, about different customers.
    pub fn take_acts(&mut self, model: &Model) -> Vec<Act> {
        let now = self.surroundings.now();
        let mut acts = Vec::new();
        let mut concerned = BTreeSet::new();
        while self.next_time().is_some_and(|at| at <= now) {
            let Some(Reverse((_, _, next))) = self.moves.pop() else {
                break;
            };
            let act = self.choose(&next, model);
            let drafts = std::mem::take(&mut self.drafts);
            // A change of agents concerns the sessions of many customers.
            let is_setting = matches!(act, Some(Act::SetAgents { .. }));
            let customer = act.as_ref().and_then(|act| model.customer_of(act));
            let is_free = customer.is_none_or(|customer| concerned.insert(customer.to_owned()));
            if !is_free || (is_setting && !acts.is_empty()) {
                self.plan(now + 1, next);
                break;
            }
            for (at, next) in drafts {
                self.plan(at, next);
            }
            if let Some(act) = act {
                self.add_rival(&act, model, &mut acts);
                acts.push(act);
            }
            if is_setting {
                break;
            }
        }
        acts
    }

    fn choose(&mut self, next: &Move, model: &Model) -> Option<Act> {
        match next {
            Move::Shift { agent, is_online } => {
                self.change_presence(agent, *is_online);
                None
            }
            Move::Setting { desk, agents } => Some(Act::SetAgents {
                desk: *desk,
                agents: agents.clone(),
            }),
            Move::Agent(agent) => {
                if !self.surroundings.is_online(agent) {
                    return None;
                }
                let at = self.surroundings.now() + self.rng.between(10 * SECOND, 50 * SECOND);
                self.drafts.push((at, next.clone()));
                agents::choose(&mut self.rng, agent, model)
            }
            Move::Arrival { desk, customer } => {
                let choice = customers::arrive(&mut self.rng, *desk, customer, model);
                self.follow(*desk, customer, choice)
            }
            Move::Customer { desk, customer } => {
                let choice = customers::choose(&mut self.rng, *desk, customer, model);
                self.follow(*desk, customer, choice)
            }
        }
    }

    /// Plans what follows from the choice of a customer.
    fn follow(&mut self, desk: usize, customer: &str, choice: Choice) -> Option<Act> {
        let again = choice.again.map(|seconds| {
            let customer = customer.to_owned();
            (seconds, Move::Customer { desk, customer })
        });
        let arrival = choice.arrival.map(|(desk, seconds)| {
            let customer = customer.to_owned();
            (seconds, Move::Arrival { desk, customer })
        });
        for (seconds, next) in again.into_iter().chain(arrival) {
            let later = self
                .rng
                .between(seconds.start * SECOND, seconds.end * SECOND);
            self.drafts.push((self.surroundings.now() + later, next));
        }
        choice.act
    }

    fn change_presence(&mut self, agent: &str, is_online: bool) {
        let at = self.surroundings.now();
        self.surroundings.set_online(agent, is_online);
        let agent = agent.to_owned();
        if is_online {
            self.drafts
                .push((at + 5 * SECOND, Move::Agent(agent.clone())));
        }
        self.presence.push(Presence {
            at,
            agent,
            is_online,
        });
    }

    /// Sometimes two agents accept the same session at once.
    fn add_rival(&mut self, act: &Act, model: &Model, acts: &mut Vec<Act>) {
        let Act::Accept { agent, session } = act else {
            return;
        };
        let rival = self.rng.pick(&model.agents[model.sessions[*session].desk]);
        if rival != agent && self.rng.chance(25) {
            acts.push(Act::Accept {
                agent: rival.clone(),
                session: *session,
            });
        }
    }
}
