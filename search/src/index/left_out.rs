//! What a hit must not have.
//!
//! The library asks an excluded phrase about messages before the first one that has it, which the phrase
//! does not expect (an assertion in builds that have them). Between the two stands a scorer that answers
//! such questions itself.

use tantivy::query::{EnableScoring, Explanation, Query, Scorer, Weight};
use tantivy::{DocId, DocSet, Score, SegmentReader};

/// A query that is only ever excluded.
#[derive(Debug)]
pub(super) struct LeftOut(pub Box<dyn Query>);

impl Clone for LeftOut {
    fn clone(&self) -> Self {
        Self(self.0.box_clone())
    }
}

impl Query for LeftOut {
    fn weight(&self, scoring: EnableScoring<'_>) -> tantivy::Result<Box<dyn Weight>> {
        Ok(Box::new(LeftOutWeight(self.0.weight(scoring)?)))
    }
}

struct LeftOutWeight(Box<dyn Weight>);

impl Weight for LeftOutWeight {
    fn scorer(&self, segment: &SegmentReader, boost: Score) -> tantivy::Result<Box<dyn Scorer>> {
        Ok(Box::new(LeftOutScorer(self.0.scorer(segment, boost)?)))
    }

    fn explain(&self, segment: &SegmentReader, document: DocId) -> tantivy::Result<Explanation> {
        self.0.explain(segment, document)
    }
}

struct LeftOutScorer(Box<dyn Scorer>);

/// With the trait's own `seek_danger`, which looks where it is before it seeks.
impl DocSet for LeftOutScorer {
    fn advance(&mut self) -> DocId {
        self.0.advance()
    }

    fn seek(&mut self, target: DocId) -> DocId {
        self.0.seek(target)
    }

    fn doc(&self) -> DocId {
        self.0.doc()
    }

    fn size_hint(&self) -> u32 {
        self.0.size_hint()
    }
}

impl Scorer for LeftOutScorer {
    fn score(&mut self) -> Score {
        self.0.score()
    }
}
