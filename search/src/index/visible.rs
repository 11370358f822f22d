//! The visibility filter. It is a condition inside the search, so messages that the caller may not
//! see are not found, not counted and not ranked.

use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};
use tantivy::query::doc_predicate_query::{
    ConstOrVariableSegmentPredicate, DocPredicate, DocPredicateQuery, SegmentDocPredicate,
};
use tantivy::query::{AllScorer, ConstScoreQuery, Query};
use tantivy::schema::IndexRecordOption;
use tantivy::{DocId, DocSet, SegmentReader, TERMINATED, Term};

use super::columns::{AllColumns, Columns, of_segment};
use super::schema::Fields;

/// The messages of one conversation that are visible.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen {
    /// All messages.
    All,
    /// The messages with `after < seq <= until` for at least one of these `(after, until)` ranges.
    Stays(Vec<(u64, u64)>),
    /// The messages with these sequence numbers.
    Only(FxHashSet<u64>),
}

/// The visible messages by conversation. Conversations that are not in the map are not visible.
pub type Conversations = FxHashMap<u64, Seen>;

/// The messages that a search may find.
#[derive(Debug, Clone, Default)]
pub struct Visible {
    /// The visible conversations. `None`, which is for server operators, means all of them.
    pub conversations: Option<Arc<Conversations>>,
    /// Messages, as conversation and sequence number, that changed after the index checkpoint. They
    /// are excluded because the index has an outdated version of them.
    pub except: FxHashSet<(u64, u64)>,
}

impl Seen {
    /// Whether it contains this sequence number.
    pub fn has(&self, seq: u64) -> bool {
        match self {
            Self::All => true,
            Self::Stays(ranges) => ranges
                .iter()
                .any(|(after, until)| *after < seq && seq <= *until),
            Self::Only(seqs) => seqs.contains(&seq),
        }
    }
}

impl Visible {
    /// A filter that allows everything.
    pub fn everything() -> Self {
        Self::default()
    }

    /// A filter that allows these conversations.
    pub fn of(conversations: Conversations) -> Self {
        Self {
            conversations: Some(Arc::new(conversations)),
            except: FxHashSet::default(),
        }
    }

    fn has(&self, conversation: u64, seq: u64) -> bool {
        let is_visible = match &self.conversations {
            None => true,
            Some(conversations) => conversations
                .get(&conversation)
                .is_some_and(|seqs| seqs.has(seq)),
        };
        is_visible && (self.except.is_empty() || !self.except.contains(&(conversation, seq)))
    }

    fn is_everything(&self) -> bool {
        self.conversations.is_none() && self.except.is_empty()
    }
}

/// The maximum number of conversations whose messages are listed before the search. Beyond that,
/// the search filters everybody's messages.
const LISTED: usize = 256;

/// Builds the filter as a query that does not affect scores.
pub(super) fn condition(
    visible: Arc<Visible>,
    fields: Fields,
    columns: Arc<AllColumns>,
) -> Box<dyn Query> {
    let query = DocPredicateQuery::from(Condition {
        visible,
        fields,
        columns,
    });
    Box::new(ConstScoreQuery::new(Box::new(query), 0.0))
}

#[derive(Debug)]
struct Condition {
    visible: Arc<Visible>,
    fields: Fields,
    columns: Arc<AllColumns>,
}

impl DocPredicate for Condition {
    type SegmentDocPredicate = InSegment;

    fn doc_predicate(
        &self,
        segment: &SegmentReader,
    ) -> tantivy::Result<ConstOrVariableSegmentPredicate<InSegment>> {
        if self.visible.is_everything() {
            return Ok(ConstOrVariableSegmentPredicate::Const(true));
        }
        let predicate = InSegment {
            columns: of_segment(&self.columns, segment)?,
            visible: Arc::clone(&self.visible),
        };
        let necessary_condition: Box<dyn DocSet> = match self.mine(segment)? {
            Some(documents) => Box::new(Listed::new(documents)),
            None => Box::new(AllScorer::new(segment.max_doc())),
        };
        Ok(ConstOrVariableSegmentPredicate::Variable {
            predicate,
            necessary_condition,
        })
    }
}

impl Condition {
    /// Lists the messages of the caller's conversations in a segment if they are a small part of
    /// it. The search then iterates over these instead of everybody's messages that contain the
    /// words.
    fn mine(&self, segment: &SegmentReader) -> tantivy::Result<Option<Vec<DocId>>> {
        let Some(conversations) = &self.visible.conversations else {
            return Ok(None);
        };
        if conversations.len() > LISTED {
            return Ok(None);
        }
        let index = segment.inverted_index(self.fields.conversation)?;
        let mut lists = Vec::with_capacity(conversations.len());
        let mut count = 0;
        for conversation in conversations.keys() {
            let term = Term::from_field_u64(self.fields.conversation, *conversation);
            if let Some(list) = index.get_term_info(&term)? {
                count += list.doc_freq;
                lists.push(list);
            }
        }
        if count > segment.max_doc() / 16 {
            return Ok(None);
        }
        let mut documents = Vec::with_capacity(count as usize);
        for list in lists {
            let mut postings =
                index.read_postings_from_terminfo(&list, IndexRecordOption::Basic)?;
            while postings.doc() != TERMINATED {
                documents.push(postings.doc());
                postings.advance();
            }
        }
        documents.sort_unstable();
        Ok(Some(documents))
    }
}

struct InSegment {
    columns: Arc<Columns>,
    visible: Arc<Visible>,
}

impl SegmentDocPredicate for InSegment {
    fn eval(&mut self, document: DocId) -> bool {
        let conversation = self.columns.conversation(document);
        self.visible.has(conversation, self.columns.seq(document))
    }

    /// The cost of reading two columns and one map lookup.
    fn cost(&self) -> u64 {
        10
    }
}

/// A set of documents, as a sorted list.
struct Listed {
    documents: Vec<DocId>,
    at: usize,
}

impl Listed {
    fn new(documents: Vec<DocId>) -> Self {
        Self { documents, at: 0 }
    }
}

impl DocSet for Listed {
    fn advance(&mut self) -> DocId {
        self.at += 1;
        self.doc()
    }

    fn seek(&mut self, target: DocId) -> DocId {
        let rest = self.documents.get(self.at..).unwrap_or_default();
        self.at += rest.partition_point(|document| *document < target);
        self.doc()
    }

    fn doc(&self) -> DocId {
        self.documents.get(self.at).copied().unwrap_or(TERMINATED)
    }

    fn size_hint(&self) -> u32 {
        self.documents.len() as u32
    }
}
