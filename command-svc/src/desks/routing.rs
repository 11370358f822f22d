//! Which agent gets which session: pure. The longest waiting session is given first.

use std::collections::HashMap;

use domain::desk::settings::{DeskSettings, Routing};
use domain::ids::{ConversationId, DeskId, UserId};
use domain::session_id::SessionId;

use crate::desk_board::Board;

/// A session that waits, and the agent who is to have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Assignment {
    pub(super) session: SessionId,
    pub(super) conversation: ConversationId,
    pub(super) agent: UserId,
}

/// The assignments of all desks with automatic routing. `is_online` says who is there.
pub(super) fn assign(board: &Board, is_online: impl Fn(&UserId) -> bool) -> Vec<Assignment> {
    let mut assignments = Vec::new();
    if !board.has_waiting() {
        return assignments;
    }
    let mut loads = board.loads();
    for (desk, settings) in &board.desks {
        assign_at(
            board,
            (desk, settings),
            &is_online,
            &mut loads,
            &mut assignments,
        );
    }
    assignments
}

fn assign_at(
    board: &Board,
    (desk, settings): (&DeskId, &DeskSettings),
    is_online: impl Fn(&UserId) -> bool,
    loads: &mut HashMap<UserId, u32>,
    assignments: &mut Vec<Assignment>,
) {
    if settings.routing == Routing::Manual {
        return;
    }
    let mut last = board.last_routed.get(desk).cloned();
    // How long ago each agent got a session: the order breaks ties fairly.
    let mut turns = board.routed_at.clone();
    let mut next_turn = i64::MAX - i64::from(u32::MAX);
    for session in board.waiting_at(desk) {
        let Some(known) = board.sessions.get(session) else {
            continue;
        };
        let load_of = |agent: &UserId| loads.get(agent).copied().unwrap_or_default();
        let is_free = |agent: &&UserId| load_of(agent) < settings.max_open && is_online(agent);
        let agent = match settings.routing {
            Routing::LeastBusy => {
                let free = settings.agents.iter().filter(is_free);
                free.min_by_key(|agent| (load_of(agent), turns.get(*agent).copied()))
            }
            _ => in_turn(&settings.agents, last.as_ref()).find(is_free),
        };
        let Some(agent) = agent.cloned() else {
            return;
        };
        *loads.entry(agent.clone()).or_default() += 1;
        turns.insert(agent.clone(), next_turn);
        next_turn += 1;
        last = Some(agent.clone());
        assignments.push(Assignment {
            session: session.clone(),
            conversation: known.conversation.clone(),
            agent,
        });
    }
}

/// The agents in the order of their turns: the one after the last comes first.
fn in_turn<'a>(agents: &'a [UserId], last: Option<&UserId>) -> impl Iterator<Item = &'a UserId> {
    let at = last.and_then(|last| agents.iter().position(|agent| agent == last));
    let (before, after) = agents.split_at(at.map_or(0, |at| at + 1));
    after.iter().chain(before)
}

#[cfg(test)]
mod tests {
    use domain::envelope::{AggregateKind, Envelope};
    use domain::time::Timestamp;
    use serde_json::value::RawValue;
    use serde_json::{Value, json};

    use super::*;

    fn user(name: &str) -> UserId {
        UserId::parse(name).expect("a user")
    }

    /// A board whose events get their positions in order.
    #[derive(Default)]
    struct Filling {
        board: Board,
        position: i64,
    }

    impl Filling {
        fn add(&mut self, aggregate: AggregateKind, id: &str, kind: &str, data: &Value) {
            self.position += 1;
            let event = Envelope {
                position: self.position,
                tag: None,
                aggregate,
                aggregate_id: id.to_owned(),
                sequence: 1,
                event_type: kind.to_owned(),
                version: 1,
                time: Timestamp::default(),
                actor: None,
                traceparent: None,
                data: RawValue::from_string(data.to_string()).expect("JSON"),
            };
            self.board.fold(&event).expect("an event");
        }

