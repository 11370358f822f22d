//! Agents are reminded of a customer who has no reply in time.

use domain::body::MessageType;
use domain::conversation::Conversation;
use domain::conversation::command::{ConversationCommand, SendMessage};
use domain::conversation::event::ConversationEvent;
use domain::conversation::session_command::{
    ContinueSession, DeskLookup, OpenServiceSession, RemindAgents, SessionCommand, TransferTarget,
};
use domain::conversation::session_event::SessionReminded;
use domain::deployment::flood::RuleDuration;
use domain::desk::settings::DeskSettings;
use domain::event::EventFamily as _;
use domain::limits::Limits;
use domain::time::Timestamp;
use serde_json::Value;

use crate::builders::{noon, noon_plus, send_by, user, users};
use crate::desks::settings;
use crate::given_when_then::{Given, given};
use crate::sessions::{
    MINUTE, accept, close_at, command, desk, idle, lookup, message, session, to_agent, transfer,
};

/// A desk with this `reply_target` of 5 minutes and `idle_close` of 10, and with reminders.
fn reminding(name: &str, agents: &[&str]) -> DeskLookup {
    let settings = DeskSettings {
        reminders: true,
        ..settings(agents)
    };
    lookup(name, Some(settings))
}

fn to_open(desk: DeskLookup) -> ConversationCommand {
    command(SessionCommand::Open(OpenServiceSession {
        customer: user("cleo"),
        custom: None,
        desk,
        now: noon(),
    }))
}

fn open(desk: DeskLookup) -> Given<Conversation> {
    given([]).when(to_open(desk)).then_accepted()
}

fn waiting() -> Given<Conversation> {
    open(reminding("billing", &["ben", "anna"]))
}

fn remind(agents: &[&str], minutes: i64) -> ConversationCommand {
    command(SessionCommand::Remind(RemindAgents {
        agents: agents.iter().map(|name| user(name)).collect(),
        now: noon_plus(minutes * MINUTE),
    }))
}

fn remind_at(minutes: i64) -> ConversationCommand {
    remind(&["ben", "anna"], minutes)
}

fn write(sender: &str, minutes: i64) -> ConversationCommand {
    message(sender, noon_plus(minutes * MINUTE))
}

fn reminded(agent: Option<&str>, agents: &[&str], minutes: i64) -> [ConversationEvent; 1] {
    [ConversationEvent::SessionReminded(SessionReminded {
        session: session(1),
        desk: desk("billing"),
        agent: agent.map(user),
        agents: agents.iter().map(|name| user(name)).collect(),
        due: noon_plus(minutes * MINUTE),
    })]
}

fn next_due(there: &Given<Conversation>) -> Option<Timestamp> {
    there.state.unfinished_session()?.reminder_at
}

#[test]
fn all_agents_are_reminded_of_a_customer_who_waits_and_then_the_one_who_has_the_session() {
    let there = waiting().when(remind_at(9)).then_nothing();
    assert_eq!(next_due(&there), None, "the customer has written nothing");
    let there = there.when(write("cleo", 1)).then_accepted();
    assert_eq!(next_due(&there), Some(noon_plus(6 * MINUTE)));
    // Another message of the stretch does not postpone it.
    let there = there.when(write("cleo", 4)).then_accepted();
    let just_before = noon_plus(6 * MINUTE - 1);
    let early = SessionCommand::Remind(RemindAgents {
        agents: users(["ben", "anna"]),
        now: just_before,
    });
    let there = there
        .when(command(early))
        .then_nothing()
        .when(remind_at(6))
        .then(reminded(None, &["ben", "anna"], 6))
        .when(remind_at(7))
        .then_nothing()
        .when(write("cleo", 7))
        .then_accepted()
        .when(remind_at(13))
        .then_nothing();
    assert_eq!(next_due(&there), None);

    // The next stretch has a reminder of its own.
    there
        .when(accept("ben"))
        .then_accepted()
        .when(write("ben", 8))
        .then_accepted()
        .when(write("cleo", 9))
        .then_accepted()
        .when(remind_at(14))
        .then(reminded(Some("ben"), &["ben"], 14));
}

#[test]
fn the_customer_is_not_reminded_and_without_agents_the_reminder_comes_later() {
    let there = waiting().when(write("cleo", 1)).then_accepted();
    let there = there.when(remind(&[], 7)).then_nothing();
    let there = there.when(remind(&["cleo"], 8)).then_nothing();
    there
        .when(remind(&["cleo", "dora"], 9))
        .then(reminded(None, &["dora"], 6));
}

#[test]
fn there_is_no_reminder_after_a_reply_or_the_end() {
    let asked = || {
        let open = waiting().when(accept("ben")).then_accepted();
        open.when(write("cleo", 1)).then_accepted()
    };
    let replied = asked().when(write("ben", 2)).then_accepted();
    replied.when(remind_at(9)).then_nothing();
    let end = noon_plus(2 * MINUTE);
    let closed = asked().when(close_at("ben", 1, end)).then_accepted();
    closed.when(remind_at(9)).then_nothing();
    // The system writes no reply, and messages for programs are none either.
    let control = ConversationCommand::Send(SendMessage {
        kind: MessageType::Control,
        now: end,
        ..send_by("ben")
    });
    let open = asked().when(control).then_accepted();
    open.when(remind_at(9))
        .then(reminded(Some("ben"), &["ben"], 6));
}

