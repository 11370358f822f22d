//! `PUT /v1/files/{id}/content`: receives the bytes of a file.
//!
//! The bytes go to a local file first, while their digest is computed. Once all have arrived, they
//! are moved into the store, and then the event says that the file is stored. A process that ends
//! in between leaves bytes without an event, which the next attempt uses or the collection removes,
//! and never an event without its bytes. Once all bytes are here, the rest no longer depends on the
//! client: it goes on if the connection ends.

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use command_svc::execute_file_command;
use domain::file::command::{FileCommand, StoreFile};
use domain::file::digest::Sha256Digest;
use domain::file::event::{FileReserved, FileStored};
use domain::file::name::MediaType;
use domain::file::{File, FilePhase};
use domain::ids::{FileId, UserId};
use file_store::{CompletedUpload, ObjectKey, StagedUpload, UploadKey};
use http::header::CONTENT_RANGE;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use http_edge::{Caller, Json, Path, Problem, UploadBody};
use serde::Serialize;
use utoipa::ToSchema;

use crate::content_range::{self, UploadPart};
use crate::problem_responses::{FullStoreProblem, UnknownFileProblem, UploadProblems};
use crate::problems::{not_staged, refused, size_mismatch, store_away, wrong_offset};
use crate::state::{FilesState, parse_caller, parse_id};

/// The state of a file of which some bytes have arrived. The log does not have it: the bytes are
/// staged at one process, and count once all are there.
const PARTIAL: &str = "partial";

/// The response header with the log position.
const POSITION_HEADER: HeaderName = HeaderName::from_static("tidings-position");

/// What became of an upload.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = UploadedFile)]
pub(crate) struct UploadResponse {
    /// `stored` once all bytes are there, `partial` once some are, otherwise `reserved`.
    #[schema(value_type = String, example = "stored")]
    state: &'static str,
    /// How many bytes have arrived.
    #[schema(minimum = 0)]
    received: u64,
    /// The size of the file in bytes.
    #[schema(minimum = 0)]
    size: i64,
    /// The SHA-256 of the bytes; null until all have arrived.
    #[schema(required = true)]
    sha256: Option<String>,
    /// The media type that the bytes have, whatever the client declared; null until all have
    /// arrived.
    #[serde(rename = "type")]
    #[schema(required = true)]
    media_type: Option<String>,
    /// The width of an image in pixels.
    #[schema(required = true)]
    width: Option<u32>,
    /// The height of an image in pixels.
    #[schema(required = true)]
    height: Option<u32>,
    /// The log position of the event that says that the file is stored; null until then.
    #[schema(required = true)]
    position: Option<i64>,
}

impl UploadResponse {
    fn stored(stored: &FileStored, position: Option<i64>) -> Self {
        Self {
            state: FilePhase::Stored.as_str(),
            received: u64::try_from(stored.size).unwrap_or_default(),
            size: stored.size,
            sha256: Some(stored.sha256.as_str().to_owned()),
            media_type: Some(stored.media_type.as_str().to_owned()),
            width: stored.width,
            height: stored.height,
            position,
        }
    }

    fn expected(size: i64, received: u64) -> Self {
        Self {
            state: if received == 0 {
                FilePhase::Reserved.as_str()
            } else {
                PARTIAL
            },
            received,
            size,
            sha256: None,
            media_type: None,
            width: None,
            height: None,
            position: None,
        }
    }

    fn respond(self) -> Response {
        let position = self.position;
        let is_stored = self.sha256.is_some();
        let mut response = Json(self).into_response();
        if !is_stored {
            *response.status_mut() = StatusCode::ACCEPTED;
        }
        if let Some(position) = position {
            let headers = response.headers_mut();
            headers.insert(POSITION_HEADER, HeaderValue::from(position));
        }
        response
    }
}

/// The header of a part of an upload.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "describes the OpenAPI document")]
struct ContentRangeParams {
    /// Which bytes the body has, or `bytes */SIZE` to ask how many have arrived.
    #[param(rename = "Content-Range", value_type = Option<String>, example = "bytes 100-199/200")]
    content_range: Option<String>,
}

/// Send the bytes of a file
///
/// The body is the bytes, streamed. If the connection breaks, ask with an empty body and
/// `Content-Range: bytes */SIZE` how many have arrived (`received`), and send the rest with
/// `Content-Range: bytes FIRST-LAST/SIZE`. While bytes are missing, the answer is `202`. A request
/// without the header starts over. Another size or SHA-256 than announced is `422`, and nothing is
/// stored. Repeating an upload that is complete changes nothing.
#[utoipa::path(
    put, path = "/v1/files/{id}/content", operation_id = "upload_file_content", tag = "files",
    params(("id" = String, Path, description = "The file.",
            example = "019ad2c5-7a31-7c1e-9f6e-2f0f3d1c9b5a"),
           ContentRangeParams),
    request_body(content = inline(Vec<u8>), content_type = "application/octet-stream",
                 description = "The bytes"),
    responses(
        (status = 200, description = "All bytes have arrived, and the file is stored.",
         body = UploadResponse,
         headers(("Tidings-Position" = i64, description = "The log position of the event."))),
        (status = 202, description = "Bytes are missing: `received` have arrived.",
         body = UploadResponse),
        (status = 408, description = "No bytes arrived for a while (`body_timeout`).",
         body = Problem, content_type = "application/problem+json"),
        UploadProblems,
        UnknownFileProblem,
        FullStoreProblem,
    ),
)]
pub(crate) async fn upload_content(
    State(state): State<FilesState>,
    caller: Caller,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: UploadBody,
) -> Result<Response, Problem> {
    let (user, actor) = parse_caller(&caller)?;
    let (id, key) = parse_id(&id)?;
    let file = state.load(&id).await?;
    let own = file.reserved().filter(|reserved| reserved.uploader == user);
    let reserved = own.ok_or_else(Problem::not_found)?.clone();
    let size = u64::try_from(reserved.size).unwrap_or_default();
    let header = headers.get(CONTENT_RANGE);
    let header = header.map(|value| value.to_str().unwrap_or_default());
    let part = content_range::parse(header, size, body.announced())?;
    if part == UploadPart::Whole && body.announced().is_some_and(|length| length != size) {
        return Err(size_mismatch(size));
    }
    if let Some(stored) = file.stored() {
        return Ok(UploadResponse::stored(stored, None).respond());
    }
    state.commands().check_uploads()?;
    file.check_open(state.now()).map_err(refused)?;
    let upload = FileUpload {
        state,
        id,
        key,
        file,
        reserved,
        by: (user, actor),
    };
    upload
        .receive(part, body)
        .await
        .map(UploadResponse::respond)
}

