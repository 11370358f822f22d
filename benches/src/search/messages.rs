//! Repeats chat logs until there are enough messages, each time with other words.

use std::collections::HashMap;
use std::path::PathBuf;

use anyhow::{Result, ensure};
use search::index::MessageDocument;
use tests::corpus::Corpus;
use tests::seed::Rng;

/// A day in milliseconds.
const DAY: i64 = 24 * 3_600 * 1_000;

/// 2026-01-01 in milliseconds since 1970.
const FIRST_DAY: i64 = 20_454 * DAY;

/// The messages that are searched, and the users who search.
pub struct MessageSet {
    /// The messages in the order of their positions, which are 1, 2, 3, ...
    pub documents: Vec<MessageDocument>,
    /// The total size of their texts in bytes.
    pub text_bytes: usize,
    /// The number of conversations.
    pub conversations: u64,
    /// The conversations of each user who searches.
    pub users: Vec<Vec<u64>>,
}

/// The numbers of conversations of the users who search.
const MEMBERSHIP_COUNTS: [usize; 4] = [5, 50, 500, 5_000];

/// Users with each of these numbers.
const USERS_PER_COUNT: usize = 25;

impl MessageSet {
    /// Reads the files and repeats their messages until there are `count`.
    pub fn read(files: &[PathBuf], count: usize, seed: u64) -> Result<Self> {
        let mut originals = Vec::new();
        let mut conversations = 0;
        let mut senders: HashMap<String, u64> = HashMap::new();
        for file in files {
            for sent in Corpus::read(file)?.conversations.into_values() {
                conversations += 1;
                for message in sent {
                    let next = senders.len() as u64 + 1;
                    let sender = *senders.entry(message.sender).or_insert(next);
                    originals.push((conversations, sender, message.text));
                }
            }
        }
        ensure!(!originals.is_empty(), "there are no messages");
        let mut rng = Rng::new(seed);
        // Conversations alternate, as they do in a log.
        for at in (1..originals.len()).rev() {
            originals.swap(at, rng.below(at + 1));
        }
        let mut seqs: HashMap<u64, u64> = HashMap::new();
        let mut documents = Vec::with_capacity(count);
        for (position, nth) in (1..).zip(0..count) {
            let (conversation, sender, text) = &originals[nth % originals.len()];
            let round = (nth / originals.len()) as u64;
            let conversation = conversation + round * conversations;
            let seq = seqs.entry(conversation).or_default();
            *seq += 1;
            documents.push(MessageDocument {
                position,
                conversation,
                seq: *seq,
                sender: sender + round * senders.len() as u64,
                sent_at: FIRST_DAY + (300 * DAY / count as i64) * nth as i64,
                kind: if rng.chance(5) { "image" } else { "text" }.into(),
                mentions: Vec::new(),
                text: vary_text(text, round, &mut rng),
            });
        }
        let conversations = seqs.len() as u64;
        let all_conversations: Vec<u64> = seqs.into_keys().collect();
        Ok(Self {
            text_bytes: documents.iter().map(|message| message.text.len()).sum(),
            users: choose_users(&all_conversations, &mut rng),
            documents,
            conversations,
        })
    }
}

/// Chooses users with few and with many conversations.
fn choose_users(conversations: &[u64], rng: &mut Rng) -> Vec<Vec<u64>> {
    let mut users = Vec::new();
    for count in MEMBERSHIP_COUNTS {
        for _ in 0..USERS_PER_COUNT {
            let mut conversations_of_user: Vec<u64> =
                (0..count).map(|_| *rng.pick(conversations)).collect();
            conversations_of_user.sort_unstable();
            conversations_of_user.dedup();
            users.push(conversations_of_user);
        }
    }
    users
}

/// Replaces every third word, or every third character of a script without spaces, by another one
/// of the same length that no earlier round has used.
fn vary_text(text: &str, round: u64, rng: &mut Rng) -> String {
    if round == 0 {
        return text.to_owned();
    }
    let shift = (round % 25) as u32 + 1;
    let mut varied = String::with_capacity(text.len());
    for word in text.split_inclusive(char::is_whitespace) {
        let is_replaced =
            rng.chance(33) && word.chars().filter(char::is_ascii_alphabetic).count() > 3;
        for c in word.chars() {
            varied.push(match c {
                'a'..='z' if is_replaced => rotate_letter(c, 'a', shift),
                'A'..='Z' if is_replaced => rotate_letter(c, 'A', shift),
                '\u{4e00}'..='\u{9fef}' if rng.chance(33) => {
                    let other = (c as u32 - 0x4e00 + shift * 7) % (0x9fef - 0x4e00) + 0x4e00;
                    char::from_u32(other).unwrap_or(c)
                }
                _ => c,
            });
        }
    }
    varied
}

fn rotate_letter(c: char, first: char, shift: u32) -> char {
    let letter = (c as u32 - first as u32 + shift) % 26;
    char::from_u32(first as u32 + letter).unwrap_or(c)
}