        fn set_desk(&mut self, routing: &str, max_open: u32) {
            let settings = json!({"title": "Billing", "agents": ["a", "b", "c"], "routing": routing,
                "max_open": max_open, "idle_close": "10m", "reply_target": "5m"});
            let data = json!({"settings": settings, "by": "root"});
            self.add(AggregateKind::Desk, "billing", "desk_set", &data);
        }

        /// The session of a customer.
        fn session(customer: &str) -> SessionId {
            let desk = DeskId::parse("billing").expect("a desk");
            SessionId::new(ConversationId::desk(&desk, &user(customer)), 1)
        }

        fn open(&mut self, customer: &str) {
            let session = Self::session(customer);
            let data = json!({"session": session, "desk": "billing", "customer": customer,
                "idle_close": "10m", "reply_target": "5m", "after_seq": 0,
                "at": "2026-11-01T09:30:00Z"});
            let id = session.conversation().as_str();
            self.add(AggregateKind::Conversation, id, "session_opened", &data);
        }

        fn accept(&mut self, customer: &str, agent: &str, by: &str) {
            let session = Self::session(customer);
            let data = json!({"session": session, "desk": "billing", "agent": agent, "by": by,
                "after_seq": 0, "at": "2026-11-01T09:30:00Z"});
            let id = session.conversation().as_str();
            self.add(AggregateKind::Conversation, id, "session_accepted", &data);
        }

        fn agents(&self, online: &[&str]) -> Vec<String> {
            let assigned = assign(&self.board, |agent| online.contains(&agent.as_str()));
            assigned
                .into_iter()
                .map(|one| one.agent.to_string())
                .collect()
        }
    }

    #[test]
    fn agents_who_are_online_and_free_get_sessions_in_turn() {
        let mut filling = Filling::default();
        filling.set_desk("round_robin", 2);
        for customer in ["c1", "c2", "c3", "c4"] {
            filling.open(customer);
        }
        assert_eq!(filling.agents(&["a", "b", "c"]), ["a", "b", "c", "a"]);
        assert_eq!(filling.agents(&["a", "c"]), ["a", "c", "a", "c"]);
        assert_eq!(filling.agents(&["b"]), ["b", "b"], "up to max_open");
        assert_eq!(filling.agents(&[]), [] as [&str; 0]);
        // What an agent accepts is not a turn, but counts.
        filling.accept("c1", "a", "tidings");
        filling.accept("c2", "b", "b");
        assert_eq!(filling.agents(&["a", "b", "c"]), ["b", "c"]);
        assert_eq!(filling.agents(&["a", "b"]), ["b", "a"]);
    }

    #[test]
    fn the_least_busy_agent_is_first_and_ties_go_in_turn() {
        let mut filling = Filling::default();
        filling.set_desk("least_busy", 5);
        for customer in ["c1", "c2", "c3", "c4", "c5"] {
            filling.open(customer);
        }
        filling.accept("c1", "a", "a");
        assert_eq!(filling.agents(&["a", "b", "c"]), ["b", "c", "a", "b"]);
        filling.accept("c2", "b", "tidings");
        assert_eq!(filling.agents(&["a", "b"]), ["a", "b", "a"]);
    }

    #[test]
    fn a_desk_without_routing_assigns_nothing() {
        let mut filling = Filling::default();
        filling.set_desk("manual", 5);
        filling.open("c1");
        assert_eq!(filling.agents(&["a"]), [] as [&str; 0]);
        filling.set_desk("least_busy", 5);
        assert_eq!(filling.agents(&["a"]), ["a"]);
        let removed = json!({"by": "root"});
        filling.add(AggregateKind::Desk, "billing", "desk_removed", &removed);
        assert_eq!(filling.agents(&["a"]), [] as [&str; 0]);
        assert_eq!(filling.board.orphans.len(), 1);
    }
}
