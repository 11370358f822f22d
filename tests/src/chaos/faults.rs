//! The faults, injected one at a time.

use anyhow::Result;
use eventually::eventually;

use super::load::Load;
use crate::fleet::{Fleet, FleetRole};
use crate::log;
use crate::seed::Rng;
use crate::servers::ServerKind;

/// A fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// The first command service is killed.
    CommandService,
    /// The second one is killed.
    SecondCommandService,
    /// The projector is killed.
    Projector,
    /// The query API is killed.
    QueryApi,
    /// nats-server is killed.
    Nats,
    /// Postgres is killed.
    Postgres,
    /// The stream of the mirror is deleted.
    DeletedStream,
    /// The first command service, the projector and nats-server are killed together.
    ThreeProcesses,
    /// Postgres stops without closing its connections, and continues later.
    FrozenPostgres,
    /// All writers send again what they have sent, as clients do after an outage.
    RetryStorm,
}

const ALL: [Fault; 10] = [
    Fault::CommandService,
    Fault::Postgres,
    Fault::Projector,
    Fault::Nats,
    Fault::DeletedStream,
    Fault::ThreeProcesses,
    Fault::FrozenPostgres,
    Fault::RetryStorm,
    Fault::QueryApi,
    Fault::SecondCommandService,
];

/// The longest pause between two faults, in milliseconds.
const MAX_PAUSE_MS: i64 = 1_200;

/// The longest time until a killed service is restarted, in milliseconds.
const MAX_DOWNTIME_MS: i64 = 800;

/// The longest time for which Postgres is frozen, in milliseconds: longer than a command waits.
const MAX_FREEZE_MS: i64 = 5_000;

/// Pauses for a random time, injects the fault of this round and repairs it. Ten rounds inject
/// each fault once, so that a short run covers all of them. Returns when sends are acknowledged
/// again.
pub async fn inject(fleet: &mut Fleet, load: &Load, rng: &mut Rng, round: usize) -> Result<Fault> {
    rng.pause(MAX_PAUSE_MS).await;
    let fault = ALL[round % ALL.len()];
    match fault {
        Fault::CommandService => restart_services(fleet, &[FleetRole::Command(0)], rng).await,
        Fault::SecondCommandService => {
            restart_services(fleet, &[FleetRole::Command(1)], rng).await;
        }
        Fault::Projector => restart_services(fleet, &[FleetRole::Projector], rng).await,
        Fault::QueryApi => restart_services(fleet, &[FleetRole::Query(0)], rng).await,
        Fault::Nats => fleet.kill_server(ServerKind::Nats).await,
        Fault::Postgres => fleet.kill_server(ServerKind::Postgres).await,
        Fault::DeletedStream => {
            // The stream may still be missing since the previous round.
            let url = fleet.nats_url().to_owned();
            eventually("the stream exists", async || {
                log::delete_mirror(&url).await.ok()
            })
            .await;
        }
        Fault::FrozenPostgres => {
            let frozen = fleet.freeze_postgres();
            rng.pause(MAX_FREEZE_MS).await;
            drop(frozen);
        }
        Fault::RetryStorm => load.send_everything_again().await,
        Fault::ThreeProcesses => {
            fleet.kill_server(ServerKind::Nats).await;
            restart_services(fleet, &[FleetRole::Command(0), FleetRole::Projector], rng).await;
        }
    }
    let before = load.acked();
    eventually(
        format!("sends are acknowledged after {fault:?}"),
        async || (load.acked() > before + 50).then_some(()),
    )
    .await;
    Ok(fault)
}

async fn restart_services(fleet: &mut Fleet, roles: &[FleetRole], rng: &mut Rng) {
    for role in roles {
        fleet.kill_service(*role);
    }
    rng.pause(MAX_DOWNTIME_MS).await;
    for role in roles {
        fleet.start_service(*role).await;
    }
}
