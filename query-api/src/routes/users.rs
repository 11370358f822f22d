//! `GET /v1/users/me`, `GET /v1/users/{user}` and `GET /v1/users`: profiles.

use axum::extract::State;
use axum::response::Response;
use http_edge::schema::{ConsentSchema, QuietHoursSchema, UserKindSchema};
use http_edge::{Caller, Path, Problem, Query};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::{IntoParams, ToSchema};

use crate::consistency::min_position::MinPosition;
use crate::consistency::position_params::MinPositionParams;
use crate::cursor::CursorCodec;
use crate::docs::{CallerProblems, InvalidProblem, NotFoundProblem};
use crate::error::EndpointError;
use crate::params::{self, PageLimit};
use crate::people::{PeopleSearch, PeopleState, UserRow, UserView, parse_json, parse_search_text};

/// The number of users per page.
const PAGE_LIMIT: PageLimit = PageLimit {
    default: 50,
    max: 200,
};

/// The maximum number of users that `ids` names.
const MAX_IDS: usize = 100;

/// The caller's own profile and settings.
#[derive(Debug, Serialize, ToSchema)]
pub struct OwnProfile {
    /// The caller.
    pub id: String,
    /// The name that others see; null if the caller has not chosen one.
    #[schema(required = true)]
    pub display_name: Option<String>,
    /// The avatar: the id of a file, or an https URL.
    #[schema(required = true)]
    pub avatar: Option<String>,
    /// What the caller says about themselves.
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
    /// The settings.
    pub settings: SettingsView,
    /// The log position of the read model.
    pub position: i64,
}

/// The settings of the caller.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = UserSettings)]
pub struct SettingsView {
    /// Who may begin a direct conversation.
    #[schema(value_type = ConsentSchema)]
    pub direct_from: String,
    /// Who may add the caller to a group; others invite.
    #[schema(value_type = ConsentSchema)]
    pub groups_from: String,
    /// Whether others see what the caller has read, and the caller what they have read.
    pub read_receipts: bool,
    /// Whether others see when the caller was online last, and the caller when they were.
    pub last_seen: bool,
    /// When the caller does not want to be disturbed.
    #[schema(required = true, value_type = Option<QuietHoursSchema>)]
    pub quiet_hours: Option<Box<RawValue>>,
}

/// Binds the caller, and who may add users to groups who have not chosen that. A user without a
/// profile has the defaults.
const OWN_PROFILE: &str = "SELECT k.position, f.display_name, f.avatar, f.about, f.locale, f.custom,
        coalesce(f.kind, 'user') AS kind, coalesce(f.deactivated, false) AS deactivated,
        coalesce(f.direct_from, 'anyone') AS direct_from,
        CASE WHEN f.groups_from_chosen OR f.groups_from <> 'anyone' THEN f.groups_from ELSE $2 END AS groups_from,
        coalesce(f.read_receipts, true) AS read_receipts, coalesce(f.last_seen, true) AS last_seen,
        f.quiet_hours
    FROM read.checkpoint k LEFT JOIN (
        SELECT p.* FROM read.users u JOIN read.profiles p ON p.user_id = u.id WHERE u.name = $1) f ON true";

#[derive(sqlx::FromRow)]
struct OwnRow {
    position: i64,
    display_name: Option<String>,
    avatar: Option<String>,
    about: Option<String>,
    locale: Option<String>,
    custom: Option<String>,
    kind: String,
    deactivated: bool,
    direct_from: String,
    groups_from: String,
    read_receipts: bool,
    last_seen: bool,
    quiet_hours: Option<String>,
}

/// Returns the caller's own profile and settings. A user who never set up a profile has the
/// defaults.
#[utoipa::path(
    get, path = "/v1/users/me", operation_id = "get_own_profile", tag = "users",
    params(MinPositionParams),
    responses(
        (status = 200, description = "The profile and the settings.", body = OwnProfile,
         headers(("Tidings-Position" = i64, description = "The log position of the read model."),
                 ("Tidings-Cursor" = String, description = "The cursor of that position."))),
        CallerProblems,
    ),
)]
pub async fn get_own_profile(
    State(state): State<PeopleState>,
    caller: Caller,
    min_position: MinPosition,
) -> Result<Response, EndpointError> {
    let guard = min_position.wait().await?;
    let row: OwnRow = sqlx::query_as(OWN_PROFILE)
        .bind(&caller.user)
        .bind(state.groups_from.as_str())
        .fetch_one(&state.pool)
        .await?;
    let profile = OwnProfile {
        id: caller.user,
        display_name: row.display_name,
        avatar: row.avatar,
        about: row.about,
        locale: row.locale,
        custom: row.custom.map(parse_json).transpose()?,
        kind: row.kind,
        deactivated: row.deactivated,
        settings: SettingsView {
            direct_from: row.direct_from,
            groups_from: row.groups_from,
            read_receipts: row.read_receipts,
            last_seen: row.last_seen,
            quiet_hours: row.quiet_hours.map(parse_json).transpose()?,
        },
        position: row.position,
    };
    guard.respond(row.position, &profile)
}

