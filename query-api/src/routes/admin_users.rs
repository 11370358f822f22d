//! `GET /v1/admin/users`: the users of the system.

use axum::extract::State;
use axum::response::Response;
use domain::profile::event::UserRestricted;
use domain::time::Timestamp;
use http_edge::schema::UserKindSchema;
use http_edge::{Admin, Problem, Query};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sqlx::types::time::OffsetDateTime;
use utoipa::{IntoParams, ToSchema};

use crate::consistency::min_position::MinPosition;
use crate::consistency::position_params::MinPositionParams;
use crate::consistency::read_state::ReadState;
use crate::docs::{AdminProblem, CallerProblems, InvalidProblem};
use crate::error::{EndpointError, QueryError};
use crate::params::{self, PageLimit};
use crate::people::{PeopleState, parse_json, parse_search_text};
use crate::switches::now;

/// The number of users per page.
const PAGE_LIMIT: PageLimit = PageLimit {
    default: 50,
    max: 200,
};

/// A user, as administrators see them.
#[derive(Debug, Serialize, ToSchema)]
pub struct AdminUser {
    /// The user.
    pub id: String,
    /// The name that others see; null if the user has not chosen one.
    #[schema(required = true)]
    pub display_name: Option<String>,
    /// The avatar: the id of a file, or an https URL.
    #[schema(required = true)]
    pub avatar: Option<String>,
    /// What the user says about themselves.
    #[schema(required = true)]
    pub about: Option<String>,
    /// The language.
    #[schema(required = true)]
    pub locale: Option<String>,
    /// The app's own fields.
    #[schema(required = true, value_type = Option<Object>)]
    pub custom: Option<Box<RawValue>>,
    /// What kind of user it is.
    #[schema(value_type = UserKindSchema)]
    pub kind: String,
    /// Whether the user is deactivated.
    pub deactivated: bool,
    /// When the log first named the user.
    #[schema(required = true, value_type = Option<String>, format = DateTime)]
    pub created_at: Option<Timestamp>,
    /// When the user was online last, also if they hide it; null if they never were.
    #[schema(required = true, value_type = Option<String>, format = DateTime)]
    pub last_seen: Option<Timestamp>,
    /// Whether the user is online.
    pub online: bool,
    /// What the user may not do everywhere, at the moment.
    #[schema(required = true)]
    pub restriction: Option<UserRestrictionView>,
}

/// The restriction of a user.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = UserRestriction)]
pub struct UserRestrictionView {
    /// `silenced` or `banned`.
    pub kind: &'static str,
    /// When it ends by itself; null if it does not.
    #[schema(required = true, value_type = Option<String>, format = DateTime)]
    pub until: Option<Timestamp>,
    /// The reason that was given.
    #[schema(required = true)]
    pub reason: Option<String>,
    /// The moderator.
    pub by: String,
}

/// A page of users.
#[derive(Debug, Serialize, ToSchema)]
pub struct AdminUserPage {
    /// The users, in the order in which the log first named them.
    pub users: Vec<AdminUser>,
    /// The cursor of the next page; null at the end.
    #[schema(required = true)]
    pub next: Option<String>,
}

/// Selects the page.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AdminUsersParams {
    /// Only users whose id begins with this, or whose display name has a word that does. Case,
    /// accents and width do not matter.
    #[param(example = "bo")]
    q: Option<String>,
    /// The maximum number of users.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 200, default = 50)]
    limit: Option<String>,
    /// The `next` of the previous page.
    #[param(example = "0")]
    after: Option<String>,
}

/// The columns of [`AdminUserRow`] for the user `u`, whose profile is `f`.
macro_rules! admin_user_columns {
    () => {
        "u.id AS number, u.name, f.display_name, f.avatar, f.about, f.locale, f.custom,
         coalesce(f.kind, 'user') AS kind, coalesce(f.deactivated, false) AS deactivated, f.restriction,
         (SELECT l.at FROM presence.last_seen l WHERE l.name = u.name) AS seen_at,
         (SELECT min(s.from_position) FROM read.stays s WHERE s.user_id = u.id) AS first_joined"
    };
}

/// Binds the number after which the page starts, the first key and the end of the keys or null, and
/// the number of rows.
const LIST: &str = concat!(
    "SELECT k.position AS read_position, p.* FROM read.checkpoint k LEFT JOIN (
        SELECT ",
    admin_user_columns!(),
    " FROM read.users u LEFT JOIN read.profiles f ON f.user_id = u.id
        WHERE u.id > $1 AND ($2::text IS NULL OR EXISTS (
            SELECT FROM read.name_keys n WHERE n.user_id = u.id AND n.key >= $2 AND n.key < $3))
        ORDER BY u.id LIMIT $4) p ON true
    ORDER BY p.number"
);

/// Binds the user.
const FIND: &str = concat!(
    "SELECT k.position AS read_position, p.* FROM read.checkpoint k LEFT JOIN (
        SELECT ",
    admin_user_columns!(),
    " FROM read.users u LEFT JOIN read.profiles f ON f.user_id = u.id WHERE u.name = $1) p ON true"
);

