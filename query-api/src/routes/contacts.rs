//! `GET /v1/contacts`: the caller's contacts and requests.

use axum::extract::State;
use axum::response::Response;
use domain::time::Timestamp;
use http_edge::{Caller, Problem, Query};
use serde::{Deserialize, Serialize};
use sqlx::types::time::OffsetDateTime;
use utoipa::{IntoParams, ToSchema};

use crate::consistency::min_position::MinPosition;
use crate::consistency::position_params::MinPositionParams;
use crate::consistency::read_state::ReadState;
use crate::cursor::CursorCodec;
use crate::docs::CallerProblems;
use crate::error::{EndpointError, QueryError};
use crate::params::{self, PageLimit};
use crate::sql::visibility::caller_id;

/// The number of contacts per page.
const PAGE_LIMIT: PageLimit = PageLimit {
    default: 50,
    max: 200,
};

/// What the other user is to the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ContactState)]
pub enum ContactStateView {
    /// They are contacts.
    Contact,
    /// The other user has asked.
    Incoming,
    /// The caller has asked.
    Outgoing,
}

impl ContactStateView {
    const ALL: [(Self, &'static str); 3] = [
        (Self::Contact, "contact"),
        (Self::Incoming, "incoming"),
        (Self::Outgoing, "outgoing"),
    ];

    fn parse(text: &str) -> Option<Self> {
        let found = Self::ALL.iter().find(|(_, name)| *name == text);
        found.map(|(state, _)| *state)
    }

    fn as_str(self) -> &'static str {
        let found = Self::ALL.iter().find(|(state, _)| *state == self);
        found.map_or("", |(_, name)| name)
    }
}

/// A contact, or a request.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Contact)]
pub struct ContactView {
    /// The other user.
    pub user: String,
    /// What the other user is to the caller.
    pub state: ContactStateView,
    /// What the user who asked said with the request; null if nothing, and for contacts.
    #[schema(required = true)]
    pub note: Option<String>,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    pub since: Timestamp,
    /// The position of the event that led to the state, which orders the list.
    #[serde(skip)]
    position: i64,
}

/// Some of the caller's contacts and requests.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Contacts)]
pub struct ContactsPage {
    /// The contacts, those that changed last first.
    pub contacts: Vec<ContactView>,
    /// The cursor of the next page; null at the end.
    #[schema(required = true)]
    pub next: Option<String>,
}

/// Which contacts, and which page of them.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ContactsParams {
    /// Only those in this state: `contact`, `incoming` or `outgoing`.
    #[param(value_type = Option<ContactStateView>, inline, example = "contact")]
    state: Option<String>,
    /// The maximum number of contacts.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 200, default = 50)]
    limit: Option<String>,
    /// The `next` of the previous page.
    after: Option<String>,
}

/// A row of [`LIST`]. All columns but the first are null if there is no contact.
#[derive(sqlx::FromRow)]
struct ContactListRow {
    read_position: i64,
    position: Option<i64>,
    name: Option<String>,
    state: Option<String>,
    note: Option<String>,
    at: Option<OffsetDateTime>,
}

/// Binds the caller, the state or null, the position before which the page starts, and the number
/// of rows. While a user is blocked, their requests are not shown.
const LIST: &str = concat!(
    "SELECT k.position AS read_position, p.* FROM read.checkpoint k LEFT JOIN (
        SELECT x.position, u.name, x.state, x.note, x.at
        FROM read.contacts x JOIN read.users u ON u.id = x.other
        WHERE x.user_id = ",
    caller_id!(),
    " AND ($2::text IS NULL OR x.state = $2) AND x.position < $3 AND NOT x.hidden
            AND NOT (x.state = 'incoming' AND EXISTS (
                SELECT FROM read.blocks b WHERE b.user_id = x.user_id AND b.blocked = x.other))
        ORDER BY x.position DESC LIMIT $4) p ON true
    ORDER BY p.position DESC"
);

/// Returns the caller's contacts and requests. Requests of users whom the caller has blocked are
/// left out.
#[utoipa::path(
    get, path = "/v1/contacts", operation_id = "list_contacts", tag = "users",
    params(ContactsParams, MinPositionParams),
    responses(
        (status = 200, description = "A page of contacts and requests.", body = ContactsPage,
         headers(("Tidings-Position" = i64, description = "The log position of the read model."),
                 ("Tidings-Cursor" = String, description = "The cursor of that position."))),
        CallerProblems,
    ),
)]
pub async fn list_contacts(
    State(state): State<ReadState>,
    caller: Caller,
    Query(query): Query<ContactsParams>,
    min_position: MinPosition,
) -> Result<Response, EndpointError> {
    let limit = PAGE_LIMIT.parse(query.limit.as_deref())?;
    let filter = parse_state(query.state.as_deref())?;
    let filter = filter.map(ContactStateView::as_str);
    let codec = CursorCodec {
        listing: "contacts",
        scope: &[&caller.user, filter.unwrap_or_default()],
    };
    let after = codec.parse_key("after", query.after.as_deref())?;
    let [before] = after.unwrap_or([i64::MAX]);
    let guard = min_position.wait().await?;
    let rows: Vec<ContactListRow> = sqlx::query_as(LIST)
        .bind(&caller.user)
        .bind(filter)
        .bind(before)
        .bind(limit + 1)
        .fetch_all(&state.pool)
        .await?;
    let position = rows.first().ok_or(sqlx::Error::RowNotFound)?.read_position;
    let contacts = rows.into_iter().map(ContactListRow::into_view);
    let mut contacts: Vec<ContactView> = contacts
        .filter_map(Result::transpose)
        .collect::<Result<_, _>>()?;
    let found = contacts.len();
    let next = codec.end_page(&mut contacts, limit, found, |last| [last.position]);
    guard.respond(position, &ContactsPage { contacts, next })
}

fn parse_state(text: Option<&str>) -> Result<Option<ContactStateView>, Problem> {
    let Some(text) = params::non_empty(text) else {
        return Ok(None);
    };
    let expected = "expected `contact`, `incoming` or `outgoing`";
    ContactStateView::parse(text)
        .map(Some)
        .ok_or_else(|| Problem::malformed("state", expected))
}

impl ContactListRow {
    fn into_view(self) -> Result<Option<ContactView>, QueryError> {
        let Self {
            position: Some(position),
            name: Some(user),
            state: Some(state),
            note,
            at: Some(at),
            ..
        } = self
        else {
            return Ok(None);
        };
        let state = ContactStateView::parse(&state).ok_or_else(|| QueryError::Corrupt {
            value: "a contact",
            reason: format!("its state is {state}"),
        })?;
        Ok(Some(ContactView {
            user,
            state,
            note,
            since: Timestamp::from(at),
            position,
        }))
    }
}
