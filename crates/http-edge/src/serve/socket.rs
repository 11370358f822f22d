//! A client socket that closes itself when the client is too slow, and that closes without losing
//! the last response.
//!
//! To hyper, a timeout looks like a close by the client: an idle connection ends cleanly, and a
//! partial request is abandoned.

use std::io::{self, IoSlice};
use std::os::fd::AsFd as _;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use metrics::{Gauge, gauge};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, ReadBuf};
use tokio::net::TcpStream;
use tokio::runtime::Handle;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, Sleep};
use tokio_util::sync::CancellationToken;
use tokio_util::task::task_tracker::TaskTrackerToken;

use super::phase::{ConnectionPhase, PhaseTracker};
use super::stream::ClientStream;
use crate::config::EdgeConfig;

/// A pending poll only reflects the last time the runtime polled the kernel. A timer fires only
/// after the runtime has polled it again, so after this time "nothing to read" is certain.
pub(super) const FINAL_POLL_TIMEOUT: Duration = Duration::from_millis(1);

/// How long the socket still reads after the last byte of the response, because closing over unread
/// bytes would lose a response in transit.
const LINGER_TIMEOUT: Duration = Duration::from_secs(1);

/// How many bytes the socket reads during that time at most.
const MAX_LINGER_BYTES: usize = 1024 * 1024;

/// How much a client must read within the write timeout.
const MIN_PROGRESS_BYTES: usize = 64 * 1024;

/// Marks the version of the final poll before a shutdown closes an idle connection, because another
/// wait in the same phase precedes it.
const CLOSING_FLAG: u64 = 1 << 63;

/// A slot under the connection limit. It is released when the socket is dropped, also after an
/// upgrade.
pub(super) struct ConnectionSlot {
    connection_gauge: Gauge,
    _permit: OwnedSemaphorePermit,
    _task: TaskTrackerToken,
}

impl ConnectionSlot {
    pub(super) fn new(room: OwnedSemaphorePermit, open: TaskTrackerToken) -> Self {
        let connection_gauge = gauge!("tidings_connections");
        connection_gauge.increment(1);
        Self {
            connection_gauge,
            _permit: room,
            _task: open,
        }
    }
}

impl Drop for ConnectionSlot {
    fn drop(&mut self) {
        self.connection_gauge.decrement(1);
    }
}

/// The socket of one client, with the timeouts of its phases.
pub(super) struct ClientSocket {
    stream: ClientStream,
    phase: Arc<PhaseTracker>,
    config: Arc<EdgeConfig>,
    close_idle: CancellationToken,
    read_timer: StallTimer,
    write_timer: StallTimer,
    /// The bytes written since the write timer was stopped.
    written_bytes: usize,
    /// The version whose wait expired while hyper was not reading; hyper was woken for it once.
    woken_version: u64,
    /// Whether the client has closed the connection, or is treated as if it had.
    client_closed: bool,
    /// How many bytes may still be discarded after our side has closed.
    linger_bytes_left: Option<usize>,
    _slot: ConnectionSlot,
}

impl ClientSocket {
    pub(super) fn new(
        stream: ClientStream,
        config: Arc<EdgeConfig>,
        close_idle: CancellationToken,
        lease: ConnectionSlot,
    ) -> Self {
        Self {
            stream,
            phase: Arc::default(),
            config,
            close_idle,
            read_timer: StallTimer::default(),
            write_timer: StallTimer::default(),
            written_bytes: 0,
            woken_version: 0,
            client_closed: false,
            linger_bytes_left: None,
            _slot: lease,
        }
    }

    pub(super) fn phase(&self) -> Arc<PhaseTracker> {
        self.phase.clone()
    }

    /// Whether to stop waiting for the client. Called when there is nothing to read.
    fn should_close(&mut self, cx: &mut Context<'_>) -> bool {
        let waiting = self.phase.current();
        let timeout = match waiting {
            ConnectionPhase::Response | ConnectionPhase::Upgraded => return false,
            ConnectionPhase::FirstRequest | ConnectionPhase::Headers => {
                self.config.header_read_timeout
            }
            ConnectionPhase::NextRequest => self.config.keep_alive_timeout,
        };
        let stamp = self.phase.version();
        // A shutdown must not lose a response that is still in our buffer.
        let idle = waiting != ConnectionPhase::Headers && !self.write_timer.is_running();
        if idle && self.close_idle.is_cancelled() {
            return self
                .read_timer
                .poll_expired(cx, stamp | CLOSING_FLAG, FINAL_POLL_TIMEOUT);
        }
        self.read_timer.poll_expired(cx, stamp, timeout)
    }

    /// Stops the write timer on progress, and fails if there was too little for too long. A client
    /// that reads a few bytes at a time would otherwise hold its answers forever.
    fn track_write(
        &mut self,
        cx: &mut Context<'_>,
        result: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        if let Poll::Ready(written) = result {
            self.written_bytes += written.as_ref().map_or(0, |written| *written);
            if self.written_bytes >= MIN_PROGRESS_BYTES {
                self.restart_write_timer();
            }
            return Poll::Ready(written);
        }
        self.poll_write_timeout(cx)
    }