/// A row of a statement above. All columns but the first are null if there is no user.
#[derive(sqlx::FromRow)]
pub struct AdminUserRow {
    pub read_position: i64,
    pub number: Option<i64>,
    name: Option<String>,
    display_name: Option<String>,
    avatar: Option<String>,
    about: Option<String>,
    locale: Option<String>,
    custom: Option<String>,
    kind: Option<String>,
    deactivated: Option<bool>,
    restriction: Option<String>,
    seen_at: Option<OffsetDateTime>,
    first_joined: Option<i64>,
}

/// Returns the users of the system.
#[utoipa::path(
    get, path = "/v1/admin/users", operation_id = "list_admin_users", tag = "admin",
    params(AdminUsersParams, MinPositionParams),
    responses(
        (status = 200, description = "A page of users.", body = AdminUserPage,
         headers(("Tidings-Position" = i64, description = "The log position of the read model."),
                 ("Tidings-Cursor" = String, description = "The cursor of that position."))),
        CallerProblems,
        AdminProblem,
        InvalidProblem,
    ),
)]
pub async fn list_admin_users(
    State(state): State<ReadState>,
    State(people): State<PeopleState>,
    _admin: Admin,
    Query(query): Query<AdminUsersParams>,
    min_position: MinPosition,
) -> Result<Response, EndpointError> {
    let limit = PAGE_LIMIT.parse(query.limit.as_deref())?;
    let after = parse_number(query.after.as_deref())?;
    let prefix = params::non_empty(query.q.as_deref()).map(parse_search_text);
    let prefix = prefix.transpose()?;
    let end = prefix
        .as_ref()
        .map(|prefix| format!("{prefix}{}", char::MAX));
    let guard = min_position.wait().await?;
    let mut rows: Vec<AdminUserRow> = sqlx::query_as(LIST)
        .bind(after)
        .bind(prefix)
        .bind(end)
        .bind(limit + 1)
        .fetch_all(&state.pool)
        .await?;
    let position = rows.first().ok_or(sqlx::Error::RowNotFound)?.read_position;
    let has_more = rows.len() as i64 > limit;
    rows.truncate(usize::try_from(limit).unwrap_or_default());
    let last = rows.last().filter(|_| has_more);
    let next = last
        .and_then(|last| last.number)
        .map(|number| number.to_string());
    let users = to_views(&state, &people, rows).await?;
    guard.respond(position, &AdminUserPage { users, next })
}

/// Parses the number after which a page starts.
pub(super) fn parse_number(after: Option<&str>) -> Result<i64, Problem> {
    match params::non_empty(after) {
        None => Ok(0),
        Some(text) => text
            .parse()
            .map_err(|_| Problem::malformed("after", "expected the `next` of a page")),
    }
}

/// Finds a user.
pub(super) async fn find_user(state: &ReadState, user: &str) -> Result<AdminUserRow, QueryError> {
    let row = sqlx::query_as(FIND).bind(user).fetch_one(&state.pool);
    Ok(row.await?)
}

/// What the rows show, except those without a user.
pub(super) async fn to_views(
    state: &ReadState,
    people: &PeopleState,
    rows: Vec<AdminUserRow>,
) -> Result<Vec<AdminUser>, QueryError> {
    let users = rows.iter().filter_map(|row| {
        let name = row.name.clone()?;
        Some((name, row.first_joined))
    });
    let created = state.reader.known_since(&users.collect::<Vec<_>>()).await?;
    let rows = rows.into_iter().filter(|row| row.name.is_some());
    let views = rows.zip(created).map(|(row, created_at)| {
        let id = row.name.unwrap_or_default();
        let online = people.presence.is_online(&id);
        let now_online = online.then(OffsetDateTime::now_utc);
        Ok(AdminUser {
            display_name: row.display_name,
            avatar: row.avatar,
            about: row.about,
            locale: row.locale,
            custom: row.custom.map(parse_json).transpose()?,
            kind: row.kind.unwrap_or_default(),
            deactivated: row.deactivated.unwrap_or_default(),
            created_at,
            last_seen: now_online.or(row.seen_at).map(Timestamp::from),
            online,
            restriction: parse_restriction(row.restriction.as_deref())?,
            id,
        })
    });
    views.collect()
}

/// The restriction that is stored, unless it has ended.
fn parse_restriction(stored: Option<&str>) -> Result<Option<UserRestrictionView>, QueryError> {
    let Some(text) = stored else { return Ok(None) };
    let restricted: UserRestricted =
        serde_json::from_str(text).map_err(|error| QueryError::Corrupt {
            value: "a restriction",
            reason: error.to_string(),
        })?;
    Ok(restricted.is_in_force(now()).then(|| UserRestrictionView {
        kind: restricted.kind.as_str(),
        until: restricted.until,
        reason: restricted.reason,
        by: restricted.by.into(),
    }))
}
