//! `GET .../messages/{seq}/reactions/{key}`: the users who have reacted to a message with one key,
//! in the order of their reactions.

use axum::extract::State;
use axum::response::Response;
use domain::deployment::feature::Feature;
use domain::ids::ReactionKey;
use http_edge::{Path, Problem, Query};
use moderation::LiveRulebook;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::consistency::as_of::ReadContext;
use crate::consistency::position_params::{AsOfParams, MinPositionParams};
use crate::cursor::CursorCodec;
use crate::docs::{CallerProblems, InvalidProblem, NotFoundProblem};
use crate::error::EndpointError;
use crate::params::{PageLimit, parse_message_path};
use crate::routes::conversation_query::ConversationQuery;
use crate::sql::as_of_sql::TemporalStatement;
use crate::sql::visibility::{caller_id, membership};
use crate::switches::require_feature;
use read_model::can_see;

/// The number of users per page.
const PAGE_LIMIT: PageLimit = PageLimit {
    default: 50,
    max: 200,
};

/// Selects the page.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ReactionUsersParams {
    /// The maximum number of users.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 200, default = 50)]
    limit: Option<String>,
    /// The `next` of the previous page.
    after: Option<String>,
}

/// A page of users who have reacted with a key.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ReactionUserPage)]
pub struct ReactionUsersPage {
    /// The number of users on all pages.
    pub count: i64,
    /// Whether the caller is one of them.
    pub mine: bool,
    /// The users, in the order of their reactions.
    pub users: Vec<String>,
    /// The cursor of the next page; null at the end.
    #[schema(required = true)]
    pub next: Option<String>,
}

/// Binds the caller, the conversation, the seq, the position of the reaction after which the page
/// starts, the number of users, and the key. Returns one row of nulls if the message is not visible
/// to the caller.
static REACTION_USERS: TemporalStatement = TemporalStatement::new(concat!(
    "WITH ",
    membership!(),
    ", message AS (
        SELECT g.conversation, g.seq
        FROM membership t JOIN read.messages g ON g.conversation = t.conversation AND g.seq = $3
        WHERE ",
    can_see!("t", "t", "g.seq"),
    "
    )
    SELECT k.position, g.seq IS NOT NULL AS is_visible, n.count, n.mine, p.name, p.reacted_at
    FROM read.checkpoint k LEFT JOIN message g ON true
    LEFT JOIN LATERAL (
        SELECT count(*) AS count, coalesce(bool_or(x.user_id IS NOT DISTINCT FROM ",
    caller_id!(),
    "), false) AS mine
        FROM read.reactions x
        WHERE x.conversation = g.conversation AND x.seq = g.seq AND x.key = $6) n ON true
    LEFT JOIN LATERAL (
        SELECT who.name, y.position AS reacted_at
        FROM (SELECT x.user_id, x.position FROM read.reactions x
              WHERE x.conversation = g.conversation AND x.seq = g.seq AND x.key = $6
                AND x.position > $4
              ORDER BY x.position LIMIT $5) y
        JOIN read.users who ON who.id = y.user_id) p ON true
    ORDER BY p.reacted_at"
));

#[derive(sqlx::FromRow)]
struct Row {
    position: i64,
    is_visible: bool,
    count: Option<i64>,
    mine: Option<bool>,
    name: Option<String>,
    reacted_at: Option<i64>,
}

/// Returns the users who have reacted to a message with a key. A key that nobody has used has none.
#[utoipa::path(
    get, path = "/v1/conversations/{id}/messages/{seq}/reactions/{key}",
    operation_id = "list_reaction_users", tag = "messages",
    params(("id" = String, Path, description = "The conversation.", example = "lunch"),
           ("seq" = i64, Path, minimum = 1, description = "The message.", example = 1),
           ("key" = String, Path, description = "The reaction, 1 to 32 characters.", example = "👍"),
           ReactionUsersParams, AsOfParams, MinPositionParams),
    responses(
        (status = 200, description = "A page of users.", body = ReactionUsersPage,
         headers(("Tidings-Position" = i64, description = "The log position of the read model."),
                 ("Tidings-Cursor" = String, description = "The cursor of that position."))),
        CallerProblems,
        NotFoundProblem,
        InvalidProblem,
    ),
)]
pub async fn list_reaction_users(
    Path((id, seq, key)): Path<(String, String, String)>,
    Query(query): Query<ReactionUsersParams>,
    State(rulebook): State<LiveRulebook>,
    context: ReadContext,
) -> Result<Response, EndpointError> {
    require_feature(&rulebook, Feature::Reactions)?;
    let limit = PAGE_LIMIT.parse(query.limit.as_deref())?;
    let (id, seq) = parse_message_path(&id, &seq)?;
    let key = ReactionKey::parse(&key).map_err(|invalid| Problem::invalid("key", invalid.0))?;
    let (user, number) = (context.user().to_owned(), seq.to_string());
    let codec = CursorCodec {
        listing: "reactions",
        scope: &[&user, id.as_str(), &number, key.as_str()],
    };
    let [after] = codec
        .parse_key::<1>("after", query.after.as_deref())?
        .unwrap_or([0]);
    let query = ConversationQuery::begin(context, id.clone()).await?;
    let bound = query.bind(&REACTION_USERS, &[seq, after, limit + 1]);
    let rows: Vec<Row> = query.snapshot.fetch_all(bound.bind(key.as_str())).await?;
    let Some(first) = rows.first() else {
        return Err(sqlx::Error::RowNotFound.into());
    };
    let (position, is_visible) = (first.position, first.is_visible);
    let (count, mine) = (first.count.unwrap_or(0), first.mine.unwrap_or_default());
    let mut users: Vec<(String, i64)> = rows
        .into_iter()
        .filter_map(|row| row.name.zip(row.reacted_at))
        .collect();
    let found = users.len();
    let next = codec.end_page(&mut users, limit, found, |(_, reacted_at)| [*reacted_at]);
    let page = ReactionUsersPage {
        count,
        mine,
        users: users.into_iter().map(|(name, _)| name).collect(),
        next,
    };
    query
        .snapshot
        .respond_or_not_found(position, is_visible.then_some(page).as_ref())
}
