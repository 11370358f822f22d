//! Service sessions in a conversation with a desk.

use domain::conversation::Conversation;
use domain::conversation::command::{ConversationCommand, SendMessage};
use domain::conversation::event::{ConversationEvent, ConversationKind, MessageSent};
use domain::conversation::session_command::{
    AcceptSession, CloseSession, ContinueSession, DeskLookup, OpenServiceSession, SessionCaller,
    SessionCommand, TransferSession, TransferTarget,
};
use domain::conversation::session_event::{SessionClosed, SessionOpened};
use domain::desk::settings::DeskSettings;
use domain::desk::texts::{CloseReason, Greeting};
use domain::ids::{ConversationId, DeskId, UserId};
use domain::refusal::RefusalKind;
use domain::session_id::SessionId;
use domain::time::Timestamp;

use crate::builders::{noon, noon_plus, send, send_by, user};
use crate::desks::settings;
use crate::given_when_then::{Given, given};

pub const MINUTE: i64 = 60_000;
pub const DAY: i64 = 24 * 60 * MINUTE;

pub fn desk(name: &str) -> DeskId {
    DeskId::parse(name).unwrap()
}

pub fn lookup(name: &str, settings: Option<DeskSettings>) -> DeskLookup {
    DeskLookup {
        conversation: ConversationId::desk(&desk(name), &user("cleo")),
        desk: desk(name),
        settings,
    }
}

fn billing() -> DeskLookup {
    lookup("billing", Some(settings(&["ben", "anna"])))
}

pub fn session(number: u32) -> SessionId {
    SessionId::new(billing().conversation, number)
}

pub fn caller(name: &str) -> SessionCaller {
    SessionCaller {
        user: user(name),
        is_agent: ["ben", "anna"].contains(&name),
        is_admin: name == "root",
    }
}

pub fn command(command: SessionCommand) -> ConversationCommand {
    ConversationCommand::Session(command)
}

fn open_at(now: Timestamp) -> ConversationCommand {
    command(SessionCommand::Open(OpenServiceSession {
        customer: user("cleo"),
        custom: None,
        desk: billing(),
        now,
    }))
}

pub fn accept(by: &str) -> ConversationCommand {
    command(SessionCommand::Accept(AcceptSession {
        session: session(1),
        agent: user(by),
        caller: caller(by),
        now: noon(),
    }))
}

pub fn transfer(by: &str, target: TransferTarget) -> ConversationCommand {
    command(SessionCommand::Transfer(TransferSession {
        session: session(1),
        target,
        note: None,
        caller: caller(by),
        now: noon(),
    }))
}

pub fn to_agent(name: &str) -> TransferTarget {
    TransferTarget::Agent {
        agent: user(name),
        is_agent: caller(name).is_agent,
    }
}

pub fn close_at(by: &str, number: u32, now: Timestamp) -> ConversationCommand {
    command(SessionCommand::Close(CloseSession {
        session: session(number),
        reason: None,
        caller: caller(by),
        now,
    }))
}

pub fn message(sender: &str, now: Timestamp) -> ConversationCommand {
    ConversationCommand::Send(SendMessage {
        now,
        desk: Some(billing()),
        ..send_by(sender)
    })
}

pub fn idle(now: Timestamp) -> ConversationCommand {
    command(SessionCommand::CloseIdle(now))
}

fn waiting() -> Given<Conversation> {
    given([]).when(open_at(noon())).then_accepted()
}

pub fn with_ben() -> Given<Conversation> {
    waiting().when(accept("ben")).then_accepted()
}

pub fn agents(conversation: &Conversation) -> Vec<&UserId> {
    conversation.agents().collect()
}

#[test]
fn a_session_is_opened_once_and_its_conversation_with_it() {
    let there = given::<Conversation>([])
        .when(open_at(noon()))
        .then_accepted();
    let conversation = &there.state;
    assert_eq!(conversation.kind(), Some(ConversationKind::Desk));
    assert_eq!(conversation.desk(), Some(&desk("billing")));
    assert!(conversation.is_member(&user("cleo")));
    let unfinished = conversation.unfinished_session().unwrap();
    assert_eq!((unfinished.id, unfinished.agent), (session(1), None));
    assert_eq!(unfinished.idle_at, noon_plus(10 * MINUTE));
    there.when(open_at(noon_plus(5))).then_nothing();
}

#[test]
fn a_desk_that_does_not_exist_has_no_sessions() {
    let open = SessionCommand::Open(OpenServiceSession {
        customer: user("cleo"),
        custom: None,
        desk: lookup("billing", None),
        now: noon(),
    });
    given::<Conversation>([])
        .when(command(open))
        .then_refused("not_found");
}

