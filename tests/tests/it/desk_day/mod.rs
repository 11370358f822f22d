//! A day of three desks, 20 agents and many customers on fake time, in which the process crashes
//! again and again, and at times nothing runs. A model computes from the same acts how each session
//! ends and what the figures are.
//!
//! - `roster`: the desks and the hours. `people`: who does something when; `customers`, `agents`:
//!   what they do. `act`, `call`: what can be done, and the calls for it.
//! - `model`, `session`: the model. `verdict`: what is to be answered to an act. `figures`: what is
//!   counted and measured. `reminders`: what agents are reminded of.
//! - `process`: a process on fake time. `engine`: executes acts, and repeats those that a crash has
//!   interrupted; `outcome`: their answers. `day`: one instant after another.
//! - `reads`: the services that answer questions. `moment`: what they are to answer at a moment,
//!   then and later. `audit`: what must hold at every position of the log.

mod act;
mod agents;
mod audit;
mod call;
mod customers;
mod day;
mod engine;
mod figures;
mod model;
mod moment;
mod outcome;
mod people;
mod process;
mod reads;
mod reminders;
mod roster;
mod session;
mod verdict;

use tests::seed::{Rng, seed};
use tests::world::{Settings, World};

use audit::AuditResult;
use day::Day;
use moment::Moment;
use reads::Reads;
use roster::Hours;

/// The customers. `make desk-day` sets more.
const CUSTOMERS: usize = 300;

/// At how many moments of the day everything is compared.
const MOMENTS: i64 = 3;

#[tokio::test(flavor = "multi_thread")]
async fn a_day_of_desks_with_crashes_ends_as_a_model_of_the_same_acts() {
    let customers = std::env::var("DESK_DAY_CUSTOMERS");
    let customers = customers.map_or(CUSTOMERS, |text| text.parse().expect("a number"));
    let hours = Hours::new(customers);
    let mut rng = Rng::new(seed("desk_day"));
    let world = World::stopped(Settings::default()).await;
    let reads = Reads::start(&world.env(), &world.dir.join("reads")).await;
    let mut day = Day::begin(world.pool.clone(), hours, rng.fork()).await;

    // In the course of the day, the read models follow
    let mut moments = Vec::new();
    for number in 1..=MOMENTS {
        day.run_until(hours.begin + hours.span() * number / (MOMENTS + 1))
            .await;
        moments.push(compare_now(&day, hours, &reads, &mut rng).await);
    }
    day.end().await;
    let last = compare_now(&day, hours, &reads, &mut rng).await;
    check_coverage(&day, customers);

    // At every position of the log, a session has at most one agent, and each ends once
    let found = audit::check_log(&world.pool, &day.people.presence).await;
    let count = day.engine.model.sessions.len();
    let expected = AuditResult {
        opened: count,
        closed: count,
    };
    assert_eq!(found, expected);

    // And agents were reminded of every customer without a reply in time, once
    reminders::check_log(&world.pool, &day.engine.model).await;

    // And a rebuild gives the same, now and for the earlier moments
    for rebuilds in [false, true] {
        if rebuilds {
            let rebuilt = world.run_ok(&["rebuild"]).await;
            assert!(rebuilt.contains("identical"), "{rebuilt}");
        }
        last.compare(&reads).await;
        reminders::check_entries(&reads, &day.engine.model).await;
        for moment in &moments {
            moment.compare_past(&reads).await;
        }
    }
}

/// Compares the services with the model as it is now.
async fn compare_now(day: &Day, hours: Hours, reads: &Reads, rng: &mut Rng) -> Moment {
    let position = day.engine.head().await;
    let moment = Moment::new(&day.engine.model, position, hours, rng);
    moment.compare(reads).await;
    moment
}

/// Everything that the test is about has happened.
fn check_coverage(day: &Day, customers: usize) {
    let (counts, model) = (&day.engine.counts, &day.engine.model);
    eprintln!(
        "desk_day: {} sessions, {} reminders, {:?} idle, {counts:?}",
        model.sessions.len(),
        model.reminders.len(),
        model.idle
    );
    assert!(model.unfinished.is_empty());
    assert!(model.sessions.len() >= customers);
    let (idle, late) = model.idle;
    for (name, count) in [
        ("idle sessions", idle),
        ("late closings", late),
        ("crashes", counts.crashes),
        ("unanswered calls", counts.unanswered),
        ("replays", counts.replays),
        ("refusals", counts.refusals),
        ("lost races", counts.lost_races),
        ("routed sessions", counts.routed),
        ("reminders", model.reminders.len()),
    ] {
        assert!(count > 0, "no {name}");
    }
}
