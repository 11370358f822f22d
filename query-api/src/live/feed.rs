//! The session of one connection. It sends the backlog page by page and then the deliveries of the
//! hub, without a gap or a duplicate in between. Entries that are not acknowledged in time are sent
//! again from the last acknowledged cursor.

use std::time::Duration;

use domain::ids::DeviceId;
use sqlx::PgPool;
use tokio::time::{Instant, sleep, sleep_until};

use super::admission::{Admitted, come_back, stopping};
use super::frame::{End, Frame, close};
use super::hub::{Delivery, Place};
use crate::entries::{cursor_ahead, expired};
use crate::failed::{Failed, Unanswered};
use crate::state::QueryState;
use crate::sync::{self, Pulled, Start};

/// The number of entries per page of the backlog.
const PAGE: i64 = 200;

/// How long to wait for an acknowledgement before entries are sent again.
const ACKNOWLEDGE_WITHIN: Duration = Duration::from_secs(10);

/// How often to poll while the read model has not reached the cursor.
const AHEAD: Duration = Duration::from_millis(50);

/// The state of a connection: its position in the user's feed.
pub struct Feed {
    state: QueryState,
    user: String,
    device: Option<DeviceId>,
    /// The id of the connection in this process.
    connection: u64,
    /// Everything up to this position was sent.
    cursor: i64,
    /// Everything up to this position was acknowledged.
    acked: i64,
    /// The position of the last sent entry.
    last_sent: i64,
    /// When unacknowledged entries are sent again.
    again_at: Option<Instant>,
    place: Option<Place>,
    /// The deliveries of the hub start after this position; `None` while not subscribed.
    joined: Option<i64>,
    is_live: bool,
    has_caught_up: bool,
    _admitted: Admitted,
}

impl Feed {
    /// Starts after a cursor; without one, after the acknowledged cursor of the device; without
    /// that, at the current position.
    pub async fn begin(
        state: QueryState,
        user: &str,
        device: Option<DeviceId>,
        after: Option<i64>,
    ) -> Result<Self, Unanswered> {
        let admitted = state.admission.enter()?;
        let cursor = if let Some(after) = after {
            after
        } else {
            let _permit = state.admission.turn().await;
            start(&state.pool, user, device.as_ref()).await?
        };
        Ok(Self {
            connection: state.hub.number(),
            state,
            user: user.to_owned(),
            device,
            cursor,
            acked: cursor,
            last_sent: cursor,
            again_at: None,
            place: None,
            joined: None,
            is_live: false,
            has_caught_up: false,
            _admitted: admitted,
        })
    }

    /// The id of the connection in this process.
    pub fn connection(&self) -> u64 {
        self.connection
    }

    /// The device of the connection, if the client named one.
    pub fn device(&self) -> Option<&DeviceId> {
        self.device.as_ref()
    }

    /// Waits for the next frames. Cancel-safe: nothing is lost if the future is dropped.
    pub async fn next(&mut self) -> Result<Vec<Frame>, End> {
        loop {
            if self.joined.is_none() {
                self.join().await?;
            }
            if !self.is_live {
                // Boxed: paging is rare, and an unboxed future would enlarge every connection.
                return Box::pin(self.page()).await;
            }
            if let Some(frames) = self.deliver().await? {
                return Ok(frames);
            }
        }
    }

    /// Records that the client has acknowledged everything up to a cursor.
    pub fn acknowledged(&mut self, cursor: i64) {
        self.acked = self.acked.max(cursor);
        self.wait_for_acks();
    }

    async fn join(&mut self) -> Result<(), End> {
        let subscription = match &mut self.place {
            Some(subscription) => subscription,
            empty => {
                let device = self.device.as_ref().map(DeviceId::as_str);
                empty.insert(self.state.hub.join(&self.user, device, self.connection))
            }
        };
        match received(subscription, &self.state).await? {
            Some(Delivery::Joined(position)) => self.joined = Some(position),
            // The hub dropped the subscription before it started: subscribe again.
            Some(Delivery::Entries(..) | Delivery::Aside(_)) | None => self.place = None,
        }
        Ok(())
    }

    /// Reads a page of the backlog. After the last one, the session switches to deliveries.
    async fn page(&mut self) -> Result<Vec<Frame>, End> {
        let start = Start::After(self.cursor);
        let permit = self.state.admission.turn().await;
        let (_, outcome) = sync::pull(&self.state.pool, &self.user, start, PAGE)
            .await
            .map_err(|error| away(&error))?;
        drop(permit);
        match outcome {
            Pulled::Page(page) => {
                let mut frames = Vec::with_capacity(page.entries.len() + 1);
                for entry in &page.entries {
                    let frame = Frame::entry(entry).map_err(|error| away(&error))?;
                    frames.push(frame);
                }
                Frame::mark_parts(&mut frames);
                self.cursor = page.cursor;
                self.sent(&frames);
                if !page.has_more && self.joined.is_some_and(|joined| self.cursor >= joined) {
                    self.is_live = true;
                    if !std::mem::replace(&mut self.has_caught_up, true) {
                        frames.push(Frame::CaughtUp(self.cursor));
                    }
                }
                Ok(frames)
            }
            Pulled::Expired { oldest } => {
                Err(End::Problem(close::CURSOR, Box::new(expired(oldest))))
            }
            Pulled::Ahead { after } => {
                let head = self.state.reader.head().await;
                let head = head.map_err(|error| away(&error.into()))?.position;
                if after > head {
                    return Err(End::Problem(close::CURSOR, Box::new(cursor_ahead(head))));
                }
                sleep(AHEAD).await;
                Ok(Vec::new())
            }
        }
    }

