//! What a case is about, and the id of the case, which follows from it.

use serde::{Deserialize, Serialize};

use crate::digest::fingerprint;
use crate::ids::{ConversationId, InvalidIdError, UserId, text_id};

pub use crate::held_id::HeldId;

/// What the ids of cases start with.
const CASE_PREFIX: &str = "case-";

text_id!(
    /// A case: `case-` and 32 hexadecimal digits; see [`CaseId::of`].
    CaseId,
    |text| {
        let digits = text.strip_prefix(CASE_PREFIX).unwrap_or_default();
        let legal = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'a'..=b'f');
        if digits.len() != 32 || !digits.bytes().all(legal) {
            return Err(InvalidIdError(
                "A case id is case- and 32 hexadecimal digits.",
            ));
        }
        Ok(())
    }
);

/// What a case is about.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum CaseTarget {
    /// A message.
    Message {
        /// Its conversation.
        conversation: ConversationId,
        /// Its seq.
        seq: i64,
    },
    /// The title or topic of a conversation.
    Conversation {
        /// The conversation.
        conversation: ConversationId,
    },
    /// A user, everywhere.
    User {
        /// The user.
        user: UserId,
    },
    /// A message that is held, and so has no seq.
    Held {
        /// Its sender.
        user: UserId,
        /// Its id.
        held_id: HeldId,
        /// The conversation that it was sent to.
        conversation: ConversationId,
    },
}

impl CaseTarget {
    /// The conversation that it belongs to; `None` for a user.
    pub fn conversation(&self) -> Option<&ConversationId> {
        match self {
            Self::Message { conversation, .. }
            | Self::Conversation { conversation }
            | Self::Held { conversation, .. } => Some(conversation),
            Self::User { .. } => None,
        }
    }

    /// The user whom the target names.
    pub fn user(&self) -> Option<&UserId> {
        match self {
            Self::User { user } | Self::Held { user, .. } => Some(user),
            Self::Message { .. } | Self::Conversation { .. } => None,
        }
    }
}

impl CaseId {
    /// The id of the case about this target.
    pub fn of(target: &CaseTarget) -> Self {
        let digest = match target {
            CaseTarget::Message { conversation, seq } => fingerprint(&[
                b"message",
                conversation.as_str().as_bytes(),
                &seq.to_be_bytes(),
            ]),
            CaseTarget::Conversation { conversation } => {
                fingerprint(&[b"conversation", conversation.as_str().as_bytes()])
            }
            CaseTarget::User { user } => fingerprint(&[b"user", user.as_str().as_bytes()]),
            CaseTarget::Held { user, held_id, .. } => fingerprint(&[
                b"held",
                user.as_str().as_bytes(),
                held_id.to_string().as_bytes(),
            ]),
        };
        Self(format!("{CASE_PREFIX}{digest:032x}").into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(conversation: &str, seq: i64) -> CaseTarget {
        let conversation = ConversationId::parse(conversation).expect("a valid id");
        CaseTarget::Message { conversation, seq }
    }

    #[test]
    fn each_target_has_one_id_that_never_changes() {
        let user = UserId::parse("oslo").expect("a valid id");
        let conversation = ConversationId::parse("oslo").expect("a valid id");
        let held_id = HeldId::parse("h1").expect("a valid id");
        let targets = [
            message("oslo", 1),
            message("oslo", 2),
            message("bergen", 1),
            CaseTarget::User { user: user.clone() },
            CaseTarget::Conversation {
                conversation: conversation.clone(),
            },
            CaseTarget::Held {
                user,
                held_id,
                conversation,
            },
        ];
        let ids: std::collections::BTreeSet<_> = targets.iter().map(CaseId::of).collect();
        assert_eq!(ids.len(), targets.len());
        for id in &ids {
            assert_eq!(CaseId::parse(id.as_str()).as_ref(), Ok(id));
        }
        assert_eq!(
            CaseId::of(&targets[0]).as_str(),
            "case-dc6bc65349622efbd66d189417653535"
        );
    }

    #[test]
    fn other_texts_are_no_ids_of_cases() {
        for text in ["", "case-", "case-0", &format!("case-{}", "A".repeat(32))] {
            assert!(CaseId::parse(text).is_err(), "{text}");
        }
    }
}
