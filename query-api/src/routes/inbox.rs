//! `GET /v1/inbox`: the list of conversations that an app shows when it opens.

use axum::response::Response;
use domain::ids::ConversationId;
use domain::time::Timestamp;
use http_edge::schema::{ConversationKindSchema, MessageTypeSchema};
use http_edge::{Problem, Query};
use serde::{Deserialize, Serialize};
use sqlx::types::time::OffsetDateTime;
use utoipa::{IntoParams, ToSchema};

use crate::consistency::as_of::{ReadContext, ReadSnapshot};
use crate::consistency::position_params::{AsOfParams, MinPositionParams};
use crate::cursor::CursorCodec;
use crate::docs::CallerProblems;
use crate::error::EndpointError;
use crate::params::{self, PageLimit};
use crate::plain_reads::count_answer;
use crate::sql::inbox_statements::{INBOX, PLAIN_INBOX};

/// The number of conversations per page.
const PAGE_LIMIT: PageLimit = PageLimit {
    default: 50,
    max: 200,
};

/// The maximum number of conversations that `ids` names.
const MAX_IDS: usize = 100;

/// The maximum length of a preview in code points.
const MAX_PREVIEW_CHARS: i32 = 120;

/// Selects the page.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct InboxParams {
    /// The maximum number of conversations.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 200, default = 50)]
    limit: Option<String>,
    /// The `next` of the previous page.
    after: Option<String>,
    /// `true`: only archived conversations. Otherwise only those that are not archived.
    #[param(value_type = Option<bool>, default = false)]
    archived: Option<String>,
    /// Up to 100 conversation ids, separated by commas: only these conversations, archived or not.
    /// Those of which the caller is not a member are left out. Not allowed together with `limit`,
    /// `after` or `archived`.
    #[param(value_type = Option<String>, example = "lunch")]
    ids: Option<String>,
}

/// A page of the inbox.
#[derive(Debug, Serialize, ToSchema)]
pub struct Inbox {
    /// The conversations: pinned ones first, then by latest activity.
    pub conversations: Vec<InboxConversation>,
    /// The sum of `unread` over all current conversations that are neither muted nor archived,
    /// whether they are on this page or not.
    pub total_unread: i64,
    /// The cursor of the next page; null at the end.
    #[schema(required = true)]
    pub next: Option<String>,
}

/// A conversation in the inbox.
#[derive(Debug, Serialize, ToSchema)]
pub struct InboxConversation {
    /// The id of the conversation.
    pub id: String,
    /// Whether it is a direct conversation or a group.
    #[schema(value_type = ConversationKindSchema)]
    pub kind: String,
    /// The title of a group; null if it has none.
    #[schema(required = true)]
    pub title: Option<String>,
    /// The avatar of a group: the id of a file or an https URL; null if it has none. The avatar of
    /// a direct conversation is that of its peer.
    #[schema(required = true)]
    pub avatar: Option<String>,
    /// The current number of members.
    pub member_count: i64,
    /// The newest message that the caller can see and that is not a control message.
    #[schema(required = true)]
    pub last_message: Option<LastMessage>,
    /// The number of unread messages.
    pub unread: i64,
    /// The number of unread messages that mention the caller.
    pub mentions: i64,
    /// The caller's read mark.
    pub read_seq: i64,
    /// Whether it is excluded from the total.
    pub muted: bool,
    /// Whether it is listed first.
    pub pinned: bool,
    /// Whether it is hidden from the list and excluded from the total.
    pub archived: bool,
    /// The other user of a direct conversation.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false)]
    pub peer: Option<String>,
    /// The sort key: pinned conversations come first, then those with the larger `activity`. It is
    /// the position of the newest message that is not a control message, or of the creation of
    /// the conversation, whether the caller can see that message or not.
    pub activity: i64,
}

/// A summary of the newest message.
#[derive(Debug, Serialize, ToSchema)]
pub struct LastMessage {
    /// The seq of the message.
    pub seq: i64,
    /// The user who sent it.
    pub sender: String,
    /// The type of the message.
    #[serde(rename = "type")]
    #[schema(value_type = MessageTypeSchema)]
    pub kind: String,
    /// The first 120 code points of a text, or of the name of any other message that has one; null
    /// if the message is recalled.
    #[schema(required = true)]
    pub preview: Option<String>,
    /// When it was sent.
    #[schema(value_type = String, format = DateTime)]
    pub sent_at: Timestamp,
    /// Whether the sender recalled it for everyone.
    pub recalled: bool,
}

/// A row of [`INBOX`] or [`PLAIN_INBOX`]. Without any conversation, only those columns are set that
/// are not optional.
#[derive(sqlx::FromRow)]
struct Row {
    position: i64,
    total_unread: i64,
    #[sqlx(default)]
    is_plain: bool,
    name: Option<String>,
    kind: Option<String>,
    title: Option<String>,
    avatar: Option<String>,
    member_count: Option<i64>,
    unread: Option<i64>,
    mentions: Option<i64>,
    read_seq: Option<i64>,
    muted: Option<bool>,
    pinned: Option<bool>,
    archived: Option<bool>,
    activity: Option<i64>,
    peer: Option<String>,
    last_seq: Option<i64>,
    last_type: Option<String>,
    last_sent_at: Option<OffsetDateTime>,
    last_recalled: Option<bool>,
    last_sender: Option<String>,
    last_preview: Option<String>,
}

/// Which conversations a request selects.
enum InboxSelection {
    /// A page of the list, or of the archive.
    Page { limit: i64, archived: bool },
    /// Those with these ids.
    Ids(Vec<String>),
}

