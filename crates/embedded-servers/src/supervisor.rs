//! The supervisor: starts the servers, restarts those that end unexpectedly, and stops them.
//!
//! It runs on one thread that lives as long as the servers, because the kernel ties the
//! parent-death signal to the thread that spawned the child.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use crate::error::StartError;
use crate::process::{self, Signal};
use crate::server_restart::ServerRestart;

/// How often running servers are polled.
const POLL_INTERVAL: Duration = Duration::from_millis(100);
/// How often servers that are starting or stopping are polled.
const START_POLL_INTERVAL: Duration = Duration::from_millis(10);
/// The first delay after a failed start. Delays double up to [`MAX_BACKOFF`].
const MIN_BACKOFF: Duration = Duration::from_millis(100);
/// The longest delay after a failed start.
const MAX_BACKOFF: Duration = Duration::from_secs(3);
/// How long the first start is retried if a server exits immediately. The remains of a killed
/// predecessor (its last children, its shared memory) are gone well before.
const START_TIMEOUT: Duration = Duration::from_secs(10);
/// How long the first start may take while the server is alive: Postgres replays its write-ahead
/// log after a crash.
const RECOVERY_TIMEOUT: Duration = Duration::from_secs(300);
/// How long a server may take to stop after the graceful signal.
const STOP_TIMEOUT: Duration = Duration::from_secs(20);
/// How long a server may take to stop after the immediate signal before it is killed.
const QUIT_TIMEOUT: Duration = Duration::from_secs(5);
/// How much space a server needs before a restart can help: two of the files in which nats-server
/// stores messages.
const MIN_FREE_BYTES: u64 = 16 * 1024 * 1024;
/// The shortest time between two requested restarts. It doubles up to [`MAX_RESTART_INTERVAL`], so
/// that a server which a restart does not help is left alone.
const MIN_RESTART_INTERVAL: Duration = Duration::from_secs(30);
/// The longest time between two requested restarts.
const MAX_RESTART_INTERVAL: Duration = Duration::from_secs(600);
/// The number of last lines of a server's log in a message.
const MAX_TAIL_LINES: usize = 15;
/// The number of bytes at the end of a log that are searched for these lines.
const MAX_TAIL_BYTES: usize = 8 * 1024;

/// A server, as the supervisor sees it.
pub(crate) trait ManagedServer: Send {
    /// The name for messages.
    fn name(&self) -> &'static str;
    /// Runs once before the first start: stops a stale process, and creates missing data.
    fn prepare(&mut self) -> Result<(), StartError>;
    /// Builds the command of a start. Runs before every start.
    fn build_command(&mut self) -> io::Result<Command>;
    /// Whether the process `pid` accepts connections.
    fn is_ready(&mut self, pid: u32) -> bool;
    /// The signals that stop it gracefully and immediately.
    fn stop_signals(&self) -> (Signal, Signal);
    /// The path of its log file.
    fn log_path(&self) -> &Path;
    /// The directory in which it stores its data.
    fn data_dir(&self) -> PathBuf;
}

/// A server with the state of its process.
pub(crate) struct SupervisedServer {
    server: Box<dyn ManagedServer>,
    child: Option<Child>,
    ready: bool,
    backoff: Duration,
    next_start: Instant,
    failing_since: Option<Instant>,
    pid: Arc<AtomicU32>,
    restart: ServerRestart,
    restart_interval: Duration,
    restarted_at: Option<Instant>,
    /// Whether a requested restart waits for space on the disk.
    lacks_space: bool,
}

impl SupervisedServer {
    pub(crate) fn new(
        server: Box<dyn ManagedServer>,
        pid: Arc<AtomicU32>,
        restart: ServerRestart,
    ) -> Self {
        Self {
            server,
            child: None,
            ready: false,
            backoff: MIN_BACKOFF,
            next_start: Instant::now(),
            failing_since: None,
            pid,
            restart,
            restart_interval: MIN_RESTART_INTERVAL,
            restarted_at: None,
            lacks_space: false,
        }
    }

    /// Polls the server once: starts it if it is due, and notices that it is ready or has ended.
    fn step(&mut self) {
        let Some(child) = &mut self.child else {
            if Instant::now() >= self.next_start {
                self.start();
            }
            return;
        };
        match child.try_wait() {
            Ok(None) if !self.ready && self.server.is_ready(child.id()) => {
                self.ready = true;
                self.failing_since = None;
                self.backoff = MIN_BACKOFF;
                tracing::info!(server = self.server.name(), pid = child.id(), "ready");
            }
            Ok(None) => {
                if self.restart.take_request() {
                    self.restart_if_useful();
                }
            }
            Ok(Some(status)) => self.record_exit(&status.to_string()),
            Err(error) => self.record_exit(&error.to_string()),
        }
    }

    fn start(&mut self) {
        match self
            .server
            .build_command()
            .and_then(|mut command| command.spawn())
        {
            Ok(child) => {
                self.pid.store(child.id(), Ordering::Release);
                self.child = Some(child);
            }
            Err(error) => self.record_exit(&error.to_string()),
        }
    }