#[test]
fn the_greeting_is_the_first_message_of_every_session() {
    let mut greeting = billing();
    let settings = greeting.settings.as_mut().unwrap();
    settings.greeting = Some(Greeting::parse("Hello!").unwrap());
    let open = |now| {
        command(SessionCommand::Open(OpenServiceSession {
            customer: user("cleo"),
            custom: None,
            desk: greeting.clone(),
            now,
        }))
    };
    let there = given::<Conversation>([]).when(open(noon())).then_accepted();
    assert_eq!(there.state.head_seq(), 1);
    // The greeting does not postpone the end.
    let closed = there.when(idle(noon_plus(10 * MINUTE))).then_accepted();
    let again = ConversationCommand::Send(SendMessage {
        desk: Some(greeting.clone()),
        now: noon_plus(20 * MINUTE),
        ..send_by("cleo")
    });
    let again = closed.when(again).then_accepted();
    assert_eq!(again.state.head_seq(), 3);
}

#[test]
fn one_agent_gets_a_session() {
    let open = with_ben().when(accept("ben")).then_nothing();
    assert_eq!(agents(&open.state), [&user("ben")]);
    let refusal = open.when(accept("anna")).into_refusal();
    assert_eq!(
        (refusal.kind, refusal.code),
        (RefusalKind::Conflict, "taken")
    );
}

#[test]
fn only_agents_accept_and_others_do_not_know_of_it() {
    waiting().when(accept("dora")).then_refused("not_found");
    waiting().when(accept("cleo")).then_refused("forbidden");
    given::<Conversation>([])
        .when(accept("ben"))
        .then_refused("not_found");
    let closed = waiting().when(close_at("cleo", 1, noon())).then_accepted();
    closed.when(accept("ben")).then_refused("session_closed");
}

#[test]
fn an_agent_writes_only_in_their_own_open_session() {
    waiting().when(send("ben")).then_refused("not_found");
    let open = with_ben().when(message("ben", noon())).then_accepted();
    let closed = open.when(close_at("ben", 1, noon())).then_accepted();
    let waiting = closed.when(message("ben", noon())).into_refusal();
    assert_eq!(waiting.code, "session_closed");
    let reopened = with_ben()
        .when(close_at("ben", 1, noon()))
        .then_accepted()
        .when(message("cleo", noon()))
        .then_accepted();
    assert!(reopened.state.is_member(&user("ben")));
    reopened
        .when(message("ben", noon()))
        .then_refused("not_accepted");
}

#[test]
fn a_message_after_the_end_opens_the_next_session() {
    let closed = waiting().when(close_at("cleo", 1, noon())).then_accepted();
    let later = noon_plus(MINUTE);
    let opened = SessionOpened {
        session: session(2),
        desk: desk("billing"),
        customer: user("cleo"),
        idle_close: settings(&[]).idle_close,
        reply_target: settings(&[]).reply_target,
        reminders: false,
        unanswered: None,
        custom: None,
        from: None,
        hop: 0,
        after_seq: 0,
        at: later,
    };
    let sent = MessageSent {
        seq: 1,
        sent_at: later,
        ..crate::builders::message(1, "cleo")
    };
    let events = [
        ConversationEvent::SessionOpened(opened),
        ConversationEvent::MessageSent(sent),
    ];
    closed.when(message("cleo", later)).then(events);
    // Without the desk, nobody would answer.
    let gone = ConversationCommand::Send(SendMessage {
        desk: Some(lookup("billing", None)),
        ..send_by("cleo")
    });
    let closed = waiting().when(close_at("cleo", 1, noon())).then_accepted();
    closed.when(gone).then_refused("desk_removed");
}

#[test]
fn a_transfer_takes_the_conversation_from_the_former_agent() {
    let moved = with_ben()
        .when(transfer("ben", to_agent("anna")))
        .then_accepted();
    assert_eq!(agents(&moved.state), [&user("anna")]);
    assert!(!moved.state.can_see(&user("ben"), 1));
    moved
        .when(transfer("ben", to_agent("ben")))
        .then_refused("forbidden");
    with_ben()
        .when(transfer("ben", to_agent("dora")))
        .then_invalid("agent");
    with_ben()
        .when(transfer("ben", to_agent("ben")))
        .then_nothing();
    with_ben()
        .when(transfer("root", to_agent("anna")))
        .then_accepted();
    with_ben()
        .when(transfer("cleo", to_agent("anna")))
        .then_refused("forbidden");
    // An administrator gives a session that waits to an agent, which accepts it.
    let given = waiting()
        .when(transfer("root", to_agent("anna")))
        .then_accepted();
    assert_eq!(agents(&given.state), [&user("anna")]);
}

