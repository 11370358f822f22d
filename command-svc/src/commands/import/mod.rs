//! `POST /v1/admin/import`: imports messages from another system, one per line.
//!
//! - `line`: the request and response schema of a line, and its parser. `payload`: parses the
//!   message or the members in a line.
//! - `plan`: determines which lines of a conversation are new, and the outcome of each line.
//! - `conversation`: imports the lines of one conversation in one append.

mod conversation;
mod line;
mod plan;
mod what;

use std::collections::HashMap;
use std::time::Instant;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use domain::ids::ConversationId;
use futures::{StreamExt, TryStreamExt, stream};
use http::header::{CONTENT_TYPE, HeaderValue};
use http_edge::{Admin, Ndjson};

use crate::answer::POSITION;
use crate::docs::Problems;
use crate::meters::{Op, Outcome};
use crate::ndjson;
use crate::no::No;
use crate::state::CommandState;
use line::{ImportAnswer, ImportLine, Line, Verdict};

/// The maximum number of conversations that one request imports concurrently. More would only wait
/// for the same commit.
const AT_ONCE: usize = 16;

/// Import messages from another system
///
/// NDJSON, one message per line, at most 8 MiB; exempt from the rate limit. A conversation that
/// does not exist is created as a group. Users join with their first message or reaction. A line
/// that was imported earlier, identified by its `id` or else by its `key`, is `known` and changes
/// nothing, even if it now contains more. An invalid line is `rejected` with a reason and does not
/// stop the others. New lines for the same conversation are imported together and in order. After a
/// 503, repeat the same request.
///
/// An edited message (`edited_at`, and `original` if the original text is known) is imported as a
/// send followed by an edit; its `reactions` come after that. A line with `members` instead of a
/// message adds these users at that point of the conversation.
#[utoipa::path(
    post,
    path = "/v1/admin/import",
    operation_id = "import_messages",
    tag = "admin",
    request_body(content = ImportLine, content_type = "application/x-ndjson",
        description = "One such object per line"),
    responses(
        (status = 200, description = "One response line per request line, in order",
            body = ImportAnswer, content_type = "application/x-ndjson",
            headers(("Tidings-Position" = i64, description = "The head of the log"))),
        Problems,
    ),
)]
pub(crate) async fn import_messages(
    State(state): State<CommandState>,
    _: Admin,
    Ndjson(body): Ndjson,
) -> Result<Response, No> {
    let started = Instant::now();
    let mut results = Vec::new();
    let mut groups = Groups::default();
    for (index, text) in ndjson::lines(&body).enumerate() {
        let (number, parsed) = line::parse(index, text, state.limits());
        let outcome = match parsed {
            Ok(line) => {
                groups.add(index, line);
                None
            }
            Err(reason) => Some(Verdict::Rejected(reason)),
        };
        results.push((number, None, outcome));
    }
    for (conversation, outcomes) in groups.take_in(&state).await? {
        for (index, outcome) in outcomes {
            let (number, _, _) = results[index];
            results[index] = (number, Some(conversation.clone()), Some(outcome));
        }
    }
    state
        .meters()
        .took(Op::Import, Outcome::Done, started.elapsed());
    Ok(respond(state.log().known_head(), &results))
}

/// The lines of a request by conversation. Conversations are in the order in which they first
/// appear, and so are the lines of each.
#[derive(Default)]
struct Groups {
    places: HashMap<ConversationId, usize>,
    groups: Vec<(ConversationId, Vec<(usize, Line)>)>,
}

/// The outcomes of the lines of one conversation, with the index of each line in the request.
type Verdicts = (ConversationId, Vec<(usize, Verdict)>);

impl Groups {
    fn add(&mut self, index: usize, line: Line) {
        let place = *self
            .places
            .entry(line.conversation.clone())
            .or_insert_with(|| {
                self.groups.push((line.conversation.clone(), Vec::new()));
                self.groups.len() - 1
            });
        self.groups[place].1.push((index, line));
    }

    /// Imports every conversation and returns the outcomes of its lines.
    async fn take_in(self, state: &CommandState) -> Result<Vec<Verdicts>, No> {
        stream::iter(self.groups)
            .map(|(conversation, lines)| async move {
                let (indices, lines): (Vec<usize>, Vec<Line>) = lines.into_iter().unzip();
                let outcomes = conversation::take_in(state, &conversation, &lines).await?;
                Ok((conversation, indices.into_iter().zip(outcomes).collect()))
            })
            .buffer_unordered(AT_ONCE)
            .try_collect()
            .await
    }
}

/// The result of one line: its number, its conversation if the line was valid, and its outcome.
type Answer = (i64, Option<ConversationId>, Option<Verdict>);

fn respond(head: i64, results: &[Answer]) -> Response {
    let mut body = Vec::with_capacity(results.len() * 64);
    for (number, conversation, outcome) in results {
        let response = ImportAnswer::of(*number, conversation.as_ref(), outcome.as_ref());
        // A response line contains only strings and numbers, so it always serialises.
        body.extend(serde_json::to_vec(&response).unwrap_or_default());
        body.push(b'\n');
    }
    let mut response = body.into_response();
    let headers = response.headers_mut();
    headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_static("application/x-ndjson"),
    );
    headers.insert(POSITION, HeaderValue::from(head));
    response
}
