//! `GET /v1/files` and `GET /v1/files/{id}`: what is known of files.

use axum::extract::State;
use axum::response::Response;
use domain::ids::FileId;
use domain::time::Timestamp;
use file_store::{Previews, Staging, UploadKey};
use http_edge::{Caller, Path, Problem, Query};
use serde::{Deserialize, Serialize};
use sqlx::types::time::OffsetDateTime;
use utoipa::{IntoParams, ToSchema};

use crate::consistency::min_position::MinPosition;
use crate::consistency::position_params::MinPositionParams;
use crate::consistency::read_state::ReadState;
use crate::cursor::CursorCodec;
use crate::docs::{CallerProblems, NotFoundProblem};
use crate::error::EndpointError;
use crate::params::PageLimit;
use crate::people::{Directory, PeopleState};
use crate::sql::visibility::{caller_id, sees_profile};

/// The number of files per page.
const PAGE_LIMIT: PageLimit = PageLimit {
    default: 50,
    max: 200,
};

/// Whether the bytes of a file are there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = FileState)]
pub enum FileStateView {
    /// They are expected.
    Reserved,
    /// Some of them have arrived.
    Partial,
    /// They are there.
    Stored,
}

/// A file.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = File)]
pub struct FileView {
    /// The id of the file.
    pub id: String,
    /// The user who uploads or has uploaded it.
    pub uploader: String,
    /// Its name; null once it is erased.
    #[schema(required = true)]
    pub name: Option<String>,
    /// Whether the bytes are there.
    pub state: FileStateView,
    /// The media type that the bytes have, whatever the client declared; null until they are there.
    #[serde(rename = "type")]
    #[schema(required = true)]
    pub media_type: Option<String>,
    /// The media type that the client declared.
    pub declared_type: String,
    /// The size in bytes.
    #[schema(minimum = 0)]
    pub size: i64,
    /// How many bytes have arrived, as far as this server knows: an upload continues there.
    #[schema(minimum = 0)]
    pub received: i64,
    /// The SHA-256 of the bytes; null until they are there.
    #[schema(required = true)]
    pub sha256: Option<String>,
    /// The width of an image in pixels, as its header says.
    #[schema(required = true)]
    pub width: Option<i64>,
    /// The height of an image in pixels, as its header says.
    #[schema(required = true)]
    pub height: Option<i64>,
    /// When the upload began.
    #[schema(value_type = String, format = DateTime)]
    pub reserved_at: Timestamp,
    /// When the bytes were stored.
    #[schema(value_type = Option<String>, format = DateTime, required = true)]
    pub stored_at: Option<Timestamp>,
    /// When the upload expires; null once the bytes are there.
    #[schema(value_type = Option<String>, format = DateTime, required = true)]
    pub expires_at: Option<Timestamp>,
    /// The position of the reservation, which orders the list.
    #[serde(skip)]
    position: i64,
}

/// Some of the caller's files.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Files)]
pub struct FilesPage {
    /// The files, newest first.
    pub files: Vec<FileView>,
    /// The cursor of the next page; null at the end.
    #[schema(required = true)]
    pub next: Option<String>,
}

/// Selects the page.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct FilesParams {
    /// The maximum number of files.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 200, default = 50)]
    limit: Option<String>,
    /// The `next` of the previous page.
    after: Option<String>,
}

impl FileView {
    /// Adds what has arrived of an upload that is not complete. The bytes are staged at one process
    /// of a fleet; at another one, nothing is known to have arrived.
    async fn note_received(&mut self, staging: &Staging) {
        if self.state != FileStateView::Reserved {
            return;
        }
        let Some(key) = UploadKey::parse(&self.id) else {
            return;
        };
        let received = staging.received(key).await.unwrap_or_else(|error| {
            tracing::warn!(%error, "cannot say how much of an upload has arrived");
            0
        });
        if received > 0 {
            self.state = FileStateView::Partial;
            self.received = i64::try_from(received).unwrap_or(self.size);
        }
    }
}

/// A row of `read.files`, or nulls, with the position of the read model.
#[derive(sqlx::FromRow)]
pub(super) struct FileRow {
    pub(super) read_position: i64,
    id: Option<String>,
    position: Option<i64>,
    uploader: Option<String>,
    name: Option<String>,
    phase: Option<String>,
    #[sqlx(rename = "type")]
    media_type: Option<String>,
    declared_type: Option<String>,
    size: Option<i64>,
    sha256: Option<String>,
    width: Option<i64>,
    height: Option<i64>,
    reserved_at: Option<OffsetDateTime>,
    stored_at: Option<OffsetDateTime>,
    expires_at: Option<OffsetDateTime>,
}

/// The columns of [`FileRow`].
macro_rules! file_columns {
    () => {
        "k.position AS read_position, f.id, f.position, f.uploader, f.name, f.phase, f.type,
         f.declared_type, f.size, f.sha256, f.width, f.height, f.reserved_at, f.stored_at, f.expires_at"
    };
}

