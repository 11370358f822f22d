//! Finding.

use std::sync::Arc;

use tantivy::query::{BooleanQuery, Occur};

use super::page::{After, Page};
use super::statistics::{Pinned, Statistics};
use super::visible::{self, Visible};
use super::{Index, IndexError, Names};

/// The order of hits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    /// BM25 with a mild preference for what is recent.
    Relevance,
    /// The last sent first.
    Newest,
}

/// A search.
pub struct Ask<'a> {
    /// What for.
    pub query: &'a crate::Query,
    /// What it names.
    pub names: &'a dyn Names,
    /// What the caller may see.
    pub visible: Arc<Visible>,
    /// In which order.
    pub sort: Sort,
    /// Messages after this position are left out: the pages of one search see the same messages, however
    /// many are sent meanwhile.
    pub up_to: u64,
    /// The present, in milliseconds since 1970: what is recent.
    pub now: i64,
    /// The numbers of the first page of this search; `None` if this is it.
    pub statistics: Option<&'a Statistics>,
    /// The last hit of the page before.
    pub after: Option<After>,
    /// How many hits to answer; at least one.
    pub limit: usize,
}

/// A message that was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Hit {
    /// Where it was sent in the log.
    pub position: u64,
    /// Where it is.
    pub conversation: u64,
    /// Its number there.
    pub seq: u64,
    /// How relevant it is; comparable within one search. 0 if sorted by time.
    pub score: f32,
}

/// What was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// In order.
    pub hits: Vec<Hit>,
    /// How many there are, over all pages.
    pub total: usize,
    /// Where the next page begins, if there may be one.
    pub next: Option<After>,
    /// The numbers that the next page is to be made with.
    pub statistics: Statistics,
}

impl Index {
    /// Searches what the last [`Index::refresh`] saw.
    pub fn find(&self, ask: &Ask<'_>) -> Result<Found, IndexError> {
        let seen = self.seen();
        let (searcher, columns) = (&seen.searcher, &seen.columns);
        let mut clauses = self.fields.ask(ask.query, ask.names);
        let visible = Arc::clone(&ask.visible);
        let condition = visible::condition(visible, self.fields, Arc::clone(columns));
        clauses.push((Occur::Must, condition));
        let query = BooleanQuery::new(clauses);
        let limit = ask.limit.max(1);
        let page = Page {
            sort: ask.sort,
            now: ask.now,
            up_to: ask.up_to,
            after: ask.after,
            limit: limit + 1,
            columns: Arc::clone(columns),
        };
        let pinned = Pinned::new(searcher, ask.statistics);
        let (mut hits, total) = searcher.search_with_statistics_provider(&query, &page, &pinned)?;
        let has_more = hits.len() > limit;
        hits.truncate(limit);
        let next = hits.last().map(|(place, _)| *place);
        Ok(Found {
            hits: hits.into_iter().map(|(_, hit)| hit).collect(),
            total,
            next: next.filter(|_| has_more),
            statistics: pinned.told(),
        })
    }
}
