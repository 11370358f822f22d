//! What the model has at a moment, to be compared with what the services answer then and later.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use tests::seed::Rng;

use super::figures::{FigureQuery, Rows, assert_rows};
use super::model::Model;
use super::reads::{Asked, Reads};
use super::roster::{DESKS, Hours, text_of};
use super::session::Session;

/// The conversations of a moment whose members are compared.
const CONVERSATIONS: usize = 20;

/// The windows of a moment besides the whole day.
const WINDOWS: usize = 3;

pub struct Moment {
    pub position: i64,
    figures: Vec<(FigureQuery, Rows)>,
    /// The sessions at each desk by id, as the API shows them.
    sessions: Vec<BTreeMap<String, Value>>,
    /// The members of some conversations, of whom the first one is the customer.
    members: Vec<(String, BTreeSet<String>)>,
}

impl Moment {
    pub fn new(model: &Model, position: i64, hours: Hours, rng: &mut Rng) -> Self {
        let queries = queries(model, hours, rng);
        let figures = queries.into_iter().map(|query| {
            let rows = query.expected(&model.sessions);
            (query, rows)
        });
        let sessions = (0..DESKS.len()).map(|desk| {
            let here = model.sessions.iter().filter(|session| session.desk == desk);
            here.map(|session| (session.id.clone(), view_of(session)))
                .collect()
        });
        let all: Vec<(String, BTreeSet<String>)> = model.members().collect();
        let members = (0..CONVERSATIONS.min(all.len())).map(|_| rng.pick(&all).clone());
        Self {
            position,
            figures: figures.collect(),
            sessions: sessions.collect(),
            members: members.collect(),
        }
    }

    /// Compares figures and sessions with read models that have the events up to the moment.
    pub async fn compare(&self, reads: &Reads) {
        reads.wait_until(self.position).await;
        self.compare_asked(reads, Asked::Now(self.position)).await;
    }

    async fn compare_asked(&self, reads: &Reads, asked: Asked) {
        for (desk, expected) in self.sessions.iter().enumerate() {
            let found = reads.sessions(desk, asked).await;
            assert_sessions(&found, expected);
        }
        for (query, expected) in &self.figures {
            let found = reads.get(&query.path(), asked).await;
            assert_rows(query, &found, expected);
        }
    }

    /// Compares what later read models say of the moment.
    pub async fn compare_past(&self, reads: &Reads) {
        self.compare_asked(reads, Asked::AsOf(self.position)).await;
        for (conversation, expected) in &self.members {
            let is_customer = |user: &&String| user.starts_with("customer");
            let customer = expected.iter().find(is_customer).expect("a customer");
            let found = reads.members_as_of(conversation, customer, self.position);
            let found = found.await;
            let members = found["members"].as_array().expect("members").iter();
            let members: BTreeSet<String> = members
                .map(|member| member["user"].as_str().expect("a user").to_owned())
                .collect();
            assert_eq!(&members, expected, "{conversation} at {}", self.position);
        }
    }
}

/// Every grouping of every desk, for the whole day and for windows that begin and end with events.
fn queries(model: &Model, hours: Hours, rng: &mut Rng) -> Vec<FigureQuery> {
    let times: Vec<i64> = model
        .sessions
        .iter()
        .flat_map(|session| session.facts.iter().map(|fact| fact.at))
        .collect();
    let span = hours.span();
    let mut windows = vec![(hours.begin - span, hours.end + span)];
    for _ in 0..WINDOWS {
        let (one, other) = (*rng.pick(&times), *rng.pick(&times));
        windows.push((one.min(other), one.max(other)));
    }
    let mut queries = Vec::new();
    for desk in 0..DESKS.len() {
        for by in ["day", "hour", "agent"] {
            queries.extend(windows.iter().map(|(from, to)| FigureQuery {
                desk,
                by,
                from: *from,
                to: *to,
            }));
        }
    }
    queries
}

/// The fields of a session that the model knows.
fn view_of(session: &Session) -> Value {
    let time = |at: Option<i64>| at.map(text_of);
    let end = session.end.as_ref();
    json!({
        "id": session.id, "desk": DESKS[session.desk].id, "customer": session.customer,
        "agent": session.agent, "state": session.state(), "opened_at": text_of(session.opened_at),
        "accepted_at": time(session.accepted_at), "closed_at": time(end.map(|end| end.at)),
        "closed_by": end.map(|end| &end.by), "reason": end.map(|end| &end.reason),
        "rating": session.rating, "last_customer_at": time(session.customer_at),
        "last_agent_at": time(session.agent_at), "reply_due_at": time(session.reply_due_at()),
    })
}

/// Every session is there, once, and is as the model has it.
fn assert_sessions(found: &[Value], expected: &BTreeMap<String, Value>) {
    let mut ids = BTreeSet::new();
    for session in found {
        let id = session["id"].as_str().expect("an id");
        assert!(ids.insert(id), "{id} is there twice");
        let known = expected.get(id);
        let known = known.unwrap_or_else(|| panic!("the model has no {session:#}"));
        for (name, value) in known.as_object().expect("fields") {
            assert_eq!(
                &session[name], value,
                "{name}: {session:#}, expected {known:#}"
            );
        }
    }
    let lost: Vec<&String> = expected
        .keys()
        .filter(|id| !ids.contains(id.as_str()))
        .collect();
    assert!(lost.is_empty(), "{lost:?} are lost");
}
