//! Readiness checks: whether a load balancer should send requests to this process.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use diagnostics::ProjectionLag;
use event_log::EventLog;
use event_log::reader::LogReader;
use event_stream::mirror_health::MirrorHealth;
use http_edge::ops::Readiness;
use settings::Services;
use tokio_util::sync::CancellationToken;

use super::pools::Pools;

/// The largest acceptable lag of the read model, in seconds. With more, clients would notice stale
/// data.
const MAX_LAG_SECONDS: f64 = 10.0;

/// How long the primary may take to say how far it is.
const PRIMARY_TIMEOUT: Duration = Duration::from_millis(500);

/// The state of the start.
#[derive(Default)]
pub struct StartupState {
    log: OnceLock<EventLog>,
    started: AtomicBool,
}

impl StartupState {
    /// Sets the log that commands append to.
    pub fn set_log(&self, log: EventLog) {
        self.log.get_or_init(|| log);
    }

    /// Records that the gate is open.
    pub fn mark_started(&self) {
        self.started.store(true, Ordering::Release);
    }

    fn require_started(&self) -> Result<(), String> {
        if self.started.load(Ordering::Acquire) {
            Ok(())
        } else {
            Err("waiting for Postgres".into())
        }
    }
}

/// Builds the checks. A mirror that has stalled is only reported: without NATS, everything works,
/// but wake-ups are delayed. A load balancer that took such a process out would stop sends.
pub fn build_checks(
    roles: Services,
    progress: &Arc<StartupState>,
    pools: &Pools,
    mirror: &MirrorHealth,
    draining: CancellationToken,
) -> Readiness {
    let mut checks = Readiness::builder(draining);
    let start = progress.clone();
    checks = checks.with_check("start", move || {
        let outcome = start.require_started();
        async move { outcome }
    });
    if roles.commands {
        let progress = progress.clone();
        checks = checks.with_check("log", move || check_append(progress.clone()));
    }
    if roles.commands || roles.queries {
        let mirror = mirror.clone();
        checks = checks.with_notice("mirror", move || {
            let notice = describe_stall(&mirror);
            async move { notice }
        });
    }
    if roles.projector || roles.queries {
        let (progress, pool) = (progress.clone(), pools.reads.clone());
        checks = checks.with_check("projection", move || {
            check_lag(progress.clone(), pool.clone())
        });
    }
    if roles.dispatcher {
        let (progress, log) = (progress.clone(), LogReader::new(pools.projections.clone()));
        checks = checks.with_check("events", move || check_read(progress.clone(), log.clone()));
    }
    if pools.reads_replica() {
        let replication = Arc::new(ReplicationCheck {
            primary: LogReader::new(pools.writes.clone()),
            replica: LogReader::new(pools.reads.clone()),
            target: Mutex::default(),
        });
        checks = checks.with_check("replication", move || {
            let replication = replication.clone();
            async move { replication.run().await }
        });
    }
    checks.build()
}

/// Checks from time to time that a replica reaches, in time, where the primary was before.
struct ReplicationCheck {
    primary: LogReader,
    replica: LogReader,
    /// A position of the primary, and when it was seen.
    target: Mutex<Option<(i64, Instant)>>,
}

impl ReplicationCheck {
    async fn run(&self) -> Result<(), String> {
        let replica = self.replica.head().await;
        let replica = replica.map_err(|_| "cannot read from the standby".to_owned())?;
        let primary = tokio::time::timeout(PRIMARY_TIMEOUT, self.primary.head()).await;
        let mut target = self.target.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((position, seen)) = *target
            && replica.position < position
        {
            let waited = seen.elapsed().as_secs_f64();
            return if waited <= MAX_LAG_SECONDS {
                Ok(())
            } else {
                let behind = position - replica.position;
                Err(format!(
                    "the standby is {behind} events, {waited:.0} s behind"
                ))
            };
        }
        // Without the primary, the standby still answers.
        *target = match primary {
            Ok(Ok(primary)) => Some((primary.position, Instant::now())),
            _ => None,
        };
        Ok(())
    }
}

/// Checks that appends work: an empty one makes the whole way to Postgres and back.
async fn check_append(progress: Arc<StartupState>) -> Result<(), String> {
    let Some(log) = progress.log.get() else {
        return Err("the log is not open yet".into());
    };
    match log.head().await {
        Ok(_) => Ok(()),
        Err(error) => {
            tracing::debug!(%error, "the log check failed");
            Err("cannot write to Postgres".into())
        }
    }
}

/// Checks that the log can be read.
async fn check_read(progress: Arc<StartupState>, log: LogReader) -> Result<(), String> {
    progress.require_started()?;
    match log.head().await {
        Ok(_) => Ok(()),
        Err(error) => {
            tracing::debug!(%error, "the check of the events failed");
            Err("cannot read from Postgres".into())
        }
    }
}

fn describe_stall(mirror: &MirrorHealth) -> Result<(), String> {
    match mirror.stall() {
        None => Ok(()),
        Some(found) => Err(format!(
            "the stream in NATS has stalled at {} for {} s, the log is at {}{}; sends and queries \
             do not need it",
            found.position,
            found.duration.as_secs(),
            found.head,
            found
                .cause
                .map(|cause| format!(" ({cause})"))
                .unwrap_or_default()
        )),
    }
}

async fn check_lag(progress: Arc<StartupState>, pool: sqlx::PgPool) -> Result<(), String> {
    progress.require_started()?;
    match ProjectionLag::measure(&pool).await {
        Ok(lag) if lag.is_foreign => Err(format!(
            "the read model has events that the log does not have (at {}, the log at {}); it is \
             being rebuilt",
            lag.position, lag.head
        )),
        Ok(lag) if lag.seconds <= MAX_LAG_SECONDS => Ok(()),
        Ok(lag) => Err(format!(
            "catching up: {} events, {:.0} s behind",
            lag.events, lag.seconds
        )),
        Err(error) => {
            tracing::debug!(%error, "the projection check failed");
            Err("cannot read from Postgres".into())
        }
    }
}