/// An upload that is expected.
struct FileUpload {
    state: FilesState,
    id: FileId,
    key: UploadKey,
    file: File,
    reserved: FileReserved,
    by: (UserId, Option<UserId>),
}

impl FileUpload {
    async fn receive(
        self,
        part: UploadPart,
        mut body: UploadBody,
    ) -> Result<UploadResponse, Problem> {
        let size = u64::try_from(self.reserved.size).unwrap_or_default();
        let staging = self.state.store().staging();
        if part == UploadPart::Query {
            let received = staging.received(self.key).await;
            let received = received.map_err(|error| not_staged(&error))?;
            if received < size {
                return Ok(UploadResponse::expected(self.reserved.size, received));
            }
        }
        let from_start = matches!(part, UploadPart::Whole | UploadPart::From(0));
        let staged = staging.resume(self.key, size, from_start).await;
        let mut staged = staged.map_err(|error| not_staged(&error))?;
        if let UploadPart::From(offset) = part
            && offset != staged.received()
        {
            return Err(wrong_offset(staged.received()));
        }
        if part != UploadPart::Query {
            self.append_all(&mut staged, &mut body, size).await?;
        }
        if staged.received() > size || (part == UploadPart::Whole && staged.received() < size) {
            staged.discard().await.map_err(|error| not_staged(&error))?;
            return Err(size_mismatch(size));
        }
        if staged.received() < size {
            let received = staged.received();
            return Ok(UploadResponse::expected(self.reserved.size, received));
        }
        let completion = tokio::spawn(async move { self.complete(staged).await });
        completion.await.map_err(|_| Problem::internal())?
    }

    /// Receives the body. What has arrived stays, also if the connection breaks.
    async fn append_all(
        &self,
        staged: &mut StagedUpload,
        body: &mut UploadBody,
        size: u64,
    ) -> Result<(), Problem> {
        let received = loop {
            match body.next().await {
                Ok(Some(bytes)) => {
                    let appended = staged.append(&bytes).await;
                    appended.map_err(|error| not_staged(&error))?;
                    if staged.received() > size {
                        break Ok(());
                    }
                }
                Ok(None) => break Ok(()),
                Err(problem) => break Err(problem),
            }
        };
        staged.flush().await.map_err(|error| not_staged(&error))?;
        received
    }

    /// Puts the bytes into the store, and records that it has them.
    async fn complete(&self, staged: StagedUpload) -> Result<UploadResponse, Problem> {
        let completed = staged.complete().await;
        let completed = completed.map_err(|error| not_staged(&error))?;
        let stored = describe(&completed)?;
        let store = FileCommand::Store(StoreFile {
            file: stored.clone(),
            now: self.state.now(),
        });
        // Decided again with the event; this keeps bytes that nobody announced out of the store.
        if let Err(refusal) = self.file.decide(store.clone()) {
            let discarded = completed.discard().await;
            discarded.map_err(|error| not_staged(&error))?;
            return Err(refused(refusal));
        }
        let object = ObjectKey::new(self.key, stored.sha256.as_str());
        let object = object.ok_or_else(Problem::internal)?;
        let files = self.state.store();
        let put = files.put(&object, &completed).await;
        put.map_err(|error| store_away(&error))?;
        let by = self.by.clone();
        let recorded = execute_file_command(self.state.commands(), &self.id, by, store).await;
        if recorded.is_err() {
            self.remove_unneeded(&object).await;
        }
        let position = recorded?;
        if let Err(error) = completed.discard().await {
            tracing::warn!(%error, "an upload that is complete could not be removed");
        }
        Ok(UploadResponse::stored(&stored, Some(position)))
    }
}

impl FileUpload {
    /// Removes bytes that no event names, unless another request may still record them: one of this
    /// client, or one at another process.
    async fn remove_unneeded(&self, object: &ObjectKey) {
        if matches!(self.state.may_need(object).await, Ok(false))
            && let Err(error) = self.state.store().delete(object).await
        {
            tracing::warn!(%error, "bytes that are not used stay until the next sweep");
            self.state.note_leftovers();
        }
    }
}

/// What the event says of the bytes.
fn describe(upload: &CompletedUpload) -> Result<FileStored, Problem> {
    let dimensions = upload.facts.dimensions;
    let stored = || {
        Some(FileStored {
            size: i64::try_from(upload.size).ok()?,
            sha256: Sha256Digest::parse(&upload.sha256).ok()?,
            media_type: MediaType::parse(upload.facts.media_type).ok()?,
            width: dimensions.map(|known| known.width),
            height: dimensions.map(|known| known.height),
        })
    };
    stored().ok_or_else(Problem::internal)
}
