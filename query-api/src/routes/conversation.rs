//! `GET /v1/conversations/{id}`: one conversation and the caller's membership in it.

use axum::response::Response;
use domain::conversation::settings::ConversationPolicy;
use domain::time::Timestamp;
use http_edge::Path;
use http_edge::schema::{ConversationKindSchema, HistorySchema, RoleSchema};
use serde::Serialize;
use sqlx::types::time::OffsetDateTime;
use utoipa::ToSchema;

use crate::consistency::as_of::ReadContext;
use crate::consistency::position_params::{AsOfParams, MinPositionParams};
use crate::docs::{CallerProblems, NotFoundProblem};
use crate::error::EndpointError;
use crate::params;
use crate::routes::conversation_query::ConversationQuery;
use crate::routes::policy::{self, PolicySchema};
use crate::sql::as_of_sql::TemporalStatement;
use crate::sql::visibility::membership;

/// A conversation.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Conversation)]
pub struct ConversationView {
    /// The id of the conversation.
    pub id: String,
    /// Whether it is a direct conversation or a group.
    #[schema(value_type = ConversationKindSchema)]
    pub kind: String,
    /// The title of a group; null if it has none.
    #[schema(required = true)]
    pub title: Option<String>,
    /// Which earlier messages new members can see.
    #[schema(value_type = HistorySchema)]
    pub history: String,
    /// When it was created.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// The current number of members.
    pub member_count: i64,
    /// The seq of the newest message; 0 without messages.
    pub head_seq: i64,
    /// What the owner and admins have set.
    #[schema(value_type = PolicySchema)]
    pub policy: ConversationPolicy,
    /// The caller's membership.
    pub my: OwnMembership,
}

/// The caller's membership in a conversation.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MyPlace)]
pub struct OwnMembership {
    /// The role of the caller.
    #[schema(value_type = RoleSchema)]
    pub role: String,
    /// The caller's read mark.
    pub read_seq: i64,
    /// The newest seq when the caller last joined.
    pub joined_seq: i64,
    /// Whether it is excluded from the total unread count.
    pub muted: bool,
    /// Whether it is listed first in the inbox.
    pub pinned: bool,
    /// Whether it is hidden from the inbox.
    pub archived: bool,
    /// Present only when false: while the conversation is muted or archived, mentions of the caller
    /// cause no notification.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = bool, required = false)]
    pub mentions: Option<bool>,
}

/// Binds the caller and the conversation. Returns one row of nulls if the caller is not a member,
/// and no row if there is no read model.
static CONVERSATION: TemporalStatement = TemporalStatement::new(concat!(
    "WITH ", membership!(), "
    SELECT k.position, t.name, t.kind, CASE WHEN t.kind <> 'direct' THEN t.title END AS title, t.history,
           t.created_at, t.member_count, t.head_seq, t.role, t.read_seq, t.joined_seq, t.muted, t.pinned,
           t.archived, t.mentions,
           (SELECT p.policy FROM read.policies p WHERE p.conversation = t.conversation
            ORDER BY p.position DESC LIMIT 1) AS policy
    FROM read.checkpoint k LEFT JOIN membership t ON true"
));

#[derive(sqlx::FromRow)]
struct Row {
    position: i64,
    name: Option<String>,
    kind: Option<String>,
    title: Option<String>,
    history: Option<String>,
    created_at: Option<OffsetDateTime>,
    member_count: Option<i64>,
    head_seq: Option<i64>,
    role: Option<String>,
    read_seq: Option<i64>,
    joined_seq: Option<i64>,
    muted: Option<bool>,
    pinned: Option<bool>,
    archived: Option<bool>,
    mentions: Option<bool>,
    policy: Option<String>,
}

/// Returns one conversation.
#[utoipa::path(
    get, path = "/v1/conversations/{id}", operation_id = "get_conversation", tag = "conversations",
    params(("id" = String, Path, description = "The conversation.", example = "lunch"), AsOfParams, MinPositionParams),
    responses(
        (status = 200, description = "The conversation.", body = ConversationView,
         headers(("Tidings-Position" = i64, description = "The log position of the read model."),
                 ("Tidings-Cursor" = String, description = "The cursor of that position."))),
        CallerProblems,
        NotFoundProblem,
    ),
)]
pub async fn get_conversation(
    Path(id): Path<String>,
    context: ReadContext,
) -> Result<Response, EndpointError> {
    let id = params::parse_conversation_id(&id)?;
    let query = ConversationQuery::begin(context, id).await?;
    let rows: Vec<Row> = query.fetch_all(&CONVERSATION, &[]).await?;
    let position = rows.first().ok_or(sqlx::Error::RowNotFound)?.position;
    let policy = policy::parse(rows.first().and_then(|row| row.policy.as_deref()))?;
    let found = rows.into_iter().next();
    let conversation = found.and_then(|row| row.into_conversation(policy));
    query
        .snapshot
        .respond_or_not_found(position, conversation.as_ref())
}

impl Row {
    fn into_conversation(self, policy: ConversationPolicy) -> Option<ConversationView> {
        Some(ConversationView {
            id: self.name?,
            kind: self.kind?,
            title: self.title,
            history: self.history?,
            created_at: self.created_at?.into(),
            member_count: self.member_count?,
            head_seq: self.head_seq?,
            policy,
            my: OwnMembership {
                role: self.role?,
                read_seq: self.read_seq?,
                joined_seq: self.joined_seq?,
                muted: self.muted?,
                pinned: self.pinned?,
                archived: self.archived?,
                mentions: self.mentions.filter(|mentions| !mentions),
            },
        })
    }
}
