//! Presence and typing notifications. Gateways exchange them over core NATS. They are never stored
//! in the log, and losing them is harmless; only when a user was online last is kept in a table.
//!
//! Presence goes to the connections that watch a user, typing to all members of the conversation.
//! Both reach only users who currently share a conversation. Without NATS it works within this
//! process.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use domain::deployment::feature::Feature;
use domain::ids::{ConversationId, DeviceId};
use domain::time::Timestamp;
use event_stream::mirror::MirrorConfig;
use moderation::LiveRulebook;
use presence::{
    GatewayBus, GatewayMessage, GatewayPayload, HEARTBEAT_INTERVAL, Presence, PresenceChange,
    build_snapshot, device_name,
};
use sqlx::PgPool;
use sqlx::types::time::OffsetDateTime;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::frame::ServerFrame;
use super::frame_limits::TypingThrottle;
use super::hub::Hub;
use super::last_seen::LastSeenStore;
use super::user_presence::{SharingUser, UserPresence, filter_sharing};
use crate::error::QueryError;
use crate::switches::is_off;

/// How often to write who was online last.
const FLUSH_INTERVAL: Duration = Duration::from_secs(1);

/// How often the users who stay online are recorded, for the case that the process is killed.
const RECORD_INTERVAL: Duration = Duration::from_secs(60);

/// The maximum number of users that a connection may watch.
pub const MAX_WATCHED: usize = 500;

/// The maximum number of members of a conversation with typing notifications.
const MAX_TYPING_MEMBERS: i64 = 100;

/// How often to check for users and gateways that have timed out.
const EXPIRY_INTERVAL: Duration = Duration::from_millis(250);

/// The capacity of the queue of outgoing messages; messages beyond it are dropped.
const OUTGOING_CAPACITY: usize = 10_000;

/// The online users that this gateway knows of, and the connections that watch them. Cheap to
/// clone.
#[derive(Clone)]
pub struct PresenceService(Arc<Inner>);

struct Inner {
    presence: Mutex<Presence>,
    /// The watching connections by watched user.
    watchers: Mutex<HashMap<String, HashSet<Watcher>>>,
    last_seen: LastSeenStore,
    typing: TypingThrottle,
    outgoing: mpsc::Sender<GatewayPayload>,
    hub: Hub,
    pool: PgPool,
    rulebook: LiveRulebook,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Watcher {
    user: String,
    connection: u64,
}

/// Whether a user has begun to type or has stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TypingChange {
    /// The user is typing.
    Began,
    /// The user is no longer typing.
    Stopped,
}

impl TypingChange {
    /// The type of the frame that says so.
    fn frame_name(self) -> &'static str {
        match self {
            Self::Began => "typing",
            Self::Stopped => "typing_stopped",
        }
    }
}

/// Marks a user as connected until it is dropped.
pub struct OnlineGuard {
    service: PresenceService,
    user: String,
    /// The name of the device, if the client named one.
    device: Option<String>,
    connection: u64,
    watched: Vec<String>,
}

impl Drop for OnlineGuard {
    fn drop(&mut self) {
        self.unwatch();
        let mut presence = self.service.presence();
        let device = self.device.iter();
        for name in device.chain([&self.user]) {
            presence.remove_connection(name, Instant::now());
        }
    }
}

impl PresenceService {
    /// Starts the task that exchanges messages with the other gateways. It ends when `shutdown` is
    /// cancelled. The first pool may be read-only; the second one writes who was online last.
    pub async fn start(
        hub: Hub,
        (pool, writes): (PgPool, PgPool),
        nats: Option<&async_nats::Client>,
        mirror: &MirrorConfig,
        rulebook: LiveRulebook,
        shutdown: CancellationToken,
    ) -> Self {
        let (outgoing, messages) = mpsc::channel(OUTGOING_CAPACITY);
        let service = Self(Arc::new(Inner {
            presence: Mutex::default(),
            watchers: Mutex::default(),
            last_seen: LastSeenStore::new(pool.clone(), writes),
            typing: TypingThrottle::default(),
            outgoing,
            hub,
            pool,
            rulebook,
        }));
        let bus = GatewayBus::open(nats, &mirror.stream).await;
        tokio::spawn(run(service.clone(), bus, messages, shutdown));
        service
    }

    /// Registers a new connection, of a device if the client named one.
    pub fn connect(&self, user: &str, device: Option<&DeviceId>, connection: u64) -> OnlineGuard {
        let device = device.map(|device| device_name(user, device.as_str()));
        for name in device.as_deref().into_iter().chain([user]) {
            let (payload, change) = self.presence().add_connection(name);
            if let Some(payload) = payload {
                self.broadcast(payload);
                self.0.last_seen.record([name.to_owned()], now());
            }
            self.notify_watchers(change);
        }
        OnlineGuard {
            service: self.clone(),
            user: user.to_owned(),
            device,
            connection,
            watched: Vec::new(),
        }
    }

    fn presence(&self) -> MutexGuard<'_, Presence> {
        self.0
            .presence
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn watchers(&self) -> MutexGuard<'_, HashMap<String, HashSet<Watcher>>> {
        self.0
            .watchers
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn broadcast(&self, payload: GatewayPayload) {
        // Later messages make up for one that is dropped.
        let _ = self.0.outgoing.try_send(payload);
    }

