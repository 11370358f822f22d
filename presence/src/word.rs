//! What gateways tell each other.

use serde::{Deserialize, Serialize};

/// Users of one word: at 128 characters each, it stays well below what a broker takes in a message.
const AT_ONCE: usize = 1_000;

/// One message between gateways.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Word {
    /// Whose word it is.
    pub gateway: String,
    /// What.
    #[serde(flatten)]
    pub said: Said,
}

/// See [`Word`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Said {
    /// It is new, and asks who is online elsewhere.
    Hello,
    /// Everybody who is online there.
    All {
        /// Who.
        users: Vec<String>,
        /// There are more of them; the next word of this kind goes on.
        more: bool,
    },
    /// It is there.
    Alive,
    /// Somebody is online there now.
    Online(String),
    /// Somebody is not any more.
    Offline(String),
    /// Somebody types in a conversation.
    Typing {
        /// Where.
        conversation: String,
        /// Who.
        user: String,
    },
}

/// The words that say that these users are online, and nobody else.
pub fn everybody(users: &[String]) -> Vec<Said> {
    let count = users.len().div_ceil(AT_ONCE).max(1);
    let part = |n: usize| users.iter().skip(n * AT_ONCE).take(AT_ONCE);
    (0..count)
        .map(|n| Said::All {
            users: part(n).cloned().collect(),
            more: n + 1 < count,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_comes_back_as_it_was_said() {
        for said in [
            Said::Hello,
            Said::Alive,
            Said::All {
                users: vec!["a".into()],
                more: true,
            },
            Said::Typing {
                conversation: "c".into(),
                user: "u".into(),
            },
        ] {
            let word = Word {
                gateway: "g".to_owned(),
                said,
            };
            let json = serde_json::to_string(&word).unwrap();
            assert_eq!(serde_json::from_str::<Word>(&json).unwrap(), word);
        }
    }

    #[test]
    fn many_users_are_told_in_words_of_bounded_size() {
        let users: Vec<String> = (0..2_500).map(|n| format!("u{n}")).collect();
        let words = everybody(&users);
        let sizes = words.iter().map(|word| match word {
            Said::All { users, more } => (users.len(), *more),
            _ => panic!("not {word:?}"),
        });
        let sizes: Vec<_> = sizes.collect();
        assert_eq!(sizes, [(1_000, true), (1_000, true), (500, false)]);
        assert_eq!(everybody(&[]).len(), 1);
    }
}
