//! The conversation that a line belongs to. An import adds only to conversations that its own
//! source made, so that a name which two systems share never shows one system's messages to the
//! users of the other.

use domain::conversation::Conversation;
use domain::conversation::command::CreateConversation;
use domain::conversation::event::ConversationKind;
use domain::ids::{ConversationId, MAX_USER_ID_CHARS, Title, UserId, clean_imported_name};
use domain::time::Timestamp;
use event_log::{AppendError, AppendRequest, LockedAggregate, ReceiptKey};

use super::request::ImportLineRequest;
use crate::error::CommandError;
use crate::state::CommandState;

/// The maximum length of the name of a source, in bytes.
const MAX_SOURCE_BYTES: usize = 256;

/// What a line says about its conversation.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct ImportDestination {
    /// Identifies the conversation of the source, and its id if no other applies.
    pub(super) conversation: ConversationId,
    source: String,
    preferred: Option<ConversationId>,
    direct: Option<[UserId; 2]>,
}

/// A conversation that a line may go to.
#[derive(Debug, Clone)]
pub(super) struct ImportCandidate {
    pub(super) id: ConversationId,
    /// The receipt of the import that made this conversation from this source.
    pub(super) made_key: ReceiptKey,
    direct: Option<[UserId; 2]>,
}

/// Whether an import may add to a conversation.
pub(super) enum ImportAccess {
    /// It does not exist, or this source made it.
    Open(LockedAggregate<Conversation>),
    /// Another source or a user made it.
    Foreign,
    /// It changed in the meantime. Try again.
    Changed,
}

impl ImportDestination {
    /// Parses the conversation of a line. The error is the reason to reject the line.
    pub(super) fn parse(line: &ImportLineRequest) -> Result<Self, String> {
        let group = |field: &str, id: &str| {
            ConversationId::parse_group(id).map_err(|invalid| format!("{field}: {}", invalid.0))
        };
        let source = line.source.clone().unwrap_or_default();
        if source.len() > MAX_SOURCE_BYTES {
            return Err(format!("source: longer than {MAX_SOURCE_BYTES} bytes"));
        }
        let preferred = line.preferred.as_deref().map(|id| group("preferred", id));
        let direct = line.direct.as_deref().map(parse_pair);
        Ok(Self {
            conversation: group("conversation", &line.conversation)?,
            source,
            preferred: preferred.transpose()?,
            direct: direct.transpose()?,
        })
    }

    /// The key of a line that an earlier release imported under the preferred id.
    pub(super) fn preferred_key(&self, key: &str) -> Option<ReceiptKey> {
        let preferred = self.preferred.as_ref()?;
        Some(ReceiptKey::for_import(preferred, key))
    }

    /// The conversations that the line may go to, the best one first.
    pub(super) fn candidates(&self) -> Vec<ImportCandidate> {
        let direct = self.direct.as_ref().map(|[one, other]| {
            let id = ConversationId::direct(one, other);
            (id, Some([one.clone(), other.clone()]))
        });
        let preferred = self.preferred.clone().map(|id| (id, None));
        let last = (self.conversation.clone(), None);
        let all = direct.into_iter().chain(preferred).chain([last]);
        all.map(|(id, direct)| ImportCandidate {
            made_key: ReceiptKey::for_import_source(&id, &self.source),
            id,
            direct,
        })
        .collect()
    }
}

impl ImportCandidate {
    /// The command that creates the conversation. `first` becomes the owner of a group.
    pub(super) fn to_creation(
        &self,
        first: &UserId,
        title: Option<Title>,
        created_at: Option<Timestamp>,
    ) -> CreateConversation {
        match &self.direct {
            Some([one, other]) => CreateConversation {
                kind: ConversationKind::Direct,
                title: None,
                members: vec![other.clone()],
                by: one.clone(),
                blocked: false,
                created_at,
            },
            None => CreateConversation {
                kind: ConversationKind::Group,
                title,
                members: Vec::new(),
                by: first.clone(),
                blocked: false,
                created_at,
            },
        }
    }

    /// Determines whether the import may add to this conversation. `is_ours`: whether the receipt
    /// that the source made it has been found.
    pub(super) async fn open(
        &self,
        state: &CommandState,
        is_ours: bool,
    ) -> Result<ImportAccess, CommandError> {
        let locked = state.log().conversations().lock(self.id.as_str()).await?;
        if is_ours || !locked.state().exists() {
            return Ok(ImportAccess::Open(locked));
        }
        // A concurrent import of the same source may have created it just now. Its receipt can be
        // found once its events are durable.
        match locked
            .append(AppendRequest::from_events(Vec::new()))
            .wait()
            .await
        {
            Ok(_) => {}
            Err(AppendError::Conflict | AppendError::DuplicateKey(_)) => {
                return Ok(ImportAccess::Changed);
            }
            Err(AppendError::Log(error)) => return Err(error.into()),
        }
        let receipt = state.log().find_receipt(self.made_key).await?;
        Ok(receipt.map_or(ImportAccess::Foreign, |_| ImportAccess::Changed))
    }
}

fn parse_pair(users: &[String]) -> Result<[UserId; 2], String> {
    let parse = |name: &String| {
        UserId::parse(&clean_imported_name(name, MAX_USER_ID_CHARS))
            .map_err(|_| "direct: is empty without its control characters".to_owned())
    };
    let [one, other] = users else {
        return Err("direct: expected two users".into());
    };
    let (one, other) = (parse(one)?, parse(other)?);
    if one == other {
        return Err("direct: expected two different users".into());
    }
    Ok([one, other])
}
