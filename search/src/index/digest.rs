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

use super::columns::{Columns, Snapshot, of_segment};
use super::{Index, IndexError};

/// The number of buckets that messages are summed in. Where two indexes differ, only the messages
/// in differing buckets are compared one by one.
const PARTS: usize = 4_096;

/// The maximum number of buckets whose messages are compared one by one.
const LOOKED_AT: usize = 16;

/// The key of a message: conversation and sequence number.
pub type Key = (u64, u64);

/// A digest of an index's content. Comparable only within one build of this program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Digest {
    /// The number of messages.
    pub messages: u64,
    /// The wrapping sum of the hashes of their terms and columns.
    pub sum: u64,
}

/// The comparison of two indexes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compared {
    /// The digest of the first index.
    pub one: Digest,
    /// The digest of the second index.
    pub other: Digest,
    /// The first messages that differ or that only one index has, up to the requested number.
    pub differing: BTreeSet<Key>,
}

/// A view of an index as of one refresh, unaffected by later commits.
#[derive(Clone)]
pub struct View(Arc<Snapshot>);

impl Index {
    /// Returns a view of the index as of the last [`Index::refresh`].
    pub fn view(&self) -> View {
        View(self.seen())
    }

    /// Computes the digest of the index as of the last [`Index::refresh`].
    pub fn digest(&self) -> Result<Digest, IndexError> {
        Ok(total(
            &self
                .view()
                .sums(&FxHashSet::default(), |key| Some(part(key)))?,
        ))
    }
}

impl View {
    /// Compares two views without the messages in `left_out`. Lists up to `named` messages that
    /// differ.
    pub fn compare(
        &self,
        other: &Self,
        left_out: &FxHashSet<Key>,
        named: usize,
    ) -> Result<Compared, IndexError> {
        let (left, right) = (
            self.sums(left_out, |key| Some(part(key)))?,
            other.sums(left_out, |key| Some(part(key)))?,
        );
        let differs = |bucket: &usize| left.get(bucket) != right.get(bucket);
        let buckets: FxHashSet<usize> = (0..PARTS).filter(differs).take(LOOKED_AT).collect();
        let mut differing = BTreeSet::new();
        if !buckets.is_empty() {
            let one_by_one = |key: Key| buckets.contains(&part(key)).then_some(key);
            let left = self.sums(left_out, one_by_one)?;
            let right = other.sums(left_out, one_by_one)?;
            let either = left.keys().chain(right.keys());
            differing.extend(either.filter(|key| left.get(key) != right.get(key)));
        }
        Ok(Compared {
            one: total(&left),
            other: total(&right),
            differing: differing.into_iter().take(named).collect(),
        })
    }

    /// Sums the digests of messages by the key that `group` returns; `None` skips a message.
    fn sums<P: Hash + Eq>(
        &self,
        left_out: &FxHashSet<Key>,
        group: impl Fn(Key) -> Option<P>,
    ) -> Result<HashMap<P, Digest>, IndexError> {
        let mut sums = HashMap::new();
        for segment in self.0.searcher.segment_readers() {
            let columns = of_segment(&self.0.columns, segment)?;
            let key = |document: DocId| (columns.conversation(document), columns.seq(document));
            let group_of = |document: DocId| {
                let key = key(document);
                (!left_out.contains(&key)).then(|| group(key)).flatten()
            };
            let mut add = |document: DocId, messages: u64, hash: u64| {
                if let Some(group) = group_of(document) {
                    let sum = sums.entry(group).or_insert(Digest {
                        messages: 0,
                        sum: 0,
                    });
                    sum.messages += messages;
                    sum.sum = sum.sum.wrapping_add(hash);
                }
            };
            for document in segment.doc_ids_alive() {
                add(document, 1, of_columns(&columns, document));
            }
            for (field, entry) in segment.schema().fields() {
                if entry.is_indexed() {
                    terms(segment, field, &columns, &mut add)?;
                }
            }
        }
        Ok(sums)
    }
}

/// Returns the bucket of a message.
fn part(key: Key) -> usize {
    // The remainder is less than the number of buckets, so it fits.
    usize::try_from(hash(key) % PARTS as u64).unwrap_or_default()
}

fn total(parts: &HashMap<usize, Digest>) -> Digest {
    parts.values().fold(
        Digest {
            messages: 0,
            sum: 0,
        },
        |total, part| Digest {
            messages: total.messages + part.messages,
            sum: total.sum.wrapping_add(part.sum),
        },
    )
}

fn of_columns(columns: &Columns, document: DocId) -> u64 {
    hash((
        columns.position(document),
        columns.conversation(document),
        columns.seq(document),
        columns.sent_at(document),
    ))
}

/// Adds the hash of each term of a field, with its positions, for each message.
fn terms(
    segment: &SegmentReader,
    field: Field,
    columns: &Columns,
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
