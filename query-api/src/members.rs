//! `GET /v1/conversations/{id}/members`: who is in a conversation, in the order of joining.

use axum::extract::State;
use axum::response::Response;
use domain::time::Timestamp;
use http_edge::{Path, Query};
use serde::{Deserialize, Serialize};
use sqlx::types::time::OffsetDateTime;
use utoipa::{IntoParams, ToSchema};

use crate::cursor::Listing;
use crate::docs::{ConversationProblems, Role};
use crate::failed::Unanswered;
use crate::min_position::MinPositionQuery;
use crate::moment::{Moment, MomentQuery};
use crate::params::{self, Limit};
use crate::past::Statement;
use crate::state::QueryState;
use crate::visibility::seat;

/// Members of one page.
const LIMIT: Limit = Limit {
    default: 100,
    max: 1_000,
};

/// Which page.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct MembersQuery {
    /// How many members at most.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 1000, default = 100)]
    limit: Option<String>,
    /// The `next` of the page before.
    after: Option<String>,
}

/// A page of members.
#[derive(Debug, Serialize, ToSchema)]
pub struct Members {
    /// In the order of joining.
    pub members: Vec<Member>,
    /// Where the next page begins; null at the end.
    #[schema(required = true)]
    pub next: Option<String>,
}

/// Who is in a conversation.
#[derive(Debug, Serialize, ToSchema)]
pub struct Member {
    /// Who.
    pub user: String,
    /// What they may do.
    #[schema(value_type = Role)]
    pub role: String,
    /// When their present stay began.
    #[schema(value_type = String, format = DateTime)]
    pub joined_at: Timestamp,
    /// Their read mark.
    pub read_seq: i64,
}

/// Binds the caller, the conversation, the place in the order of joining after which the page
/// begins, and how many members. Without a seat one row of nulls.
static MEMBERS: Statement = Statement::new(concat!(
    "WITH ", seat!(), "
    SELECT k.position, t.conversation IS NOT NULL AS seated, p.name, p.role, p.joined_at, p.read_seq,
           p.joined_order
    FROM read.checkpoint k LEFT JOIN seat t ON true LEFT JOIN LATERAL (
        SELECT u.name, m.role, m.joined_at, m.read_seq, m.joined_order
        FROM read.members m JOIN read.users u ON u.id = m.user_id
        WHERE m.conversation = t.conversation AND m.present AND m.joined_order > $3
        ORDER BY m.joined_order LIMIT $4) p ON true
    ORDER BY p.joined_order"
));

#[derive(sqlx::FromRow)]
struct Row {
    position: i64,
    seated: bool,
    name: Option<String>,
    role: Option<String>,
    joined_at: Option<OffsetDateTime>,
    read_seq: Option<i64>,
    joined_order: Option<i64>,
}

/// Who is in a conversation.
#[utoipa::path(
    get, path = "/v1/conversations/{id}/members", operation_id = "list_members", tag = "conversations",
    params(("id" = String, Path, description = "The conversation."), MembersQuery, MomentQuery, MinPositionQuery),
    responses(
        (status = 200, description = "A page of members.", body = Members,
         headers(("Tidings-Position" = i64, description = "How far the read model is."))),
        ConversationProblems,
    ),
)]
pub async fn members(
    State(state): State<QueryState>,
    Path(id): Path<String>,
    Query(query): Query<MembersQuery>,
    moment: Moment,
) -> Result<Response, Unanswered> {
    let limit = LIMIT.parse(query.limit.as_deref())?;
    let id = params::conversation(&id)?;
    let user = moment.user().to_owned();
    let listing = Listing {
        name: "members",
        of: &[&user, id.as_str()],
    };
    let [after] = listing
        .key::<1>("after", query.after.as_deref())?
        .unwrap_or([0]);
    let moment = moment.reached().await?;
    let mut rows: Vec<Row> = moment
        .bind_as(
            sqlx::query_as(moment.text(&MEMBERS))
                .bind(&user)
                .bind(id.as_str())
                .bind(after)
                .bind(limit + 1),
        )
        .fetch_all(&state.pool)
        .await?;
    let (position, seated) = rows
        .first()
        .map_or((0, false), |row| (row.position, row.seated));
    let has_more = rows.len() > limit as usize;
    rows.truncate(limit as usize);
    let next = rows
        .last()
        .filter(|_| has_more)
        .and_then(|row| Some(listing.cursor([row.joined_order?])));
    let members = rows.into_iter().filter_map(Row::member).collect();
    moment.found(
        position,
        seated.then_some(Members { members, next }).as_ref(),
    )
}

impl Row {
    fn member(self) -> Option<Member> {
        Some(Member {
            user: self.name?,
            role: self.role?,
            joined_at: self.joined_at?.into(),
            read_seq: self.read_seq?,
        })
    }
}
