//! The columns that every search reads. Opening a column costs more than most searches do, so each
//! segment's columns are opened once and cached.

use std::collections::HashMap;
use std::sync::Arc;

use tantivy::columnar::Column;
use tantivy::index::SegmentId;
use tantivy::{DocId, Searcher, SegmentReader};

use super::schema::{CONVERSATION, POSITION, SENT_AT, SEQ};

/// The columns of a segment.
#[derive(Debug, Clone)]
pub(super) struct SegmentColumns {
    positions: Column<u64>,
    conversations: Column<u64>,
    seqs: Column<u64>,
    sent_times: Column<i64>,
}

impl SegmentColumns {
    fn open(segment: &SegmentReader) -> tantivy::Result<Self> {
        let columns = segment.fast_fields();
        Ok(Self {
            positions: columns.u64(POSITION)?,
            conversations: columns.u64(CONVERSATION)?,
            seqs: columns.u64(SEQ)?,
            sent_times: columns.i64(SENT_AT)?,
        })
    }

    pub fn position(&self, document: DocId) -> u64 {
        self.positions.first(document).unwrap_or_default()
    }

    pub fn conversation(&self, document: DocId) -> u64 {
        self.conversations.first(document).unwrap_or_default()
    }

    pub fn seq(&self, document: DocId) -> u64 {
        self.seqs.first(document).unwrap_or_default()
    }

    pub fn sent_at(&self, document: DocId) -> i64 {
        self.sent_times.first(document).unwrap_or_default()
    }
}

/// The columns of all segments.
pub(super) type ColumnsBySegment = HashMap<SegmentId, Arc<SegmentColumns>>;

/// The index as of one refresh: what a search reads.
pub(super) struct SearcherSnapshot {
    pub searcher: Searcher,
    pub columns: Arc<ColumnsBySegment>,
}

impl SearcherSnapshot {
    /// Opens a snapshot and reuses the columns of segments that the previous one also has.
    pub fn open(searcher: Searcher, before: Option<&Self>) -> tantivy::Result<Self> {
        let mut columns = ColumnsBySegment::new();
        for segment in searcher.segment_readers() {
            let id = segment.segment_id();
            let known = before.and_then(|before| before.columns.get(&id));
            let opened = match known {
                Some(known) => Arc::clone(known),
                None => Arc::new(SegmentColumns::open(segment)?),
            };
            columns.insert(id, opened);
        }
        Ok(Self {
            searcher,
            columns: Arc::new(columns),
        })
    }
}

/// Returns the columns of a segment, and opens them if they are not cached.
pub(super) fn columns_for(
    columns: &ColumnsBySegment,
    segment: &SegmentReader,
) -> tantivy::Result<Arc<SegmentColumns>> {
    match columns.get(&segment.segment_id()) {
        Some(columns) => Ok(Arc::clone(columns)),
        None => Ok(Arc::new(SegmentColumns::open(segment)?)),
    }
}
