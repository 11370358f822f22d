//! Reads the sync feed and the history as clients do.

use anyhow::{Result, ensure};
use serde_json::Value;

use crate::client::Client;

/// The largest page size that the API accepts.
pub const MAX_PAGE_SIZE: usize = 1_000;

/// After so many pages, a feed or a history counts as endless.
const MAX_PAGES: usize = 100_000;

/// The parts of an entry that never change.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct FeedEntryKey {
    /// The position of the event in the log.
    pub position: i64,
    /// The conversation. One ack can produce entries in several.
    pub conversation: String,
    /// The type of the entry.
    pub kind: String,
}

/// The key of an entry.
pub fn entry_key(entry: &Value) -> FeedEntryKey {
    let text = |field: &str| entry[field].as_str().unwrap_or_default().to_owned();
    FeedEntryKey {
        position: entry["position"]
            .as_i64()
            .unwrap_or_else(|| panic!("no position: {entry}")),
        conversation: text("conversation_id"),
        kind: text("type"),
    }
}

/// The position that a cursor such as `1234.5f3a9c21` names; `None` if it is no cursor, or does not
/// name a history.
pub fn parse_cursor(cursor: &str) -> Option<i64> {
    let (position, tag) = cursor.split_once('.')?;
    let is_tag = tag.len() == 8 && tag.bytes().all(|byte| byte.is_ascii_hexdigit());
    position.parse().ok().filter(|_| is_tag)
}

/// The position of a cursor in a response.
pub fn cursor_position(cursor: &Value) -> i64 {
    cursor
        .as_str()
        .and_then(parse_cursor)
        .unwrap_or_else(|| panic!("not a cursor: {cursor}"))
}

/// Parses a page into entries, cursor and `has_more`. Asserts that the entries are in order and
/// after `after`, and that the cursor is not before the last entry.
pub fn parse_page(answer: &Value, after: i64) -> (Vec<Value>, i64, bool) {
    let entries = answer["entries"]
        .as_array()
        .cloned()
        .unwrap_or_else(|| panic!("no entries: {answer}"));
    let cursor = cursor_position(&answer["cursor"]);
    let more = answer["has_more"]
        .as_bool()
        .unwrap_or_else(|| panic!("no has_more: {answer}"));
    let mut last = after;
    for entry in &entries {
        let position = entry_key(entry).position;
        assert!(position > after, "position {position} is not after {after}");
        assert!(position >= last, "position {position} follows {last}");
        last = position;
    }
    assert!(
        cursor >= last,
        "the cursor {cursor} is before the entry {last}"
    );
    assert!(
        !more || cursor > after,
        "has_more is true, but the cursor stays at {after}"
    );
    (entries, cursor, more)
}

/// Reads the whole feed of a user in pages of `size`, at least up to `min_position`.
pub async fn read_all(client: &Client, size: usize, min_position: i64) -> Vec<Value> {
    read_after(client, 0, size, min_position).await.0
}

/// Reads the feed after a cursor. Returns the entries and the cursor at the end.
pub async fn read_after(
    client: &Client,
    after: i64,
    size: usize,
    min_position: i64,
) -> (Vec<Value>, i64) {
    let mut entries = Vec::new();
    let mut after = after;
    for _ in 0..MAX_PAGES {
        let path =
            format!("/v1/inbox/entries?after={after}&limit={size}&min_position={min_position}");
        let (new, cursor, more) = parse_page(&client.get_ok(&path).await, after);
        assert!(
            new.len() <= size + 100,
            "{} entries in a page of {size}",
            new.len()
        );
        entries.extend(new);
        after = cursor;
        if !more {
            return (entries, after);
        }
    }
    panic!("the feed of {} does not end", client.user())
}

/// Reads the history of a conversation that a member can see, by paging backwards as clients do.
/// Returns it oldest first and complete at least up to `min_position`.
pub async fn read_history(client: &Client, conversation: &str, min_position: i64) -> Vec<Value> {
    let mut newest_first: Vec<Value> = Vec::new();
    let mut before = String::new();
    for _ in 0..MAX_PAGES {
        let page = client
            .get_ok(&format!(
                "/v1/conversations/{conversation}/messages?limit=200&min_position={min_position}{before}"
            ))
            .await;
        let messages = page["messages"]
            .as_array()
            .unwrap_or_else(|| panic!("no messages: {page}"));
        newest_first.extend(messages.iter().cloned());
        if page["has_more"] == false {
            newest_first.reverse();
            return newest_first;
        }
        let oldest = messages
            .last()
            .unwrap_or_else(|| panic!("an empty page has has_more: {page}"));
        before = format!("&before={}", oldest["seq"]);
    }
    panic!("the history of {conversation} does not end")
}

/// A client that follows the feed and keeps its cursor when services fail.
pub struct Poller {
    client: Client,
    page_size: usize,
    position: i64,
    /// The keys of all entries received, in order.
    pub entries: Vec<FeedEntryKey>,
    /// How many calls failed.
    pub failures: u64,
}

impl Poller {
    /// A poller that starts at the beginning of the feed.
    pub fn new(client: Client, page_size: usize) -> Self {
        Self {
            client,
            page_size,
            position: 0,
            entries: Vec::new(),
            failures: 0,
        }
    }

    /// The position up to which the poller has everything.
    pub fn cursor(&self) -> i64 {
        self.position
    }

    /// Requests one page. Returns whether it had entries. Without a response, or after a 503, the
    /// cursor stays where it is.
    pub async fn poll_once(&mut self) -> bool {
        let path = format!(
            "/v1/inbox/entries?after={}&limit={}",
            self.position, self.page_size
        );
        match self
            .client
            .request(&reqwest::Method::GET, &path)
            .try_send()
            .await
        {
            Ok(answer) if answer.status == 200 => {
                let (new, cursor, _) = parse_page(&answer.json(), self.position);
                self.entries.extend(new.iter().map(entry_key));
                self.position = cursor;
                !new.is_empty()
            }
            Ok(answer) => {
                assert_eq!(answer.status, 503, "{answer}");
                assert!(
                    !answer.header("retry-after").is_empty(),
                    "{answer}: no Retry-After"
                );
                self.failures += 1;
                false
            }
            Err(_) => {
                self.failures += 1;
                false
            }
        }
    }

    /// Compares the entries received over time with the current feed. They must be equal up to the
    /// cursor: nothing has appeared behind it and nothing was served twice.
    pub async fn check_against_feed(&self) -> Result<()> {
        let now = read_all(&self.client, MAX_PAGE_SIZE, self.position).await;
        let now: Vec<FeedEntryKey> = now
            .iter()
            .map(entry_key)
            .filter(|entry| entry.position <= self.position)
            .collect();
        let who = format!("{}, pages of {}", self.client.user(), self.page_size);
        for (served, there) in self.entries.iter().zip(&now) {
            ensure!(
                served == there,
                "{who}: received {served:?} where the feed now has {there:?}"
            );
        }
        let (served, there) = (self.entries.len(), now.len());
        ensure!(
            served == there,
            "{who}: received {served} entries, the feed now has {there}"
        );
        Ok(())
    }
}
