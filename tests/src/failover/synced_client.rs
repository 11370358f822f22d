//! A client that keeps what the sync feed gives it, as a device does.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Result, ensure};
use eventually::{eventually, pause};

use super::check::ConfirmedSends;
use crate::client::Client;
use crate::feed::parse_cursor;

/// The cursor before the first entry.
const BEGIN: &str = "0";

/// The pause between two pages.
const POLL_INTERVAL: Duration = Duration::from_millis(20);

/// The client. It starts over when its cursor is refused, because its history was lost.
pub(super) struct SyncedClient {
    client: Client,
    cursor: String,
    /// The texts of the messages by position.
    messages: BTreeMap<i64, String>,
    /// How often it has started over.
    pub(super) restarts: usize,
}

impl SyncedClient {
    pub(super) fn new(client: Client) -> Self {
        Self {
            client,
            cursor: BEGIN.to_owned(),
            messages: BTreeMap::new(),
            restarts: 0,
        }
    }

    /// Polls until `stop` is set.
    pub(super) async fn follow(mut self, stop: Arc<AtomicBool>) -> Self {
        while !stop.load(Ordering::Relaxed) {
            self.poll().await;
            pause(POLL_INTERVAL).await;
        }
        self
    }

    /// Reads a page. An answer that a client repeats later changes nothing.
    async fn poll(&mut self) {
        let path = format!("/v1/inbox/entries?after={}&limit=500", self.cursor);
        let request = self.client.request(&reqwest::Method::GET, &path);
        let Ok(answer) = request.try_send().await else {
            return;
        };
        if answer.status == 410 {
            *self = Self {
                restarts: self.restarts + 1,
                ..Self::new(self.client.clone())
            };
            return;
        }
        if answer.status != 200 {
            return;
        }
        let page = answer.json();
        let entries = page["entries"].as_array().into_iter().flatten();
        for entry in entries.filter(|entry| entry["type"] == "message_sent") {
            let text = entry["data"]["body"]["text"].as_str();
            if let (Some(position), Some(text)) = (entry["position"].as_i64(), text) {
                self.messages.insert(position, text.to_owned());
            }
        }
        if let Some(cursor) = page["cursor"].as_str() {
            cursor.clone_into(&mut self.cursor);
        }
    }

    /// Reads up to the head of the log, and compares what it has with the log.
    pub(super) async fn check(&mut self, logged: &ConfirmedSends, head: i64) -> Result<()> {
        let this = tokio::sync::Mutex::new(&mut *self);
        eventually("the client is at the head", async || {
            let mut this = this.lock().await;
            this.poll().await;
            (parse_cursor(&this.cursor)? >= head).then_some(())
        })
        .await;
        let expected = logged
            .iter()
            .map(|(key, send)| (send.position, key.clone()));
        let expected: BTreeMap<i64, String> = expected.collect();
        ensure!(
            self.messages == expected,
            "a client holds {} messages, the log has {}",
            self.messages.len(),
            expected.len()
        );
        Ok(())
    }
}
