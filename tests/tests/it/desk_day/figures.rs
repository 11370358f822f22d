//! The figures of a desk, computed from the facts of the model, and their comparison with answers.

use std::collections::BTreeMap;

use serde_json::Value;

use super::roster::{DESKS, text_of};
use super::session::{FactAgent, Session, Subject};

/// The figures of a row, as the API names them.
pub type Row = BTreeMap<&'static str, Option<f64>>;

/// The rows by key.
pub type Rows = BTreeMap<String, Row>;

/// What is asked for.
#[derive(Debug, Clone)]
pub struct FigureQuery {
    pub desk: usize,
    /// `day`, `hour` or `agent`.
    pub by: &'static str,
    pub from: i64,
    pub to: i64,
}

impl FigureQuery {
    pub fn path(&self) -> String {
        let (from, to) = (text_of(self.from), text_of(self.to));
        let Self { desk, by, .. } = self;
        let desk = DESKS[*desk].id;
        format!("/v1/desks/{desk}/metrics?by={by}&from={from}&to={to}")
    }

    fn has(&self, desk: usize, at: i64) -> bool {
        desk == self.desk && (self.from..self.to).contains(&at)
    }

    /// The key of the row in which something counts, if it does.
    fn key(&self, at: i64, agent: Option<&str>) -> Option<String> {
        let time = text_of(at);
        match self.by {
            "agent" => agent.map(str::to_owned),
            "hour" => Some(format!("{}:00:00Z", &time[..13])),
            _ => Some(time[..10].to_owned()),
        }
    }

    /// The rows that this query is to return.
    pub fn expected(&self, sessions: &[Session]) -> Rows {
        let mut tallies: BTreeMap<String, Tally> = BTreeMap::new();
        for session in sessions {
            let holder = session.agent.as_deref();
            for fact in session
                .facts
                .iter()
                .filter(|fact| self.has(fact.desk, fact.at))
            {
                let agent = match &fact.agent {
                    FactAgent::Named(agent) => Some(agent.as_str()),
                    FactAgent::Holder => holder,
                    FactAgent::Missing => None,
                };
                if let Some(key) = self.key(fact.at, agent) {
                    let tally = tallies.entry(key).or_default();
                    tally.add(fact.subject, fact.value, session.target_ms);
                }
            }
            let ended = session.end.as_ref().map(|end| end.at);
            let ended = ended.filter(|at| self.has(session.desk, *at));
            if let Some((at, score)) = ended.zip(session.rating)
                && let Some(key) = self.key(at, holder)
            {
                tallies
                    .entry(key)
                    .or_default()
                    .ratings
                    .push(f64::from(score));
            }
        }
        let rows = tallies.into_iter();
        rows.map(|(key, tally)| (key, tally.into_row())).collect()
    }
}

/// What a row counts and measures.
#[derive(Debug, Default)]
struct Tally {
    opened: usize,
    closed: usize,
    transferred: usize,
    abandoned: usize,
    messages: usize,
    due: usize,
    in_target: usize,
    waiting: Vec<f64>,
    first_replies: Vec<f64>,
    handling: Vec<f64>,
    ratings: Vec<f64>,
}

impl Tally {
    fn add(&mut self, subject: Subject, value: Option<i64>, target_ms: i64) {
        let seconds = value.map(|millis| millis as f64 / 1_000.0);
        match subject {
            Subject::Opening => self.opened += 1,
            Subject::Closing => self.closed += 1,
            Subject::Transfer => self.transferred += 1,
            Subject::Loss => self.abandoned += 1,
            Subject::Message => self.messages += 1,
            Subject::Acceptance => self.waiting.extend(seconds),
            Subject::FirstReply => self.first_replies.extend(seconds),
            Subject::Handling => self.handling.extend(seconds),
            Subject::Stretch => {
                self.due += 1;
                self.in_target += usize::from(value.is_some_and(|value| value <= target_ms));
            }
        }
    }

    fn into_row(mut self) -> Row {
        let count = |number: usize| Some(number as f64);
        let share = self.in_target as f64 / self.due as f64;
        let ratings = self.ratings.len();
        let mean = self.ratings.iter().sum::<f64>() / ratings as f64;
        Row::from([
            ("opened", count(self.opened)),
            ("accepted", count(self.waiting.len())),
            ("closed", count(self.closed)),
            ("transferred", count(self.transferred)),
            ("abandoned", count(self.abandoned)),
            ("messages", count(self.messages)),
            ("due", count(self.due)),
            ("replied_in_target", count(self.in_target)),
            ("reply_rate", (self.due > 0).then_some(share)),
            ("rating_avg", (ratings > 0).then_some(mean)),
            ("waiting_p50_s", percentile(&mut self.waiting, 0.5)),
            ("waiting_p95_s", percentile(&mut self.waiting, 0.95)),
            (
                "first_reply_p50_s",
                percentile(&mut self.first_replies, 0.5),
            ),
            (
                "first_reply_p95_s",
                percentile(&mut self.first_replies, 0.95),
            ),
            ("handling_p50_s", percentile(&mut self.handling, 0.5)),
        ])
    }
}

/// The percentile, interpolated between the two values next to it.
fn percentile(values: &mut [f64], share: f64) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let last = values.len().checked_sub(1)?;
    let place = share * last as f64;
    let (below, above) = (
        values[place.floor() as usize],
        values[place.ceil() as usize],
    );
    Some(below + (place - place.floor()) * (above - below))
}

/// Compares the rows of an answer with those of the model: every row and every figure.
pub fn assert_rows(query: &FigureQuery, found: &Value, expected: &Rows) {
    let found = found["rows"].as_array().expect("rows");
    let keys = found.iter().map(|row| row["key"].as_str().expect("a key"));
    assert!(
        keys.eq(expected.keys().map(String::as_str)),
        "{query:?} has the rows {found:#?}, expected {:?}",
        expected.keys()
    );
    for (row, (key, figures)) in found.iter().zip(expected) {
        let names = row.as_object().expect("a row").keys();
        let unknown: Vec<&String> = names
            .filter(|name| *name != "key" && !figures.contains_key(name.as_str()))
            .collect();
        assert!(unknown.is_empty(), "the model has no {unknown:?}");
        for (name, expected) in figures {
            let is_equal = match (row[name].as_f64(), expected) {
                (Some(found), Some(expected)) => (found - expected).abs() < 1e-6,
                (None, None) => row[name].is_null(),
                _ => false,
            };
            assert!(
                is_equal,
                "{name} of {key} in {query:?}: expected {expected:?} in {row:#}"
            );
        }
    }
}
