//! Executes a search, from the parsed query to a page of hits. Both the endpoint and the
//! command-line tool use it.

use std::sync::Arc;

use domain::time::Timestamp;
use search::ParsedQuery;
use search::index::{Bm25Statistics, HitCursor, SearchRequest, Sort};
use sqlx::PgPool;

use super::hits::{self, Hit};
use super::scope::{Named, Scope, Who};
use super::served::Served;
use crate::failed::Failed;

/// The largest exact total.
pub const COUNTED: usize = 1_000;

/// A search to execute.
pub struct Search<'a> {
    /// The user or operator who searches.
    pub who: Who<'a>,
    /// The parsed query.
    pub query: ParsedQuery,
    /// The order of the hits.
    pub sort: Sort,
    /// The maximum number of hits.
    pub limit: usize,
    /// The cursor of the page; `None` for the first page.
    pub from: Option<Turn>,
    /// The current time.
    pub now: Timestamp,
}

/// The cursor between two pages. It carries everything that makes the next page consistent with the
/// first one, whatever happened since.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Turn {
    /// The position up to which the first page searched.
    up_to: u64,
    /// The time of the first page, in milliseconds since 1970.
    now: i64,
    after: HitCursor,
    statistics: Bm25Statistics,
}

/// A page of hits.
#[derive(Debug)]
pub struct Page {
    /// The hits, best or newest first.
    pub hits: Vec<Hit>,
    /// The number of hits on all pages, at most [`MAX_EXACT_TOTAL`].
    pub total: usize,
    /// Whether there may be more hits than `total`.
    pub is_at_least: bool,
    /// The cursor of the next page; `None` at the end.
    pub next: Option<Turn>,
    /// The position up to which both the index and the read model were complete.
    pub position: i64,
}

impl Search<'_> {
    /// Executes the search.
    pub async fn page(self, pool: &PgPool, index: &Served) -> Result<Page, Failed> {
        let snapshot = index.open()?;
        let mut scope =
            Scope::load(pool, index.known(), self.who, snapshot.checkpoint.position).await?;
        if scope.numbering != snapshot.checkpoint.numbering {
            return Err(Failed::NoIndex);
        }
        let names = Named::load(pool, &self.query, self.who, &scope).await?;
        let visible = Arc::new(std::mem::take(&mut scope.visible));
        let position = i64::try_from(snapshot.checkpoint.position).unwrap_or(i64::MAX);
        let (up_to, now) = match &self.from {
            Some(cursor) => (cursor.up_to, cursor.now),
            None => (snapshot.checkpoint.position, self.now.millis()),
        };
        let (searcher, sort, limit) = (self.who, self.sort, self.limit);
        let (query, cursor) = (Arc::new(self.query), self.from);
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
            .map_err(|_| Failed::IndexPanicked)??;
        let hits = hits::load(pool, searcher, &query, &found.hits).await?;
        let statistics = found.statistics;
        Ok(Page {
            hits,
            total: found.total.min(COUNTED),
            is_at_least: found.total > COUNTED,
            next: found.next.map(|after| Turn {
                up_to,
                now,
                after,
                statistics,
            }),
            position: position.min(scope.position),
        })
    }
}

impl Turn {
    /// Converts the cursor to integers.
    pub fn numbers(&self) -> Vec<i64> {
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
