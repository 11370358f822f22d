//! `GET /v1/admin/conversations/{id}/members`: the members of any conversation, for administrators.

use axum::extract::State;
use axum::response::Response;
use domain::time::Timestamp;
use http_edge::schema::RoleSchema;
use http_edge::{Admin, Path, Query};
use serde::{Deserialize, Serialize};
use sqlx::types::time::OffsetDateTime;
use utoipa::{IntoParams, ToSchema};

use crate::consistency::min_position::MinPosition;
use crate::consistency::position_params::MinPositionParams;
use crate::consistency::read_state::ReadState;
use crate::cursor::CursorCodec;
use crate::docs::{AdminProblem, CallerProblems, NotFoundProblem};
use crate::error::EndpointError;
use crate::params::{self, PageLimit};

/// The number of members per page.
const PAGE_LIMIT: PageLimit = PageLimit {
    default: 100,
    max: 1_000,
};

/// Selects the page.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ConversationMembersParams {
    /// The maximum number of members.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 1000, default = 100)]
    limit: Option<String>,
    /// The `next` of the previous page.
    after: Option<String>,
}

/// A page of the members of a conversation.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ConversationMembers)]
pub struct ConversationMembersPage {
    /// The members, in the order of joining.
    pub members: Vec<ConversationMemberView>,
    /// The cursor of the next page; null at the end.
    #[schema(required = true)]
    pub next: Option<String>,
}

/// A member of a conversation, as administrators see them.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ConversationMember)]
pub struct ConversationMemberView {
    /// The user.
    pub user: String,
    /// The name that others see; null if the user has not chosen one.
    #[schema(required = true)]
    pub display_name: Option<String>,
    /// The role of the member.
    #[schema(value_type = RoleSchema)]
    pub role: String,
    /// When the user last joined.
    #[schema(value_type = String, format = DateTime)]
    pub joined_at: Timestamp,
    /// The sort key.
    #[serde(skip)]
    joined_order: i64,
}

/// Binds the conversation, the `joined_order` after which the page starts, and the number of
/// members. Without a member, all columns but the first two are null.
const LIST: &str = "SELECT k.position AS read_position, c.id IS NOT NULL AS is_known, p.*
    FROM read.checkpoint k LEFT JOIN read.conversations c ON c.name = $1
    LEFT JOIN LATERAL (
        SELECT u.name, f.display_name, m.role, m.joined_at, m.joined_order
        FROM read.members m JOIN read.users u ON u.id = m.user_id
        LEFT JOIN read.profiles f ON f.user_id = u.id
        WHERE m.conversation = c.id AND m.present AND m.joined_order > $2
        ORDER BY m.joined_order LIMIT $3) p ON true
    ORDER BY p.joined_order";

/// A row of [`LIST`].
#[derive(sqlx::FromRow)]
struct ConversationMemberRow {
    read_position: i64,
    is_known: bool,
    name: Option<String>,
    display_name: Option<String>,
    role: Option<String>,
    joined_at: Option<OffsetDateTime>,
    joined_order: Option<i64>,
}

/// Returns the members of a conversation, whether the administrator is one of them or not.
#[utoipa::path(
    get, path = "/v1/admin/conversations/{id}/members", operation_id = "list_conversation_members", tag = "admin",
    params(("id" = String, Path, description = "The conversation.", example = "lunch"),
           ConversationMembersParams, MinPositionParams),
    responses(
        (status = 200, description = "A page of members.", body = ConversationMembersPage,
         headers(("Tidings-Position" = i64, description = "The log position of the read model."),
                 ("Tidings-Cursor" = String, description = "The cursor of that position."))),
        CallerProblems,
        NotFoundProblem,
        AdminProblem,
    ),
)]
pub async fn list_conversation_members(
    State(state): State<ReadState>,
    _admin: Admin,
    Path(id): Path<String>,
    Query(query): Query<ConversationMembersParams>,
    min_position: MinPosition,
) -> Result<Response, EndpointError> {
    let limit = PAGE_LIMIT.parse(query.limit.as_deref())?;
    let id = params::parse_conversation_id(&id)?;
    let codec = CursorCodec {
        listing: "conversation_members",
        scope: &[id.as_str()],
    };
    let after = codec.parse_key::<1>("after", query.after.as_deref())?;
    let [after] = after.unwrap_or([0]);
    let guard = min_position.wait().await?;
    let rows: Vec<ConversationMemberRow> = sqlx::query_as(LIST)
        .bind(id.as_str())
        .bind(after)
        .bind(limit + 1)
        .fetch_all(&state.pool)
        .await?;
    let first = rows.first().ok_or(sqlx::Error::RowNotFound)?;
    let (position, is_known) = (first.read_position, first.is_known);
    let members = rows
        .into_iter()
        .filter_map(ConversationMemberRow::into_view);
    let mut members: Vec<ConversationMemberView> = members.collect();
    let found = members.len();
    let next = codec.end_page(&mut members, limit, found, |member| [member.joined_order]);
    let page = ConversationMembersPage { members, next };
    guard.respond_or_not_found(position, is_known.then_some(&page))
}

impl ConversationMemberRow {
    fn into_view(self) -> Option<ConversationMemberView> {
        Some(ConversationMemberView {
            user: self.name?,
            display_name: self.display_name,
            role: self.role?,
            joined_at: self.joined_at?.into(),
            joined_order: self.joined_order?,
        })
    }
}
