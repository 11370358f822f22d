//! The collection statistics that BM25 scores depend on: the number of messages and words, and the
//! number of messages that contain a word. They change with every message, and scores with them, so
//! all pages of one search use the statistics of its first page.

use std::sync::{Mutex, PoisonError};

use tantivy::query::Bm25StatisticsProvider;
use tantivy::schema::Field;
use tantivy::{Searcher, Term};

/// The statistics that a search read, in the order in which the same search reads them again.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Bm25Statistics {
    /// The number of messages.
    pub total_messages: u64,
    /// The number of words in all messages.
    pub total_words: u64,
    /// The number of messages that contain the word, for each word of the query.
    pub document_frequencies: Vec<u64>,
}

/// Provides the given statistics, or else those of the index, and records what it provided.
pub(super) struct PinnedStatistics<'a> {
    searcher: &'a Searcher,
    pinned: Option<&'a Bm25Statistics>,
    recorded: Mutex<Bm25Statistics>,
}

impl<'a> PinnedStatistics<'a> {
    pub fn new(searcher: &'a Searcher, pinned: Option<&'a Bm25Statistics>) -> Self {
        Self {
            searcher,
            pinned,
            recorded: Mutex::default(),
        }
    }

    pub fn into_recorded(self) -> Bm25Statistics {
        let recorded = self.recorded.into_inner();
        recorded.unwrap_or_else(PoisonError::into_inner)
    }

    fn record<T>(&self, update: impl FnOnce(&mut Bm25Statistics) -> T) -> T {
        update(&mut self.recorded.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Bm25StatisticsProvider for PinnedStatistics<'_> {
    fn total_num_tokens(&self, field: Field) -> tantivy::Result<u64> {
        let words = match self.pinned {
            Some(given) => given.total_words,
            None => self.searcher.total_num_tokens(field)?,
        };
        self.record(|recorded| recorded.total_words = words);
        Ok(words)
    }

    fn total_num_docs(&self) -> tantivy::Result<u64> {
        let messages = match self.pinned {
            Some(given) => given.total_messages,
            None => self.searcher.total_num_docs()?,
        };
        self.record(|recorded| recorded.total_messages = messages);
        Ok(messages)
    }

    fn doc_freq(&self, term: &Term) -> tantivy::Result<u64> {
        let index = self.record(|recorded| recorded.document_frequencies.len());
        let with_word = match self.pinned {
            // Clamp to the number of messages: a client may have manipulated its cursor.
            Some(given) => {
                let with_word = given
                    .document_frequencies
                    .get(index)
                    .copied()
                    .unwrap_or_default();
                with_word.min(given.total_messages)
            }
            None => self.searcher.doc_freq(term)?,
        };
        self.record(|recorded| recorded.document_frequencies.push(with_word));
        Ok(with_word)
    }
}
