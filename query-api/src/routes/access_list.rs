//! What the lists of join requests, invitations, links, silences and bans share: their pages, and
//! who gets them.

use axum::extract::{FromRef, FromRequestParts};
use axum::response::Response;
use domain::ids::ConversationId;
use http::request::Parts;
use http_edge::{Caller, Path, Problem, Query};
use serde::{Deserialize, Serialize};
use sqlx::postgres::PgRow;
use sqlx::{FromRow, Row as _};
use utoipa::IntoParams;

use crate::consistency::min_position::MinPosition;
use crate::consistency::read_state::ReadState;
use crate::cursor::CursorCodec;
use crate::error::EndpointError;
use crate::params::{self, PageLimit};

/// The number of items per page.
const PAGE_LIMIT: PageLimit = PageLimit {
    default: 50,
    max: 200,
};

/// Selects the page.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AccessListParams {
    /// The maximum number of items.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 200, default = 50)]
    limit: Option<String>,
    /// The `next` of the previous page.
    after: Option<String>,
}

/// The beginning of a statement about access to a conversation: the position of the read model, the
/// conversation `c`, and the role of the caller in it. Binds the caller and the conversation.
macro_rules! standing {
    () => {
        "SELECT k.position AS read_position, c.id IS NOT NULL AS is_known,
                (SELECT m.role FROM read.users u JOIN read.members m ON m.user_id = u.id
                 WHERE u.name = $1 AND m.conversation = c.id AND m.present) AS own_role, p.*
         FROM read.checkpoint k LEFT JOIN read.conversations c ON c.name = $2 "
    };
}

pub(crate) use standing;

/// What the caller is to a conversation.
pub struct CallerStanding {
    /// The position of the read model.
    pub position: i64,
    is_known: bool,
    role: Option<String>,
}

impl CallerStanding {
    /// Reads it from the first row of a statement that begins with `standing!`.
    pub fn from_rows(rows: &[PgRow]) -> Result<Self, sqlx::Error> {
        let first = rows.first().ok_or(sqlx::Error::RowNotFound)?;
        Ok(Self {
            position: first.try_get("read_position")?,
            is_known: first.try_get("is_known")?,
            role: first.try_get("own_role")?,
        })
    }

    /// Whether the caller is a member.
    pub fn is_member(&self) -> bool {
        self.role.is_some()
    }

    /// Requires the role owner or admin, or a moderator for what moderators may see.
    pub fn check(&self, by_moderator: bool) -> Result<(), Problem> {
        if by_moderator && self.is_known {
            return Ok(());
        }
        match self.role.as_deref() {
            None => Err(Problem::not_found()),
            Some("owner" | "admin") => Ok(()),
            Some(_) => Err(Problem::forbidden()),
        }
    }
}

/// A list about access to a conversation.
pub struct AccessList {
    /// Binds the caller, the conversation, the position after which the page starts, and the number
    /// of items.
    pub statement: &'static str,
    /// The name of the list, for cursors.
    pub name: &'static str,
    /// Whether moderators who are not members get it.
    pub is_for_moderators: bool,
}

/// A request for a page of such a list. The path names the conversation.
pub struct AccessListRequest {
    pub state: ReadState,
    pub id: String,
    caller: Caller,
    params: AccessListParams,
    min_position: MinPosition,
}

impl<S> FromRequestParts<S> for AccessListRequest
where
    ReadState: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let caller = Caller::from_request_parts(parts, state).await?;
        let Path(id) = Path::from_request_parts(parts, state).await?;
        let Query(params) = Query::from_request_parts(parts, state).await?;
        Ok(Self {
            state: ReadState::from_ref(state),
            caller,
            id,
            params,
            min_position: MinPosition::from_request_parts(parts, state).await?,
        })
    }
}

impl AccessList {
    /// Responds with a page. `position` is the sort key of an item, and `page` puts items and the
    /// cursor of the next page together.
    pub async fn respond<T, P>(
        &self,
        request: AccessListRequest,
        position: fn(&T) -> i64,
        page: impl Fn(Vec<T>, Option<String>) -> P,
    ) -> Result<Response, EndpointError>
    where
        T: Serialize + for<'r> FromRow<'r, PgRow>,
        P: Serialize,
    {
        let AccessListRequest {
            state,
            caller,
            id,
            params,
            min_position,
        } = request;
        let limit = PAGE_LIMIT.parse(params.limit.as_deref())?;
        let id: ConversationId = params::parse_conversation_id(&id)?;
        let codec = CursorCodec {
            listing: self.name,
            scope: &[&caller.user, id.as_str()],
        };
        let [after] = codec
            .parse_key::<1>("after", params.after.as_deref())?
            .unwrap_or([0]);
        let guard = min_position.wait().await?;
        let rows = sqlx::query(self.statement)
            .bind(&caller.user)
            .bind(id.as_str())
            .bind(after)
            .bind(limit + 1)
            .fetch_all(&state.pool)
            .await?;
        let standing = CallerStanding::from_rows(&rows)?;
        if let Err(problem) = standing.check(self.is_for_moderators && caller.is_moderator()) {
            return guard.reject(standing.position, problem);
        }
        let mut items = Vec::with_capacity(rows.len());
        for row in &rows {
            // The statement returns one row of nulls for an empty list.
            if row.try_get::<Option<i64>, _>("position")?.is_some() {
                items.push(T::from_row(row)?);
            }
        }
        let found = items.len();
        let next = codec.end_page(&mut items, limit, found, |item| [position(item)]);
        guard.respond(standing.position, &page(items, next))
    }
}
