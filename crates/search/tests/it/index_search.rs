//! A search of the index returns exactly the visible messages that a scan of all messages finds.

use std::collections::BTreeSet;
use std::sync::Arc;

use proptest::prelude::*;
use search::index::{
    IdResolver, Index, IndexCheckpoint, IndexError, MessageDocument, SearchRequest, SearchResults,
    Sort, VisibilityFilter, VisibleSeqs,
};
use search::{Atom, Literal, ParsedQuery, find_highlights};

/// A small vocabulary, so that many messages share words.
const WORDS: [&str; 18] = [
    "tea",
    "Tea!",
    "green",
    "café",
    "cafe",
    "teapot",
    "qwen3.6",
    "foo.png",
    "C++20",
    "C++",
    "#12",
    "https://a.example/x_y",
    "添加好友",
    "已添加为好友",
    "請發佈",
    "東京タワー",
    "👍🏽",
    "ok👍",
];

const QUERIES: [&str; 37] = [
    "tea",
    "TEA green",
    "\"green tea\"",
    "tea -green",
    "tea OR café",
    "-tea",
    "tea*",
    "te* gre*",
    "\"green tea*\"",
    "cafe",
    "qwen3.6",
    "qwen3",
    "foo",
    "\"foo png\"",
    "foo.p*",
    "C++",
    "c",
    "C++20",
    "#12",
    "12",
    "a.example",
    "x_y",
    "has:link",
    "添加",
    "添",
    "加好",
    "已添加为好友",
    "发布",
    "タワー tea",
    "👍",
    "from:ann",
    "in:room has:mention",
    "-from:ann OR type:image",
    "-\"green tea\"",
    "tea -qwen3.6",
    "-\"tea green\" OR café",
    "mentions:me on:2026-01-03",
];

struct FixedIds;

impl IdResolver for FixedIds {
    fn user_id(&self, name: &str) -> Option<u64> {
        ["ann", "bob", "me"]
            .iter()
            .position(|user| *user == name)
            .map(|at| at as u64)
    }

    fn caller_name(&self) -> Option<&str> {
        Some("me")
    }

    fn conversation_id(&self, name: &str) -> Option<u64> {
        (name == "room").then_some(1)
    }
}

pub fn checkpoint_at(position: u64) -> IndexCheckpoint {
    IndexCheckpoint {
        position,
        ..IndexCheckpoint::default()
    }
}

const DAY_MS: i64 = 24 * 3_600 * 1_000;
/// 2026-01-01 in milliseconds since 1970.
const FIRST_DAY_MS: i64 = 20_454 * DAY_MS;

/// Evaluates a query for one message, as the language defines it.
fn matches_query(query: &ParsedQuery, message: &MessageDocument) -> bool {
    let day = |date: time::Date| {
        let begin = date.midnight().assume_utc().unix_timestamp() * 1_000;
        (begin, begin + DAY_MS)
    };
    let atom = |atom: &Atom| match atom {
        Atom::Text(sequence) => !find_highlights(&message.text, [sequence]).is_empty(),
        Atom::From(user) => FixedIds.user_id(user) == Some(message.sender),
        Atom::In(name) => FixedIds.conversation_id(name) == Some(message.conversation),
        Atom::Type(kind) => *kind == message.kind,
        Atom::HasLink => message.text.contains("https://"),
        Atom::HasMention => !message.mentions.is_empty(),
        Atom::Mentions(user) => message.mentions.contains(user),
        Atom::Before(date) => message.sent_at < day(*date).0,
        Atom::After(date) => message.sent_at >= day(*date).1,
        Atom::On(date) => (day(*date).0..day(*date).1).contains(&message.sent_at),
    };
    query.clauses.iter().all(|clause| {
        let holds = |literal: &Literal| atom(&literal.atom) != literal.is_negated;
        clause.literals.iter().any(holds)
    })
}

