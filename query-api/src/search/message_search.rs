//! Executes a search, from the parsed query to a page of hits. Both the endpoint and the
//! command-line tool use it.

use std::sync::Arc;

use domain::time::Timestamp;
use search::ParsedQuery;
use search::index::{Bm25Statistics, HitCursor, SearchHit, SearchRequest, Sort};
use sqlx::PgPool;

use super::hits::{self, MessageHit};
use super::index_reader::IndexReader;
use super::scope::{ResolvedIds, SearchScope, Searcher};
use crate::error::QueryError;

/// The largest exact total.
pub const MAX_EXACT_TOTAL: usize = 1_000;

/// A search to execute.
pub struct MessageSearch<'a> {
    /// The user or operator who searches.
    pub searcher: Searcher<'a>,
    /// The parsed query.
    pub query: ParsedQuery,
    /// The order of the hits.
    pub sort: Sort,
    /// The maximum number of hits.
    pub limit: usize,
    /// The cursor of the page; `None` for the first page.
    pub cursor: Option<SearchCursor>,
    /// The current time.
    pub now: Timestamp,
}

/// The cursor between two pages. It carries everything that makes the next page consistent with the
/// first one, whatever happened since.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchCursor {
    /// The position up to which the first page searched.
    up_to: u64,
    /// The time of the first page, in milliseconds since 1970.
    now: i64,
    after: HitCursor,
    statistics: Bm25Statistics,
}

/// A page of hits.
#[derive(Debug)]
pub struct HitPage {
    /// The hits, best or newest first.
    pub hits: Vec<MessageHit>,
    /// The number of hits on all pages, at most [`MAX_EXACT_TOTAL`].
    pub total: usize,
    /// Whether there may be more hits than `total`.
    pub total_is_lower_bound: bool,
    /// The cursor of the next page; `None` at the end.
    pub next: Option<SearchCursor>,
    /// The position up to which both the index and the read model were complete.
    pub position: i64,
}

impl MessageSearch<'_> {
    /// Executes the search.
    pub async fn execute(self, pool: &PgPool, index: &IndexReader) -> Result<HitPage, QueryError> {
        let snapshot = index.snapshot()?;
        let mut scope = SearchScope::load(
            pool,
            index.visibility_cache(),
            self.searcher,
            snapshot.checkpoint.position,
        )
        .await?;
        if scope.numbering != snapshot.checkpoint.numbering {
            return Err(QueryError::NoIndex);
        }
        let names = ResolvedIds::load(pool, &self.query, self.searcher, &scope).await?;
        let visible = Arc::new(std::mem::take(&mut scope.visible));
        let position = i64::try_from(snapshot.checkpoint.position).unwrap_or(i64::MAX);
        let (up_to, now) = match &self.cursor {
            Some(cursor) => (cursor.up_to, cursor.now),
            None => (snapshot.checkpoint.position, self.now.millis()),
        };
        let (searcher, sort, limit) = (self.searcher, self.sort, self.limit);
        let (query, cursor) = (Arc::new(self.query), self.cursor);
        let index_query = Arc::clone(&query);
        let find = move || {
            snapshot.index.search(&SearchRequest {
                query: &index_query,
                ids: &names,
                visibility: visible,
                sort,
                up_to,
                now,
                statistics: cursor.as_ref().map(|cursor| &cursor.statistics),
                after: cursor.as_ref().map(|cursor| cursor.after),
                limit,
            })
        };
        let found = tokio::task::spawn_blocking(find)
            .await
            .map_err(|_| QueryError::IndexPanicked)??;
        let page = hits::load_hits(pool, searcher, &query, &found.hits).await?;
        // If the page is full, the next one starts after the last hit that it covers.
        let last_covered = found.hits[..page.covered].last();
        let next = if page.covered < found.hits.len() {
            last_covered.map(SearchHit::cursor)
        } else {
            found.next
        };
        let statistics = found.statistics;
        Ok(HitPage {
            hits: page.hits,
            total: found.total.min(MAX_EXACT_TOTAL),
            total_is_lower_bound: found.total > MAX_EXACT_TOTAL,
            next: next.map(|after| SearchCursor {
                up_to,
                now,
                after,
                statistics,
            }),
            position: position.min(scope.position),
        })
    }
}

impl SearchCursor {
    /// Converts the cursor to integers.
    pub fn to_numbers(&self) -> Vec<i64> {
        let statistics = &self.statistics;
        let fixed = [
            self.up_to.cast_signed(),
            self.now,
            i64::from(self.after.rank),
            self.after.position.cast_signed(),
            statistics.total_messages.cast_signed(),
            statistics.total_words.cast_signed(),
        ];
        let words = statistics
            .document_frequencies
            .iter()
            .map(|count| count.cast_signed());
        fixed.into_iter().chain(words).collect()
    }

    /// Restores a cursor from its integers; `None` if they are invalid.
    pub fn from_numbers(numbers: &[i64]) -> Option<Self> {
        let (&[up_to, now, rank, position, messages, words], with_word) =
            numbers.split_first_chunk()?;
        Some(Self {
            up_to: up_to.cast_unsigned(),
            now,
            after: HitCursor {
                rank: rank.try_into().ok()?,
                position: position.cast_unsigned(),
            },
            statistics: Bm25Statistics {
                total_messages: messages.cast_unsigned(),
                total_words: words.cast_unsigned(),
                document_frequencies: with_word
                    .iter()
                    .map(|count| count.cast_unsigned())
                    .collect(),
            },
        })
    }
}