#[test]
fn a_session_moves_to_another_desk_with_its_id() {
    let sales = || lookup("sales", Some(settings(&["dora"])));
    let to = |is_busy| TransferTarget::Desk {
        desk: sales(),
        is_busy,
    };
    with_ben()
        .when(transfer("ben", to(true)))
        .then_refused("conflict");
    let left = with_ben().when(transfer("ben", to(false))).then_accepted();
    assert_eq!(
        left.state.moved_session(&session(1)).map(|moved| &moved.to),
        Some(&sales().conversation)
    );
    assert_eq!(
        (left.state.unfinished_session(), left.state.head_seq()),
        (None, 1)
    );
    assert_eq!(agents(&left.state), [] as [&UserId; 0]);
    left.when(close_at("root", 1, noon()))
        .then_refused("not_found");

    let arrive = || {
        command(SessionCommand::Continue(ContinueSession {
            session: session(1),
            customer: user("cleo"),
            from: billing().conversation,
            hop: 1,
            left: None,
            desk: sales(),
            now: noon(),
        }))
    };
    let there = given::<Conversation>([]).when(arrive()).then_accepted();
    assert_eq!(
        there.state.unfinished_session().map(|found| found.id),
        Some(session(1))
    );
    there.when(arrive()).then_nothing();
    // The first session of that conversation still has the number 1.
    let closed = given::<Conversation>([])
        .when(arrive())
        .then_accepted()
        .when(close_at("root", 1, noon()))
        .then_accepted()
        .when(arrive())
        .then_nothing();
    let open = SessionCommand::Open(OpenServiceSession {
        customer: user("cleo"),
        custom: None,
        desk: sales(),
        now: noon(),
    });
    let opened = closed.when(command(open)).then_accepted();
    let found = opened.state.unfinished_session().unwrap();
    assert_eq!(found.id, SessionId::new(sales().conversation, 1));
}

#[test]
fn a_session_returns_to_a_desk_where_it_was() {
    let sales = lookup("sales", Some(settings(&["dora"])));
    let target = TransferTarget::Desk {
        desk: sales.clone(),
        is_busy: false,
    };
    let left = with_ben()
        .when(transfer("ben", target.clone()))
        .then_accepted();
    let back = |hop| {
        command(SessionCommand::Continue(ContinueSession {
            session: session(1),
            customer: user("cleo"),
            from: sales.conversation.clone(),
            hop,
            left: None,
            desk: billing(),
            now: noon(),
        }))
    };
    let here = left
        .when(back(2))
        .then_accepted()
        .when(back(2))
        .then_nothing();
    assert_eq!(here.state.moved_session(&session(1)), None);
    let left = here.when(transfer("root", target)).then_accepted();
    assert_eq!(left.state.moved_session(&session(1)).unwrap().hop, 3);
    left.when(back(2))
        .then_nothing()
        .when(back(4))
        .then_accepted();
}

#[test]
fn an_idle_session_closes_at_the_time_that_was_due() {
    let open = with_ben()
        .when(message("cleo", noon_plus(MINUTE)))
        .then_accepted()
        .when(message("ben", noon_plus(2 * MINUTE)))
        .then_accepted();
    let open = open.when(idle(noon_plus(12 * MINUTE - 1))).then_nothing();
    let closed = SessionClosed {
        session: session(1),
        desk: desk("billing"),
        agent: Some(user("ben")),
        reason: Some(CloseReason::idle()),
        hop: 0,
        by: UserId::system(),
        after_seq: 2,
        at: noon_plus(12 * MINUTE),
    };
    let closed = [ConversationEvent::SessionClosed(closed)];
    open.when(idle(noon_plus(DAY)))
        .then(closed)
        .when(idle(noon_plus(2 * DAY)))
        .then_nothing();
}

#[test]
fn a_session_that_is_due_is_neither_accepted_nor_transferred() {
    // Its agent would have got it after its end.
    let due = noon_plus(10 * MINUTE);
    let accept = |now| {
        command(SessionCommand::Accept(AcceptSession {
            session: session(1),
            agent: user("ben"),
            caller: caller("ben"),
            now,
        }))
    };
    let transfer = |now| {
        command(SessionCommand::Transfer(TransferSession {
            session: session(1),
            target: to_agent("anna"),
            note: None,
            caller: caller("ben"),
            now,
        }))
    };
    let before = noon_plus(10 * MINUTE - 1);
    waiting().when(accept(before)).then_accepted();
    waiting().when(accept(due)).then_refused("session_closed");
    with_ben().when(transfer(before)).then_accepted();
    with_ben()
        .when(transfer(due))
        .then_refused("session_closed");
}

#[test]
fn customer_agent_and_administrator_close_a_session() {
    for by in ["cleo", "ben", "root"] {
        let closed = with_ben().when(close_at(by, 1, noon())).then_accepted();
        closed.when(close_at(by, 1, noon())).then_nothing();
    }
    with_ben()
        .when(close_at("anna", 1, noon()))
        .then_refused("forbidden");
    with_ben()
        .when(close_at("dora", 1, noon()))
        .then_refused("not_found");
    with_ben()
        .when(close_at("ben", 2, noon()))
        .then_refused("not_found");
}
