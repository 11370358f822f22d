//! A client socket that closes itself when the client is too slow, and that closes without losing
//! the last response.
//!
//! To hyper, a timeout looks like a close by the client: an idle connection ends cleanly, and a
//! partial request is abandoned.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use metrics::{Gauge, gauge};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, Sleep};
use tokio_util::sync::CancellationToken;
use tokio_util::task::task_tracker::TaskTrackerToken;

use super::LAST_LOOK;
use super::phase::{Phase, Waiting};
use crate::config::EdgeConfig;

/// How long the socket still reads after the last byte of the response, because closing over unread
/// bytes would lose a response in transit.
const LINGER: Duration = Duration::from_secs(1);

/// How many bytes the socket reads during that time at most.
const LINGER_BYTES: usize = 1024 * 1024;

/// Marks the version of the final poll before a shutdown closes an idle connection, because another
/// wait in the same phase precedes it.
const CLOSING: u64 = 1 << 63;

/// A slot under the connection limit. It is released when the socket is dropped, also after an
/// upgrade.
pub(super) struct Lease {
    connections: Gauge,
    _room: OwnedSemaphorePermit,
    _open: TaskTrackerToken,
}

impl Lease {
    pub(super) fn new(room: OwnedSemaphorePermit, open: TaskTrackerToken) -> Self {
        let connections = gauge!("tidings_connections");
        connections.increment(1);
        Self {
            connections,
            _room: room,
            _open: open,
        }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.connections.decrement(1);
    }
}

/// The socket of one client, with the timeouts of its phases.
pub(super) struct Socket {
    stream: TcpStream,
    phase: Arc<Phase>,
    config: Arc<EdgeConfig>,
    closing: CancellationToken,
    reading: Timer,
    writing: Timer,
    /// The version whose wait expired while hyper was not reading; hyper was woken for it once.
    nudged: u64,
    /// Whether the client has closed the connection, or is treated as if it had.
    ended: bool,
    /// How many bytes may still be discarded after our side has closed.
    lingering: Option<usize>,
    _lease: Lease,
}

impl Socket {
    pub(super) fn new(
        stream: TcpStream,
        config: Arc<EdgeConfig>,
        closing: CancellationToken,
        lease: Lease,
    ) -> Self {
        Self {
            stream,
            phase: Arc::default(),
            config,
            closing,
            reading: Timer::default(),
            writing: Timer::default(),
            nudged: 0,
            ended: false,
            lingering: None,
            _lease: lease,
        }
    }

    pub(super) fn phase(&self) -> Arc<Phase> {
        self.phase.clone()
    }

    /// Whether to stop waiting for the client. Called when there is nothing to read.
    fn gives_up(&mut self, cx: &mut Context<'_>) -> bool {
        let waiting = self.phase.waiting();
        let timeout = match waiting {
            Waiting::Response | Waiting::Upgraded => return false,
            Waiting::FirstRequest | Waiting::Headers => self.config.header_read_timeout,
            Waiting::NextRequest => self.config.keep_alive_timeout,
        };
        let stamp = self.phase.stamp();
        // A shutdown must not lose a response that is still in our buffer.
        let idle = waiting != Waiting::Headers && !self.writing.is_running();
        if idle && self.closing.is_cancelled() {
            return self.reading.has_passed(cx, stamp | CLOSING, LAST_LOOK);
        }
        self.reading.has_passed(cx, stamp, timeout)
    }

    /// Stops the write timer on progress, and fails if there was none for too long.
    fn written(
        &mut self,
        cx: &mut Context<'_>,
        result: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        if result.is_ready() {
            self.writing.stop();
            return result;
        }
        if self.writing.has_passed(cx, 0, self.config.write_timeout) {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        Poll::Pending
    }

    fn poll_linger(&mut self, cx: &mut Context<'_>, mut left: usize) -> Poll<io::Result<()>> {
        let mut scratch = [0; 4096];
        loop {
            let mut buffer = ReadBuf::new(&mut scratch);
            let result = Pin::new(&mut self.stream).poll_read(cx, &mut buffer);
            self.lingering = Some(left);
            match result {
                Poll::Ready(Ok(()))
                    if !buffer.filled().is_empty() && left > buffer.filled().len() =>
                {
                    left -= buffer.filled().len();
                }
                Poll::Ready(_) => return Poll::Ready(Ok(())),
                // No phase has this version, so the timer restarts.
                Poll::Pending if self.reading.has_passed(cx, u64::MAX, LINGER) => {
                    return Poll::Ready(Ok(()));
                }
                Poll::Pending => return Poll::Pending,
            }
        }
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        match Pin::new(&mut self.stream).poll_read(cx, buffer) {
            Poll::Ready(Ok(())) if buffer.filled().len() > before => self.phase.bytes_read(),
            Poll::Ready(Ok(())) => self.ended = true,
            Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
            Poll::Pending if self.gives_up(cx) => self.ended = true,
            Poll::Pending => return Poll::Pending,
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.written(cx, result)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
        self.written(cx, result)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = ready!(Pin::new(&mut self.stream).poll_flush(cx));
        // This is the last call of hyper after a response. It has already tried to read the next
        // request and does not try again, so the wait for it begins here.
        let stamp = self.phase.stamp();
        if self.nudged != stamp && self.gives_up(cx) {
            self.nudged = stamp;
            cx.waker().wake_by_ref();
        }
        Poll::Ready(flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let left = if let Some(left) = self.lingering {
            left
        } else {
            ready!(Pin::new(&mut self.stream).poll_shutdown(cx))?;
            LINGER_BYTES
        };
        if self.ended {
            return Poll::Ready(Ok(()));
        }
        self.poll_linger(cx, left)
    }
}

/// A deadline that is cheap as long as it is met: the timer is created only when there is something
/// to wait for, and moved only when it has fired.
#[derive(Default)]
struct Timer {
    /// The version that is being waited for, and the deadline.
    wait: Option<(u64, Instant)>,
    sleep: Option<Pin<Box<Sleep>>>,
}

impl Timer {
    fn is_running(&self) -> bool {
        self.wait.is_some()
    }

    fn stop(&mut self) {
        self.wait = None;
    }

    /// Whether the wait for this version has lasted `timeout`; if not, registers a wakeup for that
    /// moment. A new version starts a new wait.
    fn has_passed(&mut self, cx: &mut Context<'_>, stamp: u64, timeout: Duration) -> bool {
        let deadline = match self.wait {
            Some((waiting, deadline)) if waiting == stamp => deadline,
            _ => Instant::now() + timeout,
        };
        self.wait = Some((stamp, deadline));
        let sleep = self
            .sleep
            .get_or_insert_with(|| Box::pin(tokio::time::sleep_until(deadline)));
        // Waking too early is harmless; waking too late is not.
        if sleep.deadline() > deadline {
            sleep.as_mut().reset(deadline);
        }
        while sleep.as_mut().poll(cx).is_ready() {
            if Instant::now() >= deadline {
                return true;
            }
            sleep.as_mut().reset(deadline);
        }
        false
    }
}
