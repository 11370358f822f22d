//! `GET /v1/events`: the log itself, as JSON lines of CloudEvents, for administrators.
//!
//! The response is streamed while the log is read, one chunk at a time, so a large response needs
//! no more memory than a small one.

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use domain::case::target::CaseId;
use domain::deployment::DEPLOYMENT_ID;
use domain::envelope::AggregateKind;
use domain::event;
use domain::ids::{ConversationId, DeskId, FileId, UserId};
use event_log::reader::EventFilter;
use event_log::sent_range::{SentRange, TimeField};
use futures::{StreamExt, stream};
use http::HeaderValue;
use http::header::CONTENT_TYPE;
use http_edge::auth::CallerWatch;
use http_edge::extract::describe_unknown;
use http_edge::{Admin, Auth, Problem, Query};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa::openapi::schema::{Object, ObjectBuilder, Type};

use crate::consistency::min_position::{self, MinPosition};
use crate::consistency::position_params::MinPositionParams;
use crate::docs::{AdminProblem, CallerProblems, EventLines};
use crate::error::EndpointError;
use crate::log_tail::{LogState, LogTail};
use crate::params::{self, PageLimit};

/// The number of events per response, unless it follows the log.
const PAGE_LIMIT: PageLimit = PageLimit {
    default: 1_000,
    max: 10_000,
};

/// The maximum number of names in `type=`, well above the number of event types.
const MAX_TYPES: usize = 100;

/// Selects the events.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct EventsParams {
    /// Events after this cursor or position: the `id` or `position` of an event.
    #[param(value_type = Option<String>, default = "0")]
    after: Option<String>,
    /// Events up to this cursor or position, inclusive; not allowed together with `follow`.
    #[param(value_type = Option<String>, example = "2")]
    up_to: Option<String>,
    /// The maximum number of events; ignored with `follow`.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 10000, default = 1000)]
    limit: Option<String>,
    /// Only events of these types: short names such as `message_sent`, separated by commas. A name
    /// that no type has is refused.
    #[serde(rename = "type")]
    #[param(rename = "type", value_type = Option<String>, example = "message_sent,member_added")]
    types: Option<String>,
    /// Only events of this aggregate: `/conversations/{id}`, `/mailboxes/{user}`,
    /// `/profiles/{user}`, `/cases/{id}`, `/files/{id}` or `/deployment/tidings`.
    #[param(value_type = Option<String>, example = "/conversations/lunch")]
    source: Option<String>,
    /// Only events from this time on, inclusive.
    #[param(value_type = Option<String>, format = DateTime, example = "2026-01-01T00:00:00Z")]
    since: Option<String>,
    /// Only events before this time.
    #[param(value_type = Option<String>, format = DateTime, example = "2100-01-01T00:00:00Z")]
    until: Option<String>,
    /// See `describe_time_field`.
    #[param(schema_with = describe_time_field, required = false)]
    by: Option<String>,
    /// Only events that involve this user: those of their mailbox, and those that name them.
    #[param(value_type = Option<String>, example = "bob")]
    user: Option<String>,
    /// `true`: keep the response open and write events as they are appended.
    #[param(value_type = Option<bool>, default = false)]
    follow: Option<String>,
}

/// The schema of `by`. A derived one with a default would be an `allOf`, which generators of
/// clients do not take.
fn describe_time_field() -> Object {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .description(Some(
            "Which time `since` and `until` mean: when an event was appended (`time`), or when its \
             message was sent or edited (`sent_at`), which is earlier for imported messages. Events \
             without a message have only the first.",
        ))
        .enum_values(Some(["time", "sent_at"]))
        .default(Some("time".into()))
        .build()
}

impl EventsParams {
    fn to_filter(&self) -> Result<EventFilter, Problem> {
        let since = params::parse_time("since", self.since.as_deref())?;
        let until = params::parse_time("until", self.until.as_deref())?;
        let by = params::non_empty(self.by.as_deref()).map(|name| {
            TimeField::parse(name)
                .ok_or_else(|| Problem::malformed("by", "expected `time` or `sent_at`"))
        });
        let (since, until, sent) = match by.transpose()?.unwrap_or_default() {
            TimeField::Time => (since, until, SentRange::default()),
            TimeField::SentAt => (None, None, SentRange { since, until }),
        };
        Ok(EventFilter {
            event_types: parse_types(params::non_empty(self.types.as_deref()))?,
            aggregate: params::non_empty(self.source.as_deref())
                .map(parse_source)
                .transpose()?,
            since,
            until,
            sent,
            user: params::non_empty(self.user.as_deref())
                .map(|user| {
                    UserId::parse(user)
                        .map(|user| user.as_str().to_owned())
                        .map_err(|invalid| Problem::malformed("user", invalid.0))
                })
                .transpose()?,
        })
    }
}

/// Parses short names that are separated by commas. A name that no event has would find nothing
/// forever, so it is refused.
fn parse_types(text: Option<&str>) -> Result<Vec<String>, Problem> {
    let Some(text) = text else {
        return Ok(Vec::new());
    };
    let names: Vec<&str> = text.split(',').map(str::trim).collect();
    let legal = |name: &&str| {
        !name.is_empty()
            && name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"_.".contains(&byte))
    };
    if names.len() > MAX_TYPES || !names.iter().all(legal) {
        return Err(Problem::malformed(
            "type",
            "expected short names such as message_sent, separated by commas",
        ));
    }
    let known = event::type_names();
    match names.iter().find(|name| !known.contains(name)) {
        None => Ok(names.into_iter().map(str::to_owned).collect()),
        Some(name) => {
            let unknown = describe_unknown(event::short_name(name), &known);
            Err(Problem::malformed("type", format!("{name}: {unknown}")))
        }
    }
}

