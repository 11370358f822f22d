//! One meaning per name, the words of GLOSSARY.md, and none of the old dialect.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use house_rules::source::Source;
use house_rules::workspace::{files, read};

/// Names that every Rust reader expects to see more than once.
const SHARED_NAMES: &[&str] = &["Row", "Inner", "Error", "Args", "State"];

/// Words of the dialect in which Tidings was first written. Each has a standard term.
const BANNED_WORDS: &[&str] = &[
    "told",
    "bell",
    "anew",
    "asker",
    "wherefrom",
    "whereto",
    "whoever",
    "gone on with",
    "goes on with",
    "went on with",
    "the one who",
    "somebody who",
    "is told",
    "nobody is",
    "broken off",
    "for ever",
];

/// Words that the parts of a type's name may be besides those of the glossary.
const COMMON_WORDS: &str = "tests/house-rules/tests/common_words.txt";

fn is_product(path: &Path) -> bool {
    let mut parts = path.components().map(|part| part.as_os_str());
    parts.clone().any(|part| part == "src") && !parts.any(|part| part == "tests")
}

#[test]
fn a_type_name_has_one_meaning() {
    let mut homes: BTreeMap<String, Vec<PathBuf>> = BTreeMap::new();
    for path in files(&["rs"]).into_iter().filter(|path| is_product(path)) {
        for found in Source::open(&path).types() {
            homes.entry(found.name).or_default().push(path.clone());
        }
    }
    assert!(
        homes.len() > 500,
        "only {} type names were found",
        homes.len()
    );
    let shared: Vec<String> = homes
        .iter()
        .filter(|(name, homes)| homes.len() > 1 && !SHARED_NAMES.contains(&name.as_str()))
        .map(|(name, homes)| format!("{name}: {homes:?}"))
        .collect();
    assert!(
        shared.is_empty(),
        "names with several meanings:\n{}",
        shared.join("\n")
    );
}

#[test]
fn public_types_are_named_in_the_words_of_the_glossary() {
    let glossary = words_of(&read(Path::new("GLOSSARY.md")));
    let common = words_of(&read(Path::new(COMMON_WORDS)));
    let mut strangers = Vec::new();
    for path in files(&["rs"]).into_iter().filter(|path| is_product(path)) {
        for found in Source::open(&path)
            .types()
            .into_iter()
            .filter(|found| found.is_public)
        {
            for word in camel_words(&found.name) {
                if !is_known(&word, &glossary) && !common.contains(&word) {
                    let place = format!("{}:{}", path.display(), found.line);
                    strangers.push(format!("{place}: {} ({word})", found.name));
                }
            }
        }
    }
    assert!(
        strangers.is_empty(),
        "not in GLOSSARY.md:\n{}",
        strangers.join("\n")
    );
}

fn is_known(word: &str, glossary: &BTreeSet<String>) -> bool {
    let singular = word.strip_suffix('s').unwrap_or(word);
    glossary.contains(word) || glossary.contains(singular) || glossary.contains(&format!("{word}s"))
}

fn words_of(text: &str) -> BTreeSet<String> {
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect()
}

fn camel_words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for c in name.chars() {
        if c.is_uppercase() || words.is_empty() {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut() {
            word.extend(c.to_lowercase());
        }
    }
    words
}

#[test]
fn the_old_dialect_is_gone() {
    let mut found = Vec::new();
    let product = files(&["rs", "md", "toml", "sh", "py"]);
    for path in product
        .into_iter()
        .filter(|path| !path.starts_with("tests/house-rules"))
    {
        for (index, line) in read(&path).lines().enumerate() {
            let line = line.to_lowercase();
            for word in BANNED_WORDS.iter().filter(|word| has_word(&line, word)) {
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

fn has_word(line: &str, word: &str) -> bool {
    let is_letter = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    line.match_indices(word).any(|(at, _)| {
        !is_letter(line[..at].chars().next_back())
            && !is_letter(line[at + word.len()..].chars().next())
    })
}
