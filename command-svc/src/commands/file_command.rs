//! Commands to files. Their routes are in the crate `files-api`, which knows the bytes and the read
//! model, as this one does not.

use axum::response::{IntoResponse as _, Response};
use domain::file::File;
use domain::file::command::FileCommand;
use domain::file::event::FileEvent;
use domain::ids::{FileId, UserId};
use domain::refusal::Refusal;
use event_log::LockedAggregate;
use http::StatusCode;
use http_edge::Problem;
use serde::Serialize;

use crate::caller::Requester;
use crate::error::CommandError;
use crate::execute::execute;
use crate::handler::{AttemptError, CommandHandler, CommandMeta, Decision};
use crate::metrics::CommandKind;
use crate::response::ResponseBody;
use crate::state::CommandState;

/// The handler of a command to a file.
struct FileHandler {
    meta: CommandMeta<File>,
    command: FileCommand,
    refusal: Option<Refusal>,
    status: StatusCode,
    body: ResponseBody,
}

impl CommandHandler for FileHandler {
    type Target = File;
    type Lookups = ();

    fn meta(&self) -> &CommandMeta<File> {
        &self.meta
    }

    async fn decide(
        &self,
        _: &CommandState,
        locked: &LockedAggregate<File>,
        (): (),
    ) -> Result<Decision<FileEvent>, AttemptError> {
        if let Some(refusal) = &self.refusal {
            return Err(refusal.clone().into());
        }
        Ok(Decision {
            events: locked.state().decide(self.command.clone())?,
            status: self.status,
            body: self.body.clone(),
        })
    }
}

/// A file that is to be reserved.
pub struct FileReservation {
    /// The id of the file.
    pub id: FileId,
    /// The command.
    pub command: FileCommand,
    /// Why it must not be reserved now. A request that was accepted earlier is still repeated.
    pub refusal: Option<Refusal>,
}

/// Reserves a file for the requester: once, however often it is requested under the same key.
/// `request` identifies the request, and `answer` becomes the response, with the position. Returns
/// that position too, unless an earlier request has reserved a file.
pub async fn reserve_file(
    state: &CommandState,
    requester: Requester,
    reservation: FileReservation,
    request: &impl Serialize,
    answer: &impl Serialize,
) -> Result<(Response, Option<i64>), Problem> {
    let kind = CommandKind::ReserveFile;
    let meta = requester.into_meta(kind, reservation.id, &[], request);
    let handler = FileHandler {
        meta: meta.map_err(CommandError::Log)?,
        command: reservation.command,
        refusal: reservation.refusal,
        status: StatusCode::CREATED,
        body: ResponseBody::serialize(answer).map_err(CommandError::Log)?,
    };
    let response = execute(state, &handler).await?;
    let position = (!response.replayed).then_some(response.position);
    Ok((response.into_response(), position))
}

/// Executes a command to a file for this user. `actor` made the call, if it is another one. Returns
/// the log position.
pub async fn execute_file_command(
    state: &CommandState,
    id: &FileId,
    (caller, actor): (UserId, Option<UserId>),
    command: FileCommand,
) -> Result<i64, Problem> {
    let kind = match command {
        FileCommand::Reserve(_) => CommandKind::ReserveFile,
        FileCommand::Store(_) => CommandKind::StoreFile,
        FileCommand::Retire(_) | FileCommand::Reinstate | FileCommand::Delete(_) => {
            CommandKind::DeleteFile
        }
    };
    let handler = FileHandler {
        meta: CommandMeta {
            kind,
            aggregate_id: id.clone(),
            caller,
            actor,
            idempotency: None,
        },
        command,
        refusal: None,
        status: StatusCode::OK,
        body: ResponseBody::empty(),
    };
    Ok(execute(state, &handler).await?.position)
}
