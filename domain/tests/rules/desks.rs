//! What administrators set for a desk.

use domain::deployment::flood::RuleDuration;
use domain::desk::Desk;
use domain::desk::command::DeskCommand;
use domain::desk::event::{DeskEvent, DeskRemoved, DeskSet};
use domain::desk::settings::{DeskSettings, MAX_AGENTS, Routing};

use crate::builders::{numbered_users, title, user, users};
use crate::given_when_then::given;

pub fn settings(agents: &[&str]) -> DeskSettings {
    DeskSettings {
        title: title("Billing"),
        agents: agents.iter().map(|name| user(name)).collect(),
        routing: Routing::Manual,
        max_open: 5,
        idle_close: RuleDuration::parse("10m").unwrap(),
        reply_target: RuleDuration::parse("5m").unwrap(),
        greeting: None,
        reminders: false,
    }
}

fn set(settings: DeskSettings) -> DeskCommand {
    let by = user("root");
    DeskCommand::Set { settings, by }
}

fn was_set(settings: DeskSettings) -> DeskEvent {
    let by = user("root");
    DeskEvent::DeskSet(DeskSet { settings, by })
}

#[test]
fn a_desk_is_set_and_removed_once() {
    let billing = settings(&["ben"]);
    let removed = || DeskEvent::DeskRemoved(DeskRemoved { by: user("root") });
    let remove = || DeskCommand::Remove { by: user("root") };
    let there = given::<Desk>([])
        .when(remove())
        .then_nothing()
        .when(set(billing.clone()))
        .then([was_set(billing.clone())])
        .when(set(billing.clone()))
        .then_nothing();
    assert_eq!(there.state.settings(), Some(&billing));
    let with_reminders = DeskSettings {
        reminders: true,
        ..billing.clone()
    };
    let there = there
        .when(set(with_reminders.clone()))
        .then([was_set(with_reminders)]);
    let gone = there.when(remove()).then([removed()]);
    assert_eq!(gone.state.settings(), None);
    gone.when(set(billing.clone())).then([was_set(billing)]);
}

#[test]
fn settings_have_limits() {
    let refused = |change: fn(&mut DeskSettings), field: &str| {
        let mut bad = settings(&["ben"]);
        change(&mut bad);
        given::<Desk>([]).when(set(bad)).then_invalid(field);
    };
    refused(|bad| bad.agents = users(["ben", "ben"]).clone(), "agents");
    refused(|bad| bad.agents = numbered_users(MAX_AGENTS + 1), "agents");
    refused(|bad| bad.max_open = 0, "max_open");
    refused(|bad| bad.max_open = 1_001, "max_open");
    refused(
        |bad| bad.idle_close = RuleDuration::parse("31d").unwrap(),
        "idle_close",
    );
    refused(
        |bad| bad.reply_target = RuleDuration::parse("31d").unwrap(),
        "reply_target",
    );
}
