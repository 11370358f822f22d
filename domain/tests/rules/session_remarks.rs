//! Notes, tags and ratings of service sessions, and who is a member of their conversation.

use domain::conversation::command::ConversationCommand;
use domain::conversation::session_command::{
    NoteSession, RateSession, ReleaseAgent, SessionCommand, TagSession,
};
use domain::desk::texts::{SessionNote, SessionTag};
use domain::ids::UserId;
use domain::time::Timestamp;

use crate::builders::{add, noon, noon_plus, remove, user};
use crate::sessions::{DAY, agents, caller, close_at, command, session, with_ben};

fn rate(by: &str, score: u8, now: Timestamp) -> ConversationCommand {
    command(SessionCommand::Rate(RateSession {
        session: session(1),
        score,
        text: None,
        caller: caller(by),
        now,
    }))
}

fn note(by: &str) -> ConversationCommand {
    command(SessionCommand::Note(NoteSession {
        session: session(1),
        text: SessionNote::parse("was polite").unwrap(),
        caller: caller(by),
        now: noon(),
    }))
}

#[test]
fn a_session_is_rated_once_within_a_week() {
    with_ben()
        .when(rate("cleo", 5, noon()))
        .then_refused("not_closed");
    let closed = || with_ben().when(close_at("ben", 1, noon())).then_accepted();
    closed()
        .when(rate("ben", 5, noon()))
        .then_refused("forbidden");
    closed().when(rate("cleo", 6, noon())).then_invalid("score");
    closed()
        .when(rate("cleo", 5, noon_plus(7 * DAY + 1)))
        .then_refused("too_late");
    let rated = closed()
        .when(rate("cleo", 5, noon_plus(7 * DAY)))
        .then_accepted();
    let rated = rated.when(rate("cleo", 5, noon())).then_nothing();
    rated.when(rate("cleo", 1, noon())).then_refused("conflict");
}

#[test]
fn notes_and_tags_are_the_agents() {
    with_ben().when(note("ben")).then_accepted();
    with_ben().when(note("root")).then_accepted();
    with_ben().when(note("cleo")).then_refused("forbidden");
    with_ben().when(note("dora")).then_refused("not_found");
    let tag = |names: &[&str]| {
        command(SessionCommand::Tag(TagSession {
            session: session(1),
            tags: names
                .iter()
                .map(|name| SessionTag::parse(name).unwrap())
                .collect(),
            caller: caller("ben"),
        }))
    };
    let tagged = with_ben().when(tag(&["refund", "refund"])).then_accepted();
    let tagged = tagged.when(tag(&["refund"])).then_nothing();
    let closed = tagged.when(close_at("ben", 1, noon())).then_accepted();
    closed
        .when(tag(&["refund"]))
        .then_nothing()
        .when(tag(&[]))
        .then_accepted();
    let many: Vec<String> = (0..21).map(|number| number.to_string()).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    with_ben().when(tag(&many)).then_invalid("tags");
}

#[test]
fn the_session_of_a_former_agent_waits_again() {
    let release = |name| {
        command(SessionCommand::Release(ReleaseAgent {
            agent: user(name),
            now: noon(),
        }))
    };
    let waiting = with_ben().when(release("ben")).then_accepted();
    assert_eq!(agents(&waiting.state), [] as [&UserId; 0]);
    assert_eq!(
        waiting.state.unfinished_session().map(|found| found.agent),
        Some(None)
    );
    waiting
        .when(release("ben"))
        .then_nothing()
        .when(release("cleo"))
        .then_nothing();
    let gone = command(SessionCommand::CloseForGood(noon()));
    let closed = with_ben().when(gone.clone()).then_accepted();
    assert_eq!(closed.state.unfinished_session(), None);
    closed.when(gone).then_nothing();
}

#[test]
fn members_of_a_conversation_with_a_desk_come_and_go_with_sessions() {
    with_ben()
        .when(remove("cleo", "cleo"))
        .then_refused("forbidden");
    with_ben()
        .when(remove("ben", "ben"))
        .then_refused("forbidden");
    with_ben()
        .when(add("ben", ["dora"]))
        .then_refused("forbidden");
}
