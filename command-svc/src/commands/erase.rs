//! `POST /v1/admin/erasures`: permanently erases content.

use std::collections::BTreeMap;
use std::time::Instant;

use axum::extract::State;
use axum::response::IntoResponse;
use domain::conversation::command::{ConversationCommand, EraseContent};
use domain::conversation::event::ConversationEvent;
use domain::ids::{ConversationId, FileId, UserId};
use domain::mailbox::push_event::PushDropCause;
use domain::refusal::Refusal;
use event_log::{AppendError, AppendRequest, AppendedRange, LogError};
use http::HeaderValue;
use http_edge::{Admin, Json};
use log_integrity::erasure::{notes, scope};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{erase_user, push_drops};
use crate::attempts::Attempts;
use crate::caller::AuthenticatedUser;
use crate::docs::CommandProblems;
use crate::error::CommandError;
use crate::held;
use crate::legal_holds::{self, ConversationHolds, HeldContentPolicy};
use crate::metrics::{CommandKind, CommandOutcome};
use crate::params;
use crate::response::POSITION_HEADER;
use crate::state::{CommandState, ErasedFiles};

/// The maximum number of messages that one append erases.
const MAX_MESSAGES_PER_APPEND: i64 = 500;

/// The number of messages after which a request stops and returns where to continue.
const MAX_MESSAGES_PER_REQUEST: usize = 5_000;

/// What to erase: one message, a conversation, or everything that a user has sent.
#[derive(Debug, Deserialize, ToSchema)]
// Also for a client that asks to ignore unknown fields: without a misspelt `seq`, this would erase
// the whole conversation, and nothing brings it back.
#[serde(deny_unknown_fields)]
pub(crate) struct ErasureRequest {
    /// The conversation. Without `seq`, all of its messages and titles are erased.
    conversation_id: Option<String>,
    /// One message of the conversation.
    #[schema(minimum = 1)]
    seq: Option<i64>,
    /// Instead of a conversation, a user: all messages that the user has sent, in any conversation,
    /// what the profile says, the notes that the user wrote, and scheduled messages.
    user: Option<String>,
    /// Where to continue: the `next` of the previous response.
    from: Option<String>,
}

/// What this request erased.
#[derive(Debug, Default, Serialize, ToSchema)]
#[schema(as = ErasureAnswer)]
pub(crate) struct EraseResponse {
    /// The number of messages erased by this request, without those erased earlier.
    messages: u64,
    /// The number of conversations whose titles this request erased.
    titles: u64,
    /// The number of profiles that this request erased.
    profiles: u64,
    /// The number of notes that this request erased: those with requests to users and groups, and
    /// with reports.
    notes: u64,
    /// The log position of the first erasure event; null if nothing was erased.
    first: Option<i64>,
    /// The log position of the last erasure event, or the head of the log if nothing was erased.
    position: i64,
    /// If set, there is more to erase: repeat the request with this value as `from`.
    next: Option<String>,
}

/// The parsed scope of an erasure.
enum ErasureScope {
    Message(ConversationId, i64),
    Conversation(ConversationId),
    User(UserId),
}

impl ErasureRequest {
    fn parse(&self) -> Result<ErasureScope, CommandError> {
        let invalid =
            |field, reason: &str| Err(CommandError::Rejected(Refusal::invalid(field, reason)));
        match (&self.conversation_id, self.seq, &self.user) {
            (Some(id), seq, None) => {
                let id = params::parse_conversation(id)?;
                Ok(match seq {
                    Some(seq) => ErasureScope::Message(id, seq),
                    None => ErasureScope::Conversation(id),
                })
            }
            (None, None, Some(user)) => match UserId::parse(user) {
                Ok(user) => Ok(ErasureScope::User(user)),
                Err(error) => invalid("user", error.0),
            },
            (None, Some(_), _) => invalid("seq", "seq requires conversation_id"),
            (Some(_), _, Some(_)) => {
                invalid("user", "conversation_id and user are mutually exclusive")
            }
            (None, None, None) => invalid(
                "conversation_id",
                "either conversation_id or user is required",
            ),
        }
    }
}

