//! Carries questions about messages to the service that the hook names.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use command_svc::{MessageCheck, MessageCheckError};
use dispatcher::WebhookMessage;
use dispatcher::message_check::{self, CheckSender};
use dispatcher::secret::SigningSecret;
use domain::deployment::MessageHook;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use reqwest::Url;
use sqlx::PgPool;
use uuid::Uuid;

/// Asks the service, with the secret of the hook.
pub(super) struct HookClient {
    sender: CheckSender,
    pool: PgPool,
    /// The secret that was used last, with its name.
    secret: Mutex<Option<(String, SigningSecret)>>,
}

impl HookClient {
    pub(super) fn new(sender: CheckSender, pool: PgPool) -> Self {
        Self {
            sender,
            pool,
            secret: Mutex::default(),
        }
    }

    fn known_secret(&self, id: &str) -> Option<SigningSecret> {
        let known = self.secret.lock().unwrap_or_else(PoisonError::into_inner);
        let known = known.as_ref().filter(|(known, _)| known == id);
        known.map(|(_, secret)| secret.clone())
    }

    async fn find_secret(&self, id: &str) -> Result<SigningSecret, MessageCheckError> {
        if let Some(secret) = self.known_secret(id) {
            return Ok(secret);
        }
        let stored = message_check::load_secret(&self.pool, id).await;
        let stored = stored.map_err(|error| MessageCheckError(error.to_string()))?;
        let missing =
            || MessageCheckError("the secret of the hook is missing; set it again".into());
        let secret = stored
            .ok_or_else(missing)?
            .map_err(|error| MessageCheckError(error.to_string()))?;
        let mut known = self.secret.lock().unwrap_or_else(PoisonError::into_inner);
        *known = Some((id.to_owned(), secret.clone()));
        Ok(secret)
    }

    async fn post(
        &self,
        hook: &MessageHook,
        question: Vec<u8>,
    ) -> Result<Vec<u8>, MessageCheckError> {
        let url = Url::parse(&hook.url).map_err(|error| MessageCheckError(error.to_string()))?;
        let limit = Duration::from_millis(hook.timeout_ms.into());
        let message = WebhookMessage {
            id: format!("check_{}", Uuid::new_v4().simple()),
            content_type: "application/json",
            body: question,
            traceparent: traces::current_traceparent(),
        };
        let secret = tokio::time::timeout(limit, self.find_secret(&hook.secret_id));
        let secret = secret.await.unwrap_or_else(|_| {
            Err(MessageCheckError("the database does not answer".to_owned()))
        })?;
        let answer = self.sender.ask(&url, &secret, &message, limit).await;
        answer.map_err(|error| MessageCheckError(error.to_string()))
    }
}

impl MessageCheck for HookClient {
    fn ask<'a>(
        &'a self,
        hook: &'a MessageHook,
        question: Vec<u8>,
    ) -> BoxFuture<'a, Result<Vec<u8>, MessageCheckError>> {
        self.post(hook, question).boxed()
    }
}
