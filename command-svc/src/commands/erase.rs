//! `POST /v1/admin/erasures`: content taken out for good.

use std::time::Instant;

use axum::extract::State;
use domain::conversation::command::{ConversationCommand, Erase};
use domain::conversation::event::ConversationEvent;
use domain::ids::{ConversationId, UserId};
use domain::refusal::Refusal;
use event_log::erasure::scope;
use event_log::{Append, Appended, Failed, NotAppended};
use http_edge::{Admin, Json};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::asker::Who;
use crate::docs::Problems;
use crate::execute::{ATTEMPTS, pause_before};
use crate::meters::{Op, Outcome};
use crate::no::No;
use crate::parts;
use crate::state::CommandState;

/// Messages that one append erases.
const CHUNK: i64 = 500;

/// Messages that one request erases. Whoever means more is told to go on.
const A_REQUEST: usize = 5_000;

/// What to erase: one message, a conversation, or what a user has written.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ErasureRequest {
    /// The conversation: all of its messages and its titles, if no `seq` is given.
    conversation_id: Option<String>,
    /// One message of it.
    #[schema(minimum = 1)]
    seq: Option<i64>,
    /// Or else a user: all messages that they have ever sent, wherever.
    user: Option<String>,
    /// Where to go on: the `next` of the answer before.
    from: Option<String>,
}

/// What was erased by this request.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(crate) struct ErasureAnswer {
    /// Messages that were erased now. Those that were before are not counted again.
    messages: u64,
    /// Conversations whose titles were erased now.
    titles: u64,
    /// The log position of the first event that says so; null if there is none.
    first: Option<i64>,
    /// The log position of the last one, or the head if there is none.
    position: i64,
    /// There is more: ask again, with this as `from`.
    next: Option<String>,
}

/// What is meant, parsed.
enum Meant {
    Message(ConversationId, i64),
    Conversation(ConversationId),
    User(UserId),
}

impl ErasureRequest {
    fn parse(&self) -> Result<Meant, No> {
        let wrong = |field, why: &str| Err(No::Refused(Refusal::invalid(field, why)));
        match (&self.conversation_id, self.seq, &self.user) {
            (Some(id), seq, None) => {
                let id = parts::conversation(id)?;
                Ok(match seq {
                    Some(seq) => Meant::Message(id, seq),
                    None => Meant::Conversation(id),
                })
            }
            (None, None, Some(user)) => match UserId::parse(user) {
                Ok(user) => Ok(Meant::User(user)),
                Err(invalid) => wrong("user", invalid.0),
            },
            (None, Some(_), _) => wrong("seq", "is a message of which conversation_id?"),
            (Some(_), _, Some(_)) => wrong("user", "either a conversation or a user is erased"),
            (None, None, None) => wrong("conversation_id", "expected this or a user"),
        }
    }
}

/// Erase content for good
///
/// One message, all of a conversation, or all that a user has written. Bodies, earlier versions, mentions and
/// titles are gone for good: at once for everybody who reads, from the log and the stream within seconds, from
/// their files by `tidings erase files`. Positions, seqs and seals stay as they are; an erased message looks like
/// a recalled one. About 5,000 messages a request: with `next` in the answer, ask again. Asking again for what
/// is erased changes nothing.
#[utoipa::path(
    post,
    path = "/v1/admin/erasures",
    operation_id = "erase_content",
    tag = "admin",
    request_body = ErasureRequest,
    responses(
        (status = 200, description = "It is erased, or as much of it as one request may erase",
            body = ErasureAnswer),
        Problems,
    ),
)]
pub(crate) async fn erase_content(
    State(state): State<CommandState>,
    _: Admin,
    Who(by): Who,
    Json(request): Json<ErasureRequest>,
) -> Result<Json<ErasureAnswer>, No> {
    let started = Instant::now();
    let mut erasing = Erasing {
        state: &state,
        by,
        answer: ErasureAnswer::default(),
    };
    match request.parse()? {
        Meant::Message(id, seq) => {
            erasing.append(&id, &[seq], false).await?;
        }
        Meant::Conversation(id) => {
            erasing.append(&id, &[], true).await?;
            if !erasing.messages(&id, None).await? {
                erasing.answer.next = Some(id.to_string());
            }
        }
        Meant::User(user) => erasing.user(&user, request.from.as_deref()).await?,
    }
    let mut answer = erasing.answer;
    if answer.first.is_none() {
        answer.position = state.log().head().await?;
    }
    state
        .meters()
        .took(Op::Erase, Outcome::Done, started.elapsed());
    Ok(Json(answer))
}

