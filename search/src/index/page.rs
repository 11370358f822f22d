//! The best hits after some place, and how many there are in all.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;

use tantivy::collector::{Collector, SegmentCollector};
use tantivy::{DocId, Score, SegmentOrdinal, SegmentReader};

use super::columns::{AllColumns, Columns, of_segment};
use super::find::{Hit, Sort};

/// What age can take off a score at most: a very old message is worth so much less than one of now.
const AGE_COUNTS: f32 = 0.2;
/// The age that takes off half of that: a month.
const HALF_AGE_MS: f32 = 30.0 * 24.0 * 3_600.0 * 1_000.0;

/// Bits of a score that do not count: sums of the same numbers in another order differ there.
const NOISE: u32 = 6;

/// The last hit of a page: the next one begins after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct After {
    /// How relevant it was, as a number of the same order as its score; 0 if sorted by time.
    pub rank: u32,
    /// Where it was sent.
    pub position: u64,
}

/// Collects a page.
pub(super) struct Page {
    pub sort: Sort,
    pub now: i64,
    /// Nothing sent later.
    pub up_to: u64,
    pub after: Option<After>,
    pub limit: usize,
    pub columns: Arc<AllColumns>,
}

/// A page, as far as the order of hits depends on it.
#[derive(Debug, Clone, Copy)]
struct Order {
    sort: Sort,
    now: i64,
    up_to: u64,
    after: Option<After>,
    limit: usize,
}

impl Order {
    /// The place of a hit in the order; a larger one comes first.
    fn place(&self, score: Score, position: u64) -> After {
        let rank = match self.sort {
            // Scores are not negative, and then their bits are in the order of the numbers.
            Sort::Relevance => score.max(0.0).to_bits() >> NOISE,
            Sort::Newest => 0,
        };
        After { rank, position }
    }

    fn score(&self, score: Score, sent_at: i64) -> Score {
        let age = self.now.saturating_sub(sent_at).max(0) as f32;
        score * (1.0 - AGE_COUNTS * (age / (age + HALF_AGE_MS)))
    }
}

/// A hit in its place.
#[derive(Debug, Clone, Copy)]
pub struct Placed {
    place: After,
    score: Score,
    document: DocId,
}

impl PartialEq for Placed {
    fn eq(&self, other: &Self) -> bool {
        self.place == other.place
    }
}

impl Eq for Placed {}

impl PartialOrd for Placed {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Placed {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.place.cmp(&other.place)
    }
}

/// A page, best first, and how many hits there are before and after it.
pub(super) type Collected = (Vec<(After, Hit)>, usize);

impl Collector for Page {
    type Fruit = Collected;
    type Child = InSegment;

    fn for_segment(
        &self,
        _: SegmentOrdinal,
        segment: &SegmentReader,
    ) -> tantivy::Result<InSegment> {
        Ok(InSegment {
            order: Order {
                sort: self.sort,
                now: self.now,
                up_to: self.up_to,
                after: self.after,
                limit: self.limit,
            },
            columns: of_segment(&self.columns, segment)?,
            best: BinaryHeap::with_capacity(self.limit + 1),
            total: 0,
        })
    }

    fn requires_scoring(&self) -> bool {
        self.sort == Sort::Relevance
    }

    fn merge_fruits(&self, segments: Vec<Collected>) -> tantivy::Result<Collected> {
        let total = segments.iter().map(|(_, total)| total).sum();
        let mut hits: Vec<_> = segments.into_iter().flat_map(|(hits, _)| hits).collect();
        hits.sort_unstable_by_key(|(place, _)| Reverse(*place));
        hits.truncate(self.limit);
        Ok((hits, total))
    }
}

pub(super) struct InSegment {
    order: Order,
    columns: Arc<Columns>,
    best: BinaryHeap<Reverse<Placed>>,
    total: usize,
}

impl SegmentCollector for InSegment {
    type Fruit = Collected;

    fn collect(&mut self, document: DocId, score: Score) {
        let position = self.columns.position(document);
        if position > self.order.up_to {
            return;
        }
        self.total += 1;
        // Age only takes away: what is too low without it need not have it looked up.
        let is_full = self.best.len() >= self.order.limit;
        let lowest = self.best.peek().filter(|_| is_full);
        let is_too_low = |place| lowest.is_some_and(|Reverse(lowest)| place < lowest.place);
        if is_too_low(self.order.place(score, position)) {
            return;
        }
        let score = match self.order.sort {
            Sort::Relevance => self.order.score(score, self.columns.sent_at(document)),
            Sort::Newest => score,
        };
        let place = self.order.place(score, position);
        if is_too_low(place) || self.order.after.is_some_and(|after| place >= after) {
            return;
        }
        self.best.push(Reverse(Placed {
            place,
            score,
            document,
        }));
        if self.best.len() > self.order.limit {
            self.best.pop();
        }
    }

    fn harvest(self) -> Collected {
        let hits = self.best.into_iter().map(|Reverse(placed)| {
            let hit = Hit {
                position: placed.place.position,
                conversation: self.columns.conversation(placed.document),
                seq: self.columns.seq(placed.document),
                score: placed.score,
            };
            (placed.place, hit)
        });
        (hits.collect(), self.total)
    }
}
