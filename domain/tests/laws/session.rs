//! Properties of service sessions, for any sequence of commands by anybody.

use cqrs_es::Aggregate;
use domain::body::{MessageBody, MessageType};
use domain::conversation::Conversation;
use domain::conversation::command::{ConversationCommand, SendMessage};
use domain::conversation::event::ConversationEvent;
use domain::conversation::session_command::{
    AcceptSession, CloseSession, DeskLookup, OpenServiceSession, RateSession, ReleaseAgent,
    RemindAgents, SessionCaller, SessionCommand, TransferSession, TransferTarget,
};
use domain::deployment::flood::RuleDuration;
use domain::desk::settings::{DeskSettings, Routing};
use domain::desk::texts::Greeting;
use domain::ids::{ClientKey, ConversationId, DeskId, Title, UserId};
use domain::limits::Limits;
use domain::session_id::SessionId;
use domain::time::Timestamp;
use proptest::collection::vec;
use proptest::prelude::*;

use crate::harness::user;
use crate::proptest_config;

/// The customer. The agents are the users 1 to 3, and user 4 is a stranger.
const CUSTOMER: usize = 0;
const USERS: usize = 5;
const IDLE_MS: i64 = 60_000;
const TARGET_MS: i64 = 20_000;

#[derive(Debug, Clone)]
enum Act {
    Open,
    Send(usize),
    Accept(usize, u32),
    Transfer(usize, usize, u32),
    Close(usize, u32),
    Idle,
    Remind,
    Release(usize),
    Rate(u32),
    Wait(i64),
}

fn act() -> impl Strategy<Value = Act> {
    let user = || 0..USERS;
    let number = || 1_u32..5;
    prop_oneof![
        Just(Act::Open),
        user().prop_map(Act::Send),
        (user(), number()).prop_map(|(by, number)| Act::Accept(by, number)),
        (user(), user(), number()).prop_map(|(by, to, number)| Act::Transfer(by, to, number)),
        (user(), number()).prop_map(|(by, number)| Act::Close(by, number)),
        Just(Act::Idle),
        Just(Act::Remind),
        user().prop_map(Act::Release),
        number().prop_map(Act::Rate),
        (0..IDLE_MS).prop_map(Act::Wait),
    ]
}

fn lookup() -> DeskLookup {
    let desk = DeskId::parse("billing").unwrap();
    let minute = RuleDuration::parse("1m").unwrap();
    DeskLookup {
        conversation: ConversationId::desk(&desk, &user(CUSTOMER)),
        desk,
        settings: Some(DeskSettings {
            title: Title::parse("Billing").unwrap(),
            agents: (1..4).map(user).collect(),
            routing: Routing::Manual,
            max_open: 1,
            idle_close: minute,
            reply_target: RuleDuration::parse("20s").unwrap(),
            greeting: Some(Greeting::parse("Hello!").unwrap()),
            reminders: true,
        }),
    }
}

fn is_agent(index: usize) -> bool {
    (1..4).contains(&index)
}

fn to_command(act: &Act, now: Timestamp) -> Option<ConversationCommand> {
    let session = |number: u32| SessionId::new(lookup().conversation, number);
    let caller = |index: usize| SessionCaller {
        user: user(index),
        is_agent: is_agent(index),
        is_admin: false,
    };
    Some(ConversationCommand::Session(match *act {
        Act::Wait(_) => return None,
        Act::Open => SessionCommand::Open(OpenServiceSession {
            customer: user(CUSTOMER),
            custom: None,
            desk: lookup(),
            now,
        }),
        Act::Send(index) => {
            return Some(ConversationCommand::Send(SendMessage {
                sender: user(index),
                kind: MessageType::Text,
                body: MessageBody::from_text("hello"),
                reply_to: None,
                mentions: vec![],
                client_message_id: ClientKey::parse("key").unwrap(),
                now,
                blocked: false,
                thread: None,
                scheduled_for: None,
                desk: Some(lookup()),
            }));
        }
        Act::Accept(index, number) => SessionCommand::Accept(AcceptSession {
            session: session(number),
            agent: user(index),
            caller: caller(index),
            now,
        }),
        Act::Transfer(index, to, number) => SessionCommand::Transfer(TransferSession {
            session: session(number),
            target: TransferTarget::Agent {
                agent: user(to),
                is_agent: is_agent(to),
            },
            note: None,
            caller: caller(index),
            now,
        }),
        Act::Close(index, number) => SessionCommand::Close(CloseSession {
            session: session(number),
            reason: None,
            caller: caller(index),
            now,
        }),
        Act::Idle => SessionCommand::CloseIdle(now),
        Act::Remind => SessionCommand::Remind(RemindAgents {
            agents: (1..4).map(user).collect(),
            now,
        }),
        Act::Release(index) => SessionCommand::Release(ReleaseAgent {
            agent: user(index),
            now,
        }),
        Act::Rate(number) => SessionCommand::Rate(RateSession {
            session: session(number),
            score: 5,
            text: None,
            caller: caller(CUSTOMER),
            now,
        }),
    }))
}