/// The rows to read.
struct SelectedRows {
    archived: bool,
    /// The sort key after which the page starts.
    after: Option<[i64; 2]>,
    count: i64,
    ids: Option<Vec<String>>,
}

impl SelectedRows {
    /// Reads them by the statement for plain inboxes, or else by that for all.
    async fn fetch(&self, snapshot: &ReadSnapshot) -> Result<Vec<Row>, sqlx::Error> {
        if snapshot.can_be_plain() && self.ids.is_none() {
            let query = sqlx::query_as(PLAIN_INBOX)
                .bind(snapshot.user())
                .bind(self.archived)
                .bind(self.after.map(|[pinned, _]| pinned == 1))
                .bind(self.after.map(|[_, activity]| activity))
                .bind(self.count)
                .bind(MAX_PREVIEW_CHARS);
            let rows: Vec<Row> = query.fetch_all(snapshot.pool()).await?;
            let is_plain = rows.iter().all(|row| row.is_plain);
            count_answer("inbox", is_plain);
            if is_plain {
                return Ok(rows);
            }
        }
        let query = sqlx::query(snapshot.sql(&INBOX))
            .bind(snapshot.user())
            .bind(self.archived)
            .bind(self.after.map(|[pinned, _]| pinned == 1))
            .bind(self.after.map(|[_, activity]| activity))
            .bind(self.count)
            .bind(MAX_PREVIEW_CHARS)
            .bind(&self.ids);
        snapshot.fetch_all(query).await
    }
}

impl InboxParams {
    fn to_selection(&self) -> Result<InboxSelection, Problem> {
        let Some(ids) = params::non_empty(self.ids.as_deref()) else {
            return Ok(InboxSelection::Page {
                limit: PAGE_LIMIT.parse(self.limit.as_deref())?,
                archived: params::parse_flag("archived", self.archived.as_deref())?,
            });
        };
        let others = [&self.limit, &self.after, &self.archived];
        if others.into_iter().any(Option::is_some) {
            let expected = "ids cannot be combined with limit, after or archived; omit them";
            return Err(Problem::malformed("ids", expected));
        }
        parse_ids(ids).map(InboxSelection::Ids)
    }
}

/// Parses conversation ids that are separated by commas.
fn parse_ids(text: &str) -> Result<Vec<String>, Problem> {
    let ids: Vec<String> = text.split(',').map(str::to_owned).collect();
    let is_valid = |id: &String| ConversationId::parse(id).is_ok();
    if ids.len() > MAX_IDS || !ids.iter().all(is_valid) {
        let expected = format!("expected up to {MAX_IDS} conversation ids, separated by commas");
        return Err(Problem::malformed("ids", expected));
    }
    Ok(ids)
}

/// Returns the caller's conversations and the total unread count.
#[utoipa::path(
    get, path = "/v1/inbox", operation_id = "get_inbox", tag = "inbox",
    params(InboxParams, AsOfParams, MinPositionParams),
    responses(
        (status = 200, description = "A page of conversations.", body = Inbox,
         headers(("Tidings-Position" = i64, description = "The log position of the read model."),
                 ("Tidings-Cursor" = String, description = "The cursor of that position."))),
        CallerProblems,
    ),
)]
pub async fn get_inbox(
    Query(query): Query<InboxParams>,
    context: ReadContext,
) -> Result<Response, EndpointError> {
    let (limit, archived, ids) = match query.to_selection()? {
        InboxSelection::Page { limit, archived } => (limit, archived, None),
        InboxSelection::Ids(ids) => (MAX_IDS as i64, false, Some(ids)),
    };
    let user = context.user().to_owned();
    let codec = CursorCodec {
        listing: if archived { "archive" } else { "inbox" },
        scope: &[&user],
    };
    let after = codec.parse_key::<2>("after", query.after.as_deref())?;
    let snapshot = context.wait().await?;
    let selected = SelectedRows {
        archived,
        after,
        count: limit + 1,
        ids,
    };
    let rows = selected.fetch(&snapshot).await?;
    let first = rows.first().ok_or(sqlx::Error::RowNotFound)?;
    let (position, total_unread) = (first.position, first.total_unread);
    let mut conversations: Vec<InboxConversation> = rows
        .into_iter()
        .filter_map(Row::into_conversation)
        .collect();
    let found = conversations.len();
    let next = codec.end_page(&mut conversations, limit, found, |conversation| {
        [i64::from(conversation.pinned), conversation.activity]
    });
    snapshot.respond(
        position,
        &Inbox {
            conversations,
            total_unread,
            next,
        },
    )
}

impl Row {
    /// Returns `None` for the placeholder row of an empty inbox.
    fn into_conversation(self) -> Option<InboxConversation> {
        let last_message = self
            .last_seq
            .zip(self.last_sent_at)
            .map(|(seq, sent_at)| LastMessage {
                seq,
                sender: self.last_sender.unwrap_or_default(),
                kind: self.last_type.unwrap_or_default(),
                preview: self.last_preview,
                sent_at: sent_at.into(),
                recalled: self.last_recalled.unwrap_or_default(),
            });
        Some(InboxConversation {
            id: self.name?,
            kind: self.kind?,
            title: self.title,
            avatar: self.avatar,
            member_count: self.member_count?,
            last_message,
            unread: self.unread?,
            mentions: self.mentions?,
            read_seq: self.read_seq?,
            muted: self.muted?,
            pinned: self.pinned?,
            archived: self.archived?,
            peer: self.peer,
            activity: self.activity?,
        })
    }
}