impl ErasureRequest {
    /// Logs who has erased what. An erasure cannot be undone, so its trace is not only in the event
    /// log.
    fn log(&self, by: &UserId, response: &EraseResponse) {
        tracing::info!(
            by = by.as_str(),
            conversation = self.conversation_id.as_deref(),
            seq = self.seq,
            user = self.user.as_deref(),
            messages = response.messages,
            titles = response.titles,
            profiles = response.profiles,
            notes = response.notes,
            first = response.first,
            last = response.position,
            "erased content"
        );
    }
}

/// Permanently erase content
///
/// Erases one message, a whole conversation, or everything that a user has sent, with their
/// profile, the notes with their requests and reports, and scheduled messages. Bodies, earlier
/// versions, mentions, titles, profiles and notes are erased permanently: immediately for all
/// readers, within seconds from the log and the stream, and from the files on
/// disk by `tidings erase files`. Positions, seqs and seals do not change; an erased message looks
/// like a recalled one. One request erases about 5,000 messages: if the response has `next`, repeat
/// the request with it as `from`. Repeating a request for erased content changes nothing. If a
/// legal hold covers any of it, the request erases nothing and answers 409 `held`.
///
/// Unknown fields are refused even with `Prefer: handling=lenient`: without a misspelt `seq`, the
/// request would erase the whole conversation.
#[utoipa::path(
    post,
    path = "/v1/admin/erasures",
    operation_id = "erase_content",
    tag = "admin",
    request_body(content = ErasureRequest, example = json!({"conversation_id": "lunch", "seq": 1})),
    responses(
        (status = 200, description = "Erased, completely or up to the limit of one request",
            body = EraseResponse,
            headers(("Tidings-Position" = i64, description = "The same position"))),
        CommandProblems,
    ),
)]
pub(crate) async fn erase_content(
    State(state): State<CommandState>,
    _: Admin,
    AuthenticatedUser { id: by, .. }: AuthenticatedUser,
    Json(request): Json<ErasureRequest>,
) -> Result<impl IntoResponse, CommandError> {
    let started = Instant::now();
    let mut run = ErasureRun {
        state: &state,
        by,
        response: EraseResponse::default(),
    };
    match request.parse()? {
        ErasureScope::Message(id, seq) => {
            run.append_erasure(&id, &[seq], false).await?;
        }
        ErasureScope::Conversation(id) => {
            legal_holds::check_conversation(&state, &id, None).await?;
            run.append_erasure(&id, &[], true).await?;
            run.erase_waiting_in(&id).await?;
            if !run.erase_conversation(&id, None).await? {
                run.response.next = Some(id.to_string());
            }
        }
        ErasureScope::User(user) => run.erase_user(&user, request.from.as_deref()).await?,
    }
    let (by, mut response) = (run.by, run.response);
    if response.first.is_none() {
        response.position = state.log().head().await?;
    }
    request.log(&by, &response);
    state
        .metrics()
        .record_duration(CommandKind::Erase, CommandOutcome::Done, started.elapsed());
    let position = [(POSITION_HEADER, HeaderValue::from(response.position))];
    Ok((position, Json(response)))
}

/// The execution of one erasure request.
struct ErasureRun<'a> {
    state: &'a CommandState,
    by: UserId,
    response: EraseResponse,
}

