//! What agents are reminded of: in the log once, with the time that was due, and in the sync feeds
//! of those who are reminded.

use domain::time::Timestamp;
use serde_json::{Value, json};
use sqlx::PgPool;

use super::model::{Model, Reminder};
use super::reads::Reads;
use super::roster::{AGENTS, DESKS, agent, conversation, desk_of, text_of};

/// The customers whose feeds are read.
const CUSTOMERS: usize = 20;

/// The log has the reminders of the model, and no others.
pub async fn check_log(pool: &PgPool, model: &Model) {
    let events: Vec<String> = sqlx::query_scalar(
        "SELECT payload::text FROM events WHERE type = 'session_reminded' ORDER BY position",
    )
    .fetch_all(pool)
    .await
    .expect("the events are readable");
    let mut found: Vec<Reminder> = events.iter().map(|event| read(event)).collect();
    let mut expected = model.reminders.clone();
    found.sort_unstable();
    expected.sort_unstable();
    for (one, other) in found.iter().zip(&expected) {
        assert_eq!(
            one,
            other,
            "due {} and {}",
            text_of(one.due),
            text_of(other.due)
        );
    }
    assert_eq!(found.len(), expected.len());
}

fn read(event: &str) -> Reminder {
    let data: Value = serde_json::from_str(event).expect("JSON");
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let due = Timestamp::parse(&text(&data["due"])).expect("a time");
    Reminder {
        session: text(&data["session"]),
        desk: desk_of(&text(&data["desk"])),
        due: due.millis(),
        agent: data["agent"].as_str().map(str::to_owned),
        agents: data["agents"]
            .as_array()
            .expect("agents")
            .iter()
            .map(text)
            .collect(),
    }
}

/// Each agent has got what they were reminded of, and no customer anything.
pub async fn check_entries(reads: &Reads, model: &Model) {
    for agent in (1..=AGENTS).map(agent) {
        let mine = model
            .reminders
            .iter()
            .filter(|reminder| reminder.agents.contains(&agent));
        let mut expected: Vec<String> = mine.map(|one| entry_of(one, model)).collect();
        let found = reads.reminders(&agent).await;
        let mut found: Vec<String> = found
            .iter()
            .map(|entry| entry["data"].to_string())
            .collect();
        expected.sort_unstable();
        found.sort_unstable();
        assert_eq!(found, expected, "{agent}");
    }
    let customers = model.sessions.iter().map(|session| &session.customer);
    for customer in customers.take(CUSTOMERS) {
        assert_eq!(
            reads.reminders(customer).await,
            [] as [Value; 0],
            "{customer}"
        );
    }
}

fn entry_of(reminder: &Reminder, model: &Model) -> String {
    let number = model.number_of(&reminder.session).expect("a session");
    let customer = &model.sessions[number].customer;
    json!({
        "session_id": reminder.session,
        "conversation_id": conversation(reminder.desk, customer),
        "desk": DESKS[reminder.desk].id, "agent": reminder.agent, "due": text_of(reminder.due),
    })
    .to_string()
}