#[test]
fn a_session_that_closes_before_has_no_reminder_and_one_that_closes_later_has_it_first() {
    // When nothing has run for an hour, both are due.
    let there = waiting().when(write("cleo", 1)).then_accepted();
    let there = there
        .when(remind_at(60))
        .then(reminded(None, &["ben", "anna"], 6));
    there
        .when(idle(noon_plus(60 * MINUTE)))
        .then_accepted()
        .when(remind_at(61))
        .then_nothing();
    let slow = DeskSettings {
        reply_target: RuleDuration::parse("10m").unwrap(),
        reminders: true,
        ..settings(&["ben"])
    };
    let there = open(lookup("billing", Some(slow)));
    let there = there.when(write("cleo", 1)).then_accepted();
    let there = there.when(remind(&["ben"], 60)).then_nothing();
    // A message that comes before the end is written lets it go on, and the customer still waits.
    there
        .when(write("cleo", 10))
        .then_accepted()
        .when(remind(&["ben"], 60))
        .then(reminded(None, &["ben"], 11));
}

#[test]
fn a_desk_without_reminders_reminds_nobody() {
    let there = open(lookup("billing", Some(settings(&["ben"]))));
    let there = there.when(write("cleo", 1)).then_accepted();
    assert_eq!(next_due(&there), None);
    there.when(remind(&["ben"], 9)).then_nothing();
}

#[test]
fn a_session_keeps_its_stretch_with_another_agent_and_none_is_reminded_who_is_no_agent_any_more() {
    let asked = waiting().when(accept("ben")).then_accepted();
    let asked = asked.when(write("cleo", 1)).then_accepted();
    let given_on = asked
        .when(transfer("ben", to_agent("anna")))
        .then_accepted();
    given_on
        .when(remind_at(6))
        .then(reminded(Some("anna"), &["anna"], 6));
    let asked = waiting().when(accept("ben")).then_accepted();
    asked
        .when(write("cleo", 1))
        .then_accepted()
        .when(remind(&["anna", "dora"], 6))
        .then(reminded(None, &["anna", "dora"], 6));
}

/// A desk that takes more time for a reply than the others.
fn sales() -> DeskLookup {
    let settings = DeskSettings {
        reply_target: RuleDuration::parse("20m").unwrap(),
        reminders: true,
        ..settings(&["gus"])
    };
    lookup("sales", Some(settings))
}

/// A session that has left for the desk of sales.
fn leave_for_sales(before: Given<Conversation>) -> Given<Conversation> {
    let target = TransferTarget::Desk {
        desk: sales(),
        is_busy: false,
    };
    before.when(transfer("root", target)).then_accepted()
}

/// A session of billing that has come to the desk of sales: with what was said of it there.
fn moved_to_sales(before: Given<Conversation>) -> Given<Conversation> {
    let left = leave_for_sales(before).state;
    let left = left.moved_session(&session(1)).cloned();
    let arrive = SessionCommand::Continue(ContinueSession {
        session: session(1),
        customer: user("cleo"),
        from: lookup("billing", None).conversation,
        hop: 1,
        left,
        desk: sales(),
        now: noon_plus(2 * MINUTE),
    });
    given([]).when(command(arrive)).then_accepted()
}

#[test]
fn a_stretch_goes_on_at_another_desk() {
    let asked = || waiting().when(write("cleo", 1)).then_accepted();
    let there = moved_to_sales(asked());
    assert_eq!(next_due(&there), Some(noon_plus(6 * MINUTE)));
    let there = there.when(remind(&["gus"], 6)).then_accepted();
    assert_eq!(next_due(&there), None);
    // The customer has been reminded of at the first desk.
    let there = moved_to_sales(asked().when(remind_at(6)).then_accepted());
    let again = ConversationCommand::Send(SendMessage {
        now: noon_plus(7 * MINUTE),
        desk: Some(sales()),
        ..send_by("cleo")
    });
    let there = there.when(again).then_accepted();
    assert_eq!(next_due(&there), None);
    there.when(remind(&["gus"], 12)).then_nothing();
}

/// The same event as a release without reminders wrote it.
fn of_before(event: ConversationEvent) -> ConversationEvent {
    let ConversationEvent::SessionOpened(_) = event else {
        return event;
    };
    let mut data: Value = serde_json::from_str(event.encode().unwrap().get()).unwrap();
    data.as_object_mut().unwrap().remove("reminders").unwrap();
    ConversationEvent::decode("session_opened", 1, data.to_string().as_bytes()).unwrap()
}

#[test]
fn a_session_of_before_there_were_reminders_keeps_its_reply_target_at_another_desk() {
    let billing = lookup("billing", Some(settings(&["ben"])));
    let opened = Conversation::default().decide(to_open(billing), &Limits::default());
    let there = given(opened.unwrap().into_iter().map(of_before));
    let asked = there.when(write("cleo", 1)).then_accepted();
    assert_eq!(next_due(&asked), None);
    let there = moved_to_sales(asked);
    assert_eq!(next_due(&there), Some(noon_plus(6 * MINUTE)));
}

#[test]
fn a_snapshot_of_before_there_were_reminders_is_not_used_if_a_session_goes_on() {
    let asked = || waiting().when(write("cleo", 1)).then_accepted();
    let moved = format!("/service/moved/{}", session(1));
    for (there, place) in [
        (asked(), "/service/current"),
        (leave_for_sales(asked()), moved.as_str()),
    ] {
        let mut stored = serde_json::to_value(&there.state).unwrap();
        let known = stored.pointer_mut(place).and_then(Value::as_object_mut);
        let known = known.unwrap();
        for field in ["reply_target", "reminders", "unanswered"] {
            known.remove(field);
        }
        // Then the events are folded, which have it.
        serde_json::from_value::<Conversation>(stored).unwrap_err();
    }
    let closed = asked().when(close_at("root", 1, noon())).then_accepted();
    let stored = serde_json::to_value(&closed.state).unwrap();
    assert!(!stored.to_string().contains("reply_target"));
}