/// Returns what a user shows to others. The caller can see their own profile, and those of users
/// with whom they share a conversation, of their contacts, of users who have asked to be one, of
/// users who ask to join a group of which the caller is the owner or an admin, and of agents of the
/// same service desk; with an open directory, those of all users.
#[utoipa::path(
    get, path = "/v1/users/{user}", operation_id = "get_user", tag = "users",
    params(("user" = String, Path, description = "The user.", example = "bob"), MinPositionParams),
    responses(
        (status = 200, description = "The profile.", body = UserView,
         headers(("Tidings-Position" = i64, description = "The log position of the read model."),
                 ("Tidings-Cursor" = String, description = "The cursor of that position."))),
        CallerProblems,
        NotFoundProblem,
    ),
)]
pub async fn get_user(
    State(state): State<PeopleState>,
    caller: Caller,
    Path(user): Path<String>,
    min_position: MinPosition,
) -> Result<Response, EndpointError> {
    if user.contains('\0') {
        return Err(Problem::not_found().into());
    }
    let guard = min_position.wait().await?;
    let (position, users) = find_users(&state, &caller, &[&user]).await?;
    guard.respond_or_not_found(position, users.first())
}

/// Finds those of the users whom the caller can see.
async fn find_users(
    state: &PeopleState,
    caller: &Caller,
    users: &[&str],
) -> Result<(i64, Vec<UserView>), EndpointError> {
    let rows = state.find(&caller.user, users).await?;
    let position = rows.first().ok_or(sqlx::Error::RowNotFound)?.position;
    let views = rows.into_iter().map(|row| state.to_view(row));
    let mut views: Vec<UserView> = views
        .filter_map(Result::transpose)
        .collect::<Result<_, _>>()?;
    let is_caller = |view: &UserView| view.id == caller.user;
    // Callers see their own profile before the log names them.
    if users.contains(&caller.user.as_str()) && !views.iter().any(is_caller) {
        views.push(UserView::unknown(&caller.user));
    }
    Ok((position, views))
}

/// Which users: either those with these ids, or those found by the beginning of their names.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct UsersParams {
    /// Up to 100 ids, separated by commas.
    #[param(value_type = Option<String>, example = "ann,bob")]
    ids: Option<String>,
    /// What an id, or a word of a display name, begins with. Case, accents, width, and traditional
    /// and simplified Chinese do not matter, as in a search of messages.
    #[param(value_type = Option<String>, example = "an")]
    q: Option<String>,
    /// The maximum number of users for `q`.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 200, default = 50)]
    limit: Option<String>,
    /// The `next` of the previous page for `q`.
    after: Option<String>,
}

/// Some users.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Users)]
pub struct UsersPage {
    /// The users whom the caller can see: by id, or in the order of the names that `q` found.
    pub users: Vec<UserView>,
    /// The cursor of the next page; null at the end.
    #[schema(required = true)]
    pub next: Option<String>,
}

