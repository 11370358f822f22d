//! The session of one connection. It sends the backlog page by page and then the deliveries of the
//! hub, without a gap or a duplicate in between. Entries that are not acknowledged in time are sent
//! again from the last acknowledged cursor.

use std::time::Duration;

use domain::history::CursorReference;
use domain::ids::DeviceId;
use http_edge::auth::CallerWatch;
use http_edge::{Caller, Problem};
use sqlx::PgPool;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until};
use traces::Span;

use super::admission::{AdmissionPermit, LiveTransport, shutdown_problem, with_jittered_retry};
use super::delivery::LiveDelivery;
use super::frame::{ServerFrame, SessionEnd, close};
use super::hub::Subscription;
use super::state::LiveState;
use crate::answer_budget::AnswerReservation;
use crate::consistency::read_history::history_changed;
use crate::error::{EndpointError, QueryError};
use crate::sql::checkpoint;
use crate::sync::{self, FeedPageSize, FeedStart, SyncOutcome};

/// The size of a page of the backlog. It is kept until the client has read it, for each of many
/// connections, so it is smaller than the page of a query.
const PAGE_SIZE: FeedPageSize = FeedPageSize {
    entries: 200,
    bytes: 256 * 1024,
};

/// How long to wait for an acknowledgement before entries are sent again.
const ACK_TIMEOUT: Duration = Duration::from_secs(10);

/// How often to poll while the read model has not reached the cursor.
const AHEAD_POLL_INTERVAL: Duration = Duration::from_millis(50);

/// The state of a connection: its position in the user's feed.
pub struct LiveSession {
    state: LiveState,
    user: String,
    /// Yields when the caller may no longer call.
    caller: CallerWatch,
    device: Option<DeviceId>,
    /// The id of the connection in this process.
    connection_id: u64,
    /// Everything up to this position was sent.
    cursor: i64,
    /// Everything up to this position was acknowledged.
    acked: i64,
    /// The position of the last sent entry.
    last_sent: i64,
    /// Yields when the history has changed.
    history_changes: watch::Receiver<u64>,
    /// The reason why the feed cannot start: it is reported over the connection.
    foreign_start: Option<Box<Problem>>,
    /// When unacknowledged entries are sent again.
    redeliver_at: Option<Instant>,
    subscription: Option<Subscription>,
    /// The deliveries of the hub start after this position; `None` while not subscribed.
    live_from: Option<i64>,
    is_live: bool,
    has_caught_up: bool,
    /// The memory of the last page, until the client has read it.
    page_reservation: Option<AnswerReservation>,
    permit: AdmissionPermit,
    transport: LiveTransport,
    /// The frames that are being sent, of traced requests.
    sending: Vec<Span>,
}

impl LiveSession {
    /// Starts after a cursor; without one, after the acknowledged cursor of the device; without
    /// that, at the current position.
    pub async fn start(
        state: LiveState,
        transport: LiveTransport,
        caller: CallerWatch,
        device: Option<DeviceId>,
        after: Option<CursorReference>,
    ) -> Result<Self, EndpointError> {
        let user = caller.caller().user.clone();
        let admitted = state.admission.admit(&user, transport)?;
        // Before the cursor is compared: a change of the history afterwards ends the session.
        let history_changes = state.history.subscribe_changes();
        let foreign_start = match after {
            None => None,
            Some(after) => match state.history.check(after).await {
                Ok(()) => None,
                Err(EndpointError::Rejected(problem)) => Some(Box::new(problem)),
                Err(error) => return Err(error),
            },
        };
        let cursor = if let Some(after) = after {
            after.position
        } else {
            let _permit = state.admission.acquire_reader().await;
            resolve_start(&state.pool, &user, device.as_ref()).await?
        };
        Ok(Self {
            connection_id: state.hub.next_connection_id(),
            foreign_start,
            history_changes,
            state,
            user,
            caller,
            device,
            cursor,
            acked: cursor,
            last_sent: cursor,
            redeliver_at: None,
            subscription: None,
            live_from: None,
            is_live: false,
            has_caught_up: false,
            page_reservation: None,
            permit: admitted,
            transport,
            sending: Vec::new(),
        })
    }

    /// Refuses new connections of the user for a moment, because this one has sent too many frames.
    /// Returns the problem that says so.
    pub fn refuse_reconnects(&self) -> Problem {
        self.permit.refuse_reconnects()
    }

    /// The id of the connection in this process.
    pub fn connection_id(&self) -> u64 {
        self.connection_id
    }

    /// The caller of the connection.
    pub fn caller(&self) -> &Caller {
        self.caller.caller()
    }

    /// Waits until the caller may no longer call.
    pub async fn refused(&mut self) -> SessionEnd {
        SessionEnd::refused(self.caller.refused().await)
    }

