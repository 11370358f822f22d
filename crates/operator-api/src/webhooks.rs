//! `/v1/admin/webhooks`: what `tidings webhooks` does. The dispatcher follows changes within a
//! second.

#![expect(
    unused_qualifications,
    reason = "utoipa qualifies the parameters of the route"
)]

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use dispatcher::secret::SigningSecret;
use dispatcher::webhook::{self, ParkedDeliveryRow, WebhookChange, WebhookKind, WebhookStatus};
use domain::time::Timestamp;
use http_edge::extract::params;
use http_edge::{Admin, Path, Problem, Query};
use log_tools::event_types;
use reqwest::Url;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::state::{OperatorProblems, OperatorState, database_away, head_headers};

/// The default and the maximum number of items per page.
const PAGE_LIMIT: (i64, i64) = (50, 200);

/// A webhook to add.
#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct WebhookRequest {
    /// The address to deliver to.
    url: String,
    /// The types of events to deliver, such as `message_sent`; all types if omitted.
    events: Option<Vec<String>>,
    /// Deliver notifications of unread messages instead of events.
    #[serde(default)]
    notifications: bool,
    /// The first log position to deliver; without it, what comes from now on.
    #[schema(minimum = 1)]
    from: Option<i64>,
}

/// What to change. Omitted fields stay as they are.
#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct WebhookPatch {
    /// The new address.
    url: Option<String>,
    /// The new event types, for a webhook of events; an empty list means all types.
    events: Option<Vec<String>>,
    /// Whether it delivers. One that is switched on continues at its position.
    enabled: Option<bool>,
}

/// Where to deliver from again.
#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct ReplayRequest {
    /// The first log position to deliver again.
    #[schema(minimum = 1)]
    from: i64,
}

/// The webhook that was added.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct AddedWebhook {
    id: i64,
    /// The secret that signs its deliveries. It is not shown again.
    secret: String,
    /// Deliveries begin after this log position.
    position: i64,
}

/// A webhook after a change.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ChangedWebhook {
    /// Everything up to this log position is delivered, waits or is parked.
    position: i64,
}

/// A page of webhooks.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct WebhookPage {
    webhooks: Vec<WebhookView>,
    /// The cursor of the next page; null at the end.
    #[schema(required = true)]
    next: Option<String>,
}

/// A webhook.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Webhook)]
pub(super) struct WebhookView {
    id: i64,
    url: String,
    /// The types of events that it delivers; empty for all types.
    events: Vec<String>,
    /// Whether it delivers notifications instead of events.
    notifications: bool,
    /// Whether it delivers. One whose receiver has answered 410 is switched off.
    enabled: bool,
    /// Everything up to this log position is delivered, waits or is parked.
    position: i64,
    /// How many deliveries were accepted.
    delivered: i64,
    /// How many wait for another attempt.
    waiting: i64,
    /// How many are parked, because every attempt failed.
    parked: i64,
    /// The reason of the last failure.
    #[schema(required = true)]
    last_error: Option<String>,
}

/// A page of parked deliveries.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ParkedPage {
    parked: Vec<ParkedView>,
    /// The cursor of the next page; null at the end.
    #[schema(required = true)]
    next: Option<String>,
}

/// A delivery of which every attempt failed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ParkedDelivery)]
pub(super) struct ParkedView {
    /// The position of the event as text, and for a notification also its conversation and user.
    id: String,
    /// The position of the event, or of the newest message of a notification.
    position: i64,
    /// The number of attempts.
    tries: i32,
    /// Why the last one failed.
    last_error: String,
    /// When it was parked.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
}

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

impl From<WebhookStatus> for WebhookView {
    fn from(status: WebhookStatus) -> Self {
        Self {
            id: status.id,
            url: status.url,
            events: status.types,
            notifications: status.kind == "notifications",
            enabled: status.state == "on",
            position: status.position,
            delivered: status.delivered,
            waiting: status.waiting,
            parked: status.parked,
            last_error: status.error,
        }
    }
}

