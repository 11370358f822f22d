//! Who is online, as the gateways tell it; and who has just gone, for whom what was sent in the last moment
//! may have gone nowhere.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use async_nats::Client;
use async_nats::connection::State;
use event_log::mirror::MirrorConfig;
use presence::{Presence, Said, Wire};
use tokio::sync::{broadcast, watch};
use tokio::time::interval;
use tokio_util::sync::CancellationToken;

/// How often to look who is gone.
const TICK: Duration = Duration::from_millis(250);

/// Changes that wait for a worker; one that has missed some looks at everybody.
const CHANGES: usize = 10_000;

/// How long gateways are given to say who is online, before anybody is taken to be offline.
const ANSWER_WITHIN: Duration = Duration::from_secs(3);

/// What this dispatcher knows. Cheap to clone.
#[derive(Clone)]
pub struct Online(Arc<Shared>);

struct Shared {
    presence: Mutex<Presence>,
    gone: broadcast::Sender<String>,
    is_known: watch::Sender<bool>,
}

impl Online {
    /// Starts to listen; ends with `shutdown`. Without NATS everybody is offline.
    pub async fn listen(
        nats: Option<&Client>,
        mirror: &MirrorConfig,
        shutdown: CancellationToken,
    ) -> Self {
        let (gone, _) = broadcast::channel(CHANGES);
        let (is_known, _) = watch::channel(false);
        let online = Self(Arc::new(Shared {
            presence: Mutex::default(),
            gone,
            is_known,
        }));
        let wire = Wire::open(nats, mirror).await;
        tokio::spawn(listen(online.clone(), wire, nats.cloned(), shutdown));
        online
    }

    /// Waits until gateways have had time to answer.
    pub async fn known(&self) {
        let mut is_known = self.0.is_known.subscribe();
        // The sender is part of this, so it is there.
        let _ = is_known.wait_for(|known| *known).await;
    }

    /// Whether somebody is online.
    pub fn has(&self, user: &str) -> bool {
        self.presence().is_online(user)
    }

    /// Everybody who is online.
    pub fn everybody(&self) -> Vec<String> {
        self.presence().everybody()
    }

    /// Those who go offline from now on.
    pub fn gone(&self) -> broadcast::Receiver<String> {
        self.0.gone.subscribe()
    }

    fn presence(&self) -> MutexGuard<'_, Presence> {
        self.0
            .presence
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

async fn listen(online: Online, mut wire: Wire, nats: Option<Client>, shutdown: CancellationToken) {
    let is_connected = || {
        nats.as_ref()
            .is_some_and(|nats| nats.connection_state() == State::Connected)
    };
    let mut was_connected = false;
    let mut ticks = interval(TICK);
    let known_at = Instant::now() + ANSWER_WITHIN;
    loop {
        tokio::select! {
            () = shutdown.cancelled() => return,
            Some(word) = wire.hear() => {
                let is_unknown = !online.presence().knows(&word.gateway) && word.said != Said::Hello;
                let changes = online.presence().heard(word, Instant::now());
                for change in changes.into_iter().filter(|change| !change.online) {
                    // Nobody may be listening.
                    let _ = online.0.gone.send(change.user);
                }
                if is_unknown {
                    wire.say(Said::Hello).await;
                }
            }
            _ = ticks.tick() => {
                let now = is_connected();
                if now && !was_connected {
                    // Gateways were not heard of because nothing was: they get the time of a heartbeat.
                    online.presence().excuse(Instant::now());
                    wire.say(Said::Hello).await;
                }
                was_connected = now;
                if now {
                    let (_, changes) = online.presence().pass(Instant::now());
                    for change in changes.into_iter().filter(|change| !change.online) {
                        let _ = online.0.gone.send(change.user);
                    }
                }
                if Instant::now() >= known_at {
                    online.0.is_known.send_replace(true);
                }
            }
        }
    }
}
