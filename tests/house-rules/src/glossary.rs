//! GLOSSARY.md: the terms that it defines and the types that it lists.

use std::collections::BTreeSet;
use std::path::Path;

use crate::workspace::read;

/// The glossary, relative to the root of the repository.
pub const PATH: &str = "GLOSSARY.md";

/// The section whose first column lists words of other projects and of older versions.
pub const AVOIDED_WORDS: &str = "## Words that we do not use";

const WORDS_IN_TYPES: &str = "## Words in type names";

/// The terms of the glossary.
pub struct Glossary {
    words: BTreeSet<String>,
    types: BTreeSet<String>,
}

impl Glossary {
    /// Reads the glossary.
    ///
    /// # Panics
    /// If it cannot be read or lacks one of its last two sections.
    pub fn open() -> Self {
        let text = read(Path::new(PATH));
        let (text, _) = text.split_once(AVOIDED_WORDS).expect(AVOIDED_WORDS);
        let (terms, table) = text.split_once(WORDS_IN_TYPES).expect(WORDS_IN_TYPES);
        let mut words = BTreeSet::new();
        for term in between(terms, "**") {
            words.extend(split(term));
        }
        for row in table.lines().filter_map(|line| line.strip_prefix('|')) {
            let first = row.split('|').next().unwrap_or_default();
            for word in between(first, "`") {
                words.extend(split(word));
            }
        }
        let types = between(terms, "`")
            .into_iter()
            .filter(|code| code.starts_with(char::is_uppercase))
            .filter(|code| code.chars().all(char::is_alphanumeric))
            .map(str::to_owned)
            .collect();
        Self { words, types }
    }

    /// Whether a term consists of this word or contains it, in singular or plural.
    pub fn defines(&self, word: &str) -> bool {
        let singular = word.strip_suffix('s').unwrap_or(word);
        [word, singular, &format!("{word}s")]
            .iter()
            .any(|form| self.words.contains(*form))
    }

    /// Whether it lists the type by its full name.
    pub fn lists(&self, name: &str) -> bool {
        self.types.contains(name)
    }

    /// Every type that it lists.
    pub fn types(&self) -> impl Iterator<Item = &String> {
        self.types.iter()
    }
}

/// The parts of `text` between pairs of `mark`.
fn between<'a>(text: &'a str, mark: &str) -> Vec<&'a str> {
    text.split(mark).skip(1).step_by(2).collect()
}

fn split(term: &str) -> impl Iterator<Item = String> {
    term.split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
}
