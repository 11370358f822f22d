//! The index finds what reading every message would find: no less, no more, within what is visible.

use std::collections::BTreeSet;
use std::sync::Arc;

use proptest::prelude::*;
use search::index::{Ask, Found, Index, IndexError, Message, Names, Seen, Sort, Visible};
use search::{Atom, Literal, Query, highlights};

/// Few words, so that many messages have the same ones.
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

const QUERIES: [&str; 34] = [
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
    "mentions:me on:2026-01-03",
];

struct Numbered;

impl Names for Numbered {
    fn user(&self, name: &str) -> Option<u64> {
        ["ann", "bob", "me"]
            .iter()
            .position(|it| *it == name)
            .map(|at| at as u64)
    }

    fn conversation(&self, name: &str) -> Option<u64> {
        (name == "room").then_some(1)
    }
}

const DAY: i64 = 24 * 3_600 * 1_000;
/// 2026-01-01.
const BEGIN: i64 = 20_454 * DAY;

/// What the language says, of one message.
fn holds(query: &Query, message: &Message) -> bool {
    let day = |date: time::Date| {
        let begin = date.midnight().assume_utc().unix_timestamp() * 1_000;
        (begin, begin + DAY)
    };
    let atom = |atom: &Atom| match atom {
        Atom::Text(needle) => !highlights(&message.text, [needle]).is_empty(),
        Atom::From(user) => Numbered.user(user) == Some(message.sender),
        Atom::In(name) => Numbered.conversation(name) == Some(message.conversation),
        Atom::Type(kind) => *kind == message.kind,
        Atom::HasLink => message.text.contains("https://"),
        Atom::HasMention => !message.mentions.is_empty(),
        Atom::Mentions(user) => Numbered
            .user(user)
            .is_some_and(|it| message.mentions.contains(&it)),
        Atom::Before(date) => message.sent_at < day(*date).0,
        Atom::After(date) => message.sent_at >= day(*date).1,
        Atom::On(date) => (day(*date).0..day(*date).1).contains(&message.sent_at),
    };
    query.clauses.iter().all(|clause| {
        let holds = |literal: &Literal| atom(&literal.atom) != literal.is_negated;
        clause.any.iter().any(holds)
    })
}

fn message() -> impl Strategy<Value = Message> {
    let words = prop::collection::vec(prop::sample::select(WORDS.as_slice()), 1..6);
    let mentions = prop::collection::vec(0_u64..3, 0..2);
    (0_u64..4, 0_u64..3, 0_i64..5, any::<bool>(), mentions, words).prop_map(
        |(conversation, sender, day, is_image, mentions, words)| Message {
            position: 0,
            conversation,
            seq: 0,
            sender,
            sent_at: BEGIN + day * DAY + day * 7_000,
            kind: if is_image { "image" } else { "text" }.into(),
            mentions,
            text: words.join(" "),
        },
    )
}

/// Numbers them as a log does.
fn numbered(mut messages: Vec<Message>) -> Vec<Message> {
    let mut heads = [0_u64; 4];
    for (message, position) in messages.iter_mut().zip(1..) {
        let head = &mut heads[message.conversation as usize];
        *head += 1;
        (message.position, message.seq) = (position, *head);
    }
    messages
}

fn visible() -> impl Strategy<Value = Visible> {
    let seen = prop_oneof![
        Just(Seen::All),
        prop::collection::vec((0_u64..6, 0_u64..12), 0..3).prop_map(Seen::Stays),
    ];
    prop::collection::hash_map(0_u64..4, seen, 0..4)
}

fn may_see(visible: &Visible, message: &Message) -> bool {
    match visible.get(&message.conversation) {
        None => false,
        Some(Seen::All) => true,
        Some(Seen::Stays(stays)) => stays
            .iter()
            .any(|(after, until)| (after + 1..=*until).contains(&message.seq)),
    }
}

fn ask<'a>(query: &'a Query, visible: &Arc<Visible>, sort: Sort) -> Ask<'a> {
    Ask {
        query,
        names: &Numbered,
        visible: Arc::clone(visible),
        sort,
        up_to: u64::MAX,
        now: BEGIN + 10 * DAY,
        offset: 0,
        limit: 1_000,
    }
}

