//! `POST /v1/admin/import`: messages that were sent elsewhere, one a line.
//!
//! - `line`: a line as it is sent, and parsed; `what`: the message or the members that it tells of.
//! - `plan`: which lines of a conversation are new, and what each answers.
//! - `conversation`: takes in the lines of one conversation, in one append.

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

/// Conversations of one request that are taken in at the same time. More would only wait for the
/// same commit.
const AT_ONCE: usize = 16;

/// Take in messages that were sent elsewhere
///
/// NDJSON, one message a line, at most 8 MiB; not counted by the rate limit. Each conversation
/// becomes a group if it does not exist; whoever writes or reacts joins with their first. A line
/// that was taken in before, told by its `id` or else its `key`, is `known` and adds nothing, also
/// if it says more than it did then. A line that cannot be taken is `rejected` with a reason and
/// does not stop the others. New lines of one conversation are taken in all together, in their
/// order. After a 503 the same request may be sent again.
///
/// A message that was edited there (`edited_at`, and `original` if what it said at first is known)
/// is sent and then edited; its `reactions` follow. A line with `members` instead of a message lets
/// these join where it stands.
#[utoipa::path(
    post,
    path = "/v1/admin/import",
    operation_id = "import_messages",
    tag = "admin",
    request_body(content = ImportLine, content_type = "application/x-ndjson",
        description = "One such object a line"),
    responses(
        (status = 200, description = "One answer a line, in order",
            body = ImportAnswer, content_type = "application/x-ndjson",
            headers(("Tidings-Position" = i64, description = "The log's head"))),
        Problems,
    ),
)]
pub(crate) async fn import_messages(
    State(state): State<CommandState>,
    _: Admin,
    Ndjson(body): Ndjson,
) -> Result<Response, No> {
    let started = Instant::now();
    let mut answers = Vec::new();
    let mut groups = Groups::default();
    for (index, text) in ndjson::lines(&body).enumerate() {
        let (number, parsed) = line::parse(index, text, state.limits());
        let verdict = match parsed {
            Ok(line) => {
                groups.add(index, line);
                None
            }
            Err(reason) => Some(Verdict::Rejected(reason)),
        };
        answers.push((number, None, verdict));
    }
    for (conversation, verdicts) in groups.take_in(&state).await? {
        for (index, verdict) in verdicts {
            let (number, _, _) = answers[index];
            answers[index] = (number, Some(conversation.clone()), Some(verdict));
        }
    }
    state
        .meters()
        .took(Op::Import, Outcome::Done, started.elapsed());
    Ok(respond(state.log().known_head(), &answers))
}

/// The lines by conversation, both in the order in which they were first named.
#[derive(Default)]
struct Groups {
    places: HashMap<ConversationId, usize>,
    groups: Vec<(ConversationId, Vec<(usize, Line)>)>,
}

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

    async fn take_in(self, state: &CommandState) -> Result<Vec<Verdicts>, No> {
        stream::iter(self.groups)
            .map(|(conversation, lines)| async move {
                let (indices, lines): (Vec<usize>, Vec<Line>) = lines.into_iter().unzip();
                let verdicts = conversation::take_in(state, &conversation, &lines).await?;
                Ok((conversation, indices.into_iter().zip(verdicts).collect()))
            })
            .buffer_unordered(AT_ONCE)
            .try_collect()
            .await
    }
}

type Answer = (i64, Option<ConversationId>, Option<Verdict>);

fn respond(head: i64, answers: &[Answer]) -> Response {
    let mut body = Vec::with_capacity(answers.len() * 64);
    for (number, conversation, verdict) in answers {
        let answer = ImportAnswer::of(*number, conversation.as_ref(), verdict.as_ref());
        // Strings and numbers always serialise.
        body.extend(serde_json::to_vec(&answer).unwrap_or_default());
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
