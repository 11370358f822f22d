//! The messages that gateways exchange.

use serde::{Deserialize, Serialize};

/// The maximum number of users in one message. At up to 128 characters each, the message stays well
/// below the broker's size limit.
const MAX_USERS_PER_MESSAGE: usize = 1_000;

/// A message between gateways, encoded as JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GatewayMessage {
    /// The id of the gateway that sent it.
    pub gateway: String,
    /// The content of the message.
    #[serde(flatten)]
    pub payload: GatewayPayload,
}

/// The content of a [`GatewayMessage`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GatewayPayload {
    /// The gateway has started and asks the others for their snapshots.
    #[serde(rename = "hello")]
    Join,
    /// All users who are online at the gateway.
    #[serde(rename = "all")]
    Snapshot {
        /// The users, or a part of them.
        users: Vec<String>,
        /// Whether the snapshot continues in the next message of this kind.
        more: bool,
    },
    /// The gateway is alive.
    #[serde(rename = "alive")]
    Heartbeat,
    /// A user is now online at the gateway.
    Online(String),
    /// A user is no longer online at the gateway.
    Offline(String),
    /// A user is typing in a conversation.
    Typing {
        /// The id of the conversation.
        conversation: String,
        /// The id of the user.
        user: String,
    },
    /// A user is no longer typing in a conversation.
    TypingStopped {
        /// The id of the conversation.
        conversation: String,
        /// The id of the user.
        user: String,
    },
}

/// Builds the snapshot of the users online at this gateway, split into payloads of bounded size.
/// An empty snapshot is one payload without users.
pub fn build_snapshot(users: &[String]) -> Vec<GatewayPayload> {
    let count = users.len().div_ceil(MAX_USERS_PER_MESSAGE).max(1);
    let part = |n: usize| {
        users
            .iter()
            .skip(n * MAX_USERS_PER_MESSAGE)
            .take(MAX_USERS_PER_MESSAGE)
    };
    (0..count)
        .map(|n| GatewayPayload::Snapshot {
            users: part(n).cloned().collect(),
            more: n + 1 < count,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decoding_reverses_encoding() {
        for said in [
            GatewayPayload::Join,
            GatewayPayload::Heartbeat,
            GatewayPayload::Snapshot {
                users: vec!["a".into()],
                more: true,
            },
            GatewayPayload::Typing {
                conversation: "c".into(),
                user: "u".into(),
            },
            GatewayPayload::TypingStopped {
                conversation: "c".into(),
                user: "u".into(),
            },
        ] {
            let message = GatewayMessage {
                gateway: "g".to_owned(),
                payload: said,
            };
            let json = serde_json::to_string(&message).unwrap();
            assert_eq!(
                serde_json::from_str::<GatewayMessage>(&json).unwrap(),
                message
            );
        }
    }

    #[test]
    fn a_large_snapshot_is_split_into_messages_of_bounded_size() {
        let users: Vec<String> = (0..2_500).map(|n| format!("u{n}")).collect();
        let payloads = build_snapshot(&users);
        let sizes = payloads.iter().map(|payload| match payload {
            GatewayPayload::Snapshot { users, more } => (users.len(), *more),
            _ => panic!("expected a snapshot, got {payload:?}"),
        });
        let sizes: Vec<_> = sizes.collect();
        assert_eq!(sizes, [(1_000, true), (1_000, true), (500, false)]);
        assert_eq!(build_snapshot(&[]).len(), 1);
    }
}