/// When somebody wrote last, or the session was opened.
fn activity(event: &ConversationEvent) -> Option<Timestamp> {
    match event {
        ConversationEvent::SessionOpened(opened) => Some(opened.at),
        ConversationEvent::MessageSent(sent) if sent.sender != UserId::system() => {
            Some(sent.sent_at)
        }
        _ => None,
    }
}

proptest! {
    #![proptest_config(proptest_config(512))]

    #[test]
    fn a_session_has_one_agent_and_ends_once_and_in_time(acts in vec(act(), 1..60)) {
        let mut state = Conversation::default();
        let mut now = Timestamp::from_millis(1_793_534_400_000);
        let (mut opened, mut closed, mut rated) = (Vec::new(), Vec::new(), Vec::new());
        let mut last_activity = now;
        for act in &acts {
            if let Act::Wait(millis) = act {
                now = Timestamp::from_millis(now.millis() + millis);
            }
            let Some(command) = to_command(act, now) else { continue };
            let Ok(events) = state.decide(command.clone(), &Limits::default()) else { continue };
            for event in events {
                match &event {
                    ConversationEvent::SessionOpened(session) => {
                        prop_assert_eq!(opened.len(), closed.len(), "one at a time");
                        opened.push(session.session.clone());
                    }
                    ConversationEvent::SessionClosed(session) => {
                        prop_assert!(!closed.contains(&session.session));
                        closed.push(session.session.clone());
                        if session.by == UserId::system() {
                            let due = last_activity.millis() + IDLE_MS;
                            prop_assert_eq!(session.at.millis(), due);
                            prop_assert!(session.at <= now);
                        }
                    }
                    ConversationEvent::SessionRated(session) => {
                        prop_assert!(!rated.contains(&session.session));
                        rated.push(session.session.clone());
                    }
                    _ => {}
                }
                last_activity = activity(&event).unwrap_or(last_activity);
                let stored = serde_json::to_string(&state).unwrap();
                let restored: Conversation = serde_json::from_str(&stored).unwrap();
                prop_assert_eq!(&restored, &state, "a snapshot has everything");
                state.apply(event);
            }
            let agents: Vec<&UserId> = state.agents().collect();
            prop_assert!(agents.len() <= 1, "{:?}", agents);
            if let Some(holder) = state.unfinished_session().and_then(|found| found.agent) {
                prop_assert_eq!(agents, [&holder]);
            }
            let again = state.decide(command, &Limits::default());
            if !matches!(act, Act::Send(_)) {
                prop_assert!(again.is_err() || again == Ok(vec![]), "{:?}", act);
            }
        }
    }

    #[test]
    fn agents_are_reminded_once_of_each_stretch_and_the_customer_never(
        acts in vec(act(), 1..80),
    ) {
        let mut state = Conversation::default();
        let mut now = Timestamp::from_millis(1_793_534_400_000);
        // When the customer began to wait for an answer, and whether that is reminded of.
        let mut stretch: Option<(Timestamp, bool)> = None;
        for act in &acts {
            if let Act::Wait(millis) = act {
                now = Timestamp::from_millis(now.millis() + millis);
            }
            let Some(command) = to_command(act, now) else { continue };
            let Ok(events) = state.decide(command, &Limits::default()) else { continue };
            let due = stretch.filter(|(_, is_reminded)| !is_reminded);
            let due = due.map(|(since, _)| since.millis() + TARGET_MS);
            let before = state.unfinished_session();
            let is_wanted = before.as_ref().is_some_and(|found| {
                due.is_some_and(|due| due <= now.millis() && due < found.idle_at.millis())
            });
            prop_assert_eq!(
                matches!(act, Act::Remind) && is_wanted,
                events.iter().any(|event| matches!(event, ConversationEvent::SessionReminded(_)))
            );
            for event in events {
                match &event {
                    ConversationEvent::SessionReminded(reminded) => {
                        prop_assert_eq!(Some(reminded.due.millis()), due);
                        prop_assert!(!reminded.agents.contains(&user(CUSTOMER)));
                        let holder = before.as_ref().and_then(|found| found.agent.clone());
                        prop_assert_eq!(&reminded.agent, &holder);
                        let count = if holder.is_some() { 1 } else { 3 };
                        prop_assert_eq!(reminded.agents.len(), count);
                        stretch = stretch.map(|(since, _)| (since, true));
                    }
                    ConversationEvent::MessageSent(sent) if sent.sender == user(CUSTOMER) => {
                        stretch = stretch.or(Some((sent.sent_at, false)));
                    }
                    ConversationEvent::MessageSent(sent) if sent.sender != UserId::system() => {
                        stretch = None;
                    }
                    ConversationEvent::SessionOpened(_) | ConversationEvent::SessionClosed(_) => {
                        stretch = None;
                    }
                    _ => {}
                }
                state.apply(event);
            }
        }
    }
}
