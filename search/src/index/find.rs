//! Finding.

use std::ops::Bound;
use std::sync::Arc;

use tantivy::collector::{Count, TopDocs};
use tantivy::columnar::Column;
use tantivy::query::{BooleanQuery, ConstScoreQuery, Occur, Query, RangeQuery};
use tantivy::{DocAddress, DocId, Score, Searcher, SegmentReader, Term};

use super::schema::{CONVERSATION, POSITION, SENT_AT, SEQ};
use super::visible::{self, Visible};
use super::{Index, IndexError, Names};

/// What age can take off a score at most: a very old message is worth so much less than one of now.
const AGE_COUNTS: f32 = 0.2;
/// The age that takes off half of that: a month.
const HALF_AGE_MS: f32 = 30.0 * 24.0 * 3_600.0 * 1_000.0;

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
    /// How many hits to pass over.
    pub offset: usize,
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
    /// How relevant it is; comparable within one search.
    pub score: f32,
}

/// What was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// In order.
    pub hits: Vec<Hit>,
    /// How many there are, over all pages.
    pub total: usize,
}

impl Index {
    /// Searches what the last [`Index::refresh`] saw.
    pub fn find(&self, ask: &Ask<'_>) -> Result<Found, IndexError> {
        let searcher = self.reader.searcher();
        let mut clauses = self.fields.ask(ask.query, ask.names);
        clauses.push((Occur::Must, visible::condition(Arc::clone(&ask.visible))));
        clauses.push((Occur::Must, self.up_to(ask.up_to)));
        let query = BooleanQuery::new(clauses);
        let top = TopDocs::with_limit(ask.limit.max(1)).and_offset(ask.offset);
        let (hits, total) = match ask.sort {
            Sort::Relevance => {
                let by_relevance = top.tweak_score(relevance(ask.now));
                searcher.search(&query, &(by_relevance, Count))?
            }
            Sort::Newest => {
                let by_position = top.tweak_score(newest);
                searcher.search(&query, &(by_position, Count))?
            }
        };
        let hits = hits
            .into_iter()
            .map(|(key, address)| hit(&searcher, key.score(), address))
            .collect::<Result<_, IndexError>>()?;
        Ok(Found { hits, total })
    }

    fn up_to(&self, position: u64) -> Box<dyn Query> {
        let last = Term::from_field_u64(self.fields.position, position);
        let range = RangeQuery::new(Bound::Unbounded, Bound::Included(last));
        Box::new(ConstScoreQuery::new(Box::new(range), 0.0))
    }
}

/// What hits are ordered by; equally good ones by position, so that the order is always the same.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
enum Key {
    /// Score and position.
    Relevance(f32, u64),
    /// Position and score.
    Newest(u64, f32),
}

impl Key {
    fn score(self) -> f32 {
        match self {
            Self::Relevance(score, _) | Self::Newest(_, score) => score,
        }
    }
}

fn relevance(now: i64) -> impl Fn(&SegmentReader) -> Box<dyn Fn(DocId, Score) -> Key> {
    move |segment| {
        let positions = column(segment, POSITION);
        let times = segment.fast_fields().i64(SENT_AT).ok();
        Box::new(move |document, score| {
            let sent_at = times.as_ref().and_then(|times| times.first(document));
            let age = now.saturating_sub(sent_at.unwrap_or(0)).max(0) as f32;
            let recent = 1.0 - AGE_COUNTS * (age / (age + HALF_AGE_MS));
            Key::Relevance(score * recent, value(positions.as_ref(), document))
        })
    }
}

fn newest(segment: &SegmentReader) -> Box<dyn Fn(DocId, Score) -> Key> {
    let positions = column(segment, POSITION);
    Box::new(move |document, score| Key::Newest(value(positions.as_ref(), document), score))
}

fn column(segment: &SegmentReader, name: &str) -> Option<Column<u64>> {
    segment.fast_fields().u64(name).ok()
}

fn value(column: Option<&Column<u64>>, document: DocId) -> u64 {
    column
        .and_then(|column| column.first(document))
        .unwrap_or_default()
}

fn hit(searcher: &Searcher, score: f32, address: DocAddress) -> Result<Hit, IndexError> {
    let segment = searcher.segment_reader(address.segment_ord);
    let columns = segment.fast_fields();
    let number = |name: &str| -> Result<u64, IndexError> {
        Ok(value(Some(&columns.u64(name)?), address.doc_id))
    };
    Ok(Hit {
        position: number(POSITION)?,
        conversation: number(CONVERSATION)?,
        seq: number(SEQ)?,
        score,
    })
}
