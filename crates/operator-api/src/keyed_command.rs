//! A command about webhooks, in one transaction with the receipt of its `Idempotency-Key`.

use axum::Json;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use dispatcher::webhook_receipts::{self, KeyReceipt};
use domain::digest;
use domain::ids::ClientKey;
use event_log::reader::LogReader;
use http_edge::{Caller, IdempotencyKey, Problem};
use serde::Serialize;
use serde_json::{Value, json};
use sqlx::{PgConnection, Postgres, Transaction};

use super::state::{OperatorState, database_away, position_headers};

/// Marks the answer to a command that was executed before.
static IDEMPOTENT_REPLAY: HeaderName = HeaderName::from_static("idempotent-replay");

/// A command that is under way. Dropped, it has changed nothing.
pub(super) struct KeyedCommand {
    transaction: Transaction<'static, Postgres>,
    user: String,
    key: Option<ClientKey>,
    headers: HeaderMap,
    /// The head of the log.
    pub(super) head: i64,
}

/// What to do about a command.
pub(super) enum Turn {
    /// It is new.
    Execute(KeyedCommand),
    /// It was executed before: the first answer.
    Replay(Response),
}

impl KeyedCommand {
    /// Begins a command. `path` and `request` identify it if the caller uses its key again.
    pub(super) async fn begin(
        state: &OperatorState,
        caller: &Caller,
        IdempotencyKey(key): IdempotencyKey,
        path: &[&str],
        request: &impl Serialize,
    ) -> Result<Turn, Problem> {
        let key = key.as_deref().map(ClientKey::parse).transpose();
        let key = key.map_err(|invalid| Problem::invalid("Idempotency-Key", invalid.0))?;
        let reader = LogReader::new(state.writes.clone());
        let begin = async {
            let head = reader.head().await?.position;
            let headers = position_headers(&reader, head).await?;
            let transaction = state.writes.begin().await?;
            Ok(Self {
                transaction,
                user: caller.user.clone(),
                key,
                headers,
                head,
            })
        };
        let mut command = begin.await.map_err(|error| database_away(&error))?;
        let request = serde_json::to_vec(&json!([path, request])).unwrap_or_default();
        match command.claim(digest::fingerprint(&[&request])).await? {
            KeyReceipt::New => Ok(Turn::Execute(command)),
            KeyReceipt::Repeated(answer) => Ok(Turn::Replay(command.replay(answer))),
            KeyReceipt::Taken => Err(Problem::conflict(
                "idempotency_mismatch",
                "The Idempotency-Key was used for another request.",
            )),
        }
    }

    async fn claim(&mut self, fingerprint: u128) -> Result<KeyReceipt, Problem> {
        let Some(key) = &self.key else {
            return Ok(KeyReceipt::New);
        };
        let (user, key) = (&self.user, key.as_str());
        let claim = webhook_receipts::claim(&mut self.transaction, user, key, fingerprint).await;
        claim.map_err(|error| database_away(&error))
    }

    /// The first answer, as a replay: with the status 200.
    fn replay(mut self, answer: Value) -> Response {
        let replayed = HeaderValue::from_static("true");
        self.headers.insert(IDEMPOTENT_REPLAY.clone(), replayed);
        if let Some(position) = answer["position"].as_i64() {
            self.headers.insert("tidings-position", position.into());
        }
        (StatusCode::OK, self.headers, Json(answer)).into_response()
    }

    /// Where the command makes its changes.
    pub(super) fn transaction(&mut self) -> &mut PgConnection {
        &mut self.transaction
    }

    /// Stores the answer with the changes, and returns it.
    pub(super) async fn finish(
        mut self,
        status: StatusCode,
        answer: impl Serialize,
    ) -> Result<Response, Problem> {
        let answer = serde_json::to_value(answer).unwrap_or_default();
        let store = async {
            if let Some(key) = &self.key {
                let transaction = &mut self.transaction;
                webhook_receipts::store(transaction, &self.user, key.as_str(), &answer).await?;
            }
            self.transaction.commit().await
        };
        store.await.map_err(|error| database_away(&error))?;
        Ok((status, self.headers, Json(answer)).into_response())
    }
}
