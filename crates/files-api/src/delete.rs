//! `DELETE /v1/files/{id}`: deletes a file.

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use command_svc::execute_file_command;
use domain::file::FilePhase;
use domain::file::command::{DeleteFile, FileCommand};
use domain::file::event::DeletionReason;
use http::{HeaderName, HeaderValue};
use http_edge::{Caller, Json, Path, Problem};
use serde::Serialize;
use utoipa::ToSchema;

use crate::collector::{CollectionOutcome, Collector};
use crate::problem_responses::{UnknownFileProblem, UploadProblems};
use crate::problems::{in_use, projection_behind};
use crate::state::{FilesState, parse_caller, parse_id};

/// The file is deleted.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DeletedFile)]
pub(crate) struct DeleteResponse {
    /// The log position of the deletion.
    #[schema(minimum = 1)]
    position: i64,
}

/// Delete a file
///
/// Deletes one of the caller's own files, if no message and no avatar uses it (`409 file_in_use`).
/// A token with the scope `admin` or `service` removes any file, whatever uses it: the messages
/// stay, without their bytes.
#[utoipa::path(
    delete, path = "/v1/files/{id}", operation_id = "delete_file", tag = "files",
    params(("id" = String, Path, description = "The file.",
            example = "019ad2c5-7a31-7c1e-9f6e-2f0f3d1c9b5a")),
    responses(
        (status = 200, description = "The file is deleted.", body = DeleteResponse,
         headers(("Tidings-Position" = i64, description = "The log position of the deletion."))),
        UploadProblems,
        UnknownFileProblem,
    ),
)]
pub(crate) async fn delete_file(
    State(state): State<FilesState>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let by = parse_caller(&caller)?;
    let (id, _) = parse_id(&id)?;
    let file = state.load(&id).await?;
    let reserved = file.reserved().ok_or_else(Problem::not_found)?;
    let may_remove = caller.scopes.admin || caller.scopes.service;
    let collector = Collector::new(state.clone());
    let is_own = reserved.uploader == by.0;
    let position = if is_own && file.phase() != Some(FilePhase::Reserved) && !may_remove {
        match collector.collect(&id, DeletionReason::Owner, by).await? {
            CollectionOutcome::Deleted(position)
            | CollectionOutcome::DeletedWithoutBytes(position) => position,
            CollectionOutcome::Used => return Err(in_use()),
            CollectionOutcome::Unknown => return Err(projection_behind()),
        }
    } else if is_own || may_remove {
        let reason = if is_own && !may_remove {
            DeletionReason::Owner
        } else {
            DeletionReason::Removed
        };
        let delete = FileCommand::Delete(DeleteFile {
            reason,
            by: Some(by.0.clone()),
            retirement: None,
            now: state.now(),
        });
        let position = execute_file_command(state.commands(), &id, by, delete).await?;
        collector.remove_bytes(&id, &file).await;
        position
    } else {
        return Err(Problem::not_found());
    };
    let mut response = Json(DeleteResponse { position }).into_response();
    let name = HeaderName::from_static("tidings-position");
    let headers = response.headers_mut();
    headers.insert(name, HeaderValue::from(position));
    Ok(response)
}
