//! `GET /v1/admin/users/{user}`: everything that the system knows of a user besides what they
//! wrote.

use axum::extract::State;
use axum::response::Response;
use domain::time::Timestamp;
use http_edge::{Admin, Path, Problem, Query};
use serde::{Deserialize, Serialize};
use sqlx::types::time::OffsetDateTime;
use utoipa::{IntoParams, ToSchema};

use super::admin_users::{AdminUser, find_user, parse_number, to_views};
use crate::consistency::min_position::MinPosition;
use crate::consistency::position_params::MinPositionParams;
use crate::consistency::read_state::ReadState;
use crate::docs::{AdminProblem, CallerProblems, NotFoundProblem};
use crate::error::{EndpointError, QueryError};
use crate::params::PageLimit;
use crate::people::PeopleState;

/// The number of conversations per page.
const PAGE_LIMIT: PageLimit = PageLimit {
    default: 50,
    max: 200,
};

/// The maximum number of devices and of restrictions in conversations.
const MAX_LISTED: i64 = 200;

/// A user with what belongs to them.
#[derive(Debug, Serialize, ToSchema)]
pub struct AdminUserDetails {
    /// The user.
    #[serde(flatten)]
    pub user: AdminUser,
    /// How much there is of the user.
    pub counts: UserCounts,
    /// The devices that have acknowledged something, those that did last first; at most 200.
    pub devices: Vec<UserDevice>,
    /// What the user may not do at the moment, everywhere and in conversations; at most 201.
    pub restrictions: Vec<PlacedRestriction>,
    /// A page of the conversations that the user is a member of.
    pub conversations: Vec<UserConversation>,
    /// The cursor of the next page of conversations; null at the end.
    #[schema(required = true)]
    pub next: Option<String>,
}

/// How much there is of a user.
#[derive(Debug, Serialize, ToSchema, sqlx::FromRow)]
pub struct UserCounts {
    /// The conversations that the user is a member of.
    pub conversations: i64,
    /// The messages that the user has sent and that are not recalled.
    pub messages: i64,
    /// The contacts of the user.
    pub contacts: i64,
    /// The users whom the user blocks.
    pub blocked: i64,
    /// The devices of the user.
    pub devices: i64,
}

/// A device of a user.
#[derive(Debug, Serialize, ToSchema)]
pub struct UserDevice {
    /// The device.
    pub device: String,
    /// The log position up to which it has received everything.
    pub cursor: i64,
    /// When it acknowledged that.
    #[schema(value_type = String, format = DateTime)]
    pub acked_at: Timestamp,
}

/// What a user may not do, and where.
#[derive(Debug, Serialize, ToSchema)]
pub struct PlacedRestriction {
    /// `silenced` or `banned`.
    pub kind: String,
    /// The conversation; null for everywhere.
    #[schema(required = true)]
    pub conversation_id: Option<String>,
    /// When it ends by itself; null if it does not.
    #[schema(required = true, value_type = Option<String>, format = DateTime)]
    pub until: Option<Timestamp>,
    /// The reason that was given.
    #[schema(required = true)]
    pub reason: Option<String>,
    /// Who did it.
    pub by: String,
}

/// A conversation of a user.
#[derive(Debug, Serialize, ToSchema)]
pub struct UserConversation {
    /// The conversation.
    pub id: String,
    /// `direct` or `group`.
    pub kind: String,
    /// The title of a group.
    #[schema(required = true)]
    pub title: Option<String>,
    /// The role of the user.
    pub role: String,
    /// When the user joined.
    #[schema(value_type = String, format = DateTime)]
    pub joined_at: Timestamp,
    /// The number of members.
    pub member_count: i64,
    /// The sort key.
    #[serde(skip)]
    number: i64,
}

/// Selects the page of conversations.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AdminUserParams {
    /// The maximum number of conversations.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 200, default = 50)]
    limit: Option<String>,
    /// The `next` of the previous page.
    #[param(example = "0")]
    after: Option<String>,
}

/// Binds the number of the user.
const COUNTS: &str = "SELECT
    (SELECT count(*) FROM read.members m WHERE m.user_id = $1 AND m.present) AS conversations,
    (SELECT count(*) FROM read.messages m WHERE m.sender = $1 AND NOT m.recalled) AS messages,
    (SELECT count(*) FROM read.contacts x WHERE x.user_id = $1 AND x.state = 'contact') AS contacts,
    (SELECT count(*) FROM read.blocks b WHERE b.user_id = $1) AS blocked,
    (SELECT count(*) FROM read.devices d WHERE d.user_id = $1) AS devices";

/// Binds the number of the user and the number of rows.
const DEVICES: &str = "SELECT d.device, d.cursor, d.acked_at FROM read.devices d
    WHERE d.user_id = $1 ORDER BY d.position DESC LIMIT $2";

/// Binds the number of the user and the number of rows.
const SANCTIONS: &str = "SELECT x.kind, c.name, x.until, x.reason, x.by FROM (
        SELECT 'silenced' AS kind, s.conversation, s.until, s.reason, s.by, s.position
        FROM read.silences s WHERE s.user_id = $1
        UNION ALL SELECT 'banned', b.conversation, b.until, b.reason, b.by, b.position
        FROM read.bans b WHERE b.user_id = $1) x
    JOIN read.conversations c ON c.id = x.conversation
    WHERE x.until IS NULL OR x.until > now() ORDER BY x.position DESC LIMIT $2";