    /// Waits for the next delivery; `None` if the backlog must be paged again.
    async fn deliver(&mut self) -> Result<Option<Vec<Frame>>, End> {
        let again_at = self.again_at;
        let redelivery = async {
            match again_at {
                Some(at) => sleep_until(at).await,
                None => std::future::pending().await,
            }
        };
        let Some(subscription) = &mut self.place else {
            self.joined = None;
            return Ok(None);
        };
        let delivery = tokio::select! {
            delivery = received(subscription, &self.state) => delivery?,
            () = redelivery => {
                self.go_back().await?;
                return Ok(None);
            }
        };
        match delivery {
            Some(Delivery::Entries(to, frames)) => {
                let is_new = |frame: &&Frame| {
                    frame
                        .position()
                        .is_some_and(|position| position > self.cursor)
                };
                let mut frames: Vec<Frame> = frames.iter().filter(is_new).cloned().collect();
                Frame::mark_parts(&mut frames);
                self.cursor = self.cursor.max(to);
                self.sent(&frames);
                Ok(Some(frames))
            }
            Some(Delivery::Aside(frame)) => Ok(Some(vec![frame])),
            Some(Delivery::Joined(_)) => Ok(None),
            None => {
                // The connection was too slow: page from the cursor and subscribe again.
                self.place = None;
                self.joined = None;
                self.is_live = false;
                Ok(None)
            }
        }
    }

    /// Rewinds to the last acknowledged cursor if entries were sent after it. Paging resumes there
    /// and then switches to deliveries. The acknowledgement may have arrived over HTTP or over
    /// another connection.
    async fn go_back(&mut self) -> Result<(), End> {
        if let Some(device) = &self.device {
            let recorded = acknowledged(&self.state.pool, &self.user, device).await;
            let recorded = recorded.map_err(|error| away(&error))?;
            self.acked = self.acked.max(recorded.unwrap_or(0));
        }
        self.again_at = None;
        if self.last_sent > self.acked {
            self.cursor = self.acked;
            self.is_live = false;
        }
        Ok(())
    }

    fn sent(&mut self, frames: &[Frame]) {
        if let Some(position) = frames.last().and_then(Frame::position) {
            self.last_sent = self.last_sent.max(position);
            if self.again_at.is_none() {
                self.wait_for_acks();
            }
        }
    }

    fn wait_for_acks(&mut self) {
        let is_waiting = self.device.is_some() && self.last_sent > self.acked;
        self.again_at = is_waiting.then(|| Instant::now() + ACKNOWLEDGE_WITHIN);
    }
}

/// Receives the next delivery. Fails if the device has connected again or the service stops.
async fn received(subscription: &mut Place, state: &QueryState) -> Result<Option<Delivery>, End> {
    tokio::select! {
        biased;
        () = subscription.replaced.cancelled() => {
            Err(End::Closed(close::REPLACED, "this device has connected again"))
        }
        () = state.shutdown.cancelled() => {
            Err(End::Problem(close::TRY_AGAIN, Box::new(stopping())))
        }
        delivery = subscription.queue.recv() => Ok(delivery),
    }
}

fn away(error: &Failed) -> End {
    End::Problem(close::TRY_AGAIN, Box::new(come_back(error.problem())))
}

/// Returns the acknowledged cursor of the device, or else the position of the read model.
async fn start(pool: &PgPool, user: &str, device: Option<&DeviceId>) -> Result<i64, Failed> {
    if let Some(device) = device
        && let Some(cursor) = acknowledged(pool, user, device).await?
    {
        return Ok(cursor);
    }
    let position = sqlx::query_scalar("SELECT k.position FROM read.checkpoint k");
    Ok(position.fetch_one(pool).await?)
}

/// Loads the acknowledged cursor of a device from the read model.
async fn acknowledged(pool: &PgPool, user: &str, device: &DeviceId) -> Result<Option<i64>, Failed> {
    let cursor = sqlx::query_scalar(
        "SELECT d.cursor FROM read.devices d JOIN read.users u ON u.id = d.user_id
         WHERE u.name = $1 AND d.device = $2",
    );
    let bound = cursor.bind(user).bind(device.as_str());
    Ok(bound.fetch_optional(pool).await?)
}
