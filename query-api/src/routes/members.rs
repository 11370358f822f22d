//! `GET /v1/conversations/{id}/members`: the members of a conversation, in the order of joining.

use axum::response::Response;
use domain::time::Timestamp;
use http_edge::schema::RoleSchema;
use http_edge::{Path, Query};
use serde::{Deserialize, Serialize};
use sqlx::types::time::OffsetDateTime;
use utoipa::{IntoParams, ToSchema};

use crate::consistency::as_of::ReadContext;
use crate::consistency::position_params::{AsOfParams, MinPositionParams};
use crate::cursor::CursorCodec;
use crate::docs::{CallerProblems, NotFoundProblem};
use crate::error::EndpointError;
use crate::params::{self, PageLimit};
use crate::routes::conversation_query::ConversationQuery;
use crate::sql::as_of_sql::TemporalStatement;
use crate::sql::visibility::{membership, sees_read_mark};

/// The number of members per page.
const PAGE_LIMIT: PageLimit = PageLimit {
    default: 100,
    max: 1_000,
};

/// Selects the page.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct MembersParams {
    /// The maximum number of members.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 1000, default = 100)]
    limit: Option<String>,
    /// The `next` of the previous page.
    after: Option<String>,
}

/// A page of members.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Members)]
pub struct MembersPage {
    /// The members, in the order of joining.
    pub members: Vec<MemberView>,
    /// The cursor of the next page; null at the end.
    #[schema(required = true)]
    pub next: Option<String>,
}

/// A member of a conversation.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Member)]
pub struct MemberView {
    /// The user.
    pub user: String,
    /// The role of the member.
    #[schema(value_type = RoleSchema)]
    pub role: String,
    /// When the user last joined.
    #[schema(value_type = String, format = DateTime)]
    pub joined_at: Timestamp,
    /// The read mark of the member; null if the member does not show it to the caller.
    #[schema(required = true)]
    pub read_seq: Option<i64>,
    /// The sort key.
    #[serde(skip)]
    joined_order: i64,
}

/// Binds the caller, the conversation, the `joined_order` after which the page starts, and the
/// number of members. Returns one row of nulls if the caller is not a member.
static MEMBERS: TemporalStatement = TemporalStatement::new(concat!(
    "WITH ", membership!(), "
    SELECT k.position, t.conversation IS NOT NULL AS is_member, p.name, p.role, p.joined_at, p.read_seq,
           p.joined_order
    FROM read.checkpoint k LEFT JOIN membership t ON true LEFT JOIN LATERAL (
        SELECT u.name, m.role, m.joined_at,
               CASE WHEN ", sees_read_mark!("t.user_id", "t.kind"), " THEN m.read_seq END AS read_seq, m.joined_order
        FROM read.members m JOIN read.users u ON u.id = m.user_id
        WHERE m.conversation = t.conversation AND m.present AND m.joined_order > $3
        ORDER BY m.joined_order LIMIT $4) p ON true
    ORDER BY p.joined_order"
));

#[derive(sqlx::FromRow)]
struct Row {
    position: i64,
    is_member: bool,
    name: Option<String>,
    role: Option<String>,
    joined_at: Option<OffsetDateTime>,
    read_seq: Option<i64>,
    joined_order: Option<i64>,
}

/// Returns the members of a conversation.
#[utoipa::path(
    get, path = "/v1/conversations/{id}/members", operation_id = "list_members", tag = "conversations",
    params(("id" = String, Path, description = "The conversation.", example = "lunch"), MembersParams, AsOfParams, MinPositionParams),
    responses(
        (status = 200, description = "A page of members.", body = MembersPage,
         headers(("Tidings-Position" = i64, description = "The log position of the read model."),
                 ("Tidings-Cursor" = String, description = "The cursor of that position."))),
        CallerProblems,
        NotFoundProblem,
    ),
)]
pub async fn list_members(
    Path(id): Path<String>,
    Query(query): Query<MembersParams>,
    context: ReadContext,
) -> Result<Response, EndpointError> {
    let limit = PAGE_LIMIT.parse(query.limit.as_deref())?;
    let id = params::parse_conversation_id(&id)?;
    let user = context.user().to_owned();
    let codec = CursorCodec {
        listing: "members",
        scope: &[&user, id.as_str()],
    };
    let [after] = codec
        .parse_key::<1>("after", query.after.as_deref())?
        .unwrap_or([0]);
    let query = ConversationQuery::begin(context, id.clone()).await?;
    let rows: Vec<Row> = query.fetch_all(&MEMBERS, &[after, limit + 1]).await?;
    let first = rows.first().ok_or(sqlx::Error::RowNotFound)?;
    let (position, is_member) = (first.position, first.is_member);
    let mut members: Vec<MemberView> = rows.into_iter().filter_map(Row::into_member).collect();
    let found = members.len();
    let next = codec.end_page(&mut members, limit, found, |member| [member.joined_order]);
    query.snapshot.respond_or_not_found(
        position,
        is_member.then_some(MembersPage { members, next }).as_ref(),
    )
}

impl Row {
    fn into_member(self) -> Option<MemberView> {
        Some(MemberView {
            user: self.name?,
            role: self.role?,
            joined_at: self.joined_at?.into(),
            read_seq: self.read_seq,
            joined_order: self.joined_order?,
        })
    }
}
