//! What a customer does in the conversation with a desk.

use std::ops::Range;

use tests::seed::Rng;

use super::act::Act;
use super::model::Model;
use super::roster::DESKS;

/// What the customer does now, and next.
#[derive(Debug, Default)]
pub struct Choice {
    pub act: Option<Act>,
    /// In so many seconds, the customer does something again.
    pub again: Option<Range<i64>>,
    /// In so many seconds, the customer comes to this desk.
    pub arrival: Option<(usize, Range<i64>)>,
}

impl Choice {
    fn new(act: Option<Act>, again: Option<Range<i64>>) -> Self {
        Self {
            act,
            again,
            arrival: None,
        }
    }
}

/// The first message opens the first session; later ones also open one.
pub fn arrive(rng: &mut Rng, desk: usize, customer: &str, model: &Model) -> Choice {
    let has_conversation = model.has_conversation(desk, customer);
    let customer = customer.to_owned();
    let act = if has_conversation && rng.chance(70) {
        Act::Write { customer, desk }
    } else {
        let with_text = rng.chance(70);
        Act::Open {
            customer,
            desk,
            with_text,
        }
    };
    Choice::new(Some(act), Some(40..240))
}

pub fn choose(rng: &mut Rng, desk: usize, customer: &str, model: &Model) -> Choice {
    let Some(session) = model.current(desk, customer) else {
        return choose_after_end(rng, desk, customer, model);
    };
    let user = customer.to_owned();
    let customer = customer.to_owned();
    let is_waiting = model.sessions[session].is_waiting();
    match (rng.below(100), is_waiting) {
        (0..20, true) => Choice::new(Some(Act::Write { customer, desk }), Some(60..300)),
        (20..75, true) => Choice::new(None, Some(60..300)),
        (75..90, true) => Choice::new(Some(Act::Close { user, session }), None),
        (0..50, false) => Choice::new(Some(Act::Write { customer, desk }), Some(30..240)),
        (50..75, false) => Choice::new(None, Some(60..240)),
        (75..85, false) => Choice::new(Some(Act::Close { user, session }), Some(10..600)),
        // A rating that comes too early.
        (85..88, false) => Choice::new(Some(Act::Rate { session, score: 3 }), Some(60..240)),
        // Silent until long after the session has closed by itself.
        (88..94, false) => Choice::new(None, Some(1_200..2_400)),
        _ => Choice::default(),
    }
}

fn choose_after_end(rng: &mut Rng, desk: usize, customer: &str, model: &Model) -> Choice {
    let is_own = |session: &usize| {
        let session = &model.sessions[*session];
        session.desk == desk && session.customer == customer
    };
    let Some(session) = (0..model.sessions.len()).rev().find(is_own) else {
        return Choice::default();
    };
    let (score, user) = (rng.between(1, 5) as u8, customer.to_owned());
    match rng.below(100) {
        0..60 => {
            // The second rating of a session may differ from the first one.
            let again = rng.chance(15).then_some(30..120);
            Choice::new(Some(Act::Rate { session, score }), again)
        }
        60..75 => Choice {
            arrival: Some((rng.below(DESKS.len()), 60..3_600)),
            ..Choice::default()
        },
        75..80 => Choice::new(Some(Act::Close { user, session }), None),
        _ => Choice::default(),
    }
}
