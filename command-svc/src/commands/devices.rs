//! `DELETE /v1/devices/{device}`, and `PUT` and `DELETE /v1/devices/{device}/push`.
//!
//! The token of a device is stored beside the log, before the event that names it by a digest. A
//! row without an event counts for nothing, and the dispatcher removes it.

use axum::extract::State;
use domain::ids::{DeviceId, UserId};
use domain::mailbox::Mailbox;
use domain::mailbox::command::MailboxCommand;
use domain::mailbox::event::MailboxEvent;
use domain::mailbox::push_command::{DropPush, RegisterPush};
use domain::mailbox::push_event::{PushDropCause, PushProvider, RegistrationDigest};
use domain::refusal::Refusal;
use event_log::{LockedAggregate, LogError};
use http_edge::{Json, Path, Problem};
use push::{PushRegistration, RegistrationFields, store};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::push_drops::drop_push;
use crate::caller::Requester;
use crate::docs::{CommandProblems, IdempotencyParams};
use crate::error::CommandError;
use crate::execute::execute;
use crate::handler::{AttemptError, CommandHandler, CommandMeta, Decision};
use crate::metrics::CommandKind;
use crate::response::{CommandResponse, PositionResponse};
use crate::state::CommandState;

/// Who delivers the pushes of a device.
#[derive(ToSchema)]
#[schema(as = PushProvider, rename_all = "snake_case")]
#[expect(dead_code, reason = "describes the OpenAPI document")]
enum PushProviderSchema {
    Apns,
    Fcm,
    Webpush,
}

/// How to push to a device.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct PushRequest {
    /// Who delivers.
    #[schema(value_type = PushProviderSchema)]
    provider: PushProvider,
    /// For `apns` and `fcm`: the token that the app got, at most 1,024 characters. It is stored
    /// beside the log, and no answer returns it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, max_length = 1024)]
    token: Option<String>,
    /// For `webpush`: what `PushSubscription.toJSON()` of the browser returns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<BrowserSubscription>)]
    subscription: Option<Value>,
    /// For `apns`: the bundle id of the app, if it is another one than the server's setting.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, max_length = 255)]
    topic: Option<String>,
    /// Whether pushes show the text of messages.
    #[serde(default = "shows_preview")]
    #[schema(default = true)]
    preview: bool,
}

fn shows_preview() -> bool {
    true
}

/// A subscription to pushes, as a browser returns it.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the OpenAPI document")]
struct BrowserSubscription {
    /// The address of the push service: https, and on the public internet.
    #[schema(max_length = 2048)]
    endpoint: String,
    /// The keys of the browser.
    keys: BrowserSubscriptionKeys,
}

/// The keys of a browser, in base64url.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the OpenAPI document")]
struct BrowserSubscriptionKeys {
    /// The public key.
    p256dh: String,
    /// The secret.
    auth: String,
}

/// The handler of commands about devices.
struct DeviceHandler {
    meta: CommandMeta<Mailbox>,
    command: MailboxCommand,
}

impl CommandHandler for DeviceHandler {
    type Target = Mailbox;
    type Lookups = ();

    fn meta(&self) -> &CommandMeta<Mailbox> {
        &self.meta
    }

    async fn decide(
        &self,
        state: &CommandState,
        locked: &LockedAggregate<Mailbox>,
        (): (),
    ) -> Result<Decision<MailboxEvent>, AttemptError> {
        let events = locked
            .state()
            .decide(self.command.clone(), state.limits())?;
        Ok(Decision::from_events(events))
    }
}

fn parse_device(text: &str) -> Result<DeviceId, CommandError> {
    DeviceId::parse(text)
        .map_err(|invalid| CommandError::BadRequest(Problem::malformed("device", invalid.0)))
}

fn parse_registration(
    state: &CommandState,
    request: &PushRequest,
) -> Result<PushRegistration, CommandError> {
    let registry = state.push()?;
    if !registry.is_configured(request.provider) {
        let provider = request.provider.as_str();
        let detail = format!(
            "This server does not deliver through {provider}; its operator can set that up."
        );
        return Err(Refusal {
            code: "not_configured",
            ..Refusal::invalid("provider", detail)
        }
        .into());
    }
    let fields = RegistrationFields {
        provider: request.provider,
        token: request.token.as_deref(),
        subscription: request.subscription.as_ref(),
        topic: request.topic.as_deref(),
        preview: request.preview,
    };
    let registration = registry.parse(&fields);
    registration.map_err(|error| Refusal::invalid(error.field, error.reason).into())
}