/// The file with the id `$3`, if the caller, whose name is `$1`, can see it: they have uploaded it,
/// can see a message that uses it or the profile of a user whose avatar it is, or are a member of a
/// conversation whose avatar it is. `$2` says whether the directory is open.
const FIND: &str = concat!(
    "SELECT ",
    file_columns!(),
    " FROM read.checkpoint k LEFT JOIN read.files f ON f.id = $3 AND (f.uploader = $1 OR EXISTS (
        SELECT FROM read.users me
        JOIN read.messages g ON g.file = f.id AND NOT g.recalled
        JOIN read.conversations c ON c.id = g.conversation
        JOIN read.members m ON m.conversation = g.conversation AND m.user_id = me.id AND m.present
        WHERE me.name = $1 AND ",
    read_model::can_see!("m", "c", "g.seq"),
    ") OR EXISTS (SELECT FROM ",
    read_model::user_avatars!(),
    " a JOIN read.users u ON u.id = a.user_id WHERE a.file = f.id AND ",
    sees_profile!(),
    ") OR EXISTS (SELECT FROM ",
    read_model::conversation_avatars!(),
    " a JOIN read.members m ON m.conversation = a.conversation AND m.present
        WHERE a.file = f.id AND m.user_id = ",
    caller_id!(),
    "))"
);

const LIST: &str = concat!(
    "SELECT ",
    file_columns!(),
    " FROM read.checkpoint k LEFT JOIN (
        SELECT * FROM read.files f WHERE f.uploader = $1 AND f.position < $2
        ORDER BY f.position DESC LIMIT $3) f ON true
     ORDER BY f.position DESC"
);

/// Finds a file that the caller can see. The read model must have the position that the caller
/// needs.
pub(super) async fn find(
    people: &PeopleState,
    caller: &str,
    id: &str,
) -> Result<(i64, Option<FileView>), EndpointError> {
    let id = FileId::parse(id).map_err(|_| Problem::not_found_yet())?;
    let row: FileRow = sqlx::query_as(FIND)
        .bind(caller)
        .bind(people.directory == Directory::Open)
        .bind(id.as_str())
        .fetch_one(&people.pool)
        .await?;
    Ok((row.read_position, row.into_view()))
}

/// Returns the caller's files
///
/// Those that are uploaded or expected, also if nothing uses them.
#[utoipa::path(
    get, path = "/v1/files", operation_id = "list_files", tag = "files",
    params(FilesParams, MinPositionParams),
    responses(
        (status = 200, description = "A page of files, newest first.", body = FilesPage,
         headers(("Tidings-Position" = i64, description = "The log position of the read model."),
                 ("Tidings-Cursor" = String, description = "The cursor of that position."))),
        CallerProblems,
    ),
)]
pub async fn list_files(
    State(state): State<ReadState>,
    State(previews): State<Previews>,
    caller: Caller,
    Query(query): Query<FilesParams>,
    min_position: MinPosition,
) -> Result<Response, EndpointError> {
    let limit = PAGE_LIMIT.parse(query.limit.as_deref())?;
    let codec = CursorCodec {
        listing: "files",
        scope: &[&caller.user],
    };
    let after = codec.parse_key("after", query.after.as_deref())?;
    let [before] = after.unwrap_or([i64::MAX]);
    let guard = min_position.wait().await?;
    let rows: Vec<FileRow> = sqlx::query_as(LIST)
        .bind(&caller.user)
        .bind(before)
        .bind(limit + 1)
        .fetch_all(&state.pool)
        .await?;
    let position = rows.first().ok_or(sqlx::Error::RowNotFound)?.read_position;
    let mut files: Vec<FileView> = rows.into_iter().filter_map(FileRow::into_view).collect();
    let found = files.len();
    let next = codec.end_page(&mut files, limit, found, |last| [last.position]);
    for file in &mut files {
        file.note_received(previews.store().staging()).await;
    }
    guard.respond(position, &FilesPage { files, next })
}

/// Returns what is known of a file
///
/// Its uploader can see it, and so can everybody who can see a message that uses it, or the profile
/// or conversation whose avatar it is.
#[utoipa::path(
    get, path = "/v1/files/{id}", operation_id = "get_file", tag = "files",
    params(("id" = String, Path, description = "The file.",
            example = "019ad2c5-7a31-7c1e-9f6e-2f0f3d1c9b5a"), MinPositionParams),
    responses(
        (status = 200, description = "The file.", body = FileView,
         headers(("Tidings-Position" = i64, description = "The log position of the read model."),
                 ("Tidings-Cursor" = String, description = "The cursor of that position."))),
        CallerProblems,
        NotFoundProblem,
    ),
)]
pub async fn get_file(
    State(people): State<PeopleState>,
    State(previews): State<Previews>,
    caller: Caller,
    Path(id): Path<String>,
    min_position: MinPosition,
) -> Result<Response, EndpointError> {
    let guard = min_position.wait().await?;
    let (position, mut file) = find(&people, &caller.user, &id).await?;
    if let Some(file) = &mut file {
        file.note_received(previews.store().staging()).await;
    }
    guard.respond_or_not_found(position, file.as_ref())
}

impl FileRow {
    fn into_view(self) -> Option<FileView> {
        let state = match self.phase.as_deref()? {
            "reserved" => FileStateView::Reserved,
            _ => FileStateView::Stored,
        };
        let size = self.size?;
        Some(FileView {
            id: self.id?,
            uploader: self.uploader?,
            name: self.name,
            state,
            media_type: self.media_type,
            declared_type: self.declared_type?,
            size,
            received: if state == FileStateView::Stored {
                size
            } else {
                0
            },
            sha256: self.sha256,
            width: self.width,
            height: self.height,
            reserved_at: self.reserved_at?.into(),
            stored_at: self.stored_at.map(Into::into),
            expires_at: self
                .expires_at
                .filter(|_| state == FileStateView::Reserved)
                .map(Into::into),
            position: self.position?,
        })
    }
}
