//! The file that a message uses: what a command about the message needs to know of it. Each lookup
//! is observed, so a message and the deletion of its file cannot both be appended.

use domain::body::{MessageBody, MessageType};
use domain::conversation::Conversation;
use domain::file::event::{FileReserved, FileStored};
use domain::ids::{FileId, UserId};
use domain::message::MessageState;
use domain::refusal::Refusal;
use event_log::{LockedAggregate, LogError, Observation};
use serde_json::Value;

use crate::handler::AttemptError;
use crate::state::CommandState;

/// What is known of a file that a user's message is to use, or why it cannot use it.
type UsableFile = Result<(FileReserved, FileStored), Refusal>;

async fn observe(
    state: &CommandState,
    user: &UserId,
    id: &FileId,
    observed: &mut Vec<Observation>,
) -> Result<UsableFile, LogError> {
    let files = state.log().files();
    let (usable, observation) = files
        .peek(id.as_str(), |file| {
            let usable = file.require_usable(user);
            usable.map(|(reserved, stored)| (reserved.clone(), stored.clone()))
        })
        .await?;
    observed.push(observation);
    Ok(usable)
}

/// Why a message with this body cannot be sent by this user because of its file, if so.
pub(super) async fn find_refusal(
    state: &CommandState,
    user: &UserId,
    (kind, body): (MessageType, &MessageBody),
    observed: &mut Vec<Observation>,
) -> Result<Option<Refusal>, LogError> {
    match body.file(kind) {
        Some(id) => Ok(observe(state, user, &id, observed).await?.err()),
        None => Ok(None),
    }
}

/// The body of a message completed with what its file is; `None` if it uses no file. The command
/// looks at the file again, so this need not be observed.
pub(super) async fn complete(
    state: &CommandState,
    user: &UserId,
    kind: MessageType,
    body: &MessageBody,
) -> Result<Result<Option<Value>, Refusal>, LogError> {
    let Some(id) = body.file(kind) else {
        return Ok(Ok(None));
    };
    let body: Value = serde_json::from_str(body.as_json())
        .map_err(|error| LogError::Corrupt(format!("a body: {error}")))?;
    Ok(match observe(state, user, &id, &mut Vec::new()).await? {
        Ok((reserved, stored)) => MessageBody::complete(kind, &body, &reserved, &stored).map(Some),
        Err(refusal) => Err(refusal),
    })
}

/// The file that a new body names, for a message whose type only the target knows.
pub(crate) struct NamedFile(Option<UsableFile>);

impl NamedFile {
    /// Looks up the file that this body names, if it does, and adds it to `observed`.
    pub(super) async fn observe(
        state: &CommandState,
        user: &UserId,
        body: Option<&Value>,
        observed: &mut Vec<Observation>,
    ) -> Result<Self, LogError> {
        let named = body.and_then(|body| MessageBody::file_of_value(MessageType::File, body));
        Ok(Self(match named {
            Some(id) => Some(observe(state, user, &id, observed).await?),
            None => None,
        }))
    }

    /// The body completed with what the file is; `None` if a message of this type with this body
    /// uses no file.
    pub(super) fn complete(
        self,
        kind: MessageType,
        body: &Value,
    ) -> Result<Option<Value>, Refusal> {
        let Some(usable) = self.0.filter(|_| kind.may_use_file()) else {
            return Ok(None);
        };
        let (reserved, stored) = usable?;
        MessageBody::complete(kind, body, &reserved, &stored).map(Some)
    }
}

/// The new body of a scheduled message, with the file that the message uses if the body names none.
pub(super) async fn keep_scheduled(
    state: &CommandState,
    owner: &UserId,
    number: i64,
    body: &Value,
) -> Result<Value, LogError> {
    let messages = [(owner.clone(), number)];
    let mut found = state.log().mailboxes().load_scheduled(&messages).await?;
    let content = found.remove(&messages[0]);
    let file = content.and_then(|content| content.message.body.file(content.message.kind));
    let kept = file.and_then(|file| MessageBody::with_kept_file(body, &file));
    Ok(kept.unwrap_or_else(|| body.clone()))
}