impl ErasureRun<'_> {
    /// Cancels the scheduled messages to a conversation, and refuses the held ones, which erases
    /// their content.
    async fn erase_waiting_in(&mut self, id: &ConversationId) -> Result<(), CommandError> {
        let pool = self.state.log().pool();
        let found = scope::find_scheduled(pool, id.as_str()).await;
        let mut numbers: BTreeMap<String, Vec<i64>> = BTreeMap::new();
        for (owner, number) in found.map_err(LogError::from)? {
            numbers.entry(owner).or_default().push(number);
        }
        for (owner, numbers) in numbers {
            let owner = UserId::parse(&owner).map_err(|e| LogError::Corrupt(e.to_string()))?;
            let state = self.state;
            let cancelled = erase_user::cancel_scheduled(state, &owner, Some(numbers), &self.by);
            self.record(cancelled.await?);
        }
        let holding = scope::find_held_senders(pool, id.as_str()).await;
        for sender in holding.map_err(LogError::from)? {
            let sender = UserId::parse(&sender).map_err(|e| LogError::Corrupt(e.to_string()))?;
            self.erase_held(&sender, Some(id)).await?;
        }
        Ok(())
    }

    /// Erases the held messages of a user: all, or those to one conversation.
    async fn erase_held(
        &mut self,
        sender: &UserId,
        conversation: Option<&ConversationId>,
    ) -> Result<(), CommandError> {
        let erased = held::erase_all(self.state, sender, conversation, &self.by).await?;
        if let Some((first, last)) = erased {
            self.response.first.get_or_insert(first);
            self.response.position = last;
        }
        Ok(())
    }

    /// Erases what a user wrote, messages from the conversation `from` onwards.
    async fn erase_user(&mut self, user: &UserId, from: Option<&str>) -> Result<(), CommandError> {
        let pool = self.state.log().pool();
        legal_holds::check_user(self.state, user).await?;
        let conversations = scope::find_conversations_of(pool, user.as_str()).await;
        let conversations = conversations.map_err(LogError::from)?;
        let notes = notes::find(pool, user.as_str()).await;
        let notes = notes.map_err(LogError::from)?;
        for id in conversations.iter().chain(&notes.conversations) {
            let id = params::parse_conversation(id)?;
            legal_holds::check_conversation(self.state, &id, Some(user)).await?;
        }
        if from.is_none() {
            self.erase_beside_messages(user, notes.count).await?;
            self.erase_held(user, None).await?;
            let files = ErasedFiles::Of(user.clone());
            self.state.notify_erased_files(files).await;
        }
        for id in conversations {
            if from.is_some_and(|from| id.as_str() < from) {
                continue;
            }
            let id = params::parse_conversation(&id)?;
            if !self.erase_conversation(&id, Some(user)).await? {
                self.response.next = Some(id.to_string());
                break;
            }
        }
        Ok(())
    }

    /// Erases what a user wrote besides messages: the profile, notes, and messages that wait; and
    /// drops their registrations for pushes.
    async fn erase_beside_messages(
        &mut self,
        user: &UserId,
        notes: u64,
    ) -> Result<(), CommandError> {
        let (state, by) = (self.state, self.by.clone());
        let profile = erase_user::erase_profile(state, user, &by).await?;
        self.response.profiles += u64::from(profile.is_some());
        self.record(profile);
        if notes > 0 {
            self.response.notes += notes;
            self.record(erase_user::erase_notes(state, user, &by).await?);
        }
        let cancelled = erase_user::cancel_scheduled(state, user, None, &by).await?;
        self.record(cancelled);
        let cause = PushDropCause::Erased;
        self.record(push_drops::drop_all(state, user, &by, cause).await?);
        Ok(())
    }

    /// Adds what was appended to the response.
    fn record(&mut self, appended: Option<AppendedRange>) {
        if let Some(appended) = appended {
            self.response.first.get_or_insert(appended.first);
            self.response.position = appended.last;
        }
    }

    /// Erases the messages of a conversation, of one sender or of all. Returns false if it stopped
    /// at the limit of one request and there may be more.
    async fn erase_conversation(
        &mut self,
        id: &ConversationId,
        sender: Option<&UserId>,
    ) -> Result<bool, CommandError> {
        let pool = self.state.log().pool();
        let mut after = 0;
        loop {
            if self.response.messages >= MAX_MESSAGES_PER_REQUEST as u64 {
                return Ok(false);
            }
            let sender = sender.map(UserId::as_str);
            let page =
                scope::find_messages(pool, id.as_str(), sender, after, MAX_MESSAGES_PER_APPEND)
                    .await;
            let (seqs, more) = page.map_err(LogError::from)?;
            if !seqs.is_empty() {
                self.append_erasure(id, &seqs, false).await?;
            }
            match more {
                Some(seq) => after = seq,
                None => return Ok(true),
            }
        }
    }

    /// Erases these messages, and the title if requested, and adds them to the response.
    async fn append_erasure(
        &mut self,
        id: &ConversationId,
        seqs: &[i64],
        title: bool,
    ) -> Result<(), CommandError> {
        let policy = HeldContentPolicy::Refuse;
        let erased = erase_messages(self.state, id, seqs, title, &self.by, policy).await?;
        if let Some(totals) = erased {
            let response = &mut self.response;
            response.messages += totals.messages as u64;
            response.titles += totals.titles as u64;
            self.record(Some(totals.appended));
        }
        Ok(())
    }
}