fn positions(found: &Found) -> Vec<u64> {
    found.hits.iter().map(|hit| hit.position).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn what_is_found_is_what_reading_everything_finds(
        sent in prop::collection::vec(message(), 1..60).prop_map(numbered),
        changes in prop::collection::vec((any::<prop::sample::Index>(), prop::option::of(message())), 0..10),
        visible in visible().prop_map(Arc::new),
        commit_at in any::<prop::sample::Index>(),
    ) {
        let index = Index::in_memory().expect("an index");
        let mut writer = index.writer().expect("the only writer");
        let mut there = sent.clone();
        for (at, message) in sent.iter().enumerate() {
            writer.add(message).expect("added");
            if at == commit_at.index(sent.len()) {
                writer.commit(message.position).expect("committed");
            }
        }
        // Edits and recalls.
        for (which, change) in changes {
            let position = sent[which.index(sent.len())].position;
            let Some(message) = there.iter_mut().find(|it| it.position == position) else {
                continue;
            };
            if let Some(change) = change {
                message.text = change.text;
                writer.replace(message).expect("replaced");
            } else {
                writer.remove(position);
                there.retain(|it| it.position != position);
            }
        }
        writer.commit(1_000).expect("committed");
        prop_assert_eq!(index.refresh().expect("refreshed"), 1_000);
        for text in QUERIES {
            let query = Query::parse(text).expect("a query");
            let expected: BTreeSet<u64> = there
                .iter()
                .filter(|it| may_see(&visible, it))
                .filter(|it| holds(&query, it))
                .map(|it| it.position)
                .collect();
            let newest = index.find(&ask(&query, &visible, Sort::Newest)).expect("found");
            let in_order: Vec<u64> = expected.iter().rev().copied().collect();
            prop_assert_eq!(positions(&newest), in_order, "{}", text);
            let best = index.find(&ask(&query, &visible, Sort::Relevance)).expect("found");
            prop_assert_eq!(positions(&best).into_iter().collect::<BTreeSet<_>>(), expected.clone(), "{}", text);
            prop_assert_eq!((newest.total, best.total), (expected.len(), expected.len()));
            let mut paged = Vec::new();
            for offset in (0..expected.len()).step_by(3) {
                let page = Ask { offset, limit: 3, ..ask(&query, &visible, Sort::Relevance) };
                paged.extend(positions(&index.find(&page).expect("found")));
            }
            prop_assert_eq!(paged, positions(&best), "pages of {}", text);
        }
    }
}

/// The only conversation's message of this number.
fn plain(n: u64, text: &str) -> Message {
    Message {
        position: n,
        conversation: 1,
        seq: n,
        sender: 0,
        sent_at: BEGIN,
        kind: "text".into(),
        mentions: Vec::new(),
        text: text.into(),
    }
}

fn room(texts: &[&str]) -> (Index, Arc<Visible>) {
    let index = Index::in_memory().expect("an index");
    let mut writer = index.writer().expect("the only writer");
    for (text, n) in texts.iter().zip(1..) {
        writer.add(&plain(n, text)).expect("added");
    }
    writer.commit(texts.len() as u64).expect("committed");
    index.refresh().expect("refreshed");
    (index, Arc::new(Visible::from([(1, Seen::All)])))
}

#[test]
fn a_code_as_it_was_asked_for_comes_first() {
    let (index, visible) = room(&["foo png, both", "see foo.png for it all", "png"]);
    let query = Query::parse("foo.png").expect("a query");
    let found = index
        .find(&ask(&query, &visible, Sort::Relevance))
        .expect("found");
    assert_eq!(positions(&found), [2, 1]);
}

#[test]
fn of_equally_good_hits_the_newer_one_comes_first_and_pages_keep_to_what_there_was() {
    let (index, visible) = room(&["tea"; 5]);
    let query = Query::parse("tea").expect("a query");
    let found = index
        .find(&ask(&query, &visible, Sort::Relevance))
        .expect("found");
    assert_eq!(positions(&found), [5, 4, 3, 2, 1]);
    let earlier = Ask {
        up_to: 3,
        ..ask(&query, &visible, Sort::Relevance)
    };
    let found = index.find(&earlier).expect("found");
    assert_eq!((positions(&found), found.total), (vec![3, 2, 1], 3));
}

#[test]
fn there_is_one_writer() {
    let (index, _) = room(&["tea"]);
    let first = index.writer().expect("the only writer");
    assert!(matches!(index.writer(), Err(IndexError::Tantivy(_))));
    drop(first);
    index.writer().expect("the only writer again");
}

#[test]
fn an_index_on_disk_is_there_again_and_damage_is_found() {
    let directory = std::env::temp_dir().join(format!("tidings-search-{}", std::process::id()));
    std::fs::create_dir_all(&directory).expect("a directory");
    {
        let index = Index::open(&directory).expect("an index");
        assert_eq!(index.checkpoint().expect("a new one"), 0);
        let mut writer = index.writer().expect("the only writer");
        writer.commit(42).expect("committed");
    }
    let index = Index::open(&directory).expect("the index");
    let mut writer = index.writer().expect("the only writer");
    assert_eq!(index.checkpoint().expect("what was committed"), 42);
    for n in 43..60 {
        writer
            .add(&plain(n, &format!("message number {n}")))
            .expect("added");
    }
    writer.commit(59).expect("committed");
    drop(writer);
    index.verify().expect("it is whole");
    let store = std::fs::read_dir(&directory)
        .expect("a directory")
        .flatten()
        .map(|entry| entry.path())
        .find(|path| path.extension().is_some_and(|it| it == "idx"))
        .expect("a file of terms or postings");
    let mut bytes = std::fs::read(&store).expect("it is there");
    bytes[1] ^= 1;
    // Written anew beside it: the one that is mapped into memory stays as it is.
    let beside = directory.join("beside");
    std::fs::write(&beside, bytes).expect("written");
    std::fs::rename(&beside, &store).expect("renamed");
    let damaged = Index::open(&directory)
        .expect("opening does not look")
        .verify();
    assert!(
        matches!(damaged, Err(IndexError::Damaged(_))),
        "{damaged:?}"
    );
    std::fs::remove_dir_all(&directory).expect("removed");
}