/// Returns profiles: by id, or by the beginning of an id or of a word of a name. Users whom the
/// caller cannot see are left out.
#[utoipa::path(
    get, path = "/v1/users", operation_id = "list_users", tag = "users",
    params(UsersParams, MinPositionParams),
    responses(
        (status = 200, description = "The users.", body = UsersPage,
         headers(("Tidings-Position" = i64, description = "The log position of the read model."),
                 ("Tidings-Cursor" = String, description = "The cursor of that position."))),
        CallerProblems,
        InvalidProblem,
    ),
)]
pub async fn list_users(
    State(state): State<PeopleState>,
    caller: Caller,
    Query(query): Query<UsersParams>,
    min_position: MinPosition,
) -> Result<Response, EndpointError> {
    let limit = PAGE_LIMIT.parse(query.limit.as_deref())?;
    match (&query.ids, &query.q) {
        (Some(ids), None) => {
            let ids = parse_ids(ids)?;
            let guard = min_position.wait().await?;
            let (position, users) = find_users(&state, &caller, &ids).await?;
            guard.respond(position, &UsersPage { users, next: None })
        }
        (None, Some(text)) => {
            let prefix = parse_search_text(text)?;
            let codec = CursorCodec {
                listing: "people",
                scope: &[&caller.user, &prefix],
            };
            let after = codec.parse("after", query.after.as_deref(), from_numbers)?;
            let guard = min_position.wait().await?;
            let search = PeopleSearch {
                prefix: &prefix,
                after: after.unwrap_or_default(),
                limit: limit + 1,
            };
            let mut rows = state.search(&caller.user, search).await?;
            let position = rows.first().ok_or(sqlx::Error::RowNotFound)?.position;
            rows.retain(|row| row.id.is_some());
            // Callers find themselves before the log names them: after all others.
            let is_found =
                parse_search_text(&caller.user).is_ok_and(|key| key.starts_with(&prefix));
            let finds_caller = is_found && !state.is_known(&caller.user).await?;
            let limit = limit as usize;
            let has_more = rows.len() + usize::from(finds_caller) > limit;
            rows.truncate(limit);
            let last = rows.last().filter(|_| has_more);
            let next = last.and_then(to_numbers).map(|key| codec.encode(&key));
            let views = rows.into_iter().map(|row| state.to_view(row));
            let mut users: Vec<UserView> = views
                .filter_map(Result::transpose)
                .collect::<Result<_, _>>()?;
            if finds_caller && !has_more {
                users.push(UserView::unknown(&caller.user));
            }
            guard.respond(position, &UsersPage { users, next })
        }
        _ => Err(Problem::malformed("q", "expected either `ids` or `q`").into()),
    }
}

fn parse_ids(text: &str) -> Result<Vec<&str>, Problem> {
    let ids: Vec<&str> = params::non_empty(Some(text))
        .map(|text| text.split(',').collect())
        .unwrap_or_default();
    if ids.len() > MAX_IDS || text.contains('\0') {
        let expected = format!("expected at most {MAX_IDS} user ids, separated by commas");
        return Err(Problem::malformed("ids", expected));
    }
    Ok(ids)
}

/// The key and the user id of a row, as the numbers of a cursor. A key has no U+0000, so it can be
/// filled up with zeros.
fn to_numbers(row: &UserRow) -> Option<Vec<i64>> {
    let chunks = row.key.as_deref()?.as_bytes().chunks(8);
    let number = |chunk: &[u8]| {
        let mut bytes = [0; 8];
        bytes[..chunk.len()].copy_from_slice(chunk);
        i64::from_be_bytes(bytes)
    };
    Some([row.id?].into_iter().chain(chunks.map(number)).collect())
}

fn from_numbers(numbers: &[i64]) -> Option<(String, i64)> {
    let (user, key) = numbers.split_first()?;
    let mut bytes: Vec<u8> = key.iter().flat_map(|part| part.to_be_bytes()).collect();
    while bytes.last() == Some(&0) {
        bytes.pop();
    }
    Some((String::from_utf8(bytes).ok()?, *user))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_separated_by_commas_and_bounded() {
        assert_eq!(parse_ids("ann,bob").ok(), Some(vec!["ann", "bob"]));
        assert_eq!(parse_ids("").ok(), Some(vec![]));
        assert!(parse_ids(&vec!["a"; 100].join(",")).is_ok());
        assert!(parse_ids(&vec!["a"; 101].join(",")).is_err());
    }

    #[test]
    fn a_cursor_holds_the_whole_key() {
        for key in ["a", "12345678", "zo\u{eb} o'brien"] {
            let mut numbers = vec![7];
            let chunks = key.as_bytes().chunks(8).map(|chunk| {
                let mut bytes = [0; 8];
                bytes[..chunk.len()].copy_from_slice(chunk);
                i64::from_be_bytes(bytes)
            });
            numbers.extend(chunks);
            assert_eq!(from_numbers(&numbers), Some((key.to_owned(), 7)));
        }
    }
}
