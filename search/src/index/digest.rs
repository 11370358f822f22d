//! A fingerprint of what an index says, whatever it says it with: two are equal if every message has the
//! same terms at the same places, however they came there and in whichever segments they are.

use std::hash::{DefaultHasher, Hash, Hasher as _};

use tantivy::postings::Postings as _;
use tantivy::schema::IndexRecordOption;
use tantivy::{DocSet as _, SegmentReader, TERMINATED};

use super::schema::{CONVERSATION, POSITION, SENT_AT, SEQ};
use super::{Index, IndexError};

impl Index {
    /// How many messages, and a sum over all that is said of them. Comparable within one build of this
    /// program.
    pub fn digest(&self) -> Result<(u64, u64), IndexError> {
        let searcher = &self.seen().searcher;
        let mut sum = 0;
        for segment in searcher.segment_readers() {
            sum = u64::wrapping_add(sum, columns(segment)?);
            for (field, entry) in segment.schema().fields() {
                if entry.is_indexed() {
                    sum = u64::wrapping_add(sum, terms(segment, field)?);
                }
            }
        }
        Ok((searcher.num_docs(), sum))
    }
}

fn columns(segment: &SegmentReader) -> Result<u64, IndexError> {
    let columns = segment.fast_fields();
    let times = columns.i64(SENT_AT)?;
    let (positions, conversations) = (columns.u64(POSITION)?, columns.u64(CONVERSATION)?);
    let seqs = columns.u64(SEQ)?;
    let mut sum = 0_u64;
    for document in segment.doc_ids_alive() {
        let said = (
            positions.first(document),
            conversations.first(document),
            seqs.first(document),
            times.first(document),
        );
        sum = sum.wrapping_add(hash(said));
    }
    Ok(sum)
}

fn terms(segment: &SegmentReader, field: tantivy::schema::Field) -> Result<u64, IndexError> {
    let messages = segment.fast_fields().u64(POSITION)?;
    let index = segment.inverted_index(field)?;
    let mut terms = index.terms().stream()?;
    let (mut sum, mut places) = (0_u64, Vec::new());
    while terms.advance() {
        let option = IndexRecordOption::WithFreqsAndPositions;
        let mut postings = index.read_postings_from_terminfo(terms.value(), option)?;
        while postings.doc() != TERMINATED {
            let document = postings.doc();
            if !segment.is_deleted(document) {
                postings.positions(&mut places);
                let said = (
                    field.field_id(),
                    terms.key(),
                    messages.first(document),
                    &places,
                );
                sum = sum.wrapping_add(hash(said));
            }
            postings.advance();
        }
    }
    Ok(sum)
}

fn hash(what: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    what.hash(&mut hasher);
    hasher.finish()
}
