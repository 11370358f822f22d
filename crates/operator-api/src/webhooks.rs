//! `/v1/admin/webhooks`: what `tidings webhooks` does. The dispatcher follows changes within a
//! second.

#![expect(
    unused_qualifications,
    reason = "utoipa qualifies the parameters of the route"
)]

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use dispatcher::secret::SigningSecret;
use dispatcher::webhook::{self, WebhookChange, WebhookKind, WebhookStatus};
use http_edge::extract::{MinPositionParams, params};
use http_edge::{Admin, IdempotencyKey, IdempotencyParams, Path, Problem, Query};
use log_tools::event_types;
use reqwest::Url;
use serde::Deserialize;
use utoipa::IntoParams;

use super::keyed_command::{KeyedCommand, Turn};
use super::required_position::RequiredPosition;
use super::state::{OperatorProblems, OperatorState, database_away, head_headers};
use super::webhook_bodies::{
    AddedWebhook, ChangedWebhook, ParkedPage, ParkedView, RemovedWebhook, ReplayRequest,
    WebhookPage, WebhookPatch, WebhookRequest, WebhookView,
};

/// The default and the maximum number of items per page.
const PAGE_LIMIT: (i64, i64) = (50, 200);

/// Selects the page.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct WebhookPageParams {
    /// The maximum number of items.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 200, default = 50)]
    limit: Option<String>,
    /// The `next` of the previous page.
    #[param(example = "0")]
    after: Option<String>,
}

impl WebhookPageParams {
    /// The items after the cursor, and the cursor of the next page. The items are in the order of
    /// `key`.
    fn cut<T>(
        &self,
        items: Vec<T>,
        key: fn(&T) -> i64,
    ) -> Result<(Vec<T>, Option<String>), Problem> {
        let (default, max) = PAGE_LIMIT;
        let limit = params::parse_limit(self.limit.as_deref(), default, max)?;
        let after: i64 = match self.after.as_deref().filter(|text| !text.is_empty()) {
            None => 0,
            Some(text) => text
                .parse()
                .map_err(|_| Problem::malformed("after", "expected the `next` of a page"))?,
        };
        let mut rest = items.into_iter().filter(|item| key(item) > after);
        let page: Vec<T> = rest.by_ref().take(limit as usize).collect();
        let last = page.last().map(|item| key(item).to_string());
        let next = last.filter(|_| rest.next().is_some());
        Ok((page, next))
    }
}

fn parse_id(text: &str) -> Result<i64, Problem> {
    text.parse().map_err(|_| Problem::not_found())
}

fn parse_url(state: &OperatorState, text: &str) -> Result<Url, Problem> {
    let url = Url::parse(text).map_err(|error| Problem::invalid("url", error.to_string()))?;
    state.webhook_networks.check_url(&url).map_err(|error| {
        Problem::invalid(
            "url",
            format!("webhooks cannot be delivered to this address: {error}"),
        )
    })?;
    Ok(url)
}

fn parse_types(names: &[String]) -> Result<Vec<String>, Problem> {
    event_types::validate_names(names)
        .map_err(|error| Problem::invalid("events", error.to_string()))?;
    Ok(names.to_vec())
}

async fn find(state: &OperatorState, id: i64) -> Result<WebhookStatus, Problem> {
    let all = webhook::list(&state.writes).await;
    let mut all = all.map_err(|error| database_away(&error))?.into_iter();
    all.find(|webhook| webhook.id == id)
        .ok_or_else(Problem::not_found)
}

/// Parses a position of the log, or the one after its head.
fn parse_from(from: i64, head: i64) -> Result<i64, Problem> {
    if (1..=head + 1).contains(&from) {
        return Ok(from);
    }
    let expected = format!("expected a position from 1 to {}, the next one", head + 1);
    Err(Problem::invalid("from", expected))
}

/// Returns the webhooks.
#[utoipa::path(
    get, path = "/v1/admin/webhooks", operation_id = "list_webhooks", tag = "admin",
    params(WebhookPageParams, MinPositionParams),
    responses(
        (status = 200, description = "A page of webhooks.", body = WebhookPage,
         headers(("Tidings-Position" = i64, description = "The head position of the log."),
                 ("Tidings-Cursor" = String, description = "The cursor of that position."))),
        OperatorProblems,
    ),
)]
pub(super) async fn list_webhooks(
    State(state): State<OperatorState>,
    _admin: Admin,
    Query(query): Query<WebhookPageParams>,
    required: RequiredPosition,
) -> Result<(HeaderMap, Json<WebhookPage>), Problem> {
    required.wait(&state.pool).await?;
    let all = webhook::list(&state.writes).await;
    let all = all.map_err(|error| database_away(&error))?;
    let (page, next) = query.cut(all, |webhook| webhook.id)?;
    let webhooks = page.into_iter().map(WebhookView::from).collect();
    Ok((
        head_headers(&state).await?,
        Json(WebhookPage { webhooks, next }),
    ))
}

