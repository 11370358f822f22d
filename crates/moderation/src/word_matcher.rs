//! Finds the words of all lists in a text, in one pass over it.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use aho_corasick::{AhoCorasick, BuildError, MatchKind};
use domain::deployment::content::{TextPlace, WordMatching};
use domain::ids::RuleName;

use crate::deployment_rules::WordList;
use crate::fold::FoldedText;

/// The words of all lists, compiled: one automaton for each list, so that a change of one list does
/// not compile the others again.
#[derive(Debug)]
pub struct WordMatcher {
    lists: Vec<ListMatcher>,
}

#[derive(Debug)]
struct ListMatcher {
    name: RuleName,
    rules: Arc<WordList>,
    words: CompiledWords,
}

/// The words of a list, compiled. Cheap to clone.
#[derive(Debug, Clone)]
struct CompiledWords {
    automaton: AhoCorasick,
    /// Of each pattern of the automaton, whether the list has it spelled out, such as `s.o.b`. Such
    /// a word is found only where a text spells it out too, and not in `sob`.
    spelled_out: Arc<[bool]>,
}

/// A listed word that was found in a text.
#[derive(Debug, Clone, Copy)]
pub struct WordMatch<'a> {
    /// The name of the list.
    pub list: &'a RuleName,
    /// What the list says.
    pub rules: &'a WordList,
    /// Where the word starts in the original text, in bytes.
    pub start: usize,
    /// Where it ends.
    pub end: usize,
}

impl WordMatch<'_> {
    /// Where it is in the original text, in bytes.
    pub fn range(&self) -> Range<usize> {
        self.start..self.end
    }
}

impl WordMatcher {
    /// Compiles these lists, and reuses what an earlier matcher has compiled of the same words.
    /// With 100,000 words this takes about as long as a slow query, so it runs where nobody waits
    /// for it.
    pub fn compile(
        lists: impl IntoIterator<Item = (RuleName, Arc<WordList>)>,
        earlier: Option<&Self>,
    ) -> Result<Self, BuildError> {
        let known = earlier.map(|earlier| earlier.lists.as_slice());
        let known = known.unwrap_or_default();
        let compile = |(name, rules): (RuleName, Arc<WordList>)| {
            let same = known.iter().find(|list| list.rules.words == rules.words);
            let words = match same {
                Some(list) => list.words.clone(),
                None => CompiledWords::compile(&rules.words)?,
            };
            Ok(ListMatcher { name, rules, words })
        };
        let mut lists = lists
            .into_iter()
            .map(compile)
            .collect::<Result<Vec<_>, _>>()?;
        lists.retain(|list| list.words.automaton.patterns_len() > 0);
        Ok(Self { lists })
    }

    /// Whether there is nothing to find.
    pub fn is_empty(&self) -> bool {
        self.lists.is_empty()
    }

    /// Finds the listed words of a text that is used at this place, also those that overlap.
    pub fn find<'a>(
        &'a self,
        place: TextPlace,
        text: &'a FoldedText,
    ) -> impl Iterator<Item = WordMatch<'a>> {
        let checked = self.lists.iter();
        let checked = checked.filter(move |list| list.rules.places.contains(&place));
        checked.flat_map(move |list| list.find(text))
    }
}

impl ListMatcher {
    fn find<'a>(&'a self, text: &'a FoldedText) -> impl Iterator<Item = WordMatch<'a>> {
        let found = self.words.automaton.find_overlapping_iter(text.as_str());
        found.filter_map(move |found| {
            let range = found.range();
            let pattern = found.pattern().as_usize();
            let must_be_spelled_out = self.words.spelled_out.get(pattern) == Some(&true);
            let is_found = text.is_one_word(&range)
                && (!must_be_spelled_out || text.is_spelled_out(&range))
                && (self.rules.matching == WordMatching::Anywhere || text.is_whole_word(&range));
            let source = text.source(&range);
            is_found.then_some(WordMatch {
                list: &self.name,
                rules: &self.rules,
                start: source.start,
                end: source.end,
            })
        })
    }
}

impl CompiledWords {
    fn compile(words: &[String]) -> Result<Self, BuildError> {
        let mut folded: HashMap<String, bool> = HashMap::with_capacity(words.len());
        for word in words {
            let word = FoldedText::new(word.trim());
            let text = word.as_str();
            let is_spelled_out = word.is_spelled_out(&(0..text.len()));
            // The list may have the word in both forms.
            let known = folded.entry(text.to_owned()).or_insert(is_spelled_out);
            *known &= is_spelled_out;
        }
        folded.remove("");
        Ok(Self {
            automaton: AhoCorasick::builder()
                .match_kind(MatchKind::Standard)
                .build(folded.keys())?,
            spelled_out: folded.values().copied().collect(),
        })
    }
}

/// The form of a listed word that is compared with folded texts; empty if nothing of it is visible.
pub fn fold_word(word: &str) -> String {
    FoldedText::new(word.trim()).as_str().to_owned()
}
