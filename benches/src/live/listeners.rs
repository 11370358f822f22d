//! Many WebSockets on their own thread, with the arrival times of the entries.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use futures::{StreamExt, stream};
use tests::token;
use tokio::task::JoinSet;

use super::socket::{ListenerSocket, SocketFrame};

/// Connections opened at a time.
const CONNECT_CONCURRENCY: usize = 64;

/// How long the expected entries may take to arrive.
const ARRIVAL_TIMEOUT: Duration = Duration::from_secs(120);

/// Open WebSockets. They are closed when this is dropped.
pub struct Listeners {
    shared: Arc<ListenerState>,
    thread: Option<std::thread::JoinHandle<Result<()>>>,
    closing: tokio::sync::watch::Sender<bool>,
}

#[derive(Default)]
struct ListenerState {
    /// Entries received by all listeners.
    count: AtomicU64,
    /// The arrival times by listener and position, for the followed listeners only.
    arrivals: Mutex<HashMap<(usize, i64), Instant>>,
}

impl Listeners {
    /// Opens a connection for each user and waits until all have caught up. Records arrival times
    /// for the first `followed` users.
    pub async fn connect(address: SocketAddr, users: Vec<String>, followed: usize) -> Result<Self> {
        let shared = Arc::new(ListenerState::default());
        let (closing, closed) = tokio::sync::watch::channel(false);
        let (ready, is_ready) = tokio::sync::oneshot::channel();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let thread_state = Arc::clone(&shared);
        let thread = std::thread::spawn(move || {
            runtime.block_on(run_listeners(
                address,
                users,
                followed,
                thread_state,
                ready,
                closed,
            ))
        });
        let mut listeners = Self {
            shared,
            thread: Some(thread),
            closing,
        };
        if is_ready.await.is_err() {
            return Err(listeners.join_error());
        }
        Ok(listeners)
    }

    /// How many entries were received so far.
    pub fn count(&self) -> u64 {
        self.shared.count.load(Ordering::Relaxed)
    }

    /// Waits until so many entries were received.
    pub async fn wait_for_count(&mut self, count: u64) -> Result<()> {
        let start = Instant::now();
        while self.count() < count {
            if self
                .thread
                .as_ref()
                .is_some_and(std::thread::JoinHandle::is_finished)
            {
                return Err(self.join_error());
            }
            ensure!(
                start.elapsed() < ARRIVAL_TIMEOUT,
                "{} of {count} entries arrived",
                self.count()
            );
            eventually::pause(Duration::from_millis(1)).await;
        }
        Ok(())
    }

    /// Takes the arrival times recorded so far.
    pub fn take_arrivals(&self) -> HashMap<(usize, i64), Instant> {
        let arrivals = self.shared.arrivals.lock();
        std::mem::take(&mut arrivals.unwrap_or_else(PoisonError::into_inner))
    }

    fn join_error(&mut self) -> anyhow::Error {
        let outcome = self.thread.take().map(std::thread::JoinHandle::join);
        match outcome {
            Some(Ok(Err(error))) => error.context("a listener failed"),
            _ => anyhow::anyhow!("the listeners have ended"),
        }
    }
}

impl Drop for Listeners {
    fn drop(&mut self) {
        let _ = self.closing.send(true);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

async fn run_listeners(
    address: SocketAddr,
    users: Vec<String>,
    followed: usize,
    shared: Arc<ListenerState>,
    ready: tokio::sync::oneshot::Sender<()>,
    mut closed: tokio::sync::watch::Receiver<bool>,
) -> Result<()> {
    let connecting = stream::iter(users.into_iter().enumerate()).map(async |(index, user)| {
        let socket = ListenerSocket::open(address, &token::for_user(&user)).await;
        socket.map(|socket| (index, socket)).context(user)
    });
    let connected: Vec<_> = connecting
        .buffer_unordered(CONNECT_CONCURRENCY)
        .collect()
        .await;
    let mut tasks = JoinSet::new();
    for socket in connected {
        let (index, mut socket) = socket?;
        let shared = Arc::clone(&shared);
        tasks.spawn(async move {
            loop {
                let frame = match socket.next_frame().await {
                    Ok(frame) => frame,
                    Err(error) => return error,
                };
                if let SocketFrame::Entry(position) = frame {
                    if index < followed {
                        let arrivals = shared.arrivals.lock();
                        let mut arrivals = arrivals.unwrap_or_else(PoisonError::into_inner);
                        arrivals.insert((index, position), Instant::now());
                    }
                    shared.count.fetch_add(1, Ordering::Relaxed);
                }
            }
        });
    }
    let _ = ready.send(());
    tokio::select! {
        _ = closed.changed() => Ok(()),
        Some(ended) = tasks.join_next() => match ended {
            Ok(error) => Err(error),
            Err(error) => bail!("{error}"),
        },
    }
}
