//! A file of generated messages to import.

use std::io::{BufWriter, Write};
use std::path::Path;

use anyhow::Result;

use crate::seed::Rng;

const CONVERSATIONS: usize = 5_000;

/// Who write in one of them.
const PEOPLE: usize = 40;

const USERS: usize = 20_000;

/// Writes so many, in 5,000 conversations of 20,000 users; the same ones each time.
pub fn messages(file: &Path, messages: usize) -> Result<()> {
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
        let conversation = rng.below(CONVERSATIONS);
        let user = (conversation * PEOPLE + rng.below(PEOPLE)) % USERS;
        let time = 1_500_000_000 + n;
        let text: Vec<&str> = (0..4 + rng.below(12)).map(|_| *rng.pick(&words)).collect();
        // Days and hours do not matter; that they never run backwards does.
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
            r#"{{"id":"m{n}","conversation":"room-{conversation}","sender":"user-{user}","sent_at":"{sent_at}","text":"{}"}}"#,
            text.join(" ")
        )?;
    }
    Ok(out.flush()?)
}
