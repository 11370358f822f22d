//! What somebody may see, as a condition inside the search: what is not visible is neither found, nor
//! counted, nor ranked.

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

/// What is visible of one conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen {
    /// Every message.
    All,
    /// Those with `after < seq <= until`, for one of these.
    Stays(Vec<(u64, u64)>),
    /// These.
    Only(FxHashSet<u64>),
}

/// The conversations of somebody. What is not here is not visible.
pub type Conversations = FxHashMap<u64, Seen>;

/// What a search may find.
#[derive(Debug, Clone, Default)]
pub struct Visible {
    /// Where; `None` for everywhere, which is for operators.
    pub conversations: Option<Arc<Conversations>>,
    /// Messages, as conversation and seq, that have changed since the index was complete: it would show
    /// what they were.
    pub except: FxHashSet<(u64, u64)>,
}

impl Seen {
    /// Whether it has this message.
    pub fn has(&self, seq: u64) -> bool {
        match self {
            Self::All => true,
            Self::Stays(stays) => stays
                .iter()
                .any(|(after, until)| *after < seq && seq <= *until),
            Self::Only(seqs) => seqs.contains(&seq),
        }
    }
}

impl Visible {
    /// Everything there is.
    pub fn everything() -> Self {
        Self::default()
    }

    /// These conversations.
    pub fn of(conversations: Conversations) -> Self {
        Self {
            conversations: Some(Arc::new(conversations)),
            except: FxHashSet::default(),
        }
    }

    fn has(&self, conversation: u64, seq: u64) -> bool {
        let seen = match &self.conversations {
            None => true,
            Some(conversations) => conversations
                .get(&conversation)
                .is_some_and(|seen| seen.has(seq)),
        };
        seen && (self.except.is_empty() || !self.except.contains(&(conversation, seq)))
    }

    fn is_everything(&self) -> bool {
        self.conversations.is_none() && self.except.is_empty()
    }
}

/// Conversations whose messages are looked up one by one, at most; beyond that everybody's messages are
/// looked at.
const LISTED: usize = 256;

/// The condition. It changes no score.
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
    /// The messages of the caller's conversations in a segment, if that is a small part of it: then the
    /// search goes through these instead of through everybody's messages that have the words.
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

    /// Two columns and a look into a table.
    fn cost(&self) -> u64 {
        10
    }
}

/// Documents in a list, which rises.
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
