//! L10 for pages: a page ends at 1 MiB, whatever its `limit`, and the pages together are complete.

use std::collections::BTreeSet;

use serde_json::Value;
use tests::client::Client;
use tests::feed::{entry_key, parse_page};
use tests::live::LiveSocket;
use tests::token;
use tests::world::World;

/// The maximum size of the items of a page.
const MAX_PAGE_BYTES: usize = 1024 * 1024;

/// What a response has besides its items.
const MAX_ENVELOPE_BYTES: usize = 1024;

/// The messages of the world, and the size of their texts: 2.3 MB in all.
const MESSAGES: i64 = 40;
const TEXT_BYTES: usize = 60_000;

/// A world in which ann has sent large messages to bob.
async fn world_with_large_messages() -> (World, i64) {
    let world = World::start().await;
    let ann = world.user("ann");
    ann.create_group("c", &["bob"]).await.expect(201);
    let mut last = 0;
    for n in 1..=MESSAGES {
        let text = format!("needle{n} needle {}", "x".repeat(TEXT_BYTES));
        last = ann.send("c", &n.to_string(), &text).await.position();
    }
    world.wait_until_projected(last).await;
    (world, last)
}

/// A page, with the items in its field `items`. It must have items, and not be too large.
async fn get_page(client: &Client, path: &str, items: &str) -> (Value, Vec<Value>) {
    let answer = client.get(path).await;
    let page = answer.expect(200);
    let size = answer.body.len();
    assert!(
        size <= MAX_PAGE_BYTES + MAX_ENVELOPE_BYTES,
        "{path} has {size} bytes"
    );
    let items = page[items].as_array().cloned().unwrap_or_default();
    assert!(!items.is_empty(), "{path} is empty");
    (page, items)
}

fn seqs(messages: &[Value]) -> Vec<i64> {
    let seqs = messages.iter().map(|message| message["seq"].as_i64());
    seqs.map(|seq| seq.expect("a seq")).collect()
}

/// Pages through the history in one direction and returns the seqs of each page.
async fn read_seqs(client: &Client, bound: &str, suffix: &str) -> Vec<Vec<i64>> {
    let mut pages: Vec<Vec<i64>> = Vec::new();
    loop {
        let last = pages.last().and_then(|page| page.last());
        let start = if bound == "after" { 0 } else { MESSAGES + 1 };
        let from = last.copied().unwrap_or(start);
        let path = format!("/v1/conversations/c/messages?limit=200&{bound}={from}{suffix}");
        let (page, messages) = get_page(client, &path, "messages").await;
        pages.push(seqs(&messages));
        if page["has_more"] == false {
            return pages;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_history_ends_at_its_byte_budget() {
    let (world, last) = world_with_large_messages().await;
    let bob = world.user("bob");
    let as_of = format!("&as_of={last}&as_user=bob");
    for (client, suffix) in [(&bob, ""), (&world.admin(), as_of.as_str())] {
        let pages = read_seqs(client, "after", suffix).await;
        assert!(pages.len() > 1 && pages[0].len() > 10, "{pages:?}");
        let all: Vec<i64> = (1..=MESSAGES).collect();
        assert_eq!(pages.concat(), all);
        let mut backwards = read_seqs(client, "before", suffix).await.concat();
        backwards.reverse();
        assert_eq!(backwards, all);
    }
    // Around a message, the message stays in the middle.
    let path = "/v1/conversations/c/messages?limit=200&around=20";
    let (page, messages) = get_page(&bob, path, "messages").await;
    let seqs = seqs(&messages);
    assert_eq!(page["has_more"], true);
    assert!(seqs.is_sorted_by(|one, next| *next == one + 1), "{seqs:?}");
    let (first, last) = (seqs[0], seqs[seqs.len() - 1]);
    assert!((first + last - 40).abs() <= 1, "{seqs:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_sync_and_outbox_end_at_their_byte_budget() {
    let (world, last) = world_with_large_messages().await;
    let (ann, bob) = (world.user("ann"), world.user("bob"));
    let (mut after, mut entries, mut pages) = (0, Vec::new(), 0);
    loop {
        let path = format!("/v1/inbox/entries?limit=1000&after={after}");
        let (answer, _) = get_page(&bob, &path, "entries").await;
        let (new, cursor, has_more) = parse_page(&answer, after);
        entries.extend(new.iter().map(|entry| entry_key(entry).position));
        (after, pages) = (cursor, pages + 1);
        if !has_more {
            break;
        }
    }
    assert!(pages > 1);
    assert_eq!(entries, (1..=last).collect::<Vec<_>>());

    let (mut before, mut sent, mut pages) = (String::new(), Vec::new(), 0);
    loop {
        let path = format!("/v1/outbox?limit=200&before={before}");
        let (page, messages) = get_page(&ann, &path, "messages").await;
        sent.extend(seqs(&messages));
        pages += 1;
        match page["next"].as_str() {
            Some(next) => next.clone_into(&mut before),
            None => break,
        }
    }
    assert!(pages > 1);
    sent.reverse();
    assert_eq!(sent, (1..=MESSAGES).collect::<Vec<_>>());

    // The backlog of a live connection is paged in the same way.
    let opened = LiveSocket::open(&world.address(), &token::for_user("bob"), "after=0").await;
    let mut live = opened.expect("open");
    live.wait_until_caught_up().await;
    let positions = live.entry_keys().into_iter().map(|key| key.position);
    assert_eq!(positions.collect::<Vec<_>>(), entries);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_hits_ends_at_its_byte_budget() {
    let (world, last) = world_with_large_messages().await;
    let bob = world.user("bob");
    for sort in ["newest", "relevance"] {
        let (mut cursor, mut found, mut pages) = (String::new(), Vec::new(), 0);
        loop {
            let path = format!(
                "/v1/search?q=needle&limit=100&sort={sort}&cursor={cursor}&min_position={last}"
            );
            let (page, hits) = get_page(&bob, &path, "hits").await;
            assert_eq!(page["total"], MESSAGES);
            found.extend(seqs(&hits));
            pages += 1;
            match page["next"].as_str() {
                Some(next) => next.clone_into(&mut cursor),
                None => break,
            }
        }
        assert!(pages > 1);
        let distinct: BTreeSet<i64> = found.iter().copied().collect();
        assert_eq!(found.len(), distinct.len(), "no hit comes twice");
        assert_eq!(distinct, (1..=MESSAGES).collect());
    }
}
