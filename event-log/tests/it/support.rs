//! A separate database for each test, and test helpers.

use std::time::Duration;

use domain::body::{MessageBody, MessageType};
use domain::conversation::command::{ConversationCommand, CreateConversation, SendMessage};
use domain::conversation::event::ConversationKind;
use domain::ids::{ClientKey, UserId};
use domain::limits::Limits;
use domain::time::Timestamp;
use event_log::{
    AppendError, AppendRequest, AppendedRange, EventLog, LogConfig, NewReceipt, ReceiptKey,
};
use sqlx::PgPool;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

pub fn server_address(names: [&str; 2]) -> String {
    names
        .iter()
        .find_map(|name| std::env::var(name).ok())
        .unwrap_or_else(|| {
            panic!(
                "set {} to the address of a server, as `make test` does",
                names[0]
            )
        })
}

pub struct LogTestDatabase {
    options: PgConnectOptions,
}

impl LogTestDatabase {
    pub async fn new() -> Self {
        let server: PgConnectOptions =
            server_address(["TIDINGS_TEST_DATABASE_URL", "DEV_DATABASE_URL"])
                .parse()
                .unwrap();
        let name = format!("log_{}", uuid());
        let admin = PgPoolOptions::new()
            .max_connections(1)
            .connect_with(server.clone())
            .await
            .unwrap();
        sqlx::query(&format!("CREATE DATABASE {name}"))
            .execute(&admin)
            .await
            .unwrap();
        let database = Self {
            options: server.database(&name),
        };
        migrations::apply(&database.pool().await).await.unwrap();
        database
    }

    pub async fn pool(&self) -> PgPool {
        PgPoolOptions::new()
            .max_connections(6)
            .acquire_timeout(Duration::from_secs(5))
            .connect_with(self.options.clone())
            .await
            .unwrap()
    }

    /// Opens the log, as another process would.
    pub async fn open_log(&self) -> EventLog {
        let config = LogConfig {
            allow_fsync_off: true,
            snapshot_every: 50,
            ..LogConfig::default()
        };
        EventLog::open(self.pool().await, config).await.unwrap()
    }
}

pub fn uuid() -> String {
    uuid::Uuid::new_v4().simple().to_string()
}

pub fn user(name: &str) -> UserId {
    UserId::parse(name).unwrap()
}

pub fn create_group(by: &str, others: &[&str]) -> ConversationCommand {
    ConversationCommand::Create(CreateConversation {
        kind: ConversationKind::Group,
        title: None,
        members: others.iter().map(|name| user(name)).collect(),
        by: user(by),
        blocked: false,
        created_at: None,
    })
}

pub fn send_text(sender: &str, text: &str) -> ConversationCommand {
    ConversationCommand::Send(SendMessage {
        sender: user(sender),
        kind: MessageType::Text,
        body: MessageBody::from_text(text),
        reply_to: None,
        mentions: Vec::new(),
        client_message_id: ClientKey::parse("key").unwrap(),
        now: Timestamp::from_millis(1_700_000_000_000),
        blocked: false,
        thread: None,
        scheduled_for: None,
        desk: None,
    })
}

pub fn send_receipt(sender: &str, id: &str) -> NewReceipt {
    NewReceipt {
        key: ReceiptKey::for_send(&user(sender), &ClientKey::parse(id).unwrap()),
        fingerprint: 7,
        event_index: None,
        answer: b"{}".to_vec(),
    }
}

/// Decides and appends, and retries after every conflict.
pub async fn execute(
    log: &EventLog,
    id: &str,
    command: ConversationCommand,
    receipts: Vec<NewReceipt>,
) -> Result<AppendedRange, AppendError> {
    execute_within(100, log, id, command, receipts).await
}

/// The same, with at most so many attempts.
pub async fn execute_within(
    attempts: usize,
    log: &EventLog,
    id: &str,
    command: ConversationCommand,
    receipts: Vec<NewReceipt>,
) -> Result<AppendedRange, AppendError> {
    for _ in 0..attempts {
        let locked = log.conversations().lock(id).await.unwrap();
        let events = locked
            .state()
            .decide(command.clone(), &Limits::default())
            .unwrap();
        let append = AppendRequest {
            receipts: receipts.clone(),
            ..AppendRequest::from_events(events)
        };
        match locked.append(append).wait().await {
            Err(AppendError::Conflict) => {}
            result => return result,
        }
    }
    panic!("{attempts} conflicts");
}

/// Asserts that positions and the sequences of every stream have no gaps. Returns the number of
/// events.
pub async fn assert_gapless(pool: &PgPool) -> i64 {
    let (count, first, last, head): (i64, Option<i64>, Option<i64>, i64) = sqlx::query_as(
        "SELECT count(*), min(position), max(position), (SELECT position FROM log.head) FROM log.events",
    )
    .fetch_one(pool)
    .await
    .unwrap();
    assert_eq!(
        (first.unwrap_or(1), last.unwrap_or(0), head),
        (1, count, count)
    );
    let gaps: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM (SELECT stream FROM log.events GROUP BY stream
          HAVING min(sequence) <> 1 OR max(sequence) <> count(*)) AS s",
    )
    .fetch_one(pool)
    .await
    .unwrap();
    assert_eq!(gaps, 0, "streams with gaps");
    count
}
