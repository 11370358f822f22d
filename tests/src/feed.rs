//! The sync feed and the history as clients read them.

use anyhow::{Result, ensure};
use serde_json::Value;

use crate::client::Client;

/// The largest page there is.
pub const LARGEST: usize = 1_000;

/// Pages that one reading may take before it is called endless.
const PAGES: usize = 100_000;

/// One entry, as far as it never changes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Seen {
    /// Where it stands in the log.
    pub position: i64,
    /// In which conversation; one ack may tell several.
    pub conversation: String,
    /// What happened.
    pub kind: String,
}

/// What never changes of an entry.
pub fn seen(entry: &Value) -> Seen {
    let text = |field: &str| entry[field].as_str().unwrap_or_default().to_owned();
    Seen {
        position: entry["position"]
            .as_i64()
            .unwrap_or_else(|| panic!("no position: {entry}")),
        conversation: text("conversation_id"),
        kind: text("type"),
    }
}

/// One page, checked: in order, after what was asked, its cursor at or past its last entry.
pub fn page(answer: &Value, after: i64) -> (Vec<Value>, i64, bool) {
    let entries = answer["entries"]
        .as_array()
        .cloned()
        .unwrap_or_else(|| panic!("no entries: {answer}"));
    let cursor = answer["cursor"]
        .as_i64()
        .unwrap_or_else(|| panic!("no cursor: {answer}"));
    let more = answer["has_more"]
        .as_bool()
        .unwrap_or_else(|| panic!("no has_more: {answer}"));
    let mut last = after;
    for entry in &entries {
        let position = seen(entry).position;
        assert!(position > after, "{position} is not after {after}");
        assert!(position >= last, "{position} is served after {last}");
        last = position;
    }
    assert!(
        cursor >= last,
        "the cursor {cursor} is before the entry {last}"
    );
    assert!(
        !more || cursor > after,
        "more is promised, and the cursor stands still at {after}"
    );
    (entries, cursor, more)
}

/// The whole feed of a user from 0 on, in pages of one size, at least up to a position.
pub async fn whole(client: &Client, size: usize, min_position: i64) -> Vec<Value> {
    from(client, 0, size, min_position).await.0
}

/// The feed after a cursor, and the cursor at its end.
pub async fn from(
    client: &Client,
    after: i64,
    size: usize,
    min_position: i64,
) -> (Vec<Value>, i64) {
    let mut entries = Vec::new();
    let mut after = after;
    for _ in 0..PAGES {
        let path =
            format!("/v1/inbox/entries?after={after}&limit={size}&min_position={min_position}");
        let (new, cursor, more) = page(&client.look(&path).await, after);
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

/// The whole history of a conversation that a member may see, oldest first: paged backwards, as
/// clients do. It shows at least what the log holds up to a position.
pub async fn history(client: &Client, conversation: &str, min_position: i64) -> Vec<Value> {
    let mut newest_first: Vec<Value> = Vec::new();
    let mut before = String::new();
    for _ in 0..PAGES {
        let page = client
            .look(&format!(
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
            .unwrap_or_else(|| panic!("an empty page promises more: {page}"));
        before = format!("&before={}", oldest["seq"]);
    }
    panic!("the history of {conversation} does not end")
}

/// A client that keeps its cursor, whatever happens to the services.
pub struct Poller {
    client: Client,
    size: usize,
    after: i64,
    /// Everything that was served, in order.
    pub entries: Vec<Seen>,
    /// Calls that failed.
    pub failures: u64,
}

impl Poller {
    /// Begins at 0.
    pub fn new(client: Client, size: usize) -> Self {
        Self {
            client,
            size,
            after: 0,
            entries: Vec::new(),
            failures: 0,
        }
    }

    /// Up to where it has everything.
    pub fn cursor(&self) -> i64 {
        self.after
    }

    /// Asks once; true if something came. No answer, or a 503, leaves the cursor where it is.
    pub async fn step(&mut self) -> bool {
        let path = format!("/v1/inbox/entries?after={}&limit={}", self.after, self.size);
        match self
            .client
            .request(&reqwest::Method::GET, &path)
            .try_send()
            .await
        {
            Ok(answer) if answer.status == 200 => {
                let (new, cursor, _) = page(&answer.json(), self.after);
                self.entries.extend(new.iter().map(seen));
                self.after = cursor;
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

    /// Compares what was served over time with the feed as it is now: the same up to the cursor, so
    /// nothing has appeared behind it, and nothing was served twice.
    pub async fn check(&self) -> Result<()> {
        let now = whole(&self.client, LARGEST, self.after).await;
        let now: Vec<Seen> = now
            .iter()
            .map(seen)
            .filter(|entry| entry.position <= self.after)
            .collect();
        let who = format!("{}, pages of {}", self.client.user(), self.size);
        for (served, there) in self.entries.iter().zip(&now) {
            ensure!(
                served == there,
                "{who}: {served:?} was served where {there:?} is now"
            );
        }
        let (served, there) = (self.entries.len(), now.len());
        ensure!(
            served == there,
            "{who}: {served} entries were served, {there} are there now"
        );
        Ok(())
    }
}
