//! What one connection is sent: the backlog page by page, then what the hub delivers, without a gap or a
//! double between the two, and again from the last acknowledged cursor what was not acknowledged in time.

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

/// Entries of a page of the backlog.
const PAGE: i64 = 200;

/// How long an entry may be unacknowledged before it is sent again.
const ACKNOWLEDGE_WITHIN: Duration = Duration::from_secs(10);

/// The pause between two looks while the read models have not reached a cursor.
const AHEAD: Duration = Duration::from_millis(50);

/// Where a connection is in its user's feed.
pub struct Feed {
    state: QueryState,
    user: String,
    device: Option<DeviceId>,
    /// Its number among the connections of this process.
    connection: u64,
    /// Everything up to here was sent.
    cursor: i64,
    /// Everything up to here has arrived.
    acked: i64,
    /// The last entry that was sent.
    last_sent: i64,
    /// When what is not acknowledged is sent again.
    again_at: Option<Instant>,
    place: Option<Place>,
    /// What the hub delivers begins after this; `None` before it has said so.
    joined: Option<i64>,
    is_live: bool,
    has_caught_up: bool,
    _admitted: Admitted,
}

impl Feed {
    /// Begins after a cursor; without one at what the device has acknowledged; without that at the present.
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
            let _turn = state.admission.turn().await;
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

    /// Its number among the connections of this process.
    pub fn connection(&self) -> u64 {
        self.connection
    }

    /// The device that was named.
    pub fn device(&self) -> Option<&DeviceId> {
        self.device.as_ref()
    }

    /// The next frames. Nothing is lost if this is dropped before it has ended.
    pub async fn next(&mut self) -> Result<Vec<Frame>, End> {
        loop {
            if self.joined.is_none() {
                self.join().await?;
            }
            if !self.is_live {
                // In a box: most of the time nobody pages, and every connection would keep the room for it.
                return Box::pin(self.page()).await;
            }
            if let Some(frames) = self.deliver().await? {
                return Ok(frames);
            }
        }
    }

    /// The client has everything up to here.
    pub fn acknowledged(&mut self, cursor: i64) {
        self.acked = self.acked.max(cursor);
        self.wait_for_acks();
    }

    async fn join(&mut self) -> Result<(), End> {
        let place = match &mut self.place {
            Some(place) => place,
            empty => {
                let device = self.device.as_ref().map(DeviceId::as_str);
                empty.insert(self.state.hub.join(&self.user, device, self.connection))
            }
        };
        match received(place, &self.state).await? {
            Some(Delivery::Joined(position)) => self.joined = Some(position),
            // Given up before it began: begin again.
            Some(Delivery::Entries(..) | Delivery::Aside(_)) | None => self.place = None,
        }
        Ok(())
    }

    /// A page of the backlog, and the change to what is delivered at its end.
    async fn page(&mut self) -> Result<Vec<Frame>, End> {
        let start = Start::After(self.cursor);
        let turn = self.state.admission.turn().await;
        let (_, pulled) = sync::pull(&self.state.pool, &self.user, start, PAGE)
            .await
            .map_err(|failed| away(&failed))?;
        drop(turn);
        match pulled {
            Pulled::Page(page) => {
                let mut frames = Vec::with_capacity(page.entries.len() + 1);
                for entry in &page.entries {
                    let frame = Frame::entry(entry).map_err(|failed| away(&failed))?;
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

    /// What the hub has, or `None` if the backlog is to be paged again.
    async fn deliver(&mut self) -> Result<Option<Vec<Frame>>, End> {
        let again_at = self.again_at;
        let again = async {
            match again_at {
                Some(at) => sleep_until(at).await,
                None => std::future::pending().await,
            }
        };
        let Some(place) = &mut self.place else {
            self.joined = None;
            return Ok(None);
        };
        let delivery = tokio::select! {
            delivery = received(place, &self.state) => delivery?,
            () = again => {
                self.go_back().await?;
                return Ok(None);
            }
        };
        match delivery {
            Some(Delivery::Entries(to, frames)) => {
                let is_new = |frame: &&Frame| frame.position().is_some_and(|it| it > self.cursor);
                let mut frames: Vec<Frame> = frames.iter().filter(is_new).cloned().collect();
                Frame::mark_parts(&mut frames);
                self.cursor = self.cursor.max(to);
                self.sent(&frames);
                Ok(Some(frames))
            }
            Some(Delivery::Aside(frame)) => Ok(Some(vec![frame])),
            Some(Delivery::Joined(_)) => Ok(None),
            None => {
                // Too slow: page from here, and join again.
                self.place = None;
                self.joined = None;
                self.is_live = false;
                Ok(None)
            }
        }
    }

    /// To the last acknowledged cursor, if something was sent after it: paging goes on from there, and joins
    /// what is delivered. An acknowledgement may have come over HTTP, or over another connection.
    async fn go_back(&mut self) -> Result<(), End> {
        if let Some(device) = &self.device {
            let recorded = acknowledged(&self.state.pool, &self.user, device).await;
            let recorded = recorded.map_err(|failed| away(&failed))?;
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

/// The next delivery; the end if the device has connected again or the service stops.
async fn received(place: &mut Place, state: &QueryState) -> Result<Option<Delivery>, End> {
    tokio::select! {
        biased;
        () = place.replaced.cancelled() => {
            Err(End::Closed(close::REPLACED, "this device has connected again"))
        }
        () = state.shutdown.cancelled() => {
            Err(End::Problem(close::TRY_AGAIN, Box::new(stopping())))
        }
        delivery = place.queue.recv() => Ok(delivery),
    }
}

fn away(failed: &Failed) -> End {
    End::Problem(close::TRY_AGAIN, Box::new(come_back(failed.problem())))
}

/// What a device has acknowledged, or where the read models are.
async fn start(pool: &PgPool, user: &str, device: Option<&DeviceId>) -> Result<i64, Failed> {
    if let Some(device) = device
        && let Some(cursor) = acknowledged(pool, user, device).await?
    {
        return Ok(cursor);
    }
    let present = sqlx::query_scalar("SELECT k.position FROM read.checkpoint k");
    Ok(present.fetch_one(pool).await?)
}

/// What a device has acknowledged, as far as the read models know.
async fn acknowledged(pool: &PgPool, user: &str, device: &DeviceId) -> Result<Option<i64>, Failed> {
    let cursor = sqlx::query_scalar(
        "SELECT d.cursor FROM read.devices d JOIN read.users u ON u.id = d.user_id
         WHERE u.name = $1 AND d.device = $2",
    );
    let bound = cursor.bind(user).bind(device.as_str());
    Ok(bound.fetch_optional(pool).await?)
}