/// A request that is being carried out.
struct Erasing<'a> {
    state: &'a CommandState,
    by: UserId,
    answer: ErasureAnswer,
}

impl Erasing<'_> {
    async fn user(&mut self, user: &UserId, from: Option<&str>) -> Result<(), No> {
        let pool = self.state.log().pool();
        let all = scope::conversations_of(pool, user.as_str()).await;
        for id in all.map_err(Failed::from)? {
            if from.is_some_and(|from| id.as_str() < from) {
                continue;
            }
            let id = parts::conversation(&id)?;
            if !self.messages(&id, Some(user)).await? {
                self.answer.next = Some(id.to_string());
                break;
            }
        }
        Ok(())
    }

    /// Erases the messages of a conversation, of one sender or of all. False if there may be more of them than
    /// one request erases.
    async fn messages(&mut self, id: &ConversationId, sender: Option<&UserId>) -> Result<bool, No> {
        let pool = self.state.log().pool();
        let mut after = 0;
        loop {
            if self.answer.messages >= A_REQUEST as u64 {
                return Ok(false);
            }
            let sender = sender.map(UserId::as_str);
            let found = scope::messages(pool, id.as_str(), sender, after, CHUNK).await;
            let (seqs, more) = found.map_err(Failed::from)?;
            if !seqs.is_empty() {
                self.append(id, &seqs, false).await?;
            }
            match more {
                Some(seq) => after = seq,
                None => return Ok(true),
            }
        }
    }

    async fn append(&mut self, id: &ConversationId, seqs: &[i64], title: bool) -> Result<(), No> {
        if let Some(done) = erase_messages(self.state, id, seqs, title, &self.by).await? {
            let answer = &mut self.answer;
            answer.messages += done.messages as u64;
            answer.titles += done.titles as u64;
            answer.first.get_or_insert(done.appended.first);
            answer.position = done.appended.last;
        }
        Ok(())
    }
}

/// What an append erased.
pub(crate) struct Done {
    messages: usize,
    titles: usize,
    appended: Appended,
}

/// Erases messages of a conversation, and its title. `None` if all of that was erased before.
pub(crate) async fn erase_messages(
    state: &CommandState,
    id: &ConversationId,
    seqs: &[i64],
    title: bool,
    by: &UserId,
) -> Result<Option<Done>, No> {
    for attempt in 0..ATTEMPTS {
        pause_before(attempt).await;
        let locked = state.log().conversations().lock(id.as_str()).await?;
        let erase = ConversationCommand::Erase(Erase {
            seqs: seqs.to_vec(),
            title,
            by: by.clone(),
        });
        // A refusal holds once everything it was decided on is durable.
        let (events, refused) = match locked.state().decide(erase, state.limits()) {
            Ok(events) => (events, None),
            Err(refusal) => (Vec::new(), Some(refusal)),
        };
        let messages = events
            .iter()
            .filter(|event| matches!(event, ConversationEvent::MessageErased(_)))
            .count();
        let titles = events.len() - messages;
        let appended = match locked.append(Append::of(events)).done().await {
            Ok(appended) => appended,
            Err(NotAppended::Conflict | NotAppended::Duplicate(_)) => continue,
            Err(NotAppended::Failed(failed)) => return Err(failed.into()),
        };
        if let Some(refusal) = refused {
            return Err(No::Refused(refusal));
        }
        let is_something = messages + titles > 0;
        return Ok(is_something.then_some(Done {
            messages,
            titles,
            appended,
        }));
    }
    Err(No::Busy)
}
