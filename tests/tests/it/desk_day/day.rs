//! The day: instants of fake time, one after another, with crashes and times in which nothing runs.

use sqlx::PgPool;
use tests::seed::Rng;

use super::act::Act;
use super::engine::{Engine, Fate};
use super::people::People;
use super::process::Surroundings;
use super::roster::{DESKS, HOUR, Hours, MINUTE, SECOND};

/// How long nothing runs, at so many times of the day.
const OUTAGES: [i64; 4] = [3 * MINUTE, 25 * MINUTE, 6 * MINUTE, 12 * MINUTE];

/// Acts of so much time happen at once.
const MAX_INSTANT: i64 = 30 * SECOND;

/// In so many of 100 instants, the process crashes. A start takes longer after a long day.
const CRASHES: u64 = 10;
const CRASHES_OF_LONG_DAY: u64 = 4;
const LONG_DAY: usize = 1_000;

/// The same for the instants in which a session goes to another desk.
const CRASHES_IN_TRANSFERS: u64 = 40;

pub struct Day {
    pub engine: Engine,
    pub people: People,
    pub surroundings: Surroundings,
    rng: Rng,
    crashes: u64,
    /// When the next outages begin, and how long they are, the last one first.
    outages: Vec<(i64, i64)>,
}

impl Day {
    /// Sets the desks up.
    pub async fn begin(pool: PgPool, hours: Hours, mut rng: Rng) -> Self {
        let surroundings = Surroundings::default();
        surroundings.set_now(hours.begin - HOUR);
        let mut engine = Engine::new(pool, surroundings.clone(), rng.fork());
        for (desk, rules) in DESKS.iter().enumerate() {
            let agents = rules.agents();
            let set = Act::SetAgents { desk, agents };
            engine.perform(vec![set], Fate::Runs, false).await;
        }
        let people = People::new(rng.fork(), hours, surroundings.clone());
        let part = hours.span() / (OUTAGES.len() as i64 + 1);
        let mut outages = Vec::new();
        for (number, long) in OUTAGES.iter().enumerate() {
            let around = hours.begin + part * (number as i64 + 1);
            outages.push((around + rng.between(-part / 4, part / 4), *long));
        }
        outages.reverse();
        Self {
            engine,
            people,
            surroundings,
            rng,
            crashes: if hours.customers < LONG_DAY {
                CRASHES
            } else {
                CRASHES_OF_LONG_DAY
            },
            outages,
        }
    }

    /// Lets everything happen that happens until then.
    pub async fn run_until(&mut self, end: i64) {
        while let Some(next) = self.people.next_time().filter(|next| *next <= end) {
            self.run_instant(next).await;
        }
    }

    /// Lets everything end: also the sessions in which nobody writes any more.
    pub async fn end(&mut self) {
        self.run_until(i64::MAX).await;
        let longest = DESKS.iter().map(|desk| desk.idle_ms).max().expect("a desk");
        let now = self.surroundings.now();
        self.surroundings.set_now(now + longest);
        self.engine.settle(Fate::Crashes).await;
    }

    async fn run_instant(&mut self, next: i64) {
        let time = next.max(self.surroundings.now()) + self.rng.between(0, MAX_INSTANT);
        self.surroundings.set_now(time);
        // Sometimes the worker is late, and people write in a session that is due.
        let is_settled = !self.rng.chance(6);
        if is_settled {
            let fate = self.choose_fate();
            self.engine.settle(fate).await;
        }
        let mut acts = self.people.take_acts(&self.engine.model);
        let mut fate = self.choose_fate();
        // A transfer has two parts, in two conversations.
        let is_transfer = |act: &Act| matches!(act, Act::HandToDesk { .. });
        if acts.iter().any(is_transfer) && self.rng.chance(CRASHES_IN_TRANSFERS) {
            fate = Fate::Crashes;
        }
        if let Some((_, long)) = self.outages.pop_if(|(begin, _)| *begin <= time) {
            fate = Fate::EndsUntil(time + long);
            acts = acts.into_iter().filter_map(to_single).collect();
        } else if acts.is_empty() {
            return;
        }
        let is_setting = acts.iter().any(|act| matches!(act, Act::SetAgents { .. }));
        let with_worker = is_settled && !is_setting && self.rng.chance(25);
        let with_worker = with_worker && !matches!(fate, Fate::EndsUntil(_));
        self.engine.perform(acts, fate, with_worker).await;
        if let Fate::EndsUntil(end) = fate {
            self.people.delay(end);
        }
    }

    fn choose_fate(&mut self) -> Fate {
        // An instant has two chances.
        if self.rng.chance(self.crashes / 2) {
            Fate::Crashes
        } else {
            Fate::Runs
        }
    }
}

/// The act without a second part, which might be done at the end of the outage: nothing says when.
fn to_single(act: Act) -> Option<Act> {
    match act {
        Act::Open { customer, desk, .. } => Some(Act::Open {
            customer,
            desk,
            with_text: false,
        }),
        act => (!act.has_two_parts()).then_some(act),
    }
}
