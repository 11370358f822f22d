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

use super::columns::{ColumnsBySegment, SegmentColumns, columns_for};
use super::document::DocumentKey;
use super::schema::SchemaFields;

/// The messages of one conversation that are visible.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VisibleSeqs {
    /// All messages.
    All,
    /// The messages with `after < seq <= until` for at least one of these `(after, until)` ranges.
    Ranges(Vec<(u64, u64)>),
    /// The messages with these sequence numbers.
    Only(FxHashSet<u64>),
}

/// The visible messages by conversation. Conversations that are not in the map are not visible.
pub type VisibleConversations = FxHashMap<u64, VisibleSeqs>;

/// The messages that a search may find.
#[derive(Debug, Clone, Default)]
pub struct VisibilityFilter {
    /// The visible conversations. `None`, which is for server operators, means all of them.
    pub conversations: Option<Arc<VisibleConversations>>,
    /// Messages, as conversation and sequence number, that changed after the index checkpoint. They
    /// are excluded because the index has an outdated version of them.
    pub excluded: FxHashSet<DocumentKey>,
}

impl VisibleSeqs {
    /// Whether it contains this sequence number.
    pub fn contains(&self, seq: u64) -> bool {
        match self {
            Self::All => true,
            Self::Ranges(ranges) => ranges
                .iter()
                .any(|(after, until)| *after < seq && seq <= *until),
            Self::Only(seqs) => seqs.contains(&seq),
        }
    }
}

impl VisibilityFilter {
    /// A filter that allows everything.
    pub fn unrestricted() -> Self {
        Self::default()
    }

    /// A filter that allows these conversations.
    pub fn new(conversations: VisibleConversations) -> Self {
        Self {
            conversations: Some(Arc::new(conversations)),
            excluded: FxHashSet::default(),
        }
    }

    fn allows(&self, conversation: u64, seq: u64) -> bool {
        let is_visible = match &self.conversations {
            None => true,
            Some(conversations) => conversations
                .get(&conversation)
                .is_some_and(|seqs| seqs.contains(seq)),
        };
        is_visible && (self.excluded.is_empty() || !self.excluded.contains(&(conversation, seq)))
    }

    fn is_unrestricted(&self) -> bool {
        self.conversations.is_none() && self.excluded.is_empty()
    }
}

/// The maximum number of conversations whose messages are listed before the search. Beyond that,
/// the search filters everybody's messages.
const MAX_LISTED_CONVERSATIONS: usize = 256;

/// Builds the filter as a query that does not affect scores.
pub(super) fn visibility_query(
    visible: Arc<VisibilityFilter>,
    fields: SchemaFields,
    columns: Arc<ColumnsBySegment>,
) -> Box<dyn Query> {
    let query = DocPredicateQuery::from(VisibilityPredicate {
        filter: visible,
        fields,
        columns,
    });
    Box::new(ConstScoreQuery::new(Box::new(query), 0.0))
}

#[derive(Debug)]
struct VisibilityPredicate {
    filter: Arc<VisibilityFilter>,
    fields: SchemaFields,
    columns: Arc<ColumnsBySegment>,
}

impl DocPredicate for VisibilityPredicate {
    type SegmentDocPredicate = SegmentVisibility;

    fn doc_predicate(
        &self,
        segment: &SegmentReader,
    ) -> tantivy::Result<ConstOrVariableSegmentPredicate<SegmentVisibility>> {
        if self.filter.is_unrestricted() {
            return Ok(ConstOrVariableSegmentPredicate::Const(true));
        }
        let predicate = SegmentVisibility {
            columns: columns_for(&self.columns, segment)?,
            filter: Arc::clone(&self.filter),
        };
        let necessary_condition: Box<dyn DocSet> = match self.list_documents(segment)? {
            Some(documents) => Box::new(DocIdList::new(documents)),
            None => Box::new(AllScorer::new(segment.max_doc())),
        };
        Ok(ConstOrVariableSegmentPredicate::Variable {
            predicate,
            necessary_condition,
        })
    }
}

impl VisibilityPredicate {
    /// Lists the messages of the caller's conversations in a segment if they are a small part of
    /// it. The search then iterates over these instead of everybody's messages that contain the
    /// words.
    fn list_documents(&self, segment: &SegmentReader) -> tantivy::Result<Option<Vec<DocId>>> {
        let Some(conversations) = &self.filter.conversations else {
            return Ok(None);
        };
        if conversations.len() > MAX_LISTED_CONVERSATIONS {
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

struct SegmentVisibility {
    columns: Arc<SegmentColumns>,
    filter: Arc<VisibilityFilter>,
}

impl SegmentDocPredicate for SegmentVisibility {
    fn eval(&mut self, document: DocId) -> bool {
        let conversation = self.columns.conversation(document);
        self.filter.allows(conversation, self.columns.seq(document))
    }

    /// The cost of reading two columns and one map lookup.
    fn cost(&self) -> u64 {
        10
    }
}

/// A set of documents, as a sorted list.
struct DocIdList {
    documents: Vec<DocId>,
    at: usize,
}

impl DocIdList {
    fn new(documents: Vec<DocId>) -> Self {
        Self { documents, at: 0 }
    }
}

impl DocSet for DocIdList {
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