    /// Continues with a newer token of the same user.
    pub fn renew_caller(&mut self, caller: Caller) {
        self.caller.renew(caller);
    }

    /// The device of the connection, if the client named one.
    pub fn device(&self) -> Option<&DeviceId> {
        self.device.as_ref()
    }

    /// Waits for the next frames; the previous ones must have been sent. Cancel-safe: nothing is
    /// lost if the future is dropped.
    pub async fn next_frames(&mut self) -> Result<Vec<ServerFrame>, SessionEnd> {
        self.page_reservation = None;
        self.sending.drain(..).for_each(Span::end);
        if let Some(problem) = self.foreign_start.take() {
            return Err(SessionEnd::Problem(close::INVALID_CURSOR, problem));
        }
        loop {
            if self.live_from.is_none() {
                self.subscribe().await?;
            }
            if !self.is_live {
                self.caller.check().map_err(SessionEnd::refused)?;
                // Boxed: paging is rare, and an unboxed future would enlarge every connection.
                return Box::pin(self.read_page()).await;
            }
            if let Some(frames) = self.next_delivery().await? {
                return Ok(frames);
            }
        }
    }

    /// Records that the client has acknowledged everything up to a cursor.
    pub fn record_ack(&mut self, cursor: i64) {
        self.acked = self.acked.max(cursor);
        self.schedule_redelivery();
    }

    async fn subscribe(&mut self) -> Result<(), SessionEnd> {
        let subscription = match &mut self.subscription {
            Some(subscription) => subscription,
            empty => {
                let device = self.device.as_ref().map(DeviceId::as_str);
                empty.insert(
                    self.state
                        .hub
                        .subscribe(&self.user, device, self.connection_id),
                )
            }
        };
        let watches = (&mut self.history_changes, &mut self.caller);
        match recv_delivery(subscription, watches, &self.state).await? {
            Some(LiveDelivery::Subscribed(position)) => self.live_from = Some(position),
            // The hub dropped the subscription before it started: subscribe again.
            Some(LiveDelivery::Entries(..) | LiveDelivery::Ephemeral(_)) | None => {
                self.subscription = None;
            }
        }
        Ok(())
    }

    /// Reads a page of the backlog. After the last one, the session switches to deliveries.
    async fn read_page(&mut self) -> Result<Vec<ServerFrame>, SessionEnd> {
        let start = FeedStart::After(self.cursor);
        let mut reservation = self.state.answers.reserve_backlog(PAGE_SIZE.bytes).await;
        let permit = self.state.admission.acquire_reader().await;
        let page = sync::read_page(self.state.feed(), &self.user, start, PAGE_SIZE).await;
        let (_, outcome) = page.map_err(|error| end_unavailable(&error))?;
        drop(permit);
        match outcome {
            SyncOutcome::Page(page) => {
                let history = self.state.history.up_to(page.cursor).await;
                let history = history.map_err(|error| end_unavailable(&error))?;
                let mut frames = Vec::with_capacity(page.entries.len() + 1);
                for entry in &page.entries {
                    let frame = ServerFrame::from_entry(entry, &history)
                        .map_err(|error| end_unavailable(&error))?;
                    frames.push(frame);
                }
                ServerFrame::mark_more(&mut frames);
                if let Some(reservation) = &mut reservation {
                    reservation.shrink_to(frames.iter().map(ServerFrame::size).sum());
                }
                self.page_reservation = reservation;
                self.cursor = page.cursor;
                self.record_sent(&frames);
                if !page.has_more && self.live_from.is_some_and(|joined| self.cursor >= joined) {
                    self.is_live = true;
                    if !std::mem::replace(&mut self.has_caught_up, true) {
                        frames.push(ServerFrame::CaughtUp(history.cursor_at(self.cursor)));
                    }
                }
                Ok(frames)
            }
            SyncOutcome::InvalidCursor(problem) => {
                Err(SessionEnd::Problem(close::INVALID_CURSOR, problem))
            }
            SyncOutcome::Ahead { .. } => {
                sleep(AHEAD_POLL_INTERVAL).await;
                Ok(Vec::new())
            }
        }
    }

