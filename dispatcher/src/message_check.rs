//! Questions to the service that checks messages before they are sent, and the secret that signs
//! them.

use std::time::Duration;

use reqwest::{Response, Url};
use sqlx::PgPool;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::secret::{SigningSecret, SigningSecretError};
use crate::signing_clients::{Redirects, SigningClients, WebhookMessage, format_error_chain};
use connectivity::address::AllowedNetworks;

/// The maximum size of an answer: a verdict with its reason.
const MAX_ANSWER_BYTES: usize = 16 * 1024;

/// The maximum number of questions at a time. Further senders wait, within the time that an answer
/// may take.
const MAX_QUESTIONS: usize = 256;

/// Asks the service.
pub struct CheckSender {
    clients: SigningClients,
    questions: Semaphore,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum CheckSenderError {
    /// There was no answer in time.
    #[error("no answer in time")]
    Late,
    /// The service was not reached, or answered with something else.
    #[error("{0}")]
    Failed(String),
}

impl CheckSender {
    /// A sender that reaches the same addresses as a `WebhookSender`. It follows no redirects: a
    /// question holds a message that is not sent yet, and goes where the moderators have said.
    pub fn new(allowed: AllowedNetworks) -> Result<Self, reqwest::Error> {
        Ok(Self {
            clients: SigningClients::new(allowed, Redirects::Refuse)?,
            questions: Semaphore::new(MAX_QUESTIONS),
        })
    }

    /// Posts a question and returns the answer.
    pub async fn ask(
        &self,
        url: &Url,
        secret: &SigningSecret,
        question: &WebhookMessage,
        limit: Duration,
    ) -> Result<Vec<u8>, CheckSenderError> {
        let asking = async {
            let _turn = self.questions.acquire().await;
            let request = self.clients.post(url, secret, question);
            let request = request.map_err(|error| CheckSenderError::Failed(error.to_string()))?;
            let response = request.send().await.map_err(|error| failed(&error))?;
            read_answer(response).await
        };
        timeout(limit, asking)
            .await
            .unwrap_or(Err(CheckSenderError::Late))
    }
}

async fn read_answer(mut response: Response) -> Result<Vec<u8>, CheckSenderError> {
    let status = response.status();
    if !status.is_success() {
        return Err(CheckSenderError::Failed(format!(
            "the service answered {status}"
        )));
    }
    let mut answer = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| failed(&error))? {
        if answer.len() + chunk.len() > MAX_ANSWER_BYTES {
            return Err(CheckSenderError::Failed(format!(
                "the answer has more than {MAX_ANSWER_BYTES} bytes"
            )));
        }
        answer.extend_from_slice(&chunk);
    }
    Ok(answer)
}

fn failed(error: &reqwest::Error) -> CheckSenderError {
    CheckSenderError::Failed(format_error_chain(error))
}

/// Stores the secret of a hook under a new name.
pub async fn store_secret(
    pool: &PgPool,
    id: &str,
    secret: &SigningSecret,
) -> Result<(), sqlx::Error> {
    sqlx::query("INSERT INTO hooks.check_secrets (id, secret) VALUES ($1, $2)")
        .bind(id)
        .bind(secret.reveal())
        .execute(pool)
        .await?;
    Ok(())
}

/// Loads the secret with this name. `None` if there is none.
pub async fn load_secret(
    pool: &PgPool,
    id: &str,
) -> Result<Option<Result<SigningSecret, SigningSecretError>>, sqlx::Error> {
    let secret: Option<String> =
        sqlx::query_scalar("SELECT secret FROM hooks.check_secrets WHERE id = $1")
            .bind(id)
            .fetch_optional(pool)
            .await?;
    Ok(secret.map(|secret| SigningSecret::parse(&secret)))
}

/// Removes the secrets that were stored more than a day ago, except this one. A younger one may be
/// that of a hook which is being set.
pub async fn remove_old_secrets(pool: &PgPool, except: &str) -> Result<(), sqlx::Error> {
    sqlx::query(
        "DELETE FROM hooks.check_secrets
         WHERE id <> $1 AND created_at < now() - interval '1 day'",
    )
    .bind(except)
    .execute(pool)
    .await?;
    Ok(())
}
