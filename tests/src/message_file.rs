//! Writes files of generated messages to import.

use std::io::{BufWriter, Write};
use std::path::Path;

use anyhow::Result;

use crate::seed::Rng;

/// Users who send in each conversation.
const SENDERS_PER_CONVERSATION: usize = 40;

/// There are so many times more users than conversations.
const USERS_PER_CONVERSATION: usize = 4;

/// The number of conversations in a large system.
pub const LARGE_SYSTEM_CONVERSATIONS: usize = 5_000;

/// Writes `messages` messages in `conversations` conversations; the same ones on every call. If
/// `everywhere` names a user, that user sends one in forty messages of every conversation.
pub fn write_messages(
    file: &Path,
    messages: usize,
    conversations: usize,
    everywhere: Option<&str>,
) -> Result<()> {
    let mut rng = Rng::new(1);
    let mut out = BufWriter::new(std::fs::File::create(file)?);
    let words = [
        "the",
        "quick",
        "brown",
        "fox",
        "jumps",
        "over",
        "你好",
        "世界",
        "東京",
        "お疲れ様です",
        "안녕하세요",
    ];
    for n in 0..messages {
        let conversation = rng.below(conversations);
        let person = rng.below(SENDERS_PER_CONVERSATION);
        let sender = match everywhere.filter(|_| person == 0) {
            Some(name) => name.to_owned(),
            None => {
                let user = (conversation * SENDERS_PER_CONVERSATION + person)
                    % (conversations * USERS_PER_CONVERSATION);
                format!("user-{user}")
            }
        };
        let time = 1_500_000_000 + n;
        let text: Vec<&str> = (0..4 + rng.below(12)).map(|_| *rng.pick(&words)).collect();
        // The dates are arbitrary, but time must never run backwards.
        let sent_at = format!(
            "20{:02}-{:02}-{:02}T{:02}:{:02}:{:02}.000Z",
            10 + time / 100_000_000 % 10,
            1 + n / 100_000 % 12,
            1 + n / 4_000 % 25,
            n / 3_600 % 24,
            n / 60 % 60,
            n % 60
        );
        writeln!(
            out,
            r#"{{"id":"m{n}","conversation":"room-{conversation}","sender":"{sender}","sent_at":"{sent_at}","text":"{}"}}"#,
            text.join(" ")
        )?;
    }
    Ok(out.flush()?)
}
