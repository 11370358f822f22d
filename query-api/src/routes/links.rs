//! `GET /v1/conversations/{id}/links`: the links of a group, for its owner and admins. `GET
//! /v1/links/{code}`: what anyone who has a code gets to see before joining.

use axum::extract::State;
use axum::response::Response;
use domain::ids::ConversationId;
use domain::link_code::{LinkCode, LinkId, LinkSecret};
use domain::time::Timestamp;
use event_log::link_secret;
use http_edge::{Caller, Path, Problem};
use serde::Serialize;
use sqlx::postgres::PgRow;
use sqlx::types::time::OffsetDateTime;
use sqlx::{FromRow, Row as _};
use utoipa::ToSchema;

use crate::consistency::min_position::MinPosition;
use crate::consistency::position_params::MinPositionParams;
use crate::consistency::read_state::ReadState;
use crate::docs::{AdminProblem, CallerProblems, NotFoundProblem};
use crate::error::EndpointError;
use crate::params;
use crate::routes::access_list::{AccessList, AccessListParams, AccessListRequest, standing};
use crate::routes::policy;

/// A page of links.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Links)]
pub struct LinksPage {
    /// The links that were not ended, oldest first.
    pub links: Vec<LinkView>,
    /// The cursor of the next page; null at the end.
    #[schema(required = true)]
    pub next: Option<String>,
}

/// A link.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Link)]
pub struct LinkView {
    /// The code.
    pub code: String,
    /// How many users can join by it; null for any number.
    #[schema(required = true)]
    pub max_uses: Option<i64>,
    /// When it expires; null for never.
    #[schema(value_type = Option<String>, format = DateTime, required = true)]
    pub expires_at: Option<Timestamp>,
    /// How many users have joined by it.
    pub uses: i64,
    /// Whether users can still join by it.
    pub is_live: bool,
    /// The user who created it.
    pub by: String,
    /// When it was created.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// The sort key.
    #[serde(skip)]
    position: i64,
}

impl FromRow<'_, PgRow> for LinkView {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        let expires_at: Option<OffsetDateTime> = row.try_get("expires_at")?;
        Ok(Self {
            code: row.try_get("code")?,
            max_uses: row.try_get("max_uses")?,
            expires_at: expires_at.map(Timestamp::from),
            uses: row.try_get("uses")?,
            is_live: row.try_get("is_live")?,
            by: row.try_get("by")?,
            at: row.try_get::<OffsetDateTime, _>("at")?.into(),
            position: row.try_get("position")?,
        })
    }
}

impl LinksPage {
    /// Replaces the ids of the links, which the read model knows, by their codes.
    fn with_codes(mut self, secret: &LinkSecret, conversation: &ConversationId) -> Self {
        for view in &mut self.links {
            if let Ok(link) = LinkId::parse(&view.code) {
                view.code = LinkCode::derive(secret, &link, conversation).to_string();
            }
        }
        self
    }
}

/// Whether users can join by a link `x` now.
macro_rules! is_live {
    () => {
        "(x.max_uses IS NULL OR x.uses < x.max_uses) AND (x.expires_at IS NULL OR x.expires_at > now())"
    };
}

const LIST: AccessList = AccessList {
    statement: concat!(
        standing!(),
        "LEFT JOIN LATERAL (
            SELECT x.code, x.max_uses, x.expires_at, x.uses, ",
        is_live!(),
        " AS is_live, x.by, x.at, x.position
            FROM read.links x
            WHERE x.conversation = c.id AND x.position > $3 ORDER BY x.position LIMIT $4) p ON true
        ORDER BY p.position"
    ),
    name: "links",
    is_for_moderators: false,
};

