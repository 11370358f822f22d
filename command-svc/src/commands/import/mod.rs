//! `POST /v1/admin/import`: imports messages from another system, one per line.
//!
//! - `request`: the request schema of a line. `line`: parses a line. `payload`: parses the message
//!   or the members in it. `outcome`: the outcome of a line, and its response schema.
//! - `destination`: the conversations that a line may go to, and whether its source made them.
//! - `plan`: determines which lines of a conversation are new, and the outcome of each line.
//! - `conversation`: imports the lines of one conversation in one append. `decision`: decides its
//!   events.

mod conversation;
mod decision;
mod destination;
mod line;
mod outcome;
mod payload;
mod plan;
mod request;

use std::collections::HashMap;
use std::time::Instant;

use axum::extract::State;
use axum::response::Response;
use domain::ids::UserId;
use futures::{StreamExt, TryStreamExt, stream};
use http_edge::schema::ndjson::NdjsonText;
use http_edge::{Admin, Ndjson};

use crate::caller::AuthenticatedUser;
use crate::docs::CommandProblems;
use crate::error::CommandError;
use crate::metrics::{CommandKind, CommandOutcome};
use crate::ndjson::{LinesResponse, visit_lines};
use crate::state::CommandState;
use destination::ImportDestination;
use line::ParsedImportLine;
use outcome::{ImportLineResponse, LineOutcome, LineResult};
use request::ImportLineRequest;

/// The schemas of the request and of its response.
type ImportLines = NdjsonText<ImportLineRequest>;
type ImportAnswers = NdjsonText<ImportLineResponse<'static>>;

/// The maximum number of conversations that one request imports concurrently. More would only wait
/// for the same commit.
const MAX_CONCURRENT_CONVERSATIONS: usize = 16;

/// Import messages from another system
///
/// NDJSON, one message per line, at most 8 MiB; exempt from the rate limit. A conversation that
/// does not exist is created as a group. A line is added only to a conversation that the same
/// `source` made, by an earlier line: it is `rejected` if its conversation was made by a user or
/// from another source. Users join with their first message or reaction. A line that was imported
/// earlier, identified by its `id` or else by its `key`, is `known` and changes nothing, even if it
/// now contains more. Fields that no line has are `ignored`, and the answer of the line names them.
/// An invalid line is `rejected` with a reason and does not stop the others. New lines for the same
/// conversation are imported together and in order. After a 503, repeat the same request.
///
/// An edited message (`edited_at`, and `original` if the original text is known) is imported as a
/// send followed by an edit; its `reactions` come after that. A line with `members` instead of a
/// message adds these users at that point of the conversation. Users who join by an import have the
/// time of their first message or reaction, or the `joined_at` of the line, as `joined_at`.
///
/// With `application/json`, the lines are the elements of an array, and so are the responses.
#[utoipa::path(
    post,
    path = "/v1/admin/import",
    operation_id = "import_messages",
    tag = "admin",
    request_body(description = "The lines: an array, or one `ImportLine` on each line", content(
        (Vec<ImportLineRequest> = "application/json", example = json!([
            {"line": 1, "conversation": "old-lunch", "sender": "bob",
             "sent_at": "2020-02-20T11:30:00Z", "text": "soup?"}
        ])),
        (inline(ImportLines) = "application/x-ndjson", example = json!(
            "{\"line\":1,\"conversation\":\"old-lunch\",\"sender\":\"bob\",\
            \"sent_at\":\"2020-02-20T11:30:00Z\",\"text\":\"soup?\"}\n")))),
    responses(
        (status = 200, description = "One `ImportAnswer` for each line, in order",
            content((Vec<ImportLineResponse> = "application/json"),
                (inline(ImportAnswers) = "application/x-ndjson")),
            headers(("Tidings-Position" = i64, description = "The head of the log"))),
        CommandProblems,
    ),
)]
pub(crate) async fn import_messages(
    State(state): State<CommandState>,
    _: Admin,
    AuthenticatedUser { id: by, .. }: AuthenticatedUser,
    body: Ndjson,
) -> Result<Response, CommandError> {
    state.check_switch(CommandKind::Import)?;
    let started = Instant::now();
    let mut results = Vec::new();
    let mut groups = LinesByConversation::default();
    visit_lines(&body, |text| {
        let index = results.len();
        let line = line::parse(index, text, state.limits());
        let outcome = match line.parsed {
            Ok(line) => {
                groups.add(index, line);
                None
            }
            Err(reason) => Some(LineOutcome::Rejected(reason)),
        };
        results.push(LineResult {
            number: line.number,
            outcome,
            ignored: line.ignored,
        });
    })
    .map_err(CommandError::BadRequest)?;
    for (index, outcome) in groups.import(&state, &by).await? {
        results[index].outcome = Some(outcome);
    }
    state
        .metrics()
        .record_duration(CommandKind::Import, CommandOutcome::Done, started.elapsed());
    Ok(build_response(&body, state.log().known_head(), &results))
}

/// The lines of a request by conversation. Conversations are in the order in which they first
/// appear, and so are the lines of each.
#[derive(Default)]
struct LinesByConversation {
    indices: HashMap<ImportDestination, usize>,
    conversations: Vec<Vec<(usize, ParsedImportLine)>>,
}

impl LinesByConversation {
    fn add(&mut self, index: usize, line: ParsedImportLine) {
        let place = *self
            .indices
            .entry(line.destination.clone())
            .or_insert_with(|| {
                self.conversations.push(Vec::new());
                self.conversations.len() - 1
            });
        self.conversations[place].push((index, line));
    }

    /// Imports every conversation and returns the outcomes of its lines, with the index of each
    /// line in the request.
    async fn import(
        self,
        state: &CommandState,
        by: &UserId,
    ) -> Result<Vec<(usize, LineOutcome)>, CommandError> {
        let outcomes: Vec<Vec<(usize, LineOutcome)>> = stream::iter(self.conversations)
            .map(|lines| async move {
                let (indices, mut lines): (Vec<usize>, Vec<ParsedImportLine>) =
                    lines.into_iter().unzip();
                for line in &mut lines {
                    line.complete_file(state).await?;
                }
                let outcomes = conversation::import_lines(state, &lines, by).await?;
                Ok::<_, CommandError>(indices.into_iter().zip(outcomes).collect())
            })
            .buffer_unordered(MAX_CONCURRENT_CONVERSATIONS)
            .try_collect()
            .await?;
        Ok(outcomes.into_iter().flatten().collect())
    }
}

fn build_response(body: &Ndjson, head: i64, results: &[LineResult]) -> Response {
    let mut lines = LinesResponse::like(body, results.len());
    for result in results {
        lines.push_json(&ImportLineResponse::new(result));
    }
    lines.into_response(head)
}
