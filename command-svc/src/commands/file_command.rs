//! Commands to files. Their routes are in the crate `files-api`, which knows the bytes and the read
//! model, as this one does not.

use axum::response::{IntoResponse as _, Response};
use domain::file::File;
use domain::file::command::FileCommand;
use domain::file::event::FileEvent;
use domain::ids::{FileId, UserId};
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
        Ok(Decision {
            events: locked.state().decide(self.command.clone())?,
            status: self.status,
            body: self.body.clone(),
        })
    }
}

/// Reserves a file for the requester: once, however often this is requested under the same key.
/// `request` identifies the request, and `answer` becomes the response, with the position.
pub async fn reserve_file(
    state: &CommandState,
    requester: Requester,
    id: FileId,
    command: FileCommand,
    request: &impl Serialize,
    answer: &impl Serialize,
) -> Result<Response, Problem> {
    let kind = CommandKind::ReserveFile;
    let meta = requester.into_meta(kind, id, &[], request);
    let handler = FileHandler {
        meta: meta.map_err(CommandError::Log)?,
        command,
        status: StatusCode::CREATED,
        body: ResponseBody::serialize(answer).map_err(CommandError::Log)?,
    };
    Ok(execute(state, &handler).await?.into_response())
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
        status: StatusCode::OK,
        body: ResponseBody::empty(),
    };
    Ok(execute(state, &handler).await?.position)
}