    /// Stops the write timer when everything is written, and fails if that takes too long. With
    /// TLS, encrypted bytes can still wait here for the client.
    fn track_flush(
        &mut self,
        cx: &mut Context<'_>,
        result: Poll<io::Result<()>>,
    ) -> Poll<io::Result<()>> {
        if result.is_ready() {
            self.restart_write_timer();
            return result;
        }
        self.poll_write_timeout(cx)
    }

    fn poll_write_timeout<T>(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<T>> {
        let timeout = self.config.write_timeout;
        if self.write_timer.poll_expired(cx, 0, timeout) {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        Poll::Pending
    }

    fn restart_write_timer(&mut self) {
        self.write_timer.stop();
        self.written_bytes = 0;
    }

    fn poll_linger(&mut self, cx: &mut Context<'_>, mut left: usize) -> Poll<io::Result<()>> {
        let mut scratch = [0; 4096];
        loop {
            let mut buffer = ReadBuf::new(&mut scratch);
            let result = Pin::new(&mut self.stream).poll_read(cx, &mut buffer);
            self.linger_bytes_left = Some(left);
            match result {
                Poll::Ready(Ok(()))
                    if !buffer.filled().is_empty() && left > buffer.filled().len() =>
                {
                    left -= buffer.filled().len();
                }
                Poll::Ready(_) => return Poll::Ready(Ok(())),
                // No phase has this version, so the timer restarts.
                Poll::Pending if self.read_timer.poll_expired(cx, u64::MAX, LINGER_TIMEOUT) => {
                    return Poll::Ready(Ok(()));
                }
                Poll::Pending => return Poll::Pending,
            }
        }
    }
}

impl AsyncRead for ClientSocket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        match Pin::new(&mut self.stream).poll_read(cx, buffer) {
            Poll::Ready(Ok(())) if buffer.filled().len() > before => self.phase.on_bytes_read(),
            Poll::Ready(Ok(())) => self.client_closed = true,
            Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
            Poll::Pending if self.should_close(cx) => self.client_closed = true,
            Poll::Pending => return Poll::Pending,
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for ClientSocket {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.track_write(cx, result)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
        self.track_write(cx, result)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let result = Pin::new(&mut self.stream).poll_flush(cx);
        let flushed = ready!(self.track_flush(cx, result));
        // This is the last call of hyper after a response. It has already tried to read the next
        // request and does not try again, so the wait for it begins here.
        let stamp = self.phase.version();
        if self.woken_version != stamp && self.should_close(cx) {
            self.woken_version = stamp;
            cx.waker().wake_by_ref();
        }
        Poll::Ready(flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let left = if let Some(left) = self.linger_bytes_left {
            left
        } else {
            let result = Pin::new(&mut self.stream).poll_shutdown(cx);
            ready!(self.track_flush(cx, result))?;
            MAX_LINGER_BYTES
        };
        if self.client_closed {
            return Poll::Ready(Ok(()));
        }
        self.poll_linger(cx, left)
    }
}

impl Drop for ClientSocket {
    /// Closes a WebSocket, which ends without a shutdown of its stream, as carefully as any other
    /// connection: otherwise a client that is still sending would lose the close frame.
    fn drop(&mut self) {
        if self.phase.current() != ConnectionPhase::Upgraded || self.client_closed {
            return;
        }
        let duplicate = self.stream.as_fd().try_clone_to_owned();
        if let (Ok(runtime), Ok(duplicate)) = (Handle::try_current(), duplicate) {
            runtime.spawn(async move {
                let _ = tokio::time::timeout(LINGER_TIMEOUT, shut_down(duplicate.into())).await;
            });
        }
    }
}

/// Closes our side and reads until the client has closed its side.
async fn shut_down(stream: std::net::TcpStream) -> io::Result<()> {
    let mut stream = TcpStream::from_std(stream)?;
    stream.shutdown().await?;
    let mut scratch = [0; 4096];
    let mut left = MAX_LINGER_BYTES;
    while left > 0 {
        match stream.read(&mut scratch).await? {
            0 => break,
            read => left = left.saturating_sub(read),
        }
    }
    Ok(())
}

/// A deadline that is cheap as long as it is met: the timer is created only when there is something
/// to wait for, and moved only when it has fired.
#[derive(Default)]
struct StallTimer {
    /// The version that is being waited for, and the deadline.
    wait: Option<(u64, Instant)>,
    sleep: Option<Pin<Box<Sleep>>>,
}

impl StallTimer {
    fn is_running(&self) -> bool {
        self.wait.is_some()
    }

    fn stop(&mut self) {
        self.wait = None;
    }

    /// Whether the wait for this version has lasted `timeout`; if not, registers a wakeup for that
    /// moment. A new version starts a new wait.
    fn poll_expired(&mut self, cx: &mut Context<'_>, stamp: u64, timeout: Duration) -> bool {
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
