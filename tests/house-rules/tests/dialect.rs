//! None of the dialect in which Tidings was first written. Each of its words has a standard term;
//! GLOSSARY.md lists them.

use std::path::Path;

use house_rules::glossary::{AVOIDED_WORDS, PATH as GLOSSARY};
use house_rules::workspace::{files, read};

const BANNED_WORDS: &[&str] = &[
    "told",
    "bell",
    "anew",
    "asker",
    "taker",
    "wherefrom",
    "whereto",
    "whoever",
    "gone on with",
    "goes on with",
    "went on with",
    "the one who",
    "somebody who",
    "nobody is",
    "broken off",
    "for ever",
    "stands still",
    // Nouns; English needs the verbs.
    "a picture",
    "the picture",
    "pictures",
    "a wish",
    "the wish",
    "wishes",
];

/// Stored and public words, which do not change, and why each is one.
const STORED_WORDS: &[(&str, &str)] = &[
    ("told_position", "a column of hooks.notices"),
    (".bell.appended", "a NATS subject"),
    (".bell.projected", "a NATS subject"),
    (
        "rename = \"told\"",
        "a field of the projection signal on NATS",
    ),
];

/// Sources of the pages, and words that have their usual meaning there: a page shows pictures and a
/// bell, and says that a user is not told of something.
const PAGE_EXTENSIONS: [&str; 5] = ["ts", "tsx", "mjs", "html", "css"];
const WORDS_OF_PAGES: [&str; 5] = ["told", "bell", "a picture", "the picture", "pictures"];

/// This file names the words.
const THIS_FILE: &str = "tests/house-rules/tests/dialect.rs";

#[test]
fn the_old_dialect_is_gone() {
    let mut found = Vec::new();
    let others = ["rs", "md", "toml", "sh", "py", "yml", "yaml"];
    for path in files(&[&others[..], &PAGE_EXTENSIONS].concat()) {
        // Built pages contain libraries.
        if path == Path::new(THIS_FILE) || path.starts_with("web/dist") {
            continue;
        }
        let extension = path.extension().and_then(|extension| extension.to_str());
        let is_page = extension.is_some_and(|extension| PAGE_EXTENSIONS.contains(&extension));
        let text = read(&path);
        let checked = if path == Path::new(GLOSSARY) {
            let (before, _) = text.split_once(AVOIDED_WORDS).expect(AVOIDED_WORDS);
            before
        } else {
            &text
        };
        for (index, line) in checked.lines().enumerate() {
            let line = without_stored_words(line).to_lowercase();
            let is_allowed = |word: &str| is_page && WORDS_OF_PAGES.contains(&word);
            let banned = BANNED_WORDS.iter().filter(|word| !is_allowed(word));
            for word in banned.filter(|word| has_word(&line, word)) {
                found.push(format!("{}:{}: {word}", path.display(), index + 1));
            }
        }
    }
    assert!(
        found.is_empty(),
        "words of the old dialect:\n{}",
        found.join("\n")
    );
}

fn without_stored_words(line: &str) -> String {
    STORED_WORDS
        .iter()
        .fold(line.to_owned(), |line, (word, _)| line.replace(word, ""))
}

fn has_word(line: &str, word: &str) -> bool {
    let is_letter = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    line.match_indices(word).any(|(at, _)| {
        !is_letter(line[..at].chars().next_back())
            && !is_letter(line[at + word.len()..].chars().next())
    })
}

#[test]
fn a_banned_word_is_found_and_a_stored_one_is_not() {
    let is_banned = |line: &str| {
        let line = without_stored_words(line).to_lowercase();
        BANNED_WORDS.iter().any(|word| has_word(&line, word))
    };
    assert!(is_banned("// Nobody is told."));
    assert!(is_banned("let told = 1;"));
    assert!(!is_banned("SET told_position = $1"));
    assert!(!is_banned("the oldest of those untold"));
}
