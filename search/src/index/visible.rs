//! What somebody may see, as a condition inside the search: what is not visible is neither found, nor
//! counted, nor ranked.

use std::collections::HashMap;
use std::sync::Arc;

use tantivy::columnar::Column;
use tantivy::query::doc_predicate_query::{DocPredicateQuery, FunctionPredicate};
use tantivy::query::{ConstScoreQuery, Query};
use tantivy::{DocId, SegmentReader};

use super::schema::{CONVERSATION, SEQ};

/// What is visible of one conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen {
    /// Every message.
    All,
    /// Those with `after < seq <= until`, for one of these.
    Stays(Vec<(u64, u64)>),
}

/// The conversations of somebody. What is not here is not visible.
pub type Visible = HashMap<u64, Seen>;

impl Seen {
    /// Whether it has this message.
    pub fn has(&self, seq: u64) -> bool {
        match self {
            Self::All => true,
            Self::Stays(stays) => stays
                .iter()
                .any(|(after, until)| *after < seq && seq <= *until),
        }
    }
}

/// The condition. It changes no score.
pub(super) fn condition(visible: Arc<Visible>) -> Box<dyn Query> {
    let predicate = FunctionPredicate::from(move |segment: &SegmentReader| {
        let columns = segment.fast_fields();
        let (conversations, seqs): (Column<u64>, Column<u64>) =
            (columns.u64(CONVERSATION)?, columns.u64(SEQ)?);
        let visible = Arc::clone(&visible);
        Ok(move |document: DocId| {
            let (Some(conversation), Some(seq)) =
                (conversations.first(document), seqs.first(document))
            else {
                return false;
            };
            visible.get(&conversation).is_some_and(|seen| seen.has(seq))
        })
    });
    Box::new(ConstScoreQuery::new(
        Box::new(DocPredicateQuery::from(predicate)),
        0.0,
    ))
}
