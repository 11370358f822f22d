//! Keeps the servers running: starts them, starts again what ends by itself, stops them last.
//!
//! All of it happens on one thread that lives as long as the servers do, because the kernel ties
//! "die with your parent" to the thread that spawned.

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

/// How often a running server is looked at, and one that is starting.
const LOOK_EVERY: Duration = Duration::from_millis(100);
const LOOK_EVERY_AT_START: Duration = Duration::from_millis(10);
/// The pauses between failed starts: they double from the first to the last.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LAST_PAUSE: Duration = Duration::from_secs(3);
/// How long the first start is tried again when a server ends at once. What a killed predecessor
/// left behind (its last children, its shared memory) is gone well before.
const START_PATIENCE: Duration = Duration::from_secs(10);
/// How long a first start may take while the server lives: Postgres replays its log after a crash.
const RECOVERY_PATIENCE: Duration = Duration::from_secs(300);
/// How long a server may take to stop before it is stopped less kindly, and then killed.
const STOP_PATIENCE: Duration = Duration::from_secs(20);
const QUIT_PATIENCE: Duration = Duration::from_secs(5);
/// How much of a server's log a message shows.
const TAIL_LINES: usize = 15;
const TAIL_BYTES: usize = 8 * 1024;

/// A server, as the keeper needs to know it.
pub(super) trait Service: Send {
    /// What people call it.
    fn name(&self) -> &'static str;
    /// Once, before the first start: stops what is left over, makes what has to exist.
    fn prepare(&mut self) -> Result<(), StartError>;
    /// Before every start.
    fn command(&mut self) -> io::Result<Command>;
    /// Whether the process `pid` takes connections by now.
    fn is_ready(&mut self, pid: u32) -> bool;
    /// What stops it kindly, and what stops it at once.
    fn stop_signals(&self) -> (Signal, Signal);
    /// Where it logs.
    fn log(&self) -> &Path;
}

/// A server under the keeper's care.
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

    /// One look: starts it if it is time, notices that it is ready, notices that it ended.
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

    fn ended(&mut self, how: &str) {
        let name = self.service.name();
        if self.ready {
            tracing::error!(server = name, how, "ended by itself; starting it again");
        } else {
            tracing::warn!(
                server = name,
                how,
                log = self.tail(),
                "did not start; trying again"
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
            // The child is not reaped yet, so its number is still its own; an error means that
            // it has ended, which is what was wanted.
            let _ = process::send(child.id(), signal);
        }
    }

    /// Waits until it has ended, at most this long.
    fn wait(&mut self, patience: Duration) -> bool {
        let deadline = Instant::now() + patience;
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
        let (kindly, at_once) = self.service.stop_signals();
        self.signal(kindly);
        if self.wait(STOP_PATIENCE) {
            return;
        }
        tracing::warn!(
            server = self.service.name(),
            "does not stop; stopping it at once"
        );
        self.signal(at_once);
        if !self.wait(QUIT_PATIENCE) {
            self.signal(Signal::Kill);
            self.wait(QUIT_PATIENCE);
        }
    }
}

/// Brings all up, or stops them again and says what went wrong.
pub(super) fn bring_up(kept: &mut [Kept]) -> Result<(), StartError> {
    let outcome = try_to_bring_up(kept);
    if outcome.is_err() {
        stop_all(kept);
    }
    outcome
}

fn try_to_bring_up(kept: &mut [Kept]) -> Result<(), StartError> {
    for one in &mut *kept {
        one.service.prepare()?;
    }
    let began = Instant::now();
    while kept.iter().any(|one| !one.ready) {
        for one in &mut *kept {
            one.step();
            let given_up = one
                .failing_since
                .is_some_and(|since| since.elapsed() > START_PATIENCE);
            if (given_up && one.child.is_none()) || began.elapsed() > RECOVERY_PATIENCE {
                return Err(StartError::Died {
                    server: one.service.name(),
                    log: one.tail(),
                });
            }
        }
        std::thread::sleep(LOOK_EVERY_AT_START);
    }
    Ok(())
}

/// Looks after them until `stop` has a message or its other end is gone; then stops them.
pub(super) fn look_after(kept: &mut [Kept], stop: &Receiver<()>) {
    while stop.recv_timeout(LOOK_EVERY) == Err(RecvTimeoutError::Timeout) {
        kept.iter_mut().for_each(Kept::step);
    }
    stop_all(kept);
}

fn stop_all(kept: &mut [Kept]) {
    // Told together, so that they stop side by side.
    for one in &*kept {
        one.signal(one.service.stop_signals().0);
    }
    kept.iter_mut().rev().for_each(Kept::stop);
}

/// The last lines of a log.
pub(super) fn tail(log: &Path) -> String {
    let bytes = fs::read(log).unwrap_or_default();
    let end =
        String::from_utf8_lossy(&bytes[bytes.len().saturating_sub(TAIL_BYTES)..]).into_owned();
    let lines: Vec<&str> = end.lines().collect();
    lines[lines.len().saturating_sub(TAIL_LINES)..].join("\n")
}
