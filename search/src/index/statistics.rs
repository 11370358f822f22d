//! The numbers that scores are made of: how many messages and words there are, and how many messages
//! have a word. They change with every message that is sent, and scores with them; so the pages of one
//! search use the numbers of its first page.

use std::sync::{Mutex, PoisonError};

use tantivy::query::Bm25StatisticsProvider;
use tantivy::schema::Field;
use tantivy::{Searcher, Term};

/// What a search asked of an index, in the order in which the same search asks again.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Statistics {
    /// Messages.
    pub messages: u64,
    /// Words of all of them.
    pub words: u64,
    /// Messages that have a word, for each word of the query.
    pub with_word: Vec<u64>,
}

/// Answers with given numbers, or else with those of the index, and remembers what it answered.
pub(super) struct Pinned<'a> {
    searcher: &'a Searcher,
    given: Option<&'a Statistics>,
    told: Mutex<Statistics>,
}

impl<'a> Pinned<'a> {
    pub fn new(searcher: &'a Searcher, given: Option<&'a Statistics>) -> Self {
        Self {
            searcher,
            given,
            told: Mutex::default(),
        }
    }

    pub fn told(self) -> Statistics {
        let told = self.told.into_inner();
        told.unwrap_or_else(PoisonError::into_inner)
    }

    fn tell<T>(&self, tell: impl FnOnce(&mut Statistics) -> T) -> T {
        tell(&mut self.told.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Bm25StatisticsProvider for Pinned<'_> {
    fn total_num_tokens(&self, field: Field) -> tantivy::Result<u64> {
        let words = match self.given {
            Some(given) => given.words,
            None => self.searcher.total_num_tokens(field)?,
        };
        self.tell(|told| told.words = words);
        Ok(words)
    }

    fn total_num_docs(&self) -> tantivy::Result<u64> {
        let messages = match self.given {
            Some(given) => given.messages,
            None => self.searcher.total_num_docs()?,
        };
        self.tell(|told| told.messages = messages);
        Ok(messages)
    }

    fn doc_freq(&self, term: &Term) -> tantivy::Result<u64> {
        let asked = self.tell(|told| told.with_word.len());
        let with_word = match self.given {
            // No more than all of them, whatever a client has made of its cursor.
            Some(given) => {
                let with_word = given.with_word.get(asked).copied().unwrap_or_default();
                with_word.min(given.messages)
            }
            None => self.searcher.doc_freq(term)?,
        };
        self.tell(|told| told.with_word.push(with_word));
        Ok(with_word)
    }
}