impl From<ParkedDeliveryRow> for ParkedView {
    fn from(row: ParkedDeliveryRow) -> Self {
        let id = if row.user_name.is_empty() {
            row.position.to_string()
        } else {
            format!("{} {} {}", row.position, row.lane, row.user_name)
        };
        Self {
            id,
            position: row.position,
            tries: row.tries,
            last_error: row.error,
            at: row.parked_at,
        }
    }
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

/// The answer to a change: where the webhook is now.
async fn changed(
    state: &OperatorState,
    id: i64,
) -> Result<(HeaderMap, Json<ChangedWebhook>), Problem> {
    let position = find(state, id).await?.position;
    Ok((
        head_headers(state).await?,
        Json(ChangedWebhook { position }),
    ))
}

/// Returns the webhooks.
#[utoipa::path(
    get, path = "/v1/admin/webhooks", operation_id = "list_webhooks", tag = "admin",
    params(WebhookPageParams),
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
) -> Result<(HeaderMap, Json<WebhookPage>), Problem> {
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
    params(("id" = i64, Path, description = "The webhook.", example = 1), WebhookPageParams),
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
) -> Result<(HeaderMap, Json<ParkedPage>), Problem> {
    let id = parse_id(&id)?;
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
    _admin: Admin,
    http_edge::Json(request): http_edge::Json<WebhookRequest>,
) -> Result<(StatusCode, HeaderMap, Json<AddedWebhook>), Problem> {
    let url = parse_url(&state, &request.url)?;
    if request.from.is_some_and(|from| from < 1) {
        return Err(Problem::invalid("from", "expected a position from 1 on"));
    }
    let kind = match (&request.events, request.notifications) {
        (Some(_), true) => {
            let message = "a webhook has either events or notifications";
            return Err(Problem::invalid("notifications", message));
        }
        (None, true) => WebhookKind::Notifications,
        (types, false) => WebhookKind::Events(parse_types(types.as_deref().unwrap_or_default())?),
    };
    let secret = SigningSecret::generate();
    let after = request.from.map(|from| from - 1);
    let added = webhook::add(&state.writes, &url, &secret, &kind, after).await;
    let (id, position) = added.map_err(|error| database_away(&error))?;
    let answer = AddedWebhook {
        id,
        secret: secret.reveal(),
        position,
    };
    Ok((
        StatusCode::CREATED,
        head_headers(&state).await?,
        Json(answer),
    ))
}

/// Change a webhook
#[utoipa::path(
    patch, path = "/v1/admin/webhooks/{id}", operation_id = "change_webhook", tag = "admin",
    params(("id" = i64, Path, description = "The webhook.", example = 1)),
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
    _admin: Admin,
    Path(id): Path<String>,
    http_edge::Json(request): http_edge::Json<WebhookPatch>,
) -> Result<(HeaderMap, Json<ChangedWebhook>), Problem> {
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
    let done = webhook::change(&state.writes, id, &change).await;
    done.map_err(|error| database_away(&error))?;
    changed(&state, id).await
}

/// Remove a webhook
///
/// Its waiting and parked deliveries are removed too.
#[utoipa::path(
    delete, path = "/v1/admin/webhooks/{id}", operation_id = "remove_webhook", tag = "admin",
    params(("id" = i64, Path, description = "The webhook.", example = 1)),
    responses(
        (status = 200, description = "Removed", body = ChangedWebhook,
         headers(("Tidings-Position" = i64, description = "The head position of the log."),
                 ("Tidings-Cursor" = String, description = "The cursor of that position."))),
        (status = 404, description = "There is no such webhook.", body = Problem,
         content_type = "application/problem+json"),
        OperatorProblems,
    ),
)]
pub(super) async fn remove_webhook(
    State(state): State<OperatorState>,
    _admin: Admin,
    Path(id): Path<String>,
) -> Result<(HeaderMap, Json<ChangedWebhook>), Problem> {
    let id = parse_id(&id)?;
    let position = find(&state, id).await?.position;
    let removed = webhook::remove(&state.writes, id).await;
    removed.map_err(|error| database_away(&error))?;
    Ok((
        head_headers(&state).await?,
        Json(ChangedWebhook { position }),
    ))
}

/// Deliver again from a position on
///
/// Waiting and parked deliveries from there on are delivered again too.
#[utoipa::path(
    post, path = "/v1/admin/webhooks/{id}/replay", operation_id = "replay_webhook", tag = "admin",
    params(("id" = i64, Path, description = "The webhook.", example = 1)),
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
    _admin: Admin,
    Path(id): Path<String>,
    http_edge::Json(request): http_edge::Json<ReplayRequest>,
) -> Result<(HeaderMap, Json<ChangedWebhook>), Problem> {
    let id = parse_id(&id)?;
    if request.from < 1 {
        return Err(Problem::invalid("from", "expected a position from 1 on"));
    }
    find(&state, id).await?;
    let replayed = webhook::replay(&state.writes, Some(id), request.from).await;
    replayed.map_err(|error| database_away(&error))?;
    changed(&state, id).await
}
