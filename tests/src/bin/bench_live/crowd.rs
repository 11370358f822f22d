//! Many listening WebSockets, on a thread of their own, and when what reached whom.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use futures::{StreamExt, stream};
use tests::token;
use tokio::task::JoinSet;

use crate::socket::{Heard, Socket};

/// Connections that are opened at a time.
const AT_A_TIME: usize = 64;

/// How long what was sent may take to arrive.
const PATIENCE: Duration = Duration::from_secs(120);

/// Those who listen. They close when it is dropped.
pub struct Crowd {
    shared: Arc<Shared>,
    thread: Option<std::thread::JoinHandle<Result<()>>>,
    closing: tokio::sync::watch::Sender<bool>,
}

#[derive(Default)]
struct Shared {
    /// Entries that came, whoever got them.
    count: AtomicU64,
    /// When entries came, by listener and position, for those listeners who are followed.
    arrivals: Mutex<HashMap<(usize, i64), Instant>>,
}

impl Crowd {
    /// Opens a connection for each of these users, and waits until all are caught up. When entries arrive
    /// is noted of the first `followed` of them.
    pub async fn gather(address: SocketAddr, users: Vec<String>, followed: usize) -> Result<Self> {
        let shared = Arc::new(Shared::default());
        let (closing, closed) = tokio::sync::watch::channel(false);
        let (ready, is_ready) = tokio::sync::oneshot::channel();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let theirs = Arc::clone(&shared);
        let thread = std::thread::spawn(move || {
            runtime.block_on(listen(address, users, followed, theirs, ready, closed))
        });
        let mut crowd = Self {
            shared,
            thread: Some(thread),
            closing,
        };
        if is_ready.await.is_err() {
            return Err(crowd.ended());
        }
        Ok(crowd)
    }

    /// How many entries came so far.
    pub fn count(&self) -> u64 {
        self.shared.count.load(Ordering::Relaxed)
    }

    /// Waits until so many entries have come.
    pub async fn reaches(&mut self, count: u64) -> Result<()> {
        let start = Instant::now();
        while self.count() < count {
            if self
                .thread
                .as_ref()
                .is_some_and(std::thread::JoinHandle::is_finished)
            {
                return Err(self.ended());
            }
            ensure!(
                start.elapsed() < PATIENCE,
                "{} of {count} entries came",
                self.count()
            );
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        Ok(())
    }

    /// When entries came, and forgets it.
    pub fn arrivals(&self) -> HashMap<(usize, i64), Instant> {
        let arrivals = self.shared.arrivals.lock();
        std::mem::take(&mut arrivals.unwrap_or_else(PoisonError::into_inner))
    }

    fn ended(&mut self) -> anyhow::Error {
        let outcome = self.thread.take().map(std::thread::JoinHandle::join);
        match outcome {
            Some(Ok(Err(error))) => error.context("a listener"),
            _ => anyhow::anyhow!("the listeners have ended"),
        }
    }
}

impl Drop for Crowd {
    fn drop(&mut self) {
        let _ = self.closing.send(true);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

async fn listen(
    address: SocketAddr,
    users: Vec<String>,
    followed: usize,
    shared: Arc<Shared>,
    ready: tokio::sync::oneshot::Sender<()>,
    mut closed: tokio::sync::watch::Receiver<bool>,
) -> Result<()> {
    let opening = stream::iter(users.into_iter().enumerate()).map(async |(index, user)| {
        let socket = Socket::open(address, &token::for_user(&user)).await;
        socket.map(|socket| (index, socket)).context(user)
    });
    let opened: Vec<_> = opening.buffer_unordered(AT_A_TIME).collect().await;
    let mut listening = JoinSet::new();
    for socket in opened {
        let (index, mut socket) = socket?;
        let shared = Arc::clone(&shared);
        listening.spawn(async move {
            loop {
                let heard = match socket.next().await {
                    Ok(heard) => heard,
                    Err(error) => return error,
                };
                if let Heard::Entry(position) = heard {
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
        Some(ended) = listening.join_next() => match ended {
            Ok(error) => Err(error),
            Err(error) => bail!("{error}"),
        },
    }
}