/// Binds the number of the user, the conversation after which the page starts, and the number of
/// rows.
const CONVERSATIONS: &str =
    "SELECT c.name, c.kind, c.title, m.role, m.joined_at, c.member_count, c.id
    FROM read.members m JOIN read.conversations c ON c.id = m.conversation
    WHERE m.user_id = $1 AND m.present AND m.conversation > $2 ORDER BY m.conversation LIMIT $3";

type UserSanctionRow = (
    String,
    String,
    Option<OffsetDateTime>,
    Option<String>,
    String,
);

type UserConversationRow = (
    String,
    String,
    Option<String>,
    String,
    OffsetDateTime,
    i64,
    i64,
);

/// Returns everything that the system knows of a user besides what they wrote: the profile, since
/// when the log knows them, when they were online last, their devices, restrictions and
/// conversations.
#[utoipa::path(
    get, path = "/v1/admin/users/{user}", operation_id = "get_admin_user", tag = "admin",
    params(("user" = String, Path, description = "The user.", example = "bob"), AdminUserParams,
           MinPositionParams),
    responses(
        (status = 200, description = "The user.", body = AdminUserDetails,
         headers(("Tidings-Position" = i64, description = "The log position of the read model."),
                 ("Tidings-Cursor" = String, description = "The cursor of that position."))),
        CallerProblems,
        AdminProblem,
        NotFoundProblem,
    ),
)]
pub async fn get_admin_user(
    State(state): State<ReadState>,
    State(people): State<PeopleState>,
    _admin: Admin,
    Path(user): Path<String>,
    Query(query): Query<AdminUserParams>,
    min_position: MinPosition,
) -> Result<Response, EndpointError> {
    let limit = PAGE_LIMIT.parse(query.limit.as_deref())?;
    let after = parse_number(query.after.as_deref())?;
    if user.contains('\0') {
        return Err(Problem::not_found().into());
    }
    let guard = min_position.wait().await?;
    let row = find_user(&state, &user).await?;
    let (position, number) = (row.read_position, row.number);
    let found = to_views(&state, &people, vec![row]).await?.pop();
    let details = match (found, number) {
        (Some(user), Some(number)) => Some(load_details(&state, user, number, after, limit).await?),
        _ => None,
    };
    guard.respond_or_not_found(position, details.as_ref())
}

async fn load_details(
    state: &ReadState,
    user: AdminUser,
    number: i64,
    after: i64,
    limit: i64,
) -> Result<AdminUserDetails, QueryError> {
    let counts: UserCounts = sqlx::query_as(COUNTS)
        .bind(number)
        .fetch_one(&state.pool)
        .await?;
    let devices: Vec<(String, i64, OffsetDateTime)> = sqlx::query_as(DEVICES)
        .bind(number)
        .bind(MAX_LISTED)
        .fetch_all(&state.pool)
        .await?;
    let devices = devices
        .into_iter()
        .map(|(device, cursor, acked_at)| UserDevice {
            device,
            cursor,
            acked_at: acked_at.into(),
        });
    let restrictions = load_restrictions(state, &user, number).await?;
    let (conversations, next) = load_conversations(state, number, after, limit).await?;
    Ok(AdminUserDetails {
        user,
        counts,
        devices: devices.collect(),
        restrictions,
        conversations,
        next,
    })
}

/// The restriction everywhere, then those in conversations, the newest first.
async fn load_restrictions(
    state: &ReadState,
    user: &AdminUser,
    number: i64,
) -> Result<Vec<PlacedRestriction>, QueryError> {
    let rows: Vec<UserSanctionRow> = sqlx::query_as(SANCTIONS)
        .bind(number)
        .bind(MAX_LISTED)
        .fetch_all(&state.pool)
        .await?;
    let everywhere = user
        .restriction
        .iter()
        .map(|restriction| PlacedRestriction {
            kind: restriction.kind.to_owned(),
            conversation_id: None,
            until: restriction.until,
            reason: restriction.reason.clone(),
            by: restriction.by.clone(),
        });
    let placed =
        rows.into_iter().map(
            |(kind, conversation, until, reason, by)| PlacedRestriction {
                kind,
                conversation_id: Some(conversation),
                until: until.map(Timestamp::from),
                reason,
                by,
            },
        );
    Ok(everywhere.chain(placed).collect())
}

/// A page of the conversations, and the cursor of the next one.
async fn load_conversations(
    state: &ReadState,
    number: i64,
    after: i64,
    limit: i64,
) -> Result<(Vec<UserConversation>, Option<String>), QueryError> {
    let rows: Vec<UserConversationRow> = sqlx::query_as(CONVERSATIONS)
        .bind(number)
        .bind(after)
        .bind(limit + 1)
        .fetch_all(&state.pool)
        .await?;
    let has_more = rows.len() as i64 > limit;
    let conversations: Vec<UserConversation> = rows
        .into_iter()
        .take(usize::try_from(limit).unwrap_or_default())
        .map(
            |(id, kind, title, role, joined_at, member_count, number)| UserConversation {
                id,
                kind,
                title,
                role,
                joined_at: joined_at.into(),
                member_count,
                number,
            },
        )
        .collect();
    let last = conversations.last().filter(|_| has_more);
    let next = last.map(|last| last.number.to_string());
    Ok((conversations, next))
}