    /// Notifies watchers of changes in background tasks.
    fn notify_watchers(&self, changes: impl IntoIterator<Item = PresenceChange>) {
        for change in changes {
            let watchers: Vec<Watcher> = {
                let watchers = self.watchers();
                let of_user = watchers.get(&change.user);
                of_user.into_iter().flatten().cloned().collect()
            };
            if !watchers.is_empty() && !self.is_off(Feature::Presence) {
                let service = self.clone();
                tokio::spawn(async move {
                    if let Err(error) = service.notify(&change.user, &watchers).await {
                        tracing::debug!(%error, "Could not notify the watchers of a user.");
                    }
                });
            }
        }
    }

    fn is_off(&self, feature: Feature) -> bool {
        is_off(&self.0.rulebook, feature)
    }

    async fn notify(&self, user: &str, watchers: &[Watcher]) -> Result<(), QueryError> {
        let names: Vec<&str> = watchers
            .iter()
            .map(|watcher| watcher.user.as_str())
            .collect();
        let sharing: HashMap<String, bool> = filter_sharing(&self.0.pool, user, &names)
            .await?
            .into_iter()
            .map(|other| (other.name, other.shows_last_seen))
            .collect();
        let last_seen = self.0.last_seen.load(&[user]).await?.remove(user);
        for watcher in watchers {
            if let Some(shows_last_seen) = sharing.get(&watcher.user) {
                let presence = self.presence_at(user, last_seen.filter(|_| *shows_last_seen));
                self.0.hub.send_best_effort(
                    &watcher.user,
                    Some(watcher.connection),
                    &presence.to_frame(),
                );
            }
        }
        Ok(())
    }

    /// Whether a user is online at any gateway.
    pub fn is_online(&self, user: &str) -> bool {
        self.presence().is_online(user)
    }

    /// Whether devices of a user are online at any gateway, and when they were last, as far as that
    /// is known.
    pub async fn load_devices(
        &self,
        user: &str,
        devices: &[&str],
    ) -> Result<Vec<(bool, Option<Timestamp>)>, QueryError> {
        let names: Vec<String> = devices.iter().map(|id| device_name(user, id)).collect();
        let keys: Vec<&str> = names.iter().map(String::as_str).collect();
        let last_seen = self.0.last_seen.load(&keys).await?;
        let seen = |name: &String| (self.is_online(name), last_seen.get(name).copied());
        Ok(names.iter().map(seen).collect())
    }

    /// The current presence of users, with what each of them shows to the user who asks.
    pub async fn load_presence(
        &self,
        users: &[SharingUser],
    ) -> Result<Vec<UserPresence>, QueryError> {
        let names: Vec<&str> = users.iter().map(|user| user.name.as_str()).collect();
        let mut last_seen = self.0.last_seen.load(&names).await?;
        let presence = users.iter().map(|user| {
            let last_seen = last_seen.remove(&user.name);
            self.presence_at(&user.name, last_seen.filter(|_| user.shows_last_seen))
        });
        Ok(presence.collect())
    }

    fn presence_at(&self, user: &str, last_seen: Option<Timestamp>) -> UserPresence {
        let online = self.is_online(user);
        UserPresence {
            user: user.to_owned(),
            online,
            last_seen: last_seen.filter(|_| !online),
        }
    }

    /// Notifies the members of a conversation who are connected here that a user is typing, or
    /// no longer is.
    async fn send_typing(
        &self,
        change: TypingChange,
        conversation: &str,
        user: &str,
    ) -> Result<(), QueryError> {
        if self.is_off(Feature::Typing) {
            return Ok(());
        }
        let members: Vec<String> = sqlx::query_scalar(
            "SELECT u.name FROM read.conversations c
             JOIN read.members m ON m.conversation = c.id AND m.present
             JOIN read.users u ON u.id = m.user_id
             WHERE c.name = $1 AND c.member_count <= $3 AND EXISTS (
                SELECT FROM read.users me JOIN read.members mine ON mine.user_id = me.id AND mine.present
                WHERE me.name = $2 AND mine.conversation = c.id)",
        )
        .bind(conversation)
        .bind(user)
        .bind(MAX_TYPING_MEMBERS)
        .fetch_all(&self.0.pool)
        .await?;
        let name = change.frame_name();
        let frame = ServerFrame::ephemeral(
            name,
            &serde_json::json!({ "type": name, "conversation_id": conversation, "user": user }),
        );
        for member in members.iter().filter(|member| *member != user) {
            self.0.hub.send_best_effort(member, None, &frame);
        }
        Ok(())
    }

