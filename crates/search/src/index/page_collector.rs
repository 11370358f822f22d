//! Collection of one page: the best hits after a cursor, and the total number of hits.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;

use tantivy::collector::{Collector, SegmentCollector};
use tantivy::{DocId, Score, SegmentOrdinal, SegmentReader};

use super::columns::{ColumnsBySegment, SegmentColumns, columns_for};
use super::hit::{HitCursor, SearchHit, Sort};

/// The maximum share by which age reduces a score.
const MAX_AGE_PENALTY: f32 = 0.2;
/// The age at which half of that reduction applies: a month.
const HALF_PENALTY_AGE_MS: f32 = 30.0 * 24.0 * 3_600.0 * 1_000.0;

/// The low bits of a score to ignore: they depend on the order in which floats are summed.
const SCORE_NOISE_BITS: u32 = 6;

/// A tantivy collector of one page.
pub(super) struct PageCollector {
    pub ranking: Ranking,
    pub columns: Arc<ColumnsBySegment>,
}

/// What determines which hits a page contains, and in which order.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ranking {
    pub sort: Sort,
    pub now: i64,
    /// The last log position to include.
    pub up_to: u64,
    pub after: Option<HitCursor>,
    pub limit: usize,
}

impl Ranking {
    /// Returns the sort key of a hit; a larger one comes first.
    fn cursor(&self, score: Score, position: u64) -> HitCursor {
        let rank = match self.sort {
            // For non-negative floats, the bit patterns have the order of the values.
            Sort::Relevance => score.max(0.0).to_bits() >> SCORE_NOISE_BITS,
            Sort::Newest => 0,
        };
        HitCursor { rank, position }
    }

    fn decayed_score(&self, score: Score, sent_at: i64) -> Score {
        let age = self.now.saturating_sub(sent_at).max(0) as f32;
        score * (1.0 - MAX_AGE_PENALTY * (age / (age + HALF_PENALTY_AGE_MS)))
    }
}

/// A hit with its sort key, which alone determines the order.
#[derive(Debug, Clone, Copy)]
pub struct RankedHit {
    cursor: HitCursor,
    score: Score,
    document: DocId,
}

impl PartialEq for RankedHit {
    fn eq(&self, other: &Self) -> bool {
        self.cursor == other.cursor
    }
}

impl Eq for RankedHit {}

impl PartialOrd for RankedHit {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for RankedHit {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.cursor.cmp(&other.cursor)
    }
}

/// The hits of a page with their sort keys, best first, and the total number of hits.
pub(super) type PageHits = (Vec<(HitCursor, SearchHit)>, usize);

impl Collector for PageCollector {
    type Fruit = PageHits;
    type Child = SegmentPageCollector;

    fn for_segment(
        &self,
        _: SegmentOrdinal,
        segment: &SegmentReader,
    ) -> tantivy::Result<SegmentPageCollector> {
        Ok(SegmentPageCollector {
            ranking: self.ranking,
            columns: columns_for(&self.columns, segment)?,
            best: BinaryHeap::with_capacity(self.ranking.limit + 1),
            total: 0,
        })
    }

    fn requires_scoring(&self) -> bool {
        self.ranking.sort == Sort::Relevance
    }

    fn merge_fruits(&self, segments: Vec<PageHits>) -> tantivy::Result<PageHits> {
        let total = segments.iter().map(|(_, total)| total).sum();
        let mut hits: Vec<_> = segments.into_iter().flat_map(|(hits, _)| hits).collect();
        hits.sort_unstable_by_key(|(cursor, _)| Reverse(*cursor));
        hits.truncate(self.ranking.limit);
        Ok((hits, total))
    }
}

pub(super) struct SegmentPageCollector {
    ranking: Ranking,
    columns: Arc<SegmentColumns>,
    best: BinaryHeap<Reverse<RankedHit>>,
    total: usize,
}

impl SegmentCollector for SegmentPageCollector {
    type Fruit = PageHits;

    fn collect(&mut self, document: DocId, score: Score) {
        let position = self.columns.position(document);
        if position > self.ranking.up_to {
            return;
        }
        self.total += 1;
        // Age only reduces a score. If the score is already too low, skip the lookup of the time.
        let is_full = self.best.len() >= self.ranking.limit;
        let lowest = self.best.peek().filter(|_| is_full);
        let is_too_low = |cursor| lowest.is_some_and(|Reverse(lowest)| cursor < lowest.cursor);
        if is_too_low(self.ranking.cursor(score, position)) {
            return;
        }
        let score = match self.ranking.sort {
            Sort::Relevance => self
                .ranking
                .decayed_score(score, self.columns.sent_at(document)),
            Sort::Newest => score,
        };
        let cursor = self.ranking.cursor(score, position);
        if is_too_low(cursor) || self.ranking.after.is_some_and(|after| cursor >= after) {
            return;
        }
        self.best.push(Reverse(RankedHit {
            cursor,
            score,
            document,
        }));
        if self.best.len() > self.ranking.limit {
            self.best.pop();
        }
    }

    fn harvest(self) -> PageHits {
        let hits = self.best.into_iter().map(|Reverse(ranked)| {
            let hit = SearchHit {
                position: ranked.cursor.position,
                conversation: self.columns.conversation(ranked.document),
                seq: self.columns.seq(ranked.document),
                score: ranked.score,
                rank: ranked.cursor.rank,
            };
            (ranked.cursor, hit)
        });
        (hits.collect(), self.total)
    }
}