/// Parses a source such as `/conversations/{id}` or `/mailboxes/{user}`.
fn parse_source(text: &str) -> Result<(AggregateKind, String), Problem> {
    AggregateKind::ALL
        .into_iter()
        .find_map(|kind| {
            let id = text.strip_prefix(kind.source_prefix())?;
            let legal = match kind {
                AggregateKind::Conversation => ConversationId::parse(id).is_ok(),
                AggregateKind::Mailbox | AggregateKind::Profile => UserId::parse(id).is_ok(),
                AggregateKind::Deployment => id == DEPLOYMENT_ID,
                AggregateKind::Case => CaseId::parse(id).is_ok(),
                AggregateKind::File => FileId::parse(id).is_ok(),
                AggregateKind::Desk => DeskId::parse(id).is_ok(),
            };
            legal.then(|| (kind, id.to_owned()))
        })
        .ok_or_else(|| {
            Problem::malformed(
                "source",
                "expected /conversations/{id}, /mailboxes/{user}, /profiles/{user}, \
                 /cases/{id}, /files/{id} or /deployment/tidings",
            )
        })
}

/// Returns the log in position order, one CloudEvents object per line.
///
/// `Tidings-Position` is the head of the log.
#[utoipa::path(
    get, path = "/v1/events", operation_id = "list_events", tag = "admin",
    params(EventsParams, MinPositionParams),
    responses(
        (status = 200, description = "One `Event` on each line.", body = inline(EventLines),
         content_type = "application/x-ndjson",
         headers(("Tidings-Position" = i64, description = "The head position of the log."),
                 ("Tidings-Cursor" = String, description = "The cursor of that position."))),
        CallerProblems,
        AdminProblem,
    ),
)]
pub async fn list_events(
    State(state): State<LogState>,
    Admin(caller): Admin,
    auth: Auth,
    Query(query): Query<EventsParams>,
    min_position: MinPosition,
) -> Result<Response, EndpointError> {
    let filter = query.to_filter()?;
    let after = params::parse_cursor("after", query.after.as_deref())?;
    let limit = PAGE_LIMIT.parse(query.limit.as_deref())?;
    let follow = params::parse_flag("follow", query.follow.as_deref())?;
    let up_to = params::parse_cursor("up_to", query.up_to.as_deref())?;
    if follow && up_to.is_some() {
        return Err(Problem::malformed(
            "up_to",
            "up_to cannot be combined with follow, which never ends; omit one of the two",
        )
        .into());
    }
    for cursor in [after, up_to].into_iter().flatten() {
        state.history.check(cursor).await?;
    }
    let after = after.map_or(0, |after| after.position);
    let mut head = state.reader.head().await?.position;
    if head < min_position.at_least {
        min_position.wait_until_fresh().await?;
        head = state.reader.head().await?.position;
    }
    let tail = if follow {
        LogTail::follow(&state, filter, after).await?
    } else {
        let last = up_to.map_or(head, |up_to| up_to.position.min(head));
        LogTail::up_to(&state, filter, after, last, limit).await?
    };
    // Read the first chunk before the response starts, so that an unavailable database is still a
    // 503.
    let (first, rest) = tail.read_first().await?;
    let rest = stream::try_unfold(rest, |tail| async move {
        let Some(tail) = tail else { return Ok(None) };
        Ok::<_, sqlx::Error>(
            tail.read_next()
                .await?
                .map(|(chunk, tail)| (chunk, Some(tail))),
        )
    });
    let mut watch = CallerWatch::new(&auth, caller);
    let refused = async move { watch.refused().await };
    let lines = stream::iter(first.map(Ok)).chain(rest.take_until(Box::pin(refused)));
    let content_type = (
        CONTENT_TYPE,
        HeaderValue::from_static("application/x-ndjson"),
    );
    Ok(min_position::with_position(
        head,
        ([content_type], Body::from_stream(lines)),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_must_be_short_names_of_events() {
        assert_eq!(parse_types(None).ok(), Some(vec![]));
        let two = parse_types(Some("message_sent, member_added")).ok();
        assert_eq!(
            two,
            Some(vec!["message_sent".to_owned(), "member_added".to_owned()])
        );
        for bad in [
            "message_sent,",
            "Message",
            "tidings.message_sent.v1",
            "a b",
            "message_sent,message_send",
        ] {
            assert!(parse_types(Some(bad)).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_source_must_be_a_conversation_or_a_mailbox() {
        let room = (AggregateKind::Conversation, "room".to_owned());
        assert_eq!(parse_source("/conversations/room").ok(), Some(room));
        let ana = (AggregateKind::Mailbox, "ana maria".to_owned());
        assert_eq!(parse_source("/mailboxes/ana maria").ok(), Some(ana));
        for bad in [
            "room",
            "/conversations/",
            "/conversations/a b",
            "/mailboxes/\0",
            "/users/ana",
        ] {
            assert!(parse_source(bad).is_err(), "{bad}");
        }
    }
}
