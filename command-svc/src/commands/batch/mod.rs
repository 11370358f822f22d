//! `POST /v1/batch`: many commands in one request, one a line.
//!
//! - `line`: a line as it is sent. `job`: a line as an order.
//! - `waves`: carries them out, in order, without waiting for one before the next is queued.

mod job;
mod line;
mod waves;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use domain::ids::UserId;
use http::header::{CONTENT_TYPE, HeaderValue};
use http_edge::{Caller, Limiter, Ndjson, Problem};

use crate::answer::{Answered, POSITION};
use crate::docs::Problems;
use crate::meters::{Op, Outcome};
use crate::ndjson;
use crate::state::CommandState;
use job::Job;
use line::BatchLine;

/// Lines of one batch: what a client that was away gathers, and no more than a commit or two.
pub const BATCH_LINES: usize = 1_000;

/// Carry out many commands
///
/// NDJSON, one command a line, at most 1,000 lines and 8 MiB; blank lines are skipped. The answer
/// has one line for each, in order, each with its own `status` beside the fields of that command's
/// answer, or as a problem document. A line that fails does not stop the others. Lines of one
/// conversation are carried out in their order. Counts as many commands as it has lines.
#[utoipa::path(
    post,
    path = "/v1/batch",
    operation_id = "run_batch",
    tag = "batch",
    request_body(content = BatchLine, content_type = "application/x-ndjson",
        description = "One such object a line"),
    responses(
        (status = 200, description = "One answer a line, in order",
            body = line::BatchAnswer, content_type = "application/x-ndjson",
            headers(("Tidings-Position" = i64, description = "The largest position of the answers"))),
        Problems,
    ),
)]
pub(crate) async fn run_batch(
    State(state): State<CommandState>,
    caller: Caller,
    limiter: Limiter,
    Ndjson(body): Ndjson,
) -> Result<Response, Problem> {
    let started = std::time::Instant::now();
    let user = UserId::parse(&caller.user).map_err(|_| Problem::unauthorized())?;
    let lines: Vec<&[u8]> = ndjson::lines(&body).take(BATCH_LINES + 1).collect();
    if lines.len() > BATCH_LINES {
        let detail = format!("A batch has at most {BATCH_LINES} lines; nothing was done.");
        return Err(Problem::too_large(detail));
    }
    limiter.check_lines(&caller, lines.len())?;
    let jobs = lines
        .iter()
        .map(|line| Job::parse(&user, line, state.limits()))
        .collect();
    let results = waves::carry_out(&state, jobs).await;
    state
        .meters()
        .took(Op::Batch, Outcome::Done, started.elapsed());
    Ok(answer(state.log().known_head(), results))
}

/// The answers as lines.
fn answer(head: i64, results: Vec<Result<Answered, Problem>>) -> Response {
    let position = results
        .iter()
        .flatten()
        .map(|answered| answered.position)
        .max();
    let mut body = Vec::with_capacity(results.len() * 96);
    for result in results {
        match result {
            Ok(answered) => body.extend(answered.line()),
            // A problem document of strings and numbers always serialises.
            Err(problem) => body.extend(serde_json::to_vec(&problem).unwrap_or_default()),
        }
        body.push(b'\n');
    }
    let mut response = body.into_response();
    let headers = response.headers_mut();
    headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_static("application/x-ndjson"),
    );
    headers.insert(POSITION, HeaderValue::from(position.unwrap_or(head)));
    response
}