fn any_message() -> impl Strategy<Value = MessageDocument> {
    let words = prop::collection::vec(prop::sample::select(WORDS.as_slice()), 1..6);
    let mentions = prop::sample::select(vec!["ann", "me"]);
    let mentions = prop::collection::vec(mentions.prop_map(String::from), 0..2);
    (0_u64..4, 0_u64..3, 0_i64..5, any::<bool>(), mentions, words).prop_map(
        |(conversation, sender, day, is_image, mentions, words)| MessageDocument {
            position: 0,
            conversation,
            seq: 0,
            sender,
            sent_at: FIRST_DAY_MS + day * DAY_MS + day * 7_000,
            kind: if is_image { "image" } else { "text" }.into(),
            mentions,
            text: words.join(" "),
        },
    )
}

/// Assigns positions and sequence numbers as the log does.
fn assign_positions(mut messages: Vec<MessageDocument>) -> Vec<MessageDocument> {
    let mut heads = [0_u64; 4];
    for (message, position) in messages.iter_mut().zip(1..) {
        let head = &mut heads[message.conversation as usize];
        *head += 1;
        (message.position, message.seq) = (position, *head);
    }
    messages
}

fn any_visibility() -> impl Strategy<Value = VisibilityFilter> {
    let seen = prop_oneof![
        Just(VisibleSeqs::All),
        prop::collection::vec((0_u64..6, 0_u64..12), 0..3).prop_map(VisibleSeqs::Ranges),
    ];
    let conversations = prop::collection::hash_map(0_u64..4, seen, 0..4);
    let except = prop::collection::hash_set((0_u64..4, 0_u64..20), 0..4);
    (prop::option::weighted(0.9, conversations), except).prop_map(|(conversations, except)| {
        VisibilityFilter {
            conversations: conversations.map(|all| Arc::new(all.into_iter().collect())),
            excluded: except.into_iter().collect(),
        }
    })
}

fn is_visible(visible: &VisibilityFilter, message: &MessageDocument) -> bool {
    if visible
        .excluded
        .contains(&(message.conversation, message.seq))
    {
        return false;
    }
    let Some(conversations) = &visible.conversations else {
        return true;
    };
    match conversations.get(&message.conversation) {
        None => false,
        Some(VisibleSeqs::All) => true,
        Some(VisibleSeqs::Ranges(ranges)) => ranges
            .iter()
            .any(|(after, until)| (after + 1..=*until).contains(&message.seq)),
        Some(VisibleSeqs::Only(seqs)) => seqs.contains(&message.seq),
    }
}

pub fn search_request<'a>(
    query: &'a ParsedQuery,
    visible: &Arc<VisibilityFilter>,
    sort: Sort,
) -> SearchRequest<'a> {
    SearchRequest {
        query,
        ids: &FixedIds,
        visibility: Arc::clone(visible),
        sort,
        up_to: u64::MAX,
        now: FIRST_DAY_MS + 10 * DAY_MS,
        statistics: None,
        after: None,
        limit: 1_000,
    }
}

/// Reads all pages of this size and calls `between` before each further page.
fn search_all_pages(
    index: &Index,
    first: &SearchRequest<'_>,
    limit: usize,
    mut between: impl FnMut(),
) -> Vec<u64> {
    let (mut hits, mut after, mut statistics) = (Vec::new(), None, None);
    loop {
        let request = SearchRequest {
            ids: &FixedIds,
            visibility: Arc::clone(&first.visibility),
            limit,
            after,
            statistics: statistics.as_ref(),
            ..*first
        };
        let page = index.search(&request).expect("search succeeds");
        hits.extend(hit_positions(&page));
        if page.next.is_none() {
            return hits;
        }
        assert_eq!(page.hits.len(), limit);
        (after, statistics) = (page.next, Some(page.statistics));
        between();
    }
}

