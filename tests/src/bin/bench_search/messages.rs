//! Chat logs, repeated until there are enough messages, each time with other words.

use std::collections::HashMap;
use std::path::PathBuf;

use anyhow::{Result, ensure};
use search::index::MessageDocument;
use tests::corpus::Corpus;
use tests::seed::Rng;

/// A day, in milliseconds.
const DAY: i64 = 24 * 3_600 * 1_000;

/// 2026-01-01.
const BEGIN: i64 = 20_454 * DAY;

/// Everything that is searched.
pub struct Messages {
    /// In the order of their positions, which are 1, 2, 3, ...
    pub all: Vec<MessageDocument>,
    /// Bytes of their texts.
    pub bytes: usize,
    /// How many conversations.
    pub conversations: u64,
    /// Who is asked for: each with the conversations that they are in.
    pub users: Vec<Vec<u64>>,
}

/// In how many conversations those who search are.
const MEMBER_OF: [usize; 4] = [5, 50, 500, 5_000];

/// How many of each.
const USERS: usize = 25;

impl Messages {
    /// So many, of these files.
    pub fn of(files: &[PathBuf], count: usize, seed: u64) -> Result<Self> {
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
        // Conversations take turns, as they do in a log.
        for at in (1..originals.len()).rev() {
            originals.swap(at, rng.below(at + 1));
        }
        let mut seqs: HashMap<u64, u64> = HashMap::new();
        let mut all = Vec::with_capacity(count);
        for (position, nth) in (1..).zip(0..count) {
            let (conversation, sender, text) = &originals[nth % originals.len()];
            let round = (nth / originals.len()) as u64;
            let conversation = conversation + round * conversations;
            let seq = seqs.entry(conversation).or_default();
            *seq += 1;
            all.push(MessageDocument {
                position,
                conversation,
                seq: *seq,
                sender: sender + round * senders.len() as u64,
                sent_at: BEGIN + (300 * DAY / count as i64) * nth as i64,
                kind: if rng.chance(5) { "image" } else { "text" }.into(),
                mentions: Vec::new(),
                text: varied(text, round, &mut rng),
            });
        }
        let conversations = seqs.len() as u64;
        let everywhere: Vec<u64> = seqs.into_keys().collect();
        Ok(Self {
            bytes: all.iter().map(|message| message.text.len()).sum(),
            users: users(&everywhere, &mut rng),
            all,
            conversations,
        })
    }
}

/// People of several kinds: in few conversations, in many.
fn users(conversations: &[u64], rng: &mut Rng) -> Vec<Vec<u64>> {
    let mut users = Vec::new();
    for member_of in MEMBER_OF {
        for _ in 0..USERS {
            let mut mine: Vec<u64> = (0..member_of).map(|_| *rng.pick(conversations)).collect();
            mine.sort_unstable();
            mine.dedup();
            users.push(mine);
        }
    }
    users
}

/// The text with every third word, or character of a script without spaces, replaced by another one of
/// the same length: words that no round has had.
fn varied(text: &str, round: u64, rng: &mut Rng) -> String {
    if round == 0 {
        return text.to_owned();
    }
    let shift = (round % 25) as u32 + 1;
    let mut varied = String::with_capacity(text.len());
    for word in text.split_inclusive(char::is_whitespace) {
        let is_other = rng.chance(33) && word.chars().filter(char::is_ascii_alphabetic).count() > 3;
        for c in word.chars() {
            varied.push(match c {
                'a'..='z' if is_other => turned(c, 'a', shift),
                'A'..='Z' if is_other => turned(c, 'A', shift),
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

fn turned(c: char, first: char, shift: u32) -> char {
    let letter = (c as u32 - first as u32 + shift) % 26;
    char::from_u32(first as u32 + letter).unwrap_or(c)
}