/// Returns the deliveries of a webhook of which every attempt failed, oldest first.
#[utoipa::path(
    get, path = "/v1/admin/webhooks/{id}/parked", operation_id = "list_parked_deliveries",
    tag = "admin",
    params(("id" = i64, Path, description = "The webhook.", example = 1), WebhookPageParams,
           MinPositionParams),
    responses(
        (status = 200, description = "A page of deliveries.", body = ParkedPage,
         headers(("Tidings-Position" = i64, description = "The head position of the log."),
                 ("Tidings-Cursor" = String, description = "The cursor of that position."))),
        (status = 404, description = "There is no such webhook.", body = Problem,
         content_type = "application/problem+json"),
        OperatorProblems,
    ),
)]
pub(super) async fn list_parked(
    State(state): State<OperatorState>,
    _admin: Admin,
    Path(id): Path<String>,
    Query(query): Query<WebhookPageParams>,
    required: RequiredPosition,
) -> Result<(HeaderMap, Json<ParkedPage>), Problem> {
    let id = parse_id(&id)?;
    required.wait(&state.pool).await?;
    find(&state, id).await?;
    let parked = webhook::list_parked(&state.writes, Some(id), i64::MAX).await;
    let parked = parked.map_err(|error| database_away(&error))?;
    let (page, next) = query.cut(parked, |row| row.position)?;
    let parked = page.into_iter().map(ParkedView::from).collect();
    Ok((
        head_headers(&state).await?,
        Json(ParkedPage { parked, next }),
    ))
}

/// Add a webhook
///
/// The server signs its deliveries with the secret of the answer, as docs/webhooks.md describes.
#[utoipa::path(
    post, path = "/v1/admin/webhooks", operation_id = "add_webhook", tag = "admin",
    params(IdempotencyParams),
    request_body(content = WebhookRequest,
        example = json!({"url": "https://hooks.example.org/tidings", "events": ["message_sent"]})),
    responses(
        (status = 201, description = "Added", body = AddedWebhook,
         headers(("Tidings-Position" = i64, description = "The head position of the log."),
                 ("Tidings-Cursor" = String, description = "The cursor of that position."))),
        (status = 422, description = "The address or a type is not valid.", body = Problem,
         content_type = "application/problem+json"),
        OperatorProblems,
    ),
)]
pub(super) async fn add_webhook(
    State(state): State<OperatorState>,
    Admin(caller): Admin,
    key: IdempotencyKey,
    http_edge::Json(request): http_edge::Json<WebhookRequest>,
) -> Result<Response, Problem> {
    let turn = KeyedCommand::begin(&state, &caller, key, &["add_webhook"], &request).await?;
    let mut command = match turn {
        Turn::Execute(command) => command,
        Turn::Replay(response) => return Ok(response),
    };
    let url = parse_url(&state, &request.url)?;
    let from = request.from.map(|from| parse_from(from, command.head));
    let kind = match (&request.events, request.notifications) {
        (Some(_), true) => {
            let message = "a webhook has either events or notifications";
            return Err(Problem::invalid("notifications", message));
        }
        (None, true) => WebhookKind::Notifications,
        (types, false) => WebhookKind::Events(parse_types(types.as_deref().unwrap_or_default())?),
    };
    let secret = SigningSecret::generate();
    let after = from.transpose()?.map_or(command.head, |from| from - 1);
    let id = webhook::insert(command.transaction(), &url, &secret, &kind, after).await;
    let answer = AddedWebhook {
        id: id.map_err(|error| database_away(&error))?,
        secret: secret.reveal(),
        delivers_after: after,
        position: command.head,
    };
    command.finish(StatusCode::CREATED, answer).await
}