pub fn hit_positions(found: &SearchResults) -> Vec<u64> {
    found.hits.iter().map(|hit| hit.position).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn a_search_finds_what_a_full_scan_finds(
        sent in prop::collection::vec(any_message(), 1..60).prop_map(assign_positions),
        changes in prop::collection::vec((any::<prop::sample::Index>(), prop::option::of(any_message())), 0..10),
        visible in any_visibility().prop_map(Arc::new),
        commit_at in any::<prop::sample::Index>(),
    ) {
        let index = Index::in_memory().expect("creates an index");
        let mut writer = index.writer().expect("the only writer");
        let mut current = sent.clone();
        for (n, message) in sent.iter().enumerate() {
            writer.add(message).expect("added");
            if n == commit_at.index(sent.len()) {
                writer.commit(&checkpoint_at(message.position)).expect("committed");
            }
        }
        // Edits and recalls.
        for (which, change) in changes {
            let position = sent[which.index(sent.len())].position;
            let Some(message) = current.iter_mut().find(|message| message.position == position) else {
                continue;
            };
            let key = (message.conversation, message.seq);
            writer.remove([key]).expect("removed");
            if let Some(change) = change {
                message.text = change.text;
                writer.add(message).expect("added");
            } else {
                current.retain(|message| message.position != position);
            }
        }
        writer.commit(&checkpoint_at(1_000)).expect("committed");
        prop_assert_eq!(index.refresh().expect("refreshed"), checkpoint_at(1_000));
        // The content equals that of an index built from the current messages, whatever happened
        // before.
        let rebuilt = Index::in_memory().expect("creates an index");
        let mut writer = rebuilt.writer().expect("the only writer");
        for message in &current {
            writer.add(message).expect("added");
        }
        writer.commit(&checkpoint_at(1_000)).expect("committed");
        rebuilt.refresh().expect("refreshed");
        prop_assert_eq!(index.digest().expect("can read"), rebuilt.digest().expect("can read"));
        prop_assert_eq!(index.message_count(), current.len() as u64);
        for text in QUERIES {
            let query = ParsedQuery::parse(text).expect("valid query");
            let expected: BTreeSet<u64> = current
                .iter()
                .filter(|message| is_visible(&visible, message))
                .filter(|message| matches_query(&query, message))
                .map(|message| message.position)
                .collect();
            let newest = index.search(&search_request(&query, &visible, Sort::Newest)).expect("search succeeds");
            let in_order: Vec<u64> = expected.iter().rev().copied().collect();
            prop_assert_eq!(hit_positions(&newest), in_order, "{}", text);
            let best = index.search(&search_request(&query, &visible, Sort::Relevance)).expect("search succeeds");
            prop_assert_eq!(hit_positions(&best).into_iter().collect::<BTreeSet<_>>(), expected.clone(), "{}", text);
            prop_assert_eq!((newest.total, best.total), (expected.len(), expected.len()));
            for sort in [Sort::Relevance, Sort::Newest] {
                let request = search_request(&query, &visible, sort);
                let whole = hit_positions(&index.search(&request).expect("search succeeds"));
                prop_assert_eq!(search_all_pages(&index, &request, 3, || ()), whole, "pages of {}", text);
            }
        }
    }
}

/// A text message with this number in the only conversation.
pub fn text_message(n: u64, text: &str) -> MessageDocument {
    MessageDocument {
        position: n,
        conversation: 1,
        seq: n,
        sender: 0,
        sent_at: FIRST_DAY_MS,
        kind: "text".into(),
        mentions: Vec::new(),
        text: text.into(),
    }
}

pub fn index_of_texts(texts: &[&str]) -> (Index, Arc<VisibilityFilter>) {
    let index = Index::in_memory().expect("creates an index");
    let mut writer = index.writer().expect("the only writer");
    for (text, n) in texts.iter().zip(1..) {
        writer.add(&text_message(n, text)).expect("added");
    }
    writer
        .commit(&checkpoint_at(texts.len() as u64))
        .expect("committed");
    index.refresh().expect("refreshed");
    let visible = VisibilityFilter::new([(1, VisibleSeqs::All)].into_iter().collect());
    (index, Arc::new(visible))
}

#[test]
fn an_exact_code_ranks_first() {
    let (index, visible) = index_of_texts(&["foo png, both", "see foo.png for it all", "png"]);
    let query = ParsedQuery::parse("foo.png").expect("valid query");
    let found = index
        .search(&search_request(&query, &visible, Sort::Relevance))
        .expect("search succeeds");
    assert_eq!(hit_positions(&found), [2, 1]);
}