    fn record_exit(&mut self, status: &str) {
        let name = self.server.name();
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
                log = self.log_tail(),
                "the server did not start; retrying"
            );
        }
        self.child = None;
        self.ready = false;
        self.pid.store(0, Ordering::Release);
        self.failing_since.get_or_insert_with(Instant::now);
        self.next_start = Instant::now() + self.backoff;
        self.backoff = (self.backoff * 2).min(MAX_BACKOFF);
    }

    /// Restarts a server that cannot store anything, unless its disk is still full or the last
    /// restart was recent.
    fn restart_if_useful(&mut self) {
        let since_last = self.restarted_at.map(|at| at.elapsed());
        if since_last.is_some_and(|elapsed| elapsed < self.restart_interval) {
            return;
        }
        let server = self.server.name();
        let free = free_bytes(&self.server.data_dir());
        if free.is_some_and(|free| free < MIN_FREE_BYTES) {
            if !self.lacks_space {
                tracing::error!(
                    server,
                    free,
                    needed = MIN_FREE_BYTES,
                    "the server stores nothing and its disk is full; it is restarted when there is \
                     space"
                );
            }
            self.lacks_space = true;
            return;
        }
        self.lacks_space = false;
        self.restart_interval = match since_last {
            Some(elapsed) if elapsed < MAX_RESTART_INTERVAL => {
                (self.restart_interval * 2).min(MAX_RESTART_INTERVAL)
            }
            _ => MIN_RESTART_INTERVAL,
        };
        self.restarted_at = Some(Instant::now());
        tracing::warn!(
            server,
            log = self.log_tail(),
            "the server stores nothing; restarting it"
        );
        self.stop();
        self.ready = false;
        self.next_start = Instant::now();
    }

    fn log_tail(&self) -> String {
        read_tail(self.server.log_path())
    }

    fn send_signal(&self, signal: Signal) {
        if let Some(child) = &self.child {
            // The child has not been reaped, so its pid is still valid. An error means that it has
            // ended, which is the goal.
            let _ = process::send_signal(child.id(), signal);
        }
    }

    /// Waits until the server has ended. Returns false if that takes longer than `timeout`.
    fn wait_for_exit(&mut self, timeout: Duration) -> bool {
        let deadline = Instant::now() + timeout;
        while let Some(child) = &mut self.child {
            let ended: io::Result<Option<ExitStatus>> = child.try_wait();
            if !matches!(ended, Ok(None)) {
                self.child = None;
                self.pid.store(0, Ordering::Release);
            } else if Instant::now() >= deadline {
                return false;
            } else {
                std::thread::sleep(START_POLL_INTERVAL);
            }
        }
        true
    }

    fn stop(&mut self) {
        let (graceful, immediate) = self.server.stop_signals();
        self.send_signal(graceful);
        if self.wait_for_exit(STOP_TIMEOUT) {
            return;
        }
        tracing::warn!(
            server = self.server.name(),
            "the server does not stop; stopping it immediately"
        );
        self.send_signal(immediate);
        if !self.wait_for_exit(QUIT_TIMEOUT) {
            self.send_signal(Signal::Kill);
            self.wait_for_exit(QUIT_TIMEOUT);
        }
    }
}

/// Starts all servers. If one does not start, stops the others and returns the error.
pub(crate) fn start_all(servers: &mut [SupervisedServer]) -> Result<(), StartError> {
    let outcome = try_start_all(servers);
    if outcome.is_err() {
        stop_all(servers);
    }
    outcome
}

fn try_start_all(servers: &mut [SupervisedServer]) -> Result<(), StartError> {
    for server in &mut *servers {
        server.server.prepare()?;
    }
    let began = Instant::now();
    while servers.iter().any(|server| !server.ready) {
        for server in &mut *servers {
            server.step();
            let timed_out = server
                .failing_since
                .is_some_and(|since| since.elapsed() > START_TIMEOUT);
            if (timed_out && server.child.is_none()) || began.elapsed() > RECOVERY_TIMEOUT {
                return Err(StartError::Exited {
                    server: server.server.name(),
                    log: server.log_tail(),
                });
            }
        }
        std::thread::sleep(START_POLL_INTERVAL);
    }
    Ok(())
}

/// Supervises the servers until `stop` receives a message or is disconnected; then stops them.
pub(crate) fn supervise(servers: &mut [SupervisedServer], stop: &Receiver<()>) {
    while stop.recv_timeout(POLL_INTERVAL) == Err(RecvTimeoutError::Timeout) {
        servers.iter_mut().for_each(SupervisedServer::step);
    }
    stop_all(servers);
}

fn stop_all(servers: &mut [SupervisedServer]) {
    // Signal all of them first, so that they stop in parallel.
    for server in &*servers {
        server.send_signal(server.server.stop_signals().0);
    }
    servers.iter_mut().rev().for_each(SupervisedServer::stop);
}

/// The free space of the file system with this directory; `None` if it cannot be read.
fn free_bytes(dir: &Path) -> Option<u64> {
    let file_system = rustix::fs::statvfs(dir).ok()?;
    Some(file_system.f_bavail.saturating_mul(file_system.f_frsize))
}

/// Reads the last lines of a log.
pub(crate) fn read_tail(log: &Path) -> String {
    let bytes = fs::read(log).unwrap_or_default();
    let end =
        String::from_utf8_lossy(&bytes[bytes.len().saturating_sub(MAX_TAIL_BYTES)..]).into_owned();
    let lines: Vec<&str> = end.lines().collect();
    lines[lines.len().saturating_sub(MAX_TAIL_LINES)..].join("\n")
}
