//! Service desks, and a session of each customer with everything that can happen to one.

use domain::body::{MessageBody, MessageType};
use domain::conversation::command::{ConversationCommand, SendMessage};
use domain::conversation::session_command::{
    AcceptSession, CloseSession, DeskLookup, NoteSession, OpenServiceSession, RateSession,
    RemindAgents, SessionCaller, SessionCommand, TagSession, TransferSession, TransferTarget,
};
use domain::custom_fields::CustomFields;
use domain::deployment::flood::RuleDuration;
use domain::desk::event::{DeskEvent, DeskSet};
use domain::desk::settings::{DeskSettings, Routing};
use domain::desk::texts::{CloseReason, RatingText, SessionNote, SessionTag};
use domain::envelope::AggregateKind;
use domain::ids::{ClientKey, ConversationId, DeskId, Title, UserId};
use domain::session_id::SessionId;
use domain::time::Timestamp;
use serde_json::json;

use super::history::HistoryGenerator;

impl HistoryGenerator {
    /// Sets a desk whose agents are the first two users, and serves all others.
    pub fn serve_customers(&mut self) {
        let desk = DeskId::parse("billing").unwrap();
        let agents = [self.users[0].clone(), self.users[1].clone()];
        let settings = settings(&agents);
        let set = DeskEvent::DeskSet(DeskSet {
            settings: settings.clone(),
            by: agents[0].clone(),
        });
        self.append(AggregateKind::Desk, desk.as_str(), &set);
        let customers: Vec<UserId> = self.users[2..].into();
        for customer in customers {
            let lookup = DeskLookup {
                conversation: ConversationId::desk(&desk, &customer),
                desk: desk.clone(),
                settings: Some(settings.clone()),
            };
            self.serve(&customer, &agents, lookup);
        }
    }

    fn serve(&mut self, customer: &UserId, agents: &[UserId; 2], desk: DeskLookup) {
        let id = desk.conversation.clone();
        let session = SessionId::new(id.clone(), 1);
        let [open, others @ ..] = session_commands(&session, customer, agents, desk, self.now);
        self.run_session(&id, &ConversationCommand::Session(open));
        for command in self.unanswered_commands(customer, agents) {
            self.run_session(&id, &command);
        }
        for command in others {
            self.run_session(&id, &ConversationCommand::Session(command));
        }
    }

    fn run_session(&mut self, id: &ConversationId, command: &ConversationCommand) {
        let is_accepted = self.run_command(id, command.clone());
        assert!(is_accepted, "{command:?}");
        self.now += 1_000;
    }

    /// A message of the customer, and the reminder of it, which all agents get.
    fn unanswered_commands(
        &self,
        customer: &UserId,
        agents: &[UserId; 2],
    ) -> [ConversationCommand; 2] {
        let at = |ms: i64| Timestamp::from_millis(self.now + ms);
        [
            ConversationCommand::Send(SendMessage {
                sender: customer.clone(),
                kind: MessageType::Text,
                body: MessageBody::from_text("hello"),
                reply_to: None,
                mentions: vec![],
                client_message_id: ClientKey::parse("hello").unwrap(),
                now: at(0),
                blocked: false,
                thread: None,
                scheduled_for: None,
                desk: None,
            }),
            ConversationCommand::Session(SessionCommand::Remind(RemindAgents {
                agents: agents.to_vec(),
                now: at(301_000),
            })),
        ]
    }
}

fn settings(agents: &[UserId]) -> DeskSettings {
    let duration = |text| RuleDuration::parse(text).unwrap();
    DeskSettings {
        title: Title::parse("Billing").unwrap(),
        agents: agents.to_vec(),
        routing: Routing::Manual,
        max_open: 5,
        idle_close: duration("10m"),
        reply_target: duration("5m"),
        greeting: None,
        reminders: true,
    }
}

/// The session is accepted, transferred, described, closed and rated.
fn session_commands(
    session: &SessionId,
    customer: &UserId,
    [first, second]: &[UserId; 2],
    desk: DeskLookup,
    now: i64,
) -> [SessionCommand; 7] {
    let at = |step: i64| Timestamp::from_millis(now + step * 1_000);
    let session = session.clone();
    let caller = |user: &UserId, is_agent| SessionCaller {
        user: user.clone(),
        is_agent,
        is_admin: false,
    };
    [
        SessionCommand::Open(OpenServiceSession {
            customer: customer.clone(),
            custom: Some(CustomFields::parse(&json!({ "order": 7 })).unwrap()),
            desk,
            now: at(0),
        }),
        SessionCommand::Accept(AcceptSession {
            session: session.clone(),
            agent: first.clone(),
            caller: caller(first, true),
            now: at(1),
        }),
        SessionCommand::Transfer(TransferSession {
            session: session.clone(),
            target: TransferTarget::Agent {
                agent: second.clone(),
                is_agent: true,
            },
            note: Some(SessionNote::parse("please").unwrap()),
            caller: caller(first, true),
            now: at(2),
        }),
        SessionCommand::Note(NoteSession {
            session: session.clone(),
            text: SessionNote::parse("an invoice").unwrap(),
            caller: caller(second, true),
            now: at(3),
        }),
        SessionCommand::Tag(TagSession {
            session: session.clone(),
            tags: vec![SessionTag::parse("refund").unwrap()],
            caller: caller(second, true),
        }),
        SessionCommand::Close(CloseSession {
            session: session.clone(),
            reason: Some(CloseReason::parse("solved").unwrap()),
            caller: caller(second, true),
            now: at(5),
        }),
        SessionCommand::Rate(RateSession {
            session,
            score: 5,
            text: Some(RatingText::parse("quick").unwrap()),
            caller: caller(customer, false),
            now: at(6),
        }),
    ]
}