/// Register a device for pushes
///
/// The device gets a push for each notification, until it is dropped: by `DELETE`, when the
/// provider says that the token is gone, or when another device registers the same token. An app
/// registers at each start; the same registration again changes nothing. A provider that the
/// operator has not set up gives 422 `not_configured`.
#[utoipa::path(
    put,
    path = "/v1/devices/{device}/push",
    operation_id = "register_push",
    tag = "devices",
    params(
        ("device" = String, Path, description = "The device", example = "phone"),
        IdempotencyParams,
    ),
    request_body(content = PushRequest, example = json!({"provider": "webpush", "subscription": {
        "endpoint": "https://push.example.net/send/7d2a",
        "keys": {
            "p256dh": "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
            "auth": "BTBZMqHH6r4Tts7J_aSIgg"
        }}})),
    responses(
        (status = 200, description = "Registered, or already so", body = PositionResponse,
            headers(("Tidings-Position" = i64), ("Idempotent-Replay" = bool))),
        CommandProblems,
    ),
)]
pub(crate) async fn register_push(
    State(state): State<CommandState>,
    requester: Requester,
    Path(device): Path<String>,
    Json(request): Json<PushRequest>,
) -> Result<CommandResponse, CommandError> {
    let id = parse_device(&device)?;
    let registration = parse_registration(&state, &request)?;
    let user = requester.user.clone();
    let kind = CommandKind::RegisterPush;
    let meta = requester.into_meta(kind, user.clone(), &[&device], &request)?;
    let digest = registration.digest(&user, &id);
    let pool = state.push()?.pool();
    let inserted = store::insert(pool, &user, &id, &registration).await;
    inserted.map_err(LogError::from)?;
    let before = find_registration(&state, &user, &id).await?;
    let command = MailboxCommand::RegisterPush(RegisterPush {
        device: id.clone(),
        provider: registration.provider(),
        digest: digest.clone(),
        preview: registration.preview(),
    });
    let response = execute(&state, &DeviceHandler { meta, command }).await?;
    if let Some(before) = before.filter(|before| *before != digest) {
        let removed = store::remove(pool, user.as_str(), id.as_str(), &before).await;
        removed.map_err(LogError::from)?;
    }
    let replaced = store::find_replaced(pool, &user, &id, &registration).await;
    for other in replaced.map_err(LogError::from)? {
        let cause = PushDropCause::Replaced;
        drop_push(
            &state,
            &other.user_name,
            &other.device,
            &other.digest,
            cause,
        )
        .await?;
    }
    Ok(response)
}

/// The digest of the registration of a device.
async fn find_registration(
    state: &CommandState,
    user: &UserId,
    device: &DeviceId,
) -> Result<Option<RegistrationDigest>, CommandError> {
    let mailboxes = state.log().mailboxes();
    let found = mailboxes.peek(user.as_str(), |mailbox| {
        mailbox.push_registration(device).cloned()
    });
    Ok(found.await?.0)
}

/// Executes a command after which a device gets no pushes, and removes its token.
async fn execute_and_forget(
    state: &CommandState,
    meta: CommandMeta<Mailbox>,
    device: &DeviceId,
    command: MailboxCommand,
) -> Result<CommandResponse, CommandError> {
    let user = meta.caller.clone();
    let before = find_registration(state, &user, device).await?;
    let response = execute(state, &DeviceHandler { meta, command }).await?;
    if let Some(before) = before {
        let removed = store::remove(
            state.push()?.pool(),
            user.as_str(),
            device.as_str(),
            &before,
        );
        removed.await.map_err(LogError::from)?;
    }
    Ok(response)
}

/// Drop the pushes of a device
///
/// The device gets no more pushes, and its token is deleted.
#[utoipa::path(
    delete,
    path = "/v1/devices/{device}/push",
    operation_id = "drop_push",
    tag = "devices",
    params(
        ("device" = String, Path, description = "The device", example = "phone"),
        IdempotencyParams,
    ),
    responses(
        (status = 200, description = "The device gets no pushes", body = PositionResponse,
            headers(("Tidings-Position" = i64), ("Idempotent-Replay" = bool))),
        CommandProblems,
    ),
)]
pub(crate) async fn unregister_push(
    State(state): State<CommandState>,
    requester: Requester,
    Path(device): Path<String>,
) -> Result<CommandResponse, CommandError> {
    let id = parse_device(&device)?;
    let user = requester.user.clone();
    let meta = requester.into_meta(CommandKind::DropPush, user, &[&device], &())?;
    let command = MailboxCommand::DropPush(DropPush {
        device: Some(id.clone()),
        digest: None,
        cause: PushDropCause::Removed,
    });
    execute_and_forget(&state, meta, &id, command).await
}

/// Remove a device
///
/// Its cursor and its pushes are dropped, and its live connections close with 4403 within a second,
/// in every process. A device that connects or acknowledges again is a new one: to keep it out,
/// revoke its token.
#[utoipa::path(
    delete,
    path = "/v1/devices/{device}",
    operation_id = "remove_device",
    tag = "devices",
    params(
        ("device" = String, Path, description = "The device", example = "phone"),
        IdempotencyParams,
    ),
    responses(
        (status = 200, description = "There is no such device", body = PositionResponse,
            headers(("Tidings-Position" = i64), ("Idempotent-Replay" = bool))),
        CommandProblems,
    ),
)]
pub(crate) async fn remove_device(
    State(state): State<CommandState>,
    requester: Requester,
    Path(device): Path<String>,
) -> Result<CommandResponse, CommandError> {
    let id = parse_device(&device)?;
    let user = requester.user.clone();
    let meta = requester.into_meta(CommandKind::RemoveDevice, user, &[&device], &())?;
    let command = MailboxCommand::RemoveDevice(id.clone());
    execute_and_forget(&state, meta, &id, command).await
}
