//! `POST /v1/batch`: many commands in one request, one per line.
//!
//! - `line`: the request and response schema of a line. `command`: a line as a command handler.
//! - `check`: asks the hook about sends and edits.
//! - `rounds`: executes the commands in order, but queues each without waiting for the one before.

mod check;
mod command;
mod line;
mod rounds;

use crate::caller::AuthenticatedUser;
use axum::extract::State;
use axum::response::Response;
use http_edge::extract::UnknownNames;
use http_edge::schema::ndjson::NdjsonText;
use http_edge::{Caller, Ndjson, Problem, RateLimiter};

use crate::docs::CommandProblems;
use crate::metrics::{CommandKind, CommandOutcome};
use crate::ndjson::{LinesResponse, visit_lines};
use crate::response::CommandResponse;
use crate::state::CommandState;
use check::CheckedLines;
use command::BatchCommand;
use line::{BatchLine, BatchLineResponse};

/// The schemas of the request and of its response.
type BatchLines = NdjsonText<BatchLine>;
type BatchAnswers = NdjsonText<BatchLineResponse>;

/// The maximum number of lines in a batch: enough for what a client collects while offline, and few
/// enough for one or two commits.
pub const MAX_BATCH_LINES: usize = 1_000;

/// Execute many commands
///
/// NDJSON, one command per line, at most 1,000 lines and 8 MiB; blank lines are skipped. The
/// response has one line per command, in the same order: a `status` and the fields of that
/// command's response, or a problem document. A line that fails does not stop the others. Lines for
/// the same conversation are executed in order. Each line counts as one command for the rate limit.
/// With `application/json`, the commands are the elements of an array, and so are their responses.
#[utoipa::path(
    post,
    path = "/v1/batch",
    operation_id = "run_batch",
    tag = "batch",
    request_body(description = "The commands: an array, or one `BatchLine` on each line", content(
        (Vec<BatchLine> = "application/json", example = json!([
            {"op": "send", "conversation_id": "lunch", "client_message_id": "m5", "type": "text",
             "body": {"text": "rice?"}},
            {"op": "read", "conversation_id": "lunch", "up_to": 1}
        ])),
        (inline(BatchLines) = "application/x-ndjson", example = json!(
            "{\"op\":\"send\",\"conversation_id\":\"lunch\",\"client_message_id\":\"m5\",\
            \"type\":\"text\",\"body\":{\"text\":\"rice?\"}}\n\
            {\"op\":\"read\",\"conversation_id\":\"lunch\",\"up_to\":1}\n")))),
    responses(
        (status = 200, description = "One `BatchAnswer` for each command, in order",
            content((Vec<BatchLineResponse> = "application/json"),
                (inline(BatchAnswers) = "application/x-ndjson")),
            headers(("Tidings-Position" = i64, description = "The largest position of the lines"))),
        CommandProblems,
    ),
)]
pub(crate) async fn run_batch(
    State(state): State<CommandState>,
    caller: Caller,
    limiter: RateLimiter,
    unknown: UnknownNames,
    body: Ndjson,
) -> Result<Response, Problem> {
    let started = std::time::Instant::now();
    let user = AuthenticatedUser::try_from(&caller)?;
    let mut lines: Vec<&[u8]> = Vec::new();
    visit_lines(&body, |line| {
        if lines.len() <= MAX_BATCH_LINES {
            lines.push(line);
        }
    })?;
    if lines.len() > MAX_BATCH_LINES {
        let detail =
            format!("A batch can have at most {MAX_BATCH_LINES} lines; no command was executed.");
        return Err(Problem::too_large(detail));
    }
    limiter.check_lines(&caller, lines.len())?;
    let rulebook = state.rulebook();
    let mut commands = Vec::with_capacity(lines.len());
    for line in &lines {
        let rules = (state.limits(), rulebook.as_ref());
        let command = BatchCommand::parse(&user, line, rules, &unknown);
        commands.push(match command {
            Ok(command) => command.completed(&state).await,
            refused => refused,
        });
    }
    let CheckedLines { commands, turns } = check::check_lines(&state, commands).await;
    let results = rounds::execute_batch(&state, commands).await;
    drop(turns);
    state
        .metrics()
        .record_duration(CommandKind::Batch, CommandOutcome::Done, started.elapsed());
    Ok(build_response(&body, state.log().known_head(), results))
}

/// Builds the response to a body. `head` is the position header if no command succeeded.
fn build_response(
    body: &Ndjson,
    head: i64,
    results: Vec<Result<CommandResponse, Problem>>,
) -> Response {
    let position = results
        .iter()
        .flatten()
        .map(|response| response.position)
        .max();
    let mut lines = LinesResponse::like(body, results.len());
    for result in results {
        match result {
            Ok(response) => lines.push_line(&response.to_ndjson_line()),
            Err(problem) => lines.push_json(&problem),
        }
    }
    lines.into_response(position.unwrap_or(head))
}