/// What is known of the file of a message that is to be edited. The edit keeps it, and need not
/// observe it: a message that uses a file does so before and after.
pub(crate) struct KeptFile(Option<(FileId, Option<(FileReserved, FileStored)>)>);

impl KeptFile {
    /// Looks up the file of this message.
    pub(super) async fn load(
        state: &CommandState,
        conversation: &str,
        seq: i64,
    ) -> Result<Self, LogError> {
        let locked = state.log().conversations().lock(conversation).await?;
        let found = find_file(&locked, seq).await?;
        drop(locked);
        let Some(id) = found else {
            return Ok(Self(None));
        };
        let files = state.log().files();
        let (known, _) = files
            .peek(id.as_str(), |file| {
                let known = file.last_known();
                known.map(|(reserved, stored)| (reserved.clone(), stored.clone()))
            })
            .await?;
        Ok(Self(Some((id, known))))
    }

    /// The new body of the message, completed with the file that it uses. `None` if it uses none,
    /// or the body names another one. `loaded` is its state if it is not recent.
    pub(super) fn complete(
        &self,
        conversation: &Conversation,
        seq: i64,
        loaded: Option<&MessageState>,
        body: &Value,
    ) -> Result<Option<Value>, AttemptError> {
        let Some(message) = conversation.recent_message(seq).or(loaded) else {
            return Ok(None);
        };
        let Some(file) = &message.file else {
            return Ok(None);
        };
        // Otherwise it was sent after the lookup.
        let looked_up = self.0.as_ref().filter(|(id, _)| id == file);
        let (_, known) = looked_up.ok_or(AttemptError::Retry)?;
        let Some(body) = MessageBody::with_kept_file(body, file) else {
            return Ok(None);
        };
        Ok(Some(match known {
            Some((reserved, stored)) => {
                MessageBody::complete(message.kind, &body, reserved, stored)?
            }
            // Before there were files, the key was free for apps.
            None => body,
        }))
    }
}

/// The file of a recalled message that is to be restored, and whether its bytes are there.
pub(crate) struct RestoredFile(Option<(FileId, bool)>);

impl RestoredFile {
    /// What is known when no message is to be restored.
    pub(crate) fn none() -> Self {
        Self(None)
    }

    /// Looks up the file of this message, and adds it to `observed`.
    pub(crate) async fn observe(
        state: &CommandState,
        conversation: &str,
        seq: i64,
        observed: &mut Vec<Observation>,
    ) -> Result<Self, LogError> {
        let locked = state.log().conversations().lock(conversation).await?;
        let Some(id) = find_file(&locked, seq).await? else {
            return Ok(Self(None));
        };
        drop(locked);
        let files = state.log().files();
        let (is_available, observation) = files
            .peek(id.as_str(), domain::file::File::is_available)
            .await?;
        observed.push(observation);
        Ok(Self(Some((id, is_available))))
    }

    /// Checks that the message still has its file. `loaded` is its state if it is not recent.
    pub(crate) fn check(
        &self,
        conversation: &Conversation,
        seq: i64,
        loaded: Option<&MessageState>,
    ) -> Result<(), AttemptError> {
        let message = conversation.recent_message(seq).or(loaded);
        let Some(file) = message.and_then(|message| message.file.as_ref()) else {
            return Ok(());
        };
        match &self.0 {
            Some((id, true)) if id == file => Ok(()),
            Some((id, false)) if id == file => Err(Refusal::rule_violation(
                "file_deleted",
                "The file of the message was deleted, because nothing used it, so the message \
                 cannot be restored.",
            )
            .into()),
            _ => Err(AttemptError::Retry),
        }
    }
}

async fn find_file(
    locked: &LockedAggregate<Conversation>,
    seq: i64,
) -> Result<Option<FileId>, LogError> {
    if let Some(recent) = locked.state().recent_message(seq) {
        return Ok(recent.file.clone());
    }
    if !(1..=locked.state().head_seq()).contains(&seq) {
        return Ok(None);
    }
    Ok(locked
        .load_message(seq)
        .await?
        .and_then(|message| message.file))
}
