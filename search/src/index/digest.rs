//! A fingerprint of what an index says, whatever it says it with: two are equal if every message has the
//! same terms at the same places, however they came there and in whichever segments they are.

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

/// Messages are counted together in so many parts: where two indexes differ, only those of a part that differs are
/// looked at one by one.
const PARTS: usize = 4_096;

/// Parts whose messages are looked at, at most.
const LOOKED_AT: usize = 16;

/// A message, as conversation and seq.
pub type Key = (u64, u64);

/// What an index says in all. Comparable within one build of this program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Digest {
    /// How many messages.
    pub messages: u64,
    /// A sum over all that is said of them.
    pub sum: u64,
}

/// Two indexes beside each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compared {
    /// What the one says.
    pub one: Digest,
    /// What the other says.
    pub other: Digest,
    /// The first messages that are not the same in both, or in one of them alone; at most as many as were asked for.
    pub differing: BTreeSet<Key>,
}

/// An index as of one refresh, whatever is committed meanwhile.
#[derive(Clone)]
pub struct View(Arc<Snapshot>);

impl Index {
    /// What the last [`Index::refresh`] saw.
    pub fn view(&self) -> View {
        View(self.seen())
    }

    /// What the last [`Index::refresh`] saw, as a number.
    pub fn digest(&self) -> Result<Digest, IndexError> {
        Ok(total(
            &self
                .view()
                .sums(&FxHashSet::default(), |key| Some(part(key)))?,
        ))
    }
}

impl View {
    /// Compares the two, some messages left out, and names at most so many that differ.
    pub fn compare(
        &self,
        other: &Self,
        left_out: &FxHashSet<Key>,
        named: usize,
    ) -> Result<Compared, IndexError> {
        let (here, there) = (
            self.sums(left_out, |key| Some(part(key)))?,
            other.sums(left_out, |key| Some(part(key)))?,
        );
        let differs = |part: &usize| here.get(part) != there.get(part);
        let parts: FxHashSet<usize> = (0..PARTS).filter(differs).take(LOOKED_AT).collect();
        let mut differing = BTreeSet::new();
        if !parts.is_empty() {
            let one_by_one = |key: Key| parts.contains(&part(key)).then_some(key);
            let mine = self.sums(left_out, one_by_one)?;
            let theirs = other.sums(left_out, one_by_one)?;
            let either = mine.keys().chain(theirs.keys());
            differing.extend(either.filter(|key| mine.get(key) != theirs.get(key)));
        }
        Ok(Compared {
            one: total(&here),
            other: total(&there),
            differing: differing.into_iter().take(named).collect(),
        })
    }

    /// What is said of messages, added up for those that have the same place.
    fn sums<P: Hash + Eq>(
        &self,
        left_out: &FxHashSet<Key>,
        place: impl Fn(Key) -> Option<P>,
    ) -> Result<HashMap<P, Digest>, IndexError> {
        let mut sums = HashMap::new();
        for segment in self.0.searcher.segment_readers() {
            let columns = of_segment(&self.0.columns, segment)?;
            let key = |document: DocId| (columns.conversation(document), columns.seq(document));
            let placed = |document: DocId| {
                let key = key(document);
                (!left_out.contains(&key)).then(|| place(key)).flatten()
            };
            let mut add = |document: DocId, messages: u64, said: u64| {
                if let Some(place) = placed(document) {
                    let sum = sums.entry(place).or_insert(Digest {
                        messages: 0,
                        sum: 0,
                    });
                    sum.messages += messages;
                    sum.sum = sum.sum.wrapping_add(said);
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

/// Which part a message belongs to.
fn part(key: Key) -> usize {
    // The remainder is less than the number of parts.
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

/// Adds what each term of a field says of each message.
fn terms(
    segment: &SegmentReader,
    field: Field,
    columns: &Columns,
    add: &mut impl FnMut(DocId, u64, u64),
) -> Result<(), IndexError> {
    let index = segment.inverted_index(field)?;
    let mut terms = index.terms().stream()?;
    let mut places = Vec::new();
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
                    columns.position(document),
                    &places,
                );
                add(document, 0, hash(said));
            }
            postings.advance();
        }
    }
    Ok(())
}

fn hash(what: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    what.hash(&mut hasher);
    hasher.finish()
}