/// What one append erased.
pub(crate) struct ErasureTotals {
    messages: usize,
    titles: usize,
    appended: AppendedRange,
}

/// Erases messages of a conversation in one append, and its titles if `title` is set. `None` if all
/// of that had been erased earlier, or is held and left out.
pub(crate) async fn erase_messages(
    state: &CommandState,
    id: &ConversationId,
    seqs: &[i64],
    title: bool,
    by: &UserId,
    policy: HeldContentPolicy,
) -> Result<Option<ErasureTotals>, CommandError> {
    let mut attempts = Attempts::default();
    loop {
        attempts.start_next().await?;
        let (holds, observation) = ConversationHolds::load(state, id).await?;
        let free = holds.filter_free(state, id, seqs).await?;
        let is_held = free.len() < seqs.len() || title && holds.covers_title();
        if is_held && policy == HeldContentPolicy::Refuse {
            return Err(CommandError::Rejected(Refusal::held()));
        }
        let title = title && !is_held;
        if free.is_empty() && !title {
            return Ok(None);
        }
        let files = find_files(state, id, &free, title).await?;
        let locked = state.log().conversations().lock(id.as_str()).await?;
        let erase = ConversationCommand::Erase(EraseContent {
            seqs: free,
            title,
            by: by.clone(),
        });
        // A refusal is valid only once everything it was based on is durable.
        let (events, refusal) = match locked.state().decide(erase, state.limits()) {
            Ok(events) => (events, None),
            Err(refusal) => (Vec::new(), Some(refusal)),
        };
        let messages = events
            .iter()
            .filter(|event| matches!(event, ConversationEvent::MessageErased(_)))
            .count();
        let titles = events
            .iter()
            .filter(|event| matches!(event, ConversationEvent::TitleErased(_)))
            .count();
        let request = AppendRequest {
            observations: vec![observation],
            actor: policy.actor(by),
            ..AppendRequest::from_events(events)
        };
        let appended = match locked.append(request).wait().await {
            Ok(appended) => appended,
            Err(AppendError::Conflict | AppendError::DuplicateKey(_)) => continue,
            Err(AppendError::Log(error)) => return Err(error.into()),
        };
        if let Some(refusal) = refusal {
            return Err(CommandError::Rejected(refusal));
        }
        let has_erased = messages + titles > 0;
        if has_erased {
            state.notify_erased_files(ErasedFiles::Used(files)).await;
        }
        return Ok(has_erased.then_some(ErasureTotals {
            messages,
            titles,
            appended,
        }));
    }
}

/// The files that these messages of a conversation use or used and, with the title, those that are
/// or were its avatar.
async fn find_files(
    state: &CommandState,
    id: &ConversationId,
    seqs: &[i64],
    title: bool,
) -> Result<Vec<FileId>, LogError> {
    let pool = state.log().pool();
    let mut files = scope::find_files(pool, id.as_str(), seqs).await?;
    if title {
        files.extend(scope::find_avatars(pool, id.as_str()).await?);
    }
    Ok(files)
}