    /// Waits for the next delivery; `None` if the backlog must be paged again.
    async fn next_delivery(&mut self) -> Result<Option<Vec<ServerFrame>>, SessionEnd> {
        let again_at = self.redeliver_at;
        let redelivery = async {
            match again_at {
                Some(at) => sleep_until(at).await,
                None => std::future::pending().await,
            }
        };
        let Some(subscription) = &mut self.subscription else {
            self.live_from = None;
            return Ok(None);
        };
        let watches = (&mut self.history_changes, &mut self.caller);
        let delivery = tokio::select! {
            delivery = recv_delivery(subscription, watches, &self.state) => delivery?,
            () = redelivery => {
                self.rewind().await?;
                return Ok(None);
            }
        };
        match delivery {
            Some(LiveDelivery::Entries(to, frames, traced)) => {
                let is_new = |frame: &&ServerFrame| {
                    frame
                        .position()
                        .is_some_and(|position| position > self.cursor)
                };
                let mut frames: Vec<ServerFrame> = frames.iter().filter(is_new).cloned().collect();
                ServerFrame::mark_more(&mut frames);
                self.cursor = self.cursor.max(to);
                self.record_sent(&frames);
                if let Some(traced) = traced {
                    self.sending = traced.start_sending(&frames, self.transport.as_str());
                }
                Ok(Some(frames))
            }
            Some(LiveDelivery::Ephemeral(frame)) => Ok(Some(vec![frame])),
            Some(LiveDelivery::Subscribed(_)) => Ok(None),
            None => {
                // The connection was too slow: page from the cursor and subscribe again.
                self.subscription = None;
                self.live_from = None;
                self.is_live = false;
                Ok(None)
            }
        }
    }

    /// Rewinds to the last acknowledged cursor if entries were sent after it. Paging resumes there
    /// and then switches to deliveries. The acknowledgement may have arrived over HTTP or over
    /// another connection.
    async fn rewind(&mut self) -> Result<(), SessionEnd> {
        if let Some(device) = &self.device {
            let recorded = load_acked_cursor(&self.state.pool, &self.user, device).await;
            let recorded = recorded.map_err(|error| end_unavailable(&error))?;
            self.acked = self.acked.max(recorded.unwrap_or(0));
        }
        self.redeliver_at = None;
        if self.last_sent > self.acked {
            self.cursor = self.acked;
            self.is_live = false;
        }
        Ok(())
    }

    fn record_sent(&mut self, frames: &[ServerFrame]) {
        if let Some(position) = frames.last().and_then(ServerFrame::position) {
            self.last_sent = self.last_sent.max(position);
            if self.redeliver_at.is_none() {
                self.schedule_redelivery();
            }
        }
    }

    fn schedule_redelivery(&mut self) {
        let is_waiting = self.device.is_some() && self.last_sent > self.acked;
        self.redeliver_at = is_waiting.then(|| Instant::now() + ACK_TIMEOUT);
    }
}

/// Receives the next delivery. Fails if the device has connected again or was removed, the caller
/// may no longer call, or the service stops.
async fn recv_delivery(
    subscription: &mut Subscription,
    (history_changes, caller): (&mut watch::Receiver<u64>, &mut CallerWatch),
    state: &LiveState,
) -> Result<Option<LiveDelivery>, SessionEnd> {
    tokio::select! {
        biased;
        () = subscription.replaced.cancelled() => {
            Err(SessionEnd::Closed(close::REPLACED, "replaced"))
        }
        () = subscription.removed.cancelled() => Err(device_removed()),
        () = state.shutdown.cancelled() => {
            Err(SessionEnd::Problem(close::TRY_AGAIN_LATER, Box::new(shutdown_problem())))
        }
        problem = caller.refused() => Err(SessionEnd::refused(problem)),
        Ok(()) = history_changes.changed() => {
            Err(SessionEnd::Problem(close::INVALID_CURSOR, Box::new(history_changed())))
        }
        delivery = subscription.queue.recv() => Ok(delivery),
    }
}

fn device_removed() -> SessionEnd {
    let detail = "You have removed this device.";
    let problem = Problem::forbidden_with_code("device_removed", detail);
    SessionEnd::Problem(close::FORBIDDEN, Box::new(problem))
}

fn end_unavailable(error: &QueryError) -> SessionEnd {
    SessionEnd::Problem(
        close::TRY_AGAIN_LATER,
        Box::new(with_jittered_retry(error.to_problem())),
    )
}

/// Returns the acknowledged cursor of the device, or else the position of the read model.
async fn resolve_start(
    pool: &PgPool,
    user: &str,
    device: Option<&DeviceId>,
) -> Result<i64, QueryError> {
    if let Some(device) = device
        && let Some(cursor) = load_acked_cursor(pool, user, device).await?
    {
        return Ok(cursor);
    }
    Ok(checkpoint::read_position(pool).await?)
}

/// Loads the acknowledged cursor of a device from the read model.
async fn load_acked_cursor(
    pool: &PgPool,
    user: &str,
    device: &DeviceId,
) -> Result<Option<i64>, QueryError> {
    let cursor = sqlx::query_scalar(
        "SELECT d.cursor FROM read.devices d JOIN read.users u ON u.id = d.user_id
         WHERE u.name = $1 AND d.device = $2",
    );
    let bound = cursor.bind(user).bind(device.as_str());
    Ok(bound.fetch_optional(pool).await?)
}
