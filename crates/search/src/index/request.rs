//! Search requests, their execution and their results.

use std::sync::Arc;

use tantivy::collector::Count;
use tantivy::query::{BooleanQuery, Occur};

use super::document::DocumentKey;
use super::error::IndexError;
use super::handle::Index;
use super::hit::{HitCursor, SearchHit, Sort};
use super::page_collector::{PageCollector, Ranking};
use super::query_builder::IdResolver;
use super::statistics::{Bm25Statistics, PinnedStatistics};
use super::visibility::{self, VisibilityFilter, VisibleSeqs};

/// A search request.
pub struct SearchRequest<'a> {
    /// The query.
    pub query: &'a crate::ParsedQuery,
    /// Resolves the names in the query.
    pub ids: &'a dyn IdResolver,
    /// What the caller may see.
    pub visibility: Arc<VisibilityFilter>,
    /// The order of hits.
    pub sort: Sort,
    /// Messages after this log position are excluded, so that all pages of one search see the same
    /// messages, however many are sent in the meantime.
    pub up_to: u64,
    /// The current time in milliseconds since 1970, which determines how recent a message is.
    pub now: i64,
    /// The statistics of the first page of this search; `None` for the first page.
    pub statistics: Option<&'a Bm25Statistics>,
    /// The last hit of the previous page.
    pub after: Option<HitCursor>,
    /// The maximum number of hits to return; at least one.
    pub limit: usize,
}

/// A page of search results.
#[derive(Debug, Clone, PartialEq)]
pub struct SearchResults {
    /// The hits in the requested order.
    pub hits: Vec<SearchHit>,
    /// The number of hits over all pages.
    pub total: usize,
    /// The cursor of the next page, if there is one.
    pub next: Option<HitCursor>,
    /// The statistics to pass with the request for the next page.
    pub statistics: Bm25Statistics,
}

impl Index {
    /// Searches the index as of the last [`Index::refresh`].
    pub fn search(&self, request: &SearchRequest<'_>) -> Result<SearchResults, IndexError> {
        let snapshot = self.snapshot();
        let (searcher, columns) = (&snapshot.searcher, &snapshot.columns);
        let mut clauses = self.fields.build_clauses(request.query, request.ids);
        let visible = Arc::clone(&request.visibility);
        let condition = visibility::visibility_query(visible, self.fields, Arc::clone(columns));
        clauses.push((Occur::Must, condition));
        let query = BooleanQuery::new(clauses);
        let limit = request.limit.max(1);
        let page = PageCollector {
            ranking: Ranking {
                sort: request.sort,
                now: request.now,
                up_to: request.up_to,
                after: request.after,
                limit: limit + 1,
            },
            columns: Arc::clone(columns),
        };
        let pinned = PinnedStatistics::new(searcher, request.statistics);
        let (mut hits, total) = searcher.search_with_statistics_provider(&query, &page, &pinned)?;
        let has_more = hits.len() > limit;
        hits.truncate(limit);
        let next = hits.last().map(|(cursor, _)| *cursor);
        Ok(SearchResults {
            hits: hits.into_iter().map(|(_, hit)| hit).collect(),
            total,
            next: next.filter(|_| has_more),
            statistics: pinned.into_recorded(),
        })
    }

    /// Whether the index has a message, as of the last [`Index::refresh`].
    pub fn contains(&self, (conversation, seq): DocumentKey) -> Result<bool, IndexError> {
        let snapshot = self.snapshot();
        let only = VisibleSeqs::Only([seq].into_iter().collect());
        let conversations = [(conversation, only)].into_iter().collect();
        let filter = Arc::new(VisibilityFilter::new(conversations));
        let columns = Arc::clone(&snapshot.columns);
        let query = visibility::visibility_query(filter, self.fields, columns);
        Ok(snapshot.searcher.search(&*query, &Count)? > 0)
    }
}
