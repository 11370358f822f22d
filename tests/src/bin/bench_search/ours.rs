//! The index.

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

use crate::TOP;
use crate::messages::Messages;
use crate::queries::Question;

/// An index of all messages.
pub struct Ours {
    index: Index,
    directory: PathBuf,
    /// How long it took to make, with one thread that indexes.
    pub took: Duration,
    /// Bytes on disk.
    pub size: u64,
    newest: i64,
}

/// What nobody means.
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

impl Ours {
    /// Makes it.
    pub fn index(messages: &Messages) -> Result<Self> {
        let directory = tests::world::create_dir().join("index");
        std::fs::create_dir_all(&directory)?;
        let index = Index::open(&directory)?;
        let start = Instant::now();
        let mut writer = index.writer()?;
        for message in &messages.all {
            writer.add(message)?;
        }
        writer.commit(&IndexCheckpoint::default())?;
        let took = start.elapsed();
        writer.wait_for_merges()?;
        index.refresh()?;
        let files = std::fs::read_dir(&directory)?.flatten();
        Ok(Self {
            size: files
                .filter_map(|file| Some(file.metadata().ok()?.len()))
                .sum(),
            index,
            directory,
            took,
            newest: messages.all.last().map_or(0, |message| message.sent_at),
        })
    }

    /// The first page; answers how many there are in all.
    pub fn ask(&self, question: &Question) -> Result<usize> {
        let mine = question.member_of.iter().map(|it| (*it, VisibleSeqs::All));
        Ok(self.find(question, mine.collect())?.total)
    }

    /// Whether the message that the question was taken from is found.
    pub fn knows(&self, question: &Question) -> Result<bool> {
        let known = question.known;
        let alone = VisibleSeqs::Ranges(vec![(known.seq - 1, known.seq)]);
        let found = self.find(
            question,
            [(known.conversation, alone)].into_iter().collect(),
        )?;
        Ok(found.total == 1)
    }

    fn find(
        &self,
        question: &Question,
        conversations: VisibleConversations,
    ) -> Result<SearchResults> {
        Ok(self.index.search(&SearchRequest {
            query: &question.query,
            ids: &NoIds,
            visibility: Arc::new(VisibilityFilter::new(conversations)),
            sort: question.sort,
            up_to: u64::MAX,
            now: self.newest,
            statistics: None,
            after: None,
            limit: TOP,
        })?)
    }

    /// How long junk takes that is as long as a query may be, and 100 KB of the same: each kind of junk
    /// with the longer of the two.
    pub fn junk(&self) -> Result<Vec<(String, Duration)>> {
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
                        limit: TOP,
                    })?;
                }
                longest = longest.max(start.elapsed());
            }
            times.push((kind.to_owned(), longest));
        }
        Ok(times)
    }
}

impl Drop for Ours {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}
