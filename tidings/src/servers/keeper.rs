//! The supervisor: starts the servers, restarts those that end unexpectedly, and stops them.
//!
//! It runs on one thread that lives as long as the servers, because the kernel ties the
//! parent-death signal to the thread that spawned the child.

use std::fs;
use std::io;
use std::path::Path;
use std::process::{Child, Command, ExitStatus};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use super::StartError;
use super::process::{self, Signal};

/// How often running servers are polled.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// How often servers that are starting or stopping are polled.
const LOOK_EVERY_AT_START: Duration = Duration::from_millis(10);
/// The first delay after a failed start. Delays double up to [`MAX_BACKOFF`].
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// The longest delay after a failed start.
const LAST_PAUSE: Duration = Duration::from_secs(3);
/// How long the first start is retried if a server exits immediately. The remains of a killed
/// predecessor (its last children, its shared memory) are gone well before.
const START_PATIENCE: Duration = Duration::from_secs(10);
/// How long the first start may take while the server is alive: Postgres replays its write-ahead
/// log after a crash.
const RECOVERY_PATIENCE: Duration = Duration::from_secs(300);
/// How long a server may take to stop after the graceful signal.
const STOP_PATIENCE: Duration = Duration::from_secs(20);
/// How long a server may take to stop after the immediate signal before it is killed.
const QUIT_PATIENCE: Duration = Duration::from_secs(5);
/// The number of last lines of a server's log in a message.
const TAIL_LINES: usize = 15;
/// The number of bytes at the end of a log that are searched for these lines.
const TAIL_BYTES: usize = 8 * 1024;

/// A server, as the supervisor sees it.
pub(super) trait Service: Send {
    /// The name for messages.
    fn name(&self) -> &'static str;
    /// Runs once before the first start: stops a stale process, and creates missing data.
    fn prepare(&mut self) -> Result<(), StartError>;
    /// Builds the command of a start. Runs before every start.
    fn command(&mut self) -> io::Result<Command>;
    /// Whether the process `pid` accepts connections.
    fn is_ready(&mut self, pid: u32) -> bool;
    /// The signals that stop it gracefully and immediately.
    fn stop_signals(&self) -> (Signal, Signal);
    /// The path of its log file.
    fn log(&self) -> &Path;
}

/// A server with the state of its process.
pub(super) struct Kept {
    service: Box<dyn Service>,
    child: Option<Child>,
    ready: bool,
    pause: Duration,
    not_before: Instant,
    failing_since: Option<Instant>,
    pid: Arc<AtomicU32>,
}

impl Kept {
    pub(super) fn new(service: Box<dyn Service>, pid: Arc<AtomicU32>) -> Self {
        Self {
            service,
            child: None,
            ready: false,
            pause: FIRST_PAUSE,
            not_before: Instant::now(),
            failing_since: None,
            pid,
        }
    }

    /// Polls the server once: starts it if it is due, and notices that it is ready or has ended.
    fn step(&mut self) {
        let Some(child) = &mut self.child else {
            if Instant::now() >= self.not_before {
                self.start();
            }
            return;
        };
        match child.try_wait() {
            Ok(None) if !self.ready && self.service.is_ready(child.id()) => {
                self.ready = true;
                self.failing_since = None;
                self.pause = FIRST_PAUSE;
                tracing::info!(server = self.service.name(), pid = child.id(), "ready");
            }
            Ok(None) => {}
            Ok(Some(status)) => self.ended(&status.to_string()),
            Err(error) => self.ended(&error.to_string()),
        }
    }

    fn start(&mut self) {
        match self
            .service
            .command()
            .and_then(|mut command| command.spawn())
        {
            Ok(child) => {
                self.pid.store(child.id(), Ordering::Release);
                self.child = Some(child);
            }
            Err(error) => self.ended(&error.to_string()),
        }
    }

