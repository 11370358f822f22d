//! What is broken, one at a time.

use std::time::Duration;

use anyhow::Result;

use super::load::Load;
use crate::eventually::eventually;
use crate::fleet::{Fleet, Role};
use crate::log;
use crate::seed::Rng;
use crate::servers::Which;

/// Something that goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// kill -9 of the command service.
    CommandService,
    /// kill -9 of the projector.
    Projector,
    /// kill -9 of the query API.
    Query,
    /// kill -9 of nats-server.
    Nats,
    /// kill -9 of Postgres.
    Postgres,
    /// The stream is deleted.
    Stream,
    /// kill -9 of command service, projector and nats-server together.
    Three,
}

const ALL: [Fault; 7] = [
    Fault::CommandService,
    Fault::Postgres,
    Fault::Projector,
    Fault::Nats,
    Fault::Stream,
    Fault::Three,
    Fault::Query,
];

/// The longest time in which nothing is broken, in milliseconds.
const LONGEST_PEACE: i64 = 1_200;

/// The longest time for which a killed service stays away, in milliseconds.
const LONGEST_ABSENCE: i64 = 800;

/// Waits a random while, then breaks something, and mends it. Each round of seven breaks each once,
/// so that a short run has met them all. Answers when sends are acknowledged again.
pub async fn strike(fleet: &mut Fleet, load: &Load, rng: &mut Rng, round: usize) -> Result<Fault> {
    pause(rng, LONGEST_PEACE).await;
    let fault = ALL[round % ALL.len()];
    match fault {
        Fault::CommandService => absent(fleet, &[Role::Command(0)], rng).await,
        Fault::Projector => absent(fleet, &[Role::Projector], rng).await,
        Fault::Query => absent(fleet, &[Role::Query(0)], rng).await,
        Fault::Nats => fleet.kill_server(Which::Nats).await,
        Fault::Postgres => fleet.kill_server(Which::Postgres).await,
        Fault::Stream => {
            // The stream may be away still since the round before.
            let url = fleet.nats_url().to_owned();
            eventually("the stream is there to be deleted", async || {
                log::delete_mirror(&url).await.ok()
            })
            .await;
        }
        Fault::Three => {
            fleet.kill_server(Which::Nats).await;
            absent(fleet, &[Role::Command(0), Role::Projector], rng).await;
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

async fn absent(fleet: &mut Fleet, roles: &[Role], rng: &mut Rng) {
    for role in roles {
        fleet.kill(*role);
    }
    pause(rng, LONGEST_ABSENCE).await;
    for role in roles {
        fleet.wake(*role).await;
    }
}

/// Random moments need random pauses: the one place where a test waits for nothing.
async fn pause(rng: &mut Rng, longest: i64) {
    tokio::time::sleep(Duration::from_millis(rng.between(0, longest) as u64)).await;
}
