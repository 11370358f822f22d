//! Keys for lines without an id, so that importing them again is idempotent. The key consists of
//! the conversation, sender, time and text, and of the number of identical lines earlier in the
//! file.

use std::collections::HashMap;

use domain::hex::to_hex;
use domain::time::Timestamp;
use sha2::{Digest as _, Sha256};

/// The first half of a SHA-256 digest, which is enough to make collisions negligible.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TextDigest([u8; 16]);

impl TextDigest {
    /// The digest of several texts. The boundaries between the texts are part of it.
    pub fn from_parts(parts: &[&str]) -> Self {
        Self::from_hash(&hash_parts(parts))
    }

    fn from_hash(hash: &[u8; 32]) -> Self {
        let mut half = [0; 16];
        half.iter_mut().zip(hash).for_each(|(to, from)| *to = *from);
        Self(half)
    }
}

/// Counts identical lines without an id. Takes about 40 bytes per distinct line.
#[derive(Debug, Default)]
pub struct DuplicateCounter(HashMap<TextDigest, u32>);

impl DuplicateCounter {
    /// Returns the key of a line without an id and counts the line.
    pub fn next_key(
        &mut self,
        conversation: &str,
        sender: &str,
        sent_at: Timestamp,
        text: &str,
    ) -> String {
        let hash = hash_parts(&[sender, &sent_at.to_string(), text]);
        let hex = to_hex(&hash);
        let count = self
            .0
            .entry(TextDigest::from_parts(&[conversation, &hex]))
            .or_default();
        let key = format!("h:{hex}:{count}");
        *count += 1;
        key
    }

    /// The key of a line of members without an id. Identical lines share a key, since a repetition
    /// adds nothing.
    pub fn members_key(members: &[String]) -> String {
        let names: Vec<&str> = members.iter().map(String::as_str).collect();
        format!("m:{}", to_hex(&hash_parts(&names)))
    }
}

/// Hashes several texts. The boundaries between the texts are part of the hash.
pub(crate) fn hash_parts(parts: &[&str]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update((part.len() as u64).to_be_bytes());
        hasher.update(part);
    }
    hasher.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn duplicates_are_counted_per_conversation() {
        let time = Timestamp::from_millis(1);
        let mut repeats = DuplicateCounter::default();
        let first = repeats.next_key("a", "ann", time, "ok");
        let second = repeats.next_key("a", "ann", time, "ok");
        let other_conversation = repeats.next_key("b", "ann", time, "ok");
        assert!(first.starts_with("h:") && first.ends_with(":0") && first.len() == 2 + 64 + 2);
        assert_eq!(second, first.replace(":0", ":1"));
        assert_eq!(other_conversation, first);
        // The same file yields the same keys again.
        assert_eq!(
            DuplicateCounter::default().next_key("a", "ann", time, "ok"),
            first
        );
    }

    #[test]
    fn boundaries_between_parts_are_part_of_the_digest() {
        let time = Timestamp::from_millis(1);
        let key = |sender: &str, text: &str| {
            DuplicateCounter::default().next_key("c", sender, time, text)
        };
        assert_ne!(key("ab", "c"), key("a", "bc"));
        assert_ne!(
            TextDigest::from_parts(&["ab", "c"]),
            TextDigest::from_parts(&["a", "bc"])
        );
    }
}
