//! Our index.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Result;
use search::ParsedQuery;
use search::index::{
    Index, IndexCheckpoint, NoIds, SearchRequest, SearchResults, Sort, VisibilityFilter,
    VisibleConversations, VisibleSeqs,
};
use search::query::MAX_QUERY_CHARS;

use super::messages::MessageSet;
use super::queries::{PAGE_SIZE, SampleQuery};

/// An index of all messages.
pub struct TidingsIndex {
    index: Index,
    directory: PathBuf,
    /// How long it took to build with one indexing thread.
    pub build_time: Duration,
    /// Its size on disk in bytes.
    pub bytes: u64,
    newest: i64,
}

/// Text that is no sensible query.
const JUNK: [&str; 16] = [
    "(",
    "(\"",
    "\"",
    "NOT ",
    "-",
    ":",
    "*",
    "a:b:* ",
    "(a OR ",
    "a* b* c* d* e* f* g* h* i* j* k* l* m* n* o* p* q* r* s* t* u* v* w* x* y* z* ",
    "a* OR b* OR c* OR d* OR e* OR f* OR g* OR h* OR i* OR ",
    "-a* -b* -c* -d* -e* -f* -g* -h* ",
    "\"the a*\" OR \"to b*\" OR ",
    "一 二 三 四 五 六 七 八 九 十 人 大 小 ",
    "the OR to OR and OR of OR is OR you OR it OR that OR ",
    "has:link OR -has:link OR ",
];

impl TidingsIndex {
    /// Builds the index.
    pub fn build(messages: &MessageSet) -> Result<Self> {
        let directory = tests::world::create_dir().join("index");
        std::fs::create_dir_all(&directory)?;
        let index = Index::open(&directory)?;
        let start = Instant::now();
        let mut writer = index.writer()?;
        for message in &messages.documents {
            writer.add(message)?;
        }
        writer.commit(&IndexCheckpoint::default())?;
        let build_time = start.elapsed();
        writer.wait_for_merges()?;
        index.refresh()?;
        let files = std::fs::read_dir(&directory)?.flatten();
        Ok(Self {
            bytes: files
                .filter_map(|file| Some(file.metadata().ok()?.len()))
                .sum(),
            index,
            directory,
            build_time,
            newest: messages
                .documents
                .last()
                .map_or(0, |message| message.sent_at),
        })
    }

    /// Searches for the first page of hits and returns their total.
    pub fn search(&self, query: &SampleQuery) -> Result<usize> {
        let visible = query.conversations.iter().map(|it| (*it, VisibleSeqs::All));
        Ok(self.search_in(query, visible.collect())?.total)
    }

    /// Whether it finds the message from which the query was made.
    pub fn finds_source(&self, query: &SampleQuery) -> Result<bool> {
        let source = query.source;
        let only_source = VisibleSeqs::Ranges(vec![(source.seq - 1, source.seq)]);
        let results = self.search_in(
            query,
            [(source.conversation, only_source)].into_iter().collect(),
        )?;
        Ok(results.total == 1)
    }

    fn search_in(
        &self,
        query: &SampleQuery,
        conversations: VisibleConversations,
    ) -> Result<SearchResults> {
        Ok(self.index.search(&SearchRequest {
            query: &query.parsed,
            ids: &NoIds,
            visibility: Arc::new(VisibilityFilter::new(conversations)),
            sort: query.sort,
            up_to: u64::MAX,
            now: self.newest,
            statistics: None,
            after: None,
            limit: PAGE_SIZE,
        })?)
    }

    /// Measures junk queries of the maximum length and of 100 KB. Returns the longer time for each
    /// kind of junk.
    pub fn measure_junk(&self) -> Result<Vec<(String, Duration)>> {
        let visible = Arc::new(VisibilityFilter::unrestricted());
        let mut times = Vec::new();
        for kind in JUNK {
            let mut longest = Duration::ZERO;
            for length in [MAX_QUERY_CHARS, 100_000] {
                let text: String = kind.chars().cycle().take(length).collect();
                let start = Instant::now();
                if let Ok(query) = ParsedQuery::parse(&text) {
                    self.index.search(&SearchRequest {
                        query: &query,
                        ids: &NoIds,
                        visibility: Arc::clone(&visible),
                        sort: Sort::Relevance,
                        up_to: u64::MAX,
                        now: self.newest,
                        statistics: None,
                        after: None,
                        limit: PAGE_SIZE,
                    })?;
                }
                longest = longest.max(start.elapsed());
            }
            times.push((kind.to_owned(), longest));
        }
        Ok(times)
    }
}

impl Drop for TidingsIndex {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}
