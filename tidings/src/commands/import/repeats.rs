//! Keys for lines without an id, so that importing them again is idempotent. The key consists of
//! the conversation, sender, time and text, and of the number of identical lines earlier in the
//! file.

use std::collections::HashMap;

use domain::time::Timestamp;
use sha2::{Digest as _, Sha256};

use domain::hex::to_hex;

/// The first half of a SHA-256 digest, which is enough to make collisions negligible.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Digest([u8; 16]);

impl Digest {
    /// The digest of several texts. The boundaries between the texts are part of it.
    pub fn of(parts: &[&str]) -> Self {
        Self::first_half(&hash(parts))
    }

    fn first_half(hash: &[u8; 32]) -> Self {
        let mut half = [0; 16];
        half.iter_mut().zip(hash).for_each(|(to, from)| *to = *from);
        Self(half)
    }
}

/// Counts identical lines without an id. Takes about 40 bytes per distinct line.
#[derive(Debug, Default)]
pub struct Repeats(HashMap<Digest, u32>);

impl Repeats {
    /// Returns the key of a line without an id and counts the line.
    pub fn key(
        &mut self,
        conversation: &str,
        sender: &str,
        sent_at: Timestamp,
        text: &str,
    ) -> String {
        let hash = hash(&[sender, &sent_at.to_string(), text]);
        let hex = to_hex(&hash);
        let count = self.0.entry(Digest::of(&[conversation, &hex])).or_default();
        let key = format!("h:{hex}:{count}");
        *count += 1;
        key
    }

    /// The key of a line of members without an id. Identical lines share a key, since a repetition
    /// adds nothing.
    pub fn key_of_members(members: &[String]) -> String {
        let names: Vec<&str> = members.iter().map(String::as_str).collect();
        format!("m:{}", to_hex(&hash(&names)))
    }
}

fn hash(parts: &[&str]) -> [u8; 32] {
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
        let mut repeats = Repeats::default();
        let first = repeats.key("a", "ann", time, "ok");
        let second = repeats.key("a", "ann", time, "ok");
        let other_conversation = repeats.key("b", "ann", time, "ok");
        assert!(first.starts_with("h:") && first.ends_with(":0") && first.len() == 2 + 64 + 2);
        assert_eq!(second, first.replace(":0", ":1"));
        assert_eq!(other_conversation, first);
        // The same file yields the same keys again.
        assert_eq!(Repeats::default().key("a", "ann", time, "ok"), first);
    }

    #[test]
    fn boundaries_between_parts_are_part_of_the_digest() {
        let time = Timestamp::from_millis(1);
        let key = |sender: &str, text: &str| Repeats::default().key("c", sender, time, text);
        assert_ne!(key("ab", "c"), key("a", "bc"));
        assert_ne!(Digest::of(&["ab", "c"]), Digest::of(&["a", "bc"]));
    }
}