    fn apply(&self, message: GatewayMessage) {
        let typing = match &message.payload {
            GatewayPayload::Typing { conversation, user } => {
                Some((TypingChange::Began, conversation, user))
            }
            GatewayPayload::TypingStopped { conversation, user } => {
                Some((TypingChange::Stopped, conversation, user))
            }
            _ => None,
        };
        if let Some((change, conversation, user)) = typing {
            let (service, conversation, user) = (self.clone(), conversation.clone(), user.clone());
            tokio::spawn(async move { service.send_typing(change, &conversation, &user).await });
            return;
        }
        let is_join = message.payload == GatewayPayload::Join;
        let is_unknown = !self.presence().is_known(&message.gateway);
        let changes = self.presence().apply(message, Instant::now());
        self.notify_watchers(changes);
        if is_join || is_unknown {
            let all = self.presence().local_users();
            for payload in build_snapshot(&all) {
                self.broadcast(payload);
            }
        }
        if is_unknown && !is_join {
            self.broadcast(GatewayPayload::Join);
        }
    }

    fn expire(&self) {
        let (payloads, changes) = self.presence().expire(Instant::now());
        for payload in payloads {
            if let GatewayPayload::Offline(user) = &payload {
                self.0.last_seen.record([user.clone()], now());
            }
            self.broadcast(payload);
        }
        self.notify_watchers(changes);
    }

    /// Records that all users of this gateway are online.
    fn record_local_users(&self) {
        let users = self.presence().local_users();
        self.0.last_seen.record(users, now());
    }

    async fn flush_last_seen(&self) {
        if let Err(error) = self.0.last_seen.flush().await {
            // The log of outages says that Postgres is away.
            tracing::debug!(%error, "Could not write who was online last.");
        }
    }
}

fn now() -> Timestamp {
    Timestamp::from(OffsetDateTime::now_utc())
}

impl OnlineGuard {
    /// Watches these users instead of the previous ones. Returns the current presence of those who
    /// share a conversation with the watching user.
    pub async fn watch(&mut self, mut users: Vec<String>) -> Result<Vec<ServerFrame>, QueryError> {
        users.sort_unstable();
        users.dedup();
        self.unwatch();
        let names: Vec<&str> = users.iter().map(String::as_str).collect();
        let shared = filter_sharing(&self.service.0.pool, &self.user, &names).await?;
        // Watch all of them: users who share a conversation later are reported from then on.
        self.add_watches(&users);
        self.watched = users;
        if self.service.is_off(Feature::Presence) {
            return Ok(Vec::new());
        }
        let presence = self.service.load_presence(&shared).await?;
        Ok(presence.iter().map(UserPresence::to_frame).collect())
    }

    fn add_watches(&self, users: &[String]) {
        let mut watchers = self.service.watchers();
        for user in users {
            let watcher = Watcher {
                user: self.user.clone(),
                connection: self.connection,
            };
            watchers.entry(user.clone()).or_default().insert(watcher);
        }
    }

    /// Notifies the other members of a conversation, in this process and in other gateways, that
    /// the user is typing or no longer is, unless they know that already.
    pub async fn announce_typing(
        &self,
        change: TypingChange,
        conversation: &ConversationId,
    ) -> Result<(), QueryError> {
        let (throttle, now) = (&self.service.0.typing, tokio::time::Instant::now());
        let is_admitted = match change {
            TypingChange::Began => throttle.admit(&self.user, conversation, now),
            TypingChange::Stopped => throttle.admit_stop(&self.user, conversation),
        };
        if !is_admitted {
            return Ok(());
        }
        let (conversation, user) = (conversation.as_str().to_owned(), self.user.clone());
        self.service
            .send_typing(change, &conversation, &user)
            .await?;
        self.service.broadcast(match change {
            TypingChange::Began => GatewayPayload::Typing { conversation, user },
            TypingChange::Stopped => GatewayPayload::TypingStopped { conversation, user },
        });
        Ok(())
    }

    fn unwatch(&mut self) {
        let mut watchers = self.service.watchers();
        for user in self.watched.drain(..) {
            if let Some(of_user) = watchers.get_mut(&user) {
                of_user.retain(|watcher| watcher.connection != self.connection);
                if of_user.is_empty() {
                    watchers.remove(&user);
                }
            }
        }
    }
}

async fn run(
    service: PresenceService,
    mut bus: GatewayBus,
    mut messages: mpsc::Receiver<GatewayPayload>,
    shutdown: CancellationToken,
) {
    let mut ticks = tokio::time::interval(EXPIRY_INTERVAL);
    let mut heartbeats = tokio::time::interval(HEARTBEAT_INTERVAL);
    let mut flushes = tokio::time::interval(FLUSH_INTERVAL);
    let mut records = tokio::time::interval(RECORD_INTERVAL);
    bus.send(GatewayPayload::Join).await;
    loop {
        tokio::select! {
            () = shutdown.cancelled() => {
                service.record_local_users();
                return service.flush_last_seen().await;
            }
            Some(payload) = messages.recv() => bus.send(payload).await,
            message = bus.recv() => message.into_iter().for_each(|message| service.apply(message)),
            _ = ticks.tick() => service.expire(),
            _ = heartbeats.tick() => bus.send(GatewayPayload::Heartbeat).await,
            // Not here: while Postgres is away, it would hold up the other gateways' messages.
            _ = flushes.tick() => {
                let service = service.clone();
                tokio::spawn(async move { service.flush_last_seen().await });
            }
            _ = records.tick() => service.record_local_users(),
        }
    }
}