#[test]
fn of_equally_good_hits_the_newer_one_comes_first_and_pages_keep_to_what_there_was() {
    let (index, visible) = index_of_texts(&["tea"; 5]);
    let query = ParsedQuery::parse("tea").expect("valid query");
    let found = index
        .search(&search_request(&query, &visible, Sort::Relevance))
        .expect("search succeeds");
    assert_eq!(hit_positions(&found), [5, 4, 3, 2, 1]);
    let earlier = SearchRequest {
        up_to: 3,
        ..search_request(&query, &visible, Sort::Relevance)
    };
    let found = index.search(&earlier).expect("search succeeds");
    assert_eq!((hit_positions(&found), found.total), (vec![3, 2, 1], 3));
}

#[test]
fn a_message_is_contained_until_it_is_removed() {
    let (index, _) = index_of_texts(&["tea", "", "green"]);
    let contains = |seq| index.contains((1, seq)).expect("search succeeds");
    assert!(contains(1) && contains(2) && contains(3));
    assert!(!contains(4));
    assert!(!index.contains((2, 1)).expect("search succeeds"));
    let mut writer = index.writer().expect("the only writer");
    writer.remove([(1, 1)]).expect("removed");
    writer.commit(&checkpoint_at(4)).expect("committed");
    index.refresh().expect("refreshed");
    assert!(!contains(1) && contains(2));
}

#[test]
fn only_one_writer_can_exist() {
    let (index, _) = index_of_texts(&["tea"]);
    let first = index.writer().expect("the only writer");
    assert!(matches!(index.writer(), Err(IndexError::Tantivy(_))));
    drop(first);
    index.writer().expect("the only writer again");
}

#[test]
fn pages_are_stable_while_messages_are_added_and_removed() {
    let texts: Vec<String> = (0..60)
        .map(|n| format!("tea {} {}", "green ".repeat(n % 5), "x ".repeat(n % 7)))
        .collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    for text in ["tea green", "tea*", "green OR x", "\"tea green\""] {
        for sort in [Sort::Relevance, Sort::Newest] {
            let (index, visible) = index_of_texts(&texts);
            let query = ParsedQuery::parse(text).expect("valid query");
            let request = SearchRequest {
                up_to: 60,
                ..search_request(&query, &visible, sort)
            };
            let mut expected = hit_positions(&index.search(&request).expect("search succeeds"));
            let mut writer = index.writer().expect("the only writer");
            let (mut sent, mut gone) = (60, expected.clone());
            let pages = search_all_pages(&index, &request, 7, || {
                for _ in 0..9 {
                    sent += 1;
                    writer
                        .add(&text_message(sent, "tea green x"))
                        .expect("added");
                }
                // Remove the last hit that is not on a page yet.
                let last = gone.pop().expect("one more");
                writer.remove([(1, last)]).expect("removed");
                writer.commit(&checkpoint_at(sent)).expect("committed");
                index.refresh().expect("refreshed");
            });
            expected.retain(|position| gone.contains(position));
            assert_eq!(pages, expected, "{text} {sort:?}");
        }
    }
}

#[test]
fn results_do_not_depend_on_the_number_of_conversations() {
    let index = Index::in_memory().expect("creates an index");
    let mut writer = index.writer().expect("the only writer");
    for n in 1..=4_000 {
        let message = MessageDocument {
            conversation: n % 400,
            ..text_message(n, "tea")
        };
        writer.add(&message).expect("added");
    }
    writer.commit(&checkpoint_at(4_000)).expect("committed");
    index.refresh().expect("refreshed");
    let query = ParsedQuery::parse("tea").expect("valid query");
    // The messages of few conversations are listed before the search; those of many are not.
    for mine in [1, 3, 20, 200, 400] {
        let conversations = (0..mine)
            .map(|conversation| (conversation, VisibleSeqs::All))
            .collect();
        let visible = Arc::new(VisibilityFilter::new(conversations));
        let found = index.search(&search_request(&query, &visible, Sort::Newest));
        let expected: Vec<u64> = (1..=4_000).rev().filter(|n| n % 400 < mine).collect();
        let found = found.expect("search succeeds");
        assert_eq!(found.total, expected.len());
        assert_eq!(hit_positions(&found), expected[..expected.len().min(1_000)]);
    }
}
