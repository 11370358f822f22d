//! Runs a load while processes are killed, then checks the invariants.
//!
//! Each writer sends messages with one key per message and retries under the same key while the
//! outcome is unknown. Pollers keep their cursors throughout, while faults are injected one after
//! the other. At the end, every acknowledged send must be exactly once in the log, the mirror, the
//! history and the feed of each recipient, in order, and no entry may have appeared behind a cursor
//! that was already served. [`run_index_chaos`] does the same for the search index alone, and
//! [`run_nats_nodes`] for the nodes of a NATS cluster.

mod faults;
mod index;
mod invariants;
mod load;
mod nats_nodes;
mod report;

use anyhow::Result;

use crate::fleet::Fleet;
use crate::seed::Rng;
use crate::world::Settings;

pub use faults::Fault;
pub use index::{Damage, IndexChaosReport, run_index_chaos};
pub(crate) use invariants::check_invariants;
pub use load::{AckedSend, COMMAND_SERVICES, GROUPS, READERS, WRITERS};
pub(crate) use load::{Load, LoadOutcome, members, send_until_certain};
pub use nats_nodes::{NatsNodesReport, NatsNodesSettings, run_nats_nodes};
pub use report::ChaosReport;

/// Injects this many faults at random moments under load, then checks the invariants.
pub async fn run(rounds: usize, seed: u64) -> Result<ChaosReport> {
    let mut fleet = Fleet::start(COMMAND_SERVICES, &Settings::default()).await;
    let load = load::Load::start(&fleet.endpoints(), seed).await?;
    let mut report = ChaosReport::default();
    let mut rng = Rng::new(seed);
    for round in 0..rounds {
        let fault = faults::inject(&mut fleet, &load, &mut rng, round).await?;
        *report.faults.entry(fault).or_default() += 1;
        eprintln!(
            "round {:>3}: {fault:?}; {} sends acknowledged",
            round + 1,
            load.acked()
        );
    }
    let mut outcome = load.stop().await?;
    check_invariants(&fleet.endpoints(), &mut outcome, &mut report).await?;
    Ok(report)
}
