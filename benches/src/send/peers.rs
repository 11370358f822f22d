//! The peers with which Tidings is compared. Each is a separate process behind the same axum route.
//!
//! - `bare` only parses the body and responds: the limit of the HTTP stack on this machine.
//! - `stock` is `postgres_es::PostgresCqrs` as in its documentation: one aggregate per
//!   conversation, its own tables in the same Postgres, and a commit for every event.

use std::collections::HashMap;
use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Result;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::post;
use axum::serve::ListenerExt;
use axum::{Json, Router};
use cqrs_es::event_sink::EventSink;
use cqrs_es::{Aggregate, AggregateError, DomainEvent};
use postgres_es::{PostgresCqrs, postgres_cqrs};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sqlx::Executor;
use sqlx::postgres::PgPoolOptions;

const ROUTE: &str = "/v1/conversations/{id}/messages";

/// How often a command is tried after conflicts.
const MAX_ATTEMPTS: usize = 10;

/// The tables of postgres-es, from its own `db/init.sql`.
const CREATE_TABLES: &str = "
    CREATE TABLE IF NOT EXISTS events (
        aggregate_type text                         NOT NULL,
        aggregate_id   text                         NOT NULL,
        sequence       bigint CHECK (sequence >= 0) NOT NULL,
        event_type     text                         NOT NULL,
        event_version  text                         NOT NULL,
        payload        json                         NOT NULL,
        metadata       json                         NOT NULL,
        PRIMARY KEY (aggregate_type, aggregate_id, sequence)
    );
    CREATE TABLE IF NOT EXISTS snapshots (
        aggregate_type   text                                 NOT NULL,
        aggregate_id     text                                 NOT NULL,
        last_sequence    bigint CHECK (last_sequence >= 0)    NOT NULL,
        current_snapshot bigint CHECK (current_snapshot >= 0) NOT NULL,
        payload          json                                 NOT NULL,
        PRIMARY KEY (aggregate_type, aggregate_id, last_sequence)
    );";

/// The body of a send.
#[derive(Deserialize)]
struct SendBody {
    client_message_id: String,
    #[serde(rename = "type")]
    kind: String,
    body: Value,
}

/// Serves the route that only parses.
pub async fn serve_bare(listen: SocketAddr) -> Result<()> {
    async fn send(Path(id): Path<String>, Json(send): Json<SendBody>) -> (StatusCode, Json<Value>) {
        let is_valid =
            send.body.is_object() && !send.kind.is_empty() && !send.client_message_id.is_empty();
        let status = if is_valid {
            StatusCode::CREATED
        } else {
            StatusCode::UNPROCESSABLE_ENTITY
        };
        let sent_at = "2026-01-01T00:00:00.000Z";
        (
            status,
            Json(json!({ "conversation_id": id, "seq": 1, "position": 1, "sent_at": sent_at })),
        )
    }
    serve(listen, Router::new().route(ROUTE, post(send))).await
}

/// Serves the route over stock postgres-es.
pub async fn serve_stock(listen: SocketAddr, database_url: &str, pool: u32) -> Result<()> {
    async fn send(
        State(cqrs): State<Arc<PostgresCqrs<StockConversation>>>,
        Path(id): Path<String>,
        Json(send): Json<SendBody>,
    ) -> (StatusCode, Json<Value>) {
        let sent_at = "2026-01-01T00:00:00.000Z";
        for _ in 0..MAX_ATTEMPTS {
            let command = StockCommand {
                sender: "bench".into(),
                client_message_id: send.client_message_id.clone(),
                kind: send.kind.clone(),
                body: send.body.clone(),
                sent_at: sent_at.into(),
            };
            match cqrs.execute(&id, command).await {
                Ok(()) => {
                    return (
                        StatusCode::CREATED,
                        Json(json!({ "conversation_id": id, "sent_at": sent_at })),
                    );
                }
                Err(AggregateError::AggregateConflict) => {}
                Err(error) => {
                    return (
                        StatusCode::INTERNAL_SERVER_ERROR,
                        Json(json!({ "detail": error.to_string() })),
                    );
                }
            }
        }
        (StatusCode::CONFLICT, Json(Value::Null))
    }
    let pool = PgPoolOptions::new()
        .min_connections(pool)
        .max_connections(pool)
        .connect(database_url)
        .await?;
    pool.execute(CREATE_TABLES).await?;
    let cqrs: PostgresCqrs<StockConversation> = postgres_cqrs(pool, Vec::new(), ());
    serve(
        listen,
        Router::new()
            .route(ROUTE, post(send))
            .with_state(Arc::new(cqrs)),
    )
    .await
}

async fn serve(listen: SocketAddr, router: Router) -> Result<()> {
    let listener = tokio::net::TcpListener::bind(listen)
        .await?
        .tap_io(|stream| {
            let _ = stream.set_nodelay(true);
        });
    let router = router.route("/readyz", axum::routing::get(|| async {}));
    Ok(axum::serve(listener, router).await?)
}

/// A conversation as in a textbook: it counts its messages.
#[derive(Debug, Default, Serialize, Deserialize)]
struct StockConversation {
    head_seq: i64,
    newest_by: HashMap<String, i64>,
}

struct StockCommand {
    sender: String,
    client_message_id: String,
    kind: String,
    body: Value,
    sent_at: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum StockEvent {
    MessageSent {
        seq: i64,
        sender: String,
        client_message_id: String,
        #[serde(rename = "type")]
        kind: String,
        body: Value,
        sent_at: String,
    },
}

impl DomainEvent for StockEvent {
    fn event_type(&self) -> String {
        "MessageSent".into()
    }

    fn event_version(&self) -> String {
        "1".into()
    }
}

#[derive(Debug)]
struct StockError(&'static str);

impl fmt::Display for StockError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for StockError {}

impl Aggregate for StockConversation {
    const TYPE: &'static str = "chat";
    type Command = StockCommand;
    type Event = StockEvent;
    type Error = StockError;
    type Services = ();

    async fn handle(
        &mut self,
        command: StockCommand,
        (): &(),
        sink: &EventSink<Self>,
    ) -> Result<(), StockError> {
        if !command.body.is_object() {
            return Err(StockError("body is not an object"));
        }
        let event = StockEvent::MessageSent {
            seq: self.head_seq + 1,
            sender: command.sender,
            client_message_id: command.client_message_id,
            kind: command.kind,
            body: command.body,
            sent_at: command.sent_at,
        };
        sink.write(event, self).await;
        Ok(())
    }

    fn apply(&mut self, event: StockEvent) {
        let StockEvent::MessageSent { seq, sender, .. } = event;
        self.head_seq = seq;
        self.newest_by.insert(sender, seq);
    }
}
