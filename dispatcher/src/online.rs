//! Which users are online, as the gateways report it, and which ones just went offline: messages
//! sent to these shortly before may not have reached them.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use async_nats::Client;
use async_nats::connection::State;
use event_stream::mirror::MirrorConfig;
use presence::{GatewayBus, GatewayPayload, Presence, PresenceChange, is_device_name};
use tokio::sync::{broadcast, watch};
use tokio::time::interval;
use tokio_util::sync::CancellationToken;

/// How often to check for users and gateways that timed out.
const TICK_INTERVAL: Duration = Duration::from_millis(250);

/// The maximum number of changes that wait for a worker. A worker that missed some checks all
/// users.
const CHANNEL_CAPACITY: usize = 10_000;

/// How long gateways have to report their users after the start. Until then, no user counts as
/// offline.
const SNAPSHOT_TIMEOUT: Duration = Duration::from_secs(3);

/// The users that are online, as far as this dispatcher knows. Cheap to clone.
#[derive(Clone)]
pub struct OnlineUsers(Arc<OnlineState>);

struct OnlineState {
    presence: Mutex<Presence>,
    went_offline: broadcast::Sender<String>,
    is_ready: watch::Sender<bool>,
}

impl OnlineUsers {
    /// Starts to listen to the gateways until `shutdown`. Without NATS, every user is offline.
    pub async fn run_listener(
        nats: Option<&Client>,
        mirror: &MirrorConfig,
        shutdown: CancellationToken,
    ) -> Self {
        let (went_offline, _) = broadcast::channel(CHANNEL_CAPACITY);
        let (is_ready, _) = watch::channel(false);
        let online = Self(Arc::new(OnlineState {
            presence: Mutex::default(),
            went_offline,
            is_ready,
        }));
        let bus = GatewayBus::open(nats, &mirror.stream).await;
        tokio::spawn(run_listener(online.clone(), bus, nats.cloned(), shutdown));
        online
    }

    /// Waits until the gateways have had time to report their users.
    pub async fn wait_until_ready(&self) {
        let mut is_ready = self.0.is_ready.subscribe();
        // `self` owns the sender, so this cannot fail.
        let _ = is_ready.wait_for(|is_ready| *is_ready).await;
    }

    /// Whether the gateways have had time to report their users.
    pub fn is_ready(&self) -> bool {
        *self.0.is_ready.borrow()
    }

    /// Whether a user is online.
    pub fn is_online(&self, user: &str) -> bool {
        self.presence().is_online(user)
    }

    /// Returns the names of all users that are online.
    pub fn list_users(&self) -> Vec<String> {
        let mut users = self.presence().online_users();
        users.retain(|name| !is_device_name(name));
        users
    }

    /// Subscribes to the names of users that go offline from now on.
    pub fn subscribe_offline(&self) -> broadcast::Receiver<String> {
        self.0.went_offline.subscribe()
    }

    /// Announces the users among these changes who went offline.
    fn announce_offline(&self, changes: Vec<PresenceChange>) {
        let is_user = |change: &PresenceChange| !change.online && !is_device_name(&change.user);
        for change in changes.into_iter().filter(is_user) {
            // Fails if there are no subscribers, which is fine.
            let _ = self.0.went_offline.send(change.user);
        }
    }

    fn presence(&self) -> MutexGuard<'_, Presence> {
        self.0
            .presence
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

async fn run_listener(
    online: OnlineUsers,
    mut bus: GatewayBus,
    nats: Option<Client>,
    shutdown: CancellationToken,
) {
    let is_connected = || {
        nats.as_ref()
            .is_some_and(|nats| nats.connection_state() == State::Connected)
    };
    let mut was_connected = false;
    let mut ticks = interval(TICK_INTERVAL);
    let ready_at = Instant::now() + SNAPSHOT_TIMEOUT;
    loop {
        tokio::select! {
            () = shutdown.cancelled() => return,
            Some(message) = bus.recv() => {
                let is_new_gateway = !online.presence().is_known(&message.gateway) && message.payload != GatewayPayload::Join;
                let changes = online.presence().apply(message, Instant::now());
                online.announce_offline(changes);
                if is_new_gateway {
                    bus.send(GatewayPayload::Join).await;
                }
            }
            _ = ticks.tick() => {
                let now = is_connected();
                if now && !was_connected {
                    // Gateways were silent because this dispatcher was disconnected. Restart their
                    // heartbeat timeouts.
                    online.presence().reset_timeouts(Instant::now());
                    bus.send(GatewayPayload::Join).await;
                }
                was_connected = now;
                if now {
                    let (_, changes) = online.presence().expire(Instant::now());
                    online.announce_offline(changes);
                }
                if Instant::now() >= ready_at {
                    online.0.is_ready.send_replace(true);
                }
            }
        }
    }
}