/// Returns the links of a group, for its owner and admins.
#[utoipa::path(
    get, path = "/v1/conversations/{id}/links", operation_id = "list_links", tag = "conversations",
    params(("id" = String, Path, description = "The group.", example = "lunch"), AccessListParams, MinPositionParams),
    responses(
        (status = 200, description = "A page of links.", body = LinksPage,
         headers(("Tidings-Position" = i64, description = "The log position of the read model."),
                 ("Tidings-Cursor" = String, description = "The cursor of that position."))),
        CallerProblems,
        NotFoundProblem,
        AdminProblem,
    ),
)]
pub async fn list_links(request: AccessListRequest) -> Result<Response, EndpointError> {
    let secret = link_secret::load(&request.state.pool).await?;
    let conversation = params::parse_conversation_id(&request.id)?;
    let page = |links, next| LinksPage { links, next }.with_codes(&secret, &conversation);
    LIST.respond(request, |item: &LinkView| item.position, page)
        .await
}

/// What a link leads to.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LinkTarget)]
pub struct LinkTargetView {
    /// The title of the group.
    #[schema(required = true)]
    pub title: Option<String>,
    /// Its picture: an https URL, or the id of a file, which only members can see.
    #[schema(required = true)]
    pub avatar: Option<String>,
    /// The number of its members.
    pub member_count: i64,
}

/// Binds the caller, the conversation and the link. The row has nulls if the link cannot be used.
const TARGET: &str = concat!(
    "SELECT k.position, c.title, c.member_count, b.position IS NOT NULL AS is_banned, b.until,
            (SELECT p.policy FROM read.policies p WHERE p.conversation = c.id
             ORDER BY p.position DESC LIMIT 1) AS policy
     FROM read.checkpoint k
     LEFT JOIN (read.conversations c JOIN read.links x ON x.conversation = c.id AND x.code = $3 AND ",
    is_live!(),
    ") ON c.name = $2
     LEFT JOIN read.users u ON u.name = $1
     LEFT JOIN read.bans b ON b.conversation = c.id AND b.user_id = u.id
         AND (b.until IS NULL OR b.until > now())"
);

#[derive(FromRow)]
struct TargetRow {
    position: i64,
    title: Option<String>,
    member_count: Option<i64>,
    is_banned: bool,
    until: Option<OffsetDateTime>,
    policy: Option<String>,
}

/// Returns what a link leads to.
#[utoipa::path(
    get, path = "/v1/links/{code}", operation_id = "get_link", tag = "conversations",
    params(("code" = String, Path, description = "The code of the link.",
            example = "5f3a9c21e0b74d6685f3a9c21e0b74d6.lunch"), MinPositionParams),
    responses(
        (status = 200, description = "The group that the caller can join.", body = LinkTargetView,
         headers(("Tidings-Position" = i64, description = "The log position of the read model."),
                 ("Tidings-Cursor" = String, description = "The cursor of that position."))),
        CallerProblems,
        NotFoundProblem,
        AdminProblem,
    ),
)]
pub async fn get_link(
    State(state): State<ReadState>,
    caller: Caller,
    Path(code): Path<String>,
    min_position: MinPosition,
) -> Result<Response, EndpointError> {
    let parsed = LinkCode::parse(&code).and_then(|code| Ok((code.conversation()?, code)));
    let (conversation, code) = parsed.map_err(|_| Problem::not_found())?;
    let secret = link_secret::load(&state.pool).await?;
    let link = code.verify(&secret).ok_or_else(Problem::not_found)?;
    let guard = min_position.wait().await?;
    let row: TargetRow = sqlx::query_as(TARGET)
        .bind(&caller.user)
        .bind(conversation.as_str())
        .bind(link.as_str())
        .fetch_one(&state.pool)
        .await?;
    let Some(member_count) = row.member_count else {
        return guard.reject(row.position, Problem::not_found());
    };
    if row.is_banned {
        return guard.reject(row.position, banned(row.until));
    }
    let avatar = policy::parse(row.policy.as_deref())?.avatar;
    let target = LinkTargetView {
        title: row.title,
        avatar: avatar.map(String::from),
        member_count,
    };
    guard.respond(row.position, &target)
}

fn banned(until: Option<OffsetDateTime>) -> Problem {
    let problem = Problem::forbidden_with_code(
        "banned",
        "You are banned from this conversation until the ban is lifted or ends.",
    );
    match until.map(Timestamp::from) {
        Some(until) => problem.with_member("until", until.to_string()),
        None => problem,
    }
}
