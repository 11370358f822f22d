//! `POST /v1/files`: announces a file.

use std::time::Duration;

use axum::extract::State;
use axum::response::Response;
use command_svc::{FileReservation, Requester};
use domain::file::command::FileCommand;
use domain::file::digest::Sha256Digest;
use domain::file::event::FileReserved;
use domain::file::name::{FileName, MediaType};
use domain::ids::FileId;
use domain::time::Timestamp;
use http_edge::{IdempotencyParams, Json, Problem};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::problem_responses::UploadProblems;
use crate::problems::file_too_large;
use crate::state::FilesState;

/// How long an upload may take.
const UPLOAD_TTL: Duration = Duration::from_secs(24 * 3_600);

/// The file to upload.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = NewFile)]
pub(crate) struct ReserveRequest {
    /// Its name. Of a path, only the last segment is kept; control characters and characters that
    /// change the direction of the text are dropped; a name of more than 255 characters is cut
    /// before its ending.
    #[schema(min_length = 1)]
    name: String,
    /// Its media type as the client sees it. The bytes decide what it becomes.
    #[serde(rename = "type")]
    #[schema(max_length = 255)]
    media_type: String,
    /// Its size in bytes.
    #[schema(minimum = 0)]
    size: u64,
    /// The SHA-256 of its bytes, as 64 hexadecimal digits. Other bytes are refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(pattern = "^[0-9a-f]{64}$")]
    sha256: Option<String>,
}

/// Where the bytes go.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = FileUpload)]
pub(crate) struct UploadTarget {
    /// The method of the request.
    #[schema(example = "PUT")]
    method: &'static str,
    /// The address, relative to that of the API.
    #[schema(example = "/v1/files/019ad2c5-7a31-7c1e-9f6e-2f0f3d1c9b5a/content")]
    url: String,
    /// The headers that the request needs besides the token.
    headers: UploadHeaders,
    /// When the upload expires.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
}

/// The headers of an upload.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = FileUploadHeaders)]
pub(crate) struct UploadHeaders {
    /// The media type of the request.
    #[serde(rename = "Content-Type")]
    content_type: &'static str,
}

/// The file that is expected.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ReservedFile)]
pub(crate) struct ReserveResponse {
    /// The id of the file.
    id: String,
    /// Its name as it is kept.
    name: String,
    /// Where its bytes go.
    upload: UploadTarget,
    /// The log position of the reservation.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = i64, required = true, minimum = 1)]
    position: Option<i64>,
}

/// Announce a file
///
/// The bytes follow by `PUT /v1/files/{id}/content`. Then a message of type `image`, `file`,
/// `audio` or `video` can name the file in `body.file`. The upload expires after a day, and so does
/// a file that nothing uses for a day.
#[utoipa::path(
    post, path = "/v1/files", operation_id = "reserve_file", tag = "files",
    params(IdempotencyParams),
    request_body(content = ReserveRequest, example = json!({
        "name": "menu.txt", "type": "text/plain", "size": 8
    })),
    responses(
        (status = 201, description = "The file is expected.", body = ReserveResponse,
         headers(("Tidings-Position" = i64, description = "The log position of the reservation."),
                 ("Idempotent-Replay" = bool))),
        (status = 413, description = "The file is larger than any may be (`too_large`).",
         body = Problem, content_type = "application/problem+json"),
        UploadProblems,
    ),
)]
pub(crate) async fn reserve_file(
    State(state): State<FilesState>,
    requester: Requester,
    Json(request): Json<ReserveRequest>,
) -> Result<Response, Problem> {
    let name =
        FileName::clean(&request.name).map_err(|invalid| Problem::invalid("name", invalid.0))?;
    let name = state.commands().screen_file_name(name)?;
    let media_type = MediaType::parse(&request.media_type)
        .map_err(|invalid| Problem::invalid("type", invalid.0))?;
    let sha256 = request.sha256.as_deref().map(Sha256Digest::parse);
    let sha256 = sha256
        .transpose()
        .map_err(|invalid| Problem::invalid("sha256", invalid.0))?;
    let limit = state.limits().file_bytes;
    let size = i64::try_from(request.size).map_err(|_| file_too_large(limit))?;
    if request.size > limit {
        return Err(file_too_large(limit));
    }
    state.commands().check_uploads()?;
    let ttl = i64::try_from(UPLOAD_TTL.as_millis()).unwrap_or(i64::MAX);
    let expires_at = Timestamp::from_millis(state.now().millis().saturating_add(ttl));
    let id = Uuid::now_v7().to_string();
    let answer = ReserveResponse {
        name: name.as_str().to_owned(),
        upload: UploadTarget {
            method: "PUT",
            url: format!("/v1/files/{id}/content"),
            headers: UploadHeaders {
                content_type: "application/octet-stream",
            },
            expires_at,
        },
        id: id.clone(),
        position: None,
    };
    let reserved = FileReserved {
        uploader: requester.user().clone(),
        name: Some(name),
        declared_type: media_type,
        size,
        sha256,
        expires_at,
    };
    let id = FileId::parse(&id).map_err(|_| Problem::internal())?;
    let decision = state.admit(requester.user(), &id, size).await?;
    let reservation = FileReservation {
        id: id.clone(),
        command: FileCommand::Reserve(reserved),
        refusal: decision.refusal(),
    };
    let made =
        command_svc::reserve_file(state.commands(), requester, reservation, &request, &answer);
    match made.await {
        Ok((response, position)) => {
            state.conclude(&id, &decision, position).await;
            Ok(response)
        }
        Err(problem) => {
            // After any other failure, nobody knows whether it was made.
            if problem.status().is_client_error() {
                state.conclude(&id, &decision, None).await;
            }
            Err(problem)
        }
    }
}
