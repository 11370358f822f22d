//! Keys of tokens that are fetched from an address: a token that names an unknown key asks for
//! them to be fetched again, because the issuer may have changed its keys.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::time::Instant;

/// The shortest time between two fetches that tokens ask for. Anybody can make up key ids.
const REFETCH_INTERVAL: Duration = Duration::from_secs(60);

/// How long a request waits for the keys. Its token is refused afterwards.
const REFETCH_TIMEOUT: Duration = Duration::from_secs(3);

/// What connects the requests with the task that fetches keys.
#[derive(Debug)]
pub struct KeyRefetch {
    state: Mutex<RefetchState>,
    wanted: Notify,
    finished: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct RefetchState {
    /// Whether a fetch that a token asked for has not finished.
    is_running: bool,
    /// When a token may ask for the next one.
    next: Option<Instant>,
}

impl Default for KeyRefetch {
    fn default() -> Self {
        Self {
            state: Mutex::default(),
            wanted: Notify::new(),
            finished: watch::Sender::new(0),
        }
    }
}

impl KeyRefetch {
    /// Waits until a token asks for the keys.
    pub async fn wanted(&self) {
        self.wanted.notified().await;
    }

    /// Lets the waiting requests go on: the keys were fetched, or could not be.
    pub fn finish(&self) {
        self.lock().is_running = false;
        self.finished.send_modify(|count| *count += 1);
    }

    /// Asks for the keys, unless a token did so within the last minute. Returns what waits for the
    /// end of the fetch.
    pub(super) fn request(&self) -> Option<impl Future<Output = ()> + Send + use<>> {
        let mut state = self.lock();
        let now = Instant::now();
        if !state.is_running {
            if state.next.is_some_and(|next| now < next) {
                return None;
            }
            state.is_running = true;
            state.next = Some(now + REFETCH_INTERVAL);
            self.wanted.notify_one();
        }
        // Subscribed under the lock, so that the end cannot be missed.
        let mut finished = self.finished.subscribe();
        drop(state);
        Some(async move {
            // At a timeout, or when the process stops, the old keys decide.
            let _ = tokio::time::timeout(REFETCH_TIMEOUT, finished.changed()).await;
        })
    }

    fn lock(&self) -> MutexGuard<'_, RefetchState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn tokens_ask_once_a_minute_and_those_that_wait_share_a_fetch() {
        let refetch = KeyRefetch::default();
        let first = refetch.request().expect("the first one asks");
        let second = refetch
            .request()
            .expect("another one waits for the same fetch");
        refetch.wanted().await;
        refetch.finish();
        let began = Instant::now();
        first.await;
        second.await;
        assert_eq!(Instant::now(), began, "both have ended with the fetch");
        assert!(refetch.request().is_none());
        tokio::time::advance(REFETCH_INTERVAL).await;
        assert!(refetch.request().is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_waits_no_longer_than_three_seconds() {
        let refetch = KeyRefetch::default();
        let began = Instant::now();
        refetch.request().expect("it asks").await;
        assert_eq!(began.elapsed(), REFETCH_TIMEOUT);
    }
}
