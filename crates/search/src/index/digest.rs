//! A digest of an index's content, independent of its layout: two digests are equal if every
//! message has the same terms at the same positions, regardless of history and segments.

use std::collections::{BTreeSet, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher as _};
use std::sync::Arc;

use rustc_hash::FxHashSet;
use serde::{Deserialize, Serialize};
use tantivy::postings::Postings as _;
use tantivy::schema::{Field, IndexRecordOption};
use tantivy::{DocId, DocSet as _, SegmentReader, TERMINATED};

use super::columns::{SearcherSnapshot, SegmentColumns, columns_for};
use super::document::DocumentKey;
use super::error::IndexError;
use super::handle::Index;

/// The number of buckets that messages are summed in. Where two indexes differ, only the messages
/// in differing buckets are compared one by one.
const BUCKET_COUNT: usize = 4_096;

/// The maximum number of buckets whose messages are compared one by one.
const MAX_COMPARED_BUCKETS: usize = 16;

/// A digest of an index's content. Comparable only within one build of this program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct IndexDigest {
    /// The number of messages.
    pub messages: u64,
    /// The wrapping sum of the hashes of their terms and columns.
    pub sum: u64,
}

/// The comparison of two indexes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DigestComparison {
    /// The digest of the first index.
    pub one: IndexDigest,
    /// The digest of the second index.
    pub other: IndexDigest,
    /// The first messages that differ or that only one index has, up to the requested number.
    pub differing: BTreeSet<DocumentKey>,
}

/// A view of an index as of one refresh, unaffected by later commits.
#[derive(Clone)]
pub struct IndexView(Arc<SearcherSnapshot>);

impl Index {
    /// Returns a view of the index as of the last [`Index::refresh`].
    pub fn view(&self) -> IndexView {
        IndexView(self.snapshot())
    }

    /// Computes the digest of the index as of the last [`Index::refresh`].
    pub fn digest(&self) -> Result<IndexDigest, IndexError> {
        Ok(sum_digests(
            &self
                .view()
                .sum_by(&FxHashSet::default(), |key| Some(bucket_of(key)))?,
        ))
    }
}

impl IndexView {
    /// Compares two views without the messages in `left_out`. Lists up to `named` messages that
    /// differ.
    pub fn compare(
        &self,
        other: &Self,
        left_out: &FxHashSet<DocumentKey>,
        named: usize,
    ) -> Result<DigestComparison, IndexError> {
        let (left, right) = (
            self.sum_by(left_out, |key| Some(bucket_of(key)))?,
            other.sum_by(left_out, |key| Some(bucket_of(key)))?,
        );
        let differs = |bucket: &usize| left.get(bucket) != right.get(bucket);
        let buckets: FxHashSet<usize> = (0..BUCKET_COUNT)
            .filter(differs)
            .take(MAX_COMPARED_BUCKETS)
            .collect();
        let mut differing = BTreeSet::new();
        if !buckets.is_empty() {
            let one_by_one = |key: DocumentKey| buckets.contains(&bucket_of(key)).then_some(key);
            let left = self.sum_by(left_out, one_by_one)?;
            let right = other.sum_by(left_out, one_by_one)?;
            let either = left.keys().chain(right.keys());
            differing.extend(either.filter(|key| left.get(key) != right.get(key)));
        }
        Ok(DigestComparison {
            one: sum_digests(&left),
            other: sum_digests(&right),
            differing: differing.into_iter().take(named).collect(),
        })
    }

    /// Sums the digests of messages by the key that `group` returns; `None` skips a message.
    fn sum_by<P: Hash + Eq>(
        &self,
        left_out: &FxHashSet<DocumentKey>,
        group: impl Fn(DocumentKey) -> Option<P>,
    ) -> Result<HashMap<P, IndexDigest>, IndexError> {
        let mut sums = HashMap::new();
        for segment in self.0.searcher.segment_readers() {
            let columns = columns_for(&self.0.columns, segment)?;
            let key = |document: DocId| (columns.conversation(document), columns.seq(document));
            let group_of = |document: DocId| {
                let key = key(document);
                (!left_out.contains(&key)).then(|| group(key)).flatten()
            };
            let mut add = |document: DocId, messages: u64, hash: u64| {
                if let Some(group) = group_of(document) {
                    let sum = sums.entry(group).or_insert(IndexDigest {
                        messages: 0,
                        sum: 0,
                    });
                    sum.messages += messages;
                    sum.sum = sum.sum.wrapping_add(hash);
                }
            };
            for document in segment.doc_ids_alive() {
                add(document, 1, hash_columns(&columns, document));
            }
            for (field, entry) in segment.schema().fields() {
                if entry.is_indexed() {
                    add_terms(segment, field, &columns, &mut add)?;
                }
            }
        }
        Ok(sums)
    }
}

/// Returns the bucket of a message.
fn bucket_of(key: DocumentKey) -> usize {
    // The remainder is less than the number of buckets, so it fits.
    usize::try_from(hash(key) % BUCKET_COUNT as u64).unwrap_or_default()
}

fn sum_digests(parts: &HashMap<usize, IndexDigest>) -> IndexDigest {
    parts.values().fold(
        IndexDigest {
            messages: 0,
            sum: 0,
        },
        |total, part| IndexDigest {
            messages: total.messages + part.messages,
            sum: total.sum.wrapping_add(part.sum),
        },
    )
}

fn hash_columns(columns: &SegmentColumns, document: DocId) -> u64 {
    hash((
        columns.position(document),
        columns.conversation(document),
        columns.seq(document),
        columns.sent_at(document),
    ))
}

/// Adds the hash of each term of a field, with its positions, for each message.
fn add_terms(
    segment: &SegmentReader,
    field: Field,
    columns: &SegmentColumns,
    add: &mut impl FnMut(DocId, u64, u64),
) -> Result<(), IndexError> {
    let index = segment.inverted_index(field)?;
    let mut terms = index.terms().stream()?;
    let mut positions = Vec::new();
    while terms.advance() {
        let option = IndexRecordOption::WithFreqsAndPositions;
        let mut postings = index.read_postings_from_terminfo(terms.value(), option)?;
        while postings.doc() != TERMINATED {
            let document = postings.doc();
            if !segment.is_deleted(document) {
                postings.positions(&mut positions);
                let content = (
                    field.field_id(),
                    terms.key(),
                    columns.position(document),
                    &positions,
                );
                add(document, 0, hash(content));
            }
            postings.advance();
        }
    }
    Ok(())
}

fn hash(value: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}
