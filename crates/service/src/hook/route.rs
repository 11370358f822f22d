//! `PUT /v1/moderation/hook`.

use std::time::Duration;

use axum::Json as JsonResponse;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue};
use command_svc::{CommandState, Requester, set_hook_for};
use dispatcher::address::AllowedNetworks;
use dispatcher::message_check;
use dispatcher::secret::SigningSecret;
use domain::body::MessageType;
use domain::deployment::MessageHook;
use domain::deployment::content::HookFailureAction;
use http_edge::schema::MessageTypeSchema;
use http_edge::{IdempotencyParams, Json, Moderator, Problem};
use operator_api::OperatorProblems;
use reqwest::Url;
use serde::{Deserialize, Serialize};
use sqlx::PgPool;
use utoipa::ToSchema;
use uuid::Uuid;

/// The `Retry-After` if the database is away.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// What the route needs.
#[derive(Clone)]
pub(super) struct HookRouteState {
    pub(super) commands: CommandState,
    /// Keeps the secrets.
    pub(super) pool: PgPool,
    /// Where the service may be.
    pub(super) allowed: AllowedNetworks,
}

/// Which service checks messages, and how it is asked.
#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct HookRequest {
    /// Where to ask. It must be an address that webhooks may be delivered to.
    url: String,
    /// The types of messages to check; all if omitted or empty.
    #[serde(default)]
    #[schema(value_type = Option<Vec<MessageTypeSchema>>)]
    types: Option<Vec<MessageType>>,
    /// How long to wait for an answer, in milliseconds.
    #[serde(default = "default_timeout")]
    #[schema(minimum = 1, maximum = 10_000, default = 1_000)]
    timeout_ms: u32,
    /// What happens to a message without an answer in time.
    #[schema(value_type = HookFailureActionSchema)]
    on_failure: HookFailureAction,
}

fn default_timeout() -> u32 {
    1_000
}

/// What happens to a message if the hook does not answer.
#[derive(ToSchema)]
#[schema(as = HookFailureAction, rename_all = "snake_case")]
#[expect(dead_code, reason = "describes the OpenAPI document")]
enum HookFailureActionSchema {
    Allow,
    Hold,
    Refuse,
}

/// The hook that is set.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SetHook)]
pub(super) struct HookResponse {
    /// The secret that signs the questions, as webhooks are signed. A change keeps it.
    secret: String,
    /// The log position.
    position: i64,
}

/// Sets the service that checks messages before they are sent.
#[utoipa::path(
    put, path = "/v1/moderation/hook", operation_id = "set_hook", tag = "moderation",
    params(IdempotencyParams),
    request_body(content = HookRequest, example = json!({
        "url": "https://checks.example.org/", "types": ["text"], "timeout_ms": 800,
        "on_failure": "hold"
    })),
    responses(
        (status = 200, description = "Set, or already so.", body = HookResponse,
         headers(("Tidings-Position" = i64, description = "The log position."))),
        (status = 422, description = "A field violates a rule; `errors` names it.",
         body = Problem, content_type = "application/problem+json"),
        OperatorProblems,
    ),
)]
pub(super) async fn set_hook(
    State(state): State<HookRouteState>,
    _: Moderator,
    requester: Requester,
    Json(request): Json<HookRequest>,
) -> Result<(HeaderMap, JsonResponse<HookResponse>), Problem> {
    let url = state.parse_url(&request.url)?;
    // Only a new hook takes this secret; a change keeps its own.
    let (secret_id, secret) = (
        Uuid::new_v4().simple().to_string(),
        SigningSecret::generate(),
    );
    let stored = message_check::store_secret(&state.pool, &secret_id, &secret).await;
    stored.map_err(|error| database_away(&error))?;
    let hook = MessageHook {
        url: url.into(),
        types: request.types.unwrap_or_default(),
        timeout_ms: request.timeout_ms,
        on_failure: request.on_failure,
        secret_id,
    };
    let set = set_hook_for(&state.commands, requester, hook).await?;
    let secret = state.load_secret(&set.secret_id).await?;
    let removed = message_check::remove_old_secrets(&state.pool, &set.secret_id).await;
    removed.map_err(|error| database_away(&error))?;
    let mut headers = HeaderMap::new();
    headers.insert("tidings-position", set.position.into());
    if set.is_replay {
        headers.insert("idempotent-replay", HeaderValue::from_static("true"));
    }
    let response = HookResponse {
        secret: secret.reveal(),
        position: set.position,
    };
    Ok((headers, JsonResponse(response)))
}

impl HookRouteState {
    fn parse_url(&self, text: &str) -> Result<Url, Problem> {
        let url = Url::parse(text).map_err(|error| Problem::invalid("url", error.to_string()))?;
        self.allowed.check_url(&url).map_err(|error| {
            Problem::invalid("url", format!("this address cannot be asked: {error}"))
        })?;
        Ok(url)
    }

    async fn load_secret(&self, id: &str) -> Result<SigningSecret, Problem> {
        let stored = message_check::load_secret(&self.pool, id).await;
        let stored = stored.map_err(|error| database_away(&error))?;
        let Some(Ok(secret)) = stored else {
            tracing::error!(id, "the secret of the hook is missing or invalid");
            return Err(Problem::conflict(
                "conflict",
                "The secret of the hook is missing; remove the hook and set it again.",
            ));
        };
        Ok(secret)
    }
}

fn database_away(error: &sqlx::Error) -> Problem {
    tracing::debug!(%error, "The secret of the hook could not be read or written.");
    let detail = "The database is temporarily unavailable.";
    Problem::unavailable("unavailable", detail, RETRY_AFTER)
}
