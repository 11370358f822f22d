//! The collection statistics that BM25 scores depend on: the number of messages and words, and the
//! number of messages that contain a word. They change with every message, and scores with them, so
//! all pages of one search use the statistics of its first page.

use std::sync::{Mutex, PoisonError};

use tantivy::query::Bm25StatisticsProvider;
use tantivy::schema::Field;
use tantivy::{Searcher, Term};

/// The statistics that a search read, in the order in which the same search reads them again.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Statistics {
    /// The number of messages.
    pub messages: u64,
    /// The number of words in all messages.
    pub words: u64,
    /// The number of messages that contain the word, for each word of the query.
    pub with_word: Vec<u64>,
}

/// Provides the given statistics, or else those of the index, and records what it provided.
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
        let recorded = self.told.into_inner();
        recorded.unwrap_or_else(PoisonError::into_inner)
    }

    fn tell<T>(&self, update: impl FnOnce(&mut Statistics) -> T) -> T {
        update(&mut self.told.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Bm25StatisticsProvider for Pinned<'_> {
    fn total_num_tokens(&self, field: Field) -> tantivy::Result<u64> {
        let words = match self.given {
            Some(given) => given.words,
            None => self.searcher.total_num_tokens(field)?,
        };
        self.tell(|recorded| recorded.words = words);
        Ok(words)
    }

    fn total_num_docs(&self) -> tantivy::Result<u64> {
        let messages = match self.given {
            Some(given) => given.messages,
            None => self.searcher.total_num_docs()?,
        };
        self.tell(|recorded| recorded.messages = messages);
        Ok(messages)
    }

    fn doc_freq(&self, term: &Term) -> tantivy::Result<u64> {
        let index = self.tell(|recorded| recorded.with_word.len());
        let with_word = match self.given {
            // Clamp to the number of messages: a client may have manipulated its cursor.
            Some(given) => {
                let with_word = given.with_word.get(index).copied().unwrap_or_default();
                with_word.min(given.messages)
            }
            None => self.searcher.doc_freq(term)?,
        };
        self.tell(|recorded| recorded.with_word.push(with_word));
        Ok(with_word)
    }
}
