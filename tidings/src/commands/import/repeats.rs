//! Knowing a line again that has no id: by conversation, sender, time and text, and by how often
//! that has come before in the file.

use std::collections::HashMap;

use domain::time::Timestamp;
use sha2::{Digest as _, Sha256};

use domain::hex::hex;

/// The first half of a SHA-256: enough that two different things never share one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Digest([u8; 16]);

impl Digest {
    /// Of several texts; where one ends and the next begins counts.
    pub fn of(parts: &[&str]) -> Self {
        Self::first_half(&hash(parts))
    }

    fn first_half(hash: &[u8; 32]) -> Self {
        let mut half = [0; 16];
        half.iter_mut().zip(hash).for_each(|(to, from)| *to = *from);
        Self(half)
    }
}

/// How often each line without an id has come. Some 40 bytes for each different one.
#[derive(Debug, Default)]
pub struct Repeats(HashMap<Digest, u32>);

impl Repeats {
    /// The key of a line without an id; each call counts it once more.
    pub fn key(
        &mut self,
        conversation: &str,
        sender: &str,
        sent_at: Timestamp,
        text: &str,
    ) -> String {
        let hash = hash(&[sender, &sent_at.to_string(), text]);
        let hex = hex(&hash);
        let count = self.0.entry(Digest::of(&[conversation, &hex])).or_default();
        let key = format!("h:{hex}:{count}");
        *count += 1;
        key
    }

    /// The key of a line of members without an id. Saying it twice says nothing more.
    pub fn key_of_members(members: &[String]) -> String {
        let names: Vec<&str> = members.iter().map(String::as_str).collect();
        format!("m:{}", hex(&hash(&names)))
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
    fn repeats_are_counted_for_each_conversation() {
        let time = Timestamp::from_millis(1);
        let mut repeats = Repeats::default();
        let first = repeats.key("a", "ann", time, "ok");
        let second = repeats.key("a", "ann", time, "ok");
        let elsewhere = repeats.key("b", "ann", time, "ok");
        assert!(first.starts_with("h:") && first.ends_with(":0") && first.len() == 2 + 64 + 2);
        assert_eq!(second, first.replace(":0", ":1"));
        assert_eq!(elsewhere, first);
        // The same file again gives the same keys.
        assert_eq!(Repeats::default().key("a", "ann", time, "ok"), first);
    }

    #[test]
    fn where_one_part_ends_counts() {
        let time = Timestamp::from_millis(1);
        let key = |sender: &str, text: &str| Repeats::default().key("c", sender, time, text);
        assert_ne!(key("ab", "c"), key("a", "bc"));
        assert_ne!(Digest::of(&["ab", "c"]), Digest::of(&["a", "bc"]));
    }
}