    fn ended(&mut self, status: &str) {
        let name = self.service.name();
        if self.ready {
            tracing::error!(
                server = name,
                status,
                "the server ended unexpectedly; restarting it"
            );
        } else {
            tracing::warn!(
                server = name,
                status,
                log = self.tail(),
                "the server did not start; retrying"
            );
        }
        self.child = None;
        self.ready = false;
        self.pid.store(0, Ordering::Release);
        self.failing_since.get_or_insert_with(Instant::now);
        self.not_before = Instant::now() + self.pause;
        self.pause = (self.pause * 2).min(LAST_PAUSE);
    }

    fn tail(&self) -> String {
        tail(self.service.log())
    }

    fn signal(&self, signal: Signal) {
        if let Some(child) = &self.child {
            // The child has not been reaped, so its pid is still valid. An error means that it has
            // ended, which is the goal.
            let _ = process::send(child.id(), signal);
        }
    }

    /// Waits until the server has ended. Returns false if that takes longer than `timeout`.
    fn wait(&mut self, timeout: Duration) -> bool {
        let deadline = Instant::now() + timeout;
        while let Some(child) = &mut self.child {
            let ended: io::Result<Option<ExitStatus>> = child.try_wait();
            if !matches!(ended, Ok(None)) {
                self.child = None;
                self.pid.store(0, Ordering::Release);
            } else if Instant::now() >= deadline {
                return false;
            } else {
                std::thread::sleep(LOOK_EVERY_AT_START);
            }
        }
        true
    }

    fn stop(&mut self) {
        let (graceful, immediate) = self.service.stop_signals();
        self.signal(graceful);
        if self.wait(STOP_PATIENCE) {
            return;
        }
        tracing::warn!(
            server = self.service.name(),
            "the server does not stop; stopping it immediately"
        );
        self.signal(immediate);
        if !self.wait(QUIT_PATIENCE) {
            self.signal(Signal::Kill);
            self.wait(QUIT_PATIENCE);
        }
    }
}

/// Starts all servers. If one does not start, stops the others and returns the error.
pub(super) fn bring_up(servers: &mut [Kept]) -> Result<(), StartError> {
    let outcome = try_to_bring_up(servers);
    if outcome.is_err() {
        stop_all(servers);
    }
    outcome
}

fn try_to_bring_up(servers: &mut [Kept]) -> Result<(), StartError> {
    for server in &mut *servers {
        server.service.prepare()?;
    }
    let began = Instant::now();
    while servers.iter().any(|server| !server.ready) {
        for server in &mut *servers {
            server.step();
            let timed_out = server
                .failing_since
                .is_some_and(|since| since.elapsed() > START_PATIENCE);
            if (timed_out && server.child.is_none()) || began.elapsed() > RECOVERY_PATIENCE {
                return Err(StartError::Died {
                    server: server.service.name(),
                    log: server.tail(),
                });
            }
        }
        std::thread::sleep(LOOK_EVERY_AT_START);
    }
    Ok(())
}

/// Supervises the servers until `stop` receives a message or is disconnected; then stops them.
pub(super) fn look_after(servers: &mut [Kept], stop: &Receiver<()>) {
    while stop.recv_timeout(LOOK_EVERY) == Err(RecvTimeoutError::Timeout) {
        servers.iter_mut().for_each(Kept::step);
    }
    stop_all(servers);
}

fn stop_all(servers: &mut [Kept]) {
    // Signal all of them first, so that they stop in parallel.
    for server in &*servers {
        server.signal(server.service.stop_signals().0);
    }
    servers.iter_mut().rev().for_each(Kept::stop);
}

/// Reads the last lines of a log.
pub(super) fn tail(log: &Path) -> String {
    let bytes = fs::read(log).unwrap_or_default();
    let end =
        String::from_utf8_lossy(&bytes[bytes.len().saturating_sub(TAIL_BYTES)..]).into_owned();
    let lines: Vec<&str> = end.lines().collect();
    lines[lines.len().saturating_sub(TAIL_LINES)..].join("\n")
}
