//! What the providers have received, and how they reply.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use serde_json::Value;

/// A push that a provider has received.
#[derive(Debug, Clone)]
pub struct ReceivedPush {
    /// `apns`, `fcm` or `webpush`.
    pub provider: &'static str,
    /// The name of the device.
    pub device: String,
    /// What the app finds: badge, conversation and so on, as numbers where they are some.
    pub payload: Value,
    /// The payload of the provider: what the system shows, among others.
    pub raw: Value,
    /// The key under which a newer push replaces it.
    pub collapse_key: String,
    /// The headers of the request.
    pub headers: BTreeMap<String, String>,
    /// Whether the provider accepted it.
    pub accepted: bool,
    /// When it arrived.
    pub at: Instant,
}

impl ReceivedPush {
    /// The number of unread messages.
    pub fn badge(&self) -> i64 {
        self.payload["badge"].as_i64().unwrap_or(-1)
    }
}

/// How a provider replies to a push.
#[derive(Debug, Clone, Default)]
pub struct PushReply {
    /// The status; 0 for that of success.
    pub status: u16,
    /// The body.
    pub body: Value,
    /// `Retry-After` in seconds.
    pub retry_after: Option<u64>,
}

impl PushReply {
    /// The push is accepted.
    pub fn accept() -> Self {
        Self::default()
    }

    /// It is not.
    pub fn refuse(status: u16, body: Value) -> Self {
        Self {
            status,
            body,
            retry_after: None,
        }
    }
}

type PushReplyRule = dyn Fn(&ReceivedPush) -> PushReply + Send + Sync;

/// Records what the fakes receive.
pub(super) struct Recorder {
    rule: Mutex<Box<PushReplyRule>>,
    received: Mutex<Vec<ReceivedPush>>,
    violations: Mutex<Vec<String>>,
    issued_tokens: AtomicUsize,
}

impl Default for Recorder {
    fn default() -> Self {
        Self {
            rule: Mutex::new(Box::new(|_| PushReply::accept())),
            received: Mutex::default(),
            violations: Mutex::default(),
            issued_tokens: AtomicUsize::new(0),
        }
    }
}

impl Recorder {
    pub(super) fn reply_with(
        &self,
        rule: impl Fn(&ReceivedPush) -> PushReply + Send + Sync + 'static,
    ) {
        *lock(&self.rule) = Box::new(rule);
    }

    /// Records a push, and returns the reply.
    pub(super) fn record(&self, mut push: ReceivedPush) -> PushReply {
        let reply = lock(&self.rule)(&push);
        push.accepted = reply.status == 0;
        lock(&self.received).push(push);
        reply
    }

    pub(super) fn record_violation(&self, violation: impl Into<String>) {
        lock(&self.violations).push(violation.into());
    }

    pub(super) fn count_token(&self) -> usize {
        self.issued_tokens.fetch_add(1, Ordering::Relaxed)
    }

    pub(super) fn issued_tokens(&self) -> usize {
        self.issued_tokens.load(Ordering::Relaxed)
    }

    pub(super) fn received(&self) -> Vec<ReceivedPush> {
        let violations = lock(&self.violations);
        assert!(violations.is_empty(), "{violations:?}");
        lock(&self.received).clone()
    }
}

fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