/// Change a webhook
#[utoipa::path(
    patch, path = "/v1/admin/webhooks/{id}", operation_id = "change_webhook", tag = "admin",
    params(("id" = i64, Path, description = "The webhook.", example = 1), IdempotencyParams),
    request_body(content = WebhookPatch, example = json!({"enabled": false})),
    responses(
        (status = 200, description = "Changed, or already so", body = ChangedWebhook,
         headers(("Tidings-Position" = i64, description = "The head position of the log."),
                 ("Tidings-Cursor" = String, description = "The cursor of that position."))),
        (status = 404, description = "There is no such webhook.", body = Problem,
         content_type = "application/problem+json"),
        (status = 422, description = "The address or a type is not valid.", body = Problem,
         content_type = "application/problem+json"),
        OperatorProblems,
    ),
)]
pub(super) async fn change_webhook(
    State(state): State<OperatorState>,
    Admin(caller): Admin,
    key: IdempotencyKey,
    Path(id): Path<String>,
    http_edge::Json(request): http_edge::Json<WebhookPatch>,
) -> Result<Response, Problem> {
    let path = ["change_webhook", &id];
    let mut command = match KeyedCommand::begin(&state, &caller, key, &path, &request).await? {
        Turn::Execute(command) => command,
        Turn::Replay(response) => return Ok(response),
    };
    let id = parse_id(&id)?;
    let webhook = find(&state, id).await?;
    if webhook.kind == "notifications" && request.events.is_some() {
        let message = "this webhook delivers notifications";
        return Err(Problem::invalid("events", message));
    }
    let url = request.url.as_deref().map(|url| parse_url(&state, url));
    let change = WebhookChange {
        url: url.transpose()?,
        types: request.events.as_deref().map(parse_types).transpose()?,
        enabled: request.enabled,
    };
    let done = webhook::change(command.transaction(), id, &change).await;
    done.map_err(|error| database_away(&error))?;
    let answer = ChangedWebhook {
        delivers_after: webhook.position,
        position: command.head,
    };
    command.finish(StatusCode::OK, answer).await
}

/// Remove a webhook
///
/// Its waiting and parked deliveries are removed too.
#[utoipa::path(
    delete, path = "/v1/admin/webhooks/{id}", operation_id = "remove_webhook", tag = "admin",
    params(("id" = i64, Path, description = "The webhook.", example = 1), IdempotencyParams),
    responses(
        (status = 200, description = "Removed", body = RemovedWebhook,
         headers(("Tidings-Position" = i64, description = "The head position of the log."),
                 ("Tidings-Cursor" = String, description = "The cursor of that position."))),
        (status = 404, description = "There is no such webhook.", body = Problem,
         content_type = "application/problem+json"),
        OperatorProblems,
    ),
)]
pub(super) async fn remove_webhook(
    State(state): State<OperatorState>,
    Admin(caller): Admin,
    key: IdempotencyKey,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let path = ["remove_webhook", &id];
    let mut command = match KeyedCommand::begin(&state, &caller, key, &path, &()).await? {
        Turn::Execute(command) => command,
        Turn::Replay(response) => return Ok(response),
    };
    let removed = webhook::remove(command.transaction(), parse_id(&id)?).await;
    if !removed.map_err(|error| database_away(&error))? {
        return Err(Problem::not_found());
    }
    let answer = RemovedWebhook {
        position: command.head,
    };
    command.finish(StatusCode::OK, answer).await
}

/// Deliver again from a position on
///
/// Waiting and parked deliveries from there on are delivered again too.
#[utoipa::path(
    post, path = "/v1/admin/webhooks/{id}/replay", operation_id = "replay_webhook", tag = "admin",
    params(("id" = i64, Path, description = "The webhook.", example = 1), IdempotencyParams),
    request_body(content = ReplayRequest, example = json!({"from": 1})),
    responses(
        (status = 200, description = "It delivers from there on", body = ChangedWebhook,
         headers(("Tidings-Position" = i64, description = "The head position of the log."),
                 ("Tidings-Cursor" = String, description = "The cursor of that position."))),
        (status = 404, description = "There is no such webhook.", body = Problem,
         content_type = "application/problem+json"),
        (status = 422, description = "The position is not valid.", body = Problem,
         content_type = "application/problem+json"),
        OperatorProblems,
    ),
)]
pub(super) async fn replay_webhook(
    State(state): State<OperatorState>,
    Admin(caller): Admin,
    key: IdempotencyKey,
    Path(id): Path<String>,
    http_edge::Json(request): http_edge::Json<ReplayRequest>,
) -> Result<Response, Problem> {
    let path = ["replay_webhook", &id];
    let mut command = match KeyedCommand::begin(&state, &caller, key, &path, &request).await? {
        Turn::Execute(command) => command,
        Turn::Replay(response) => return Ok(response),
    };
    let id = parse_id(&id)?;
    let from = parse_from(request.from, command.head)?;
    let webhook = find(&state, id).await?;
    let replayed = webhook::replay_within(command.transaction(), Some(id), from).await;
    replayed.map_err(|error| database_away(&error))?;
    let answer = ChangedWebhook {
        // A replay only moves backwards.
        delivers_after: webhook.position.min(from - 1),
        position: command.head,
    };
    command.finish(StatusCode::OK, answer).await
}
