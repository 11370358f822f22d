//! Split brain: a partition cuts the primary and one of the command services off from everything
//! else. The standby is promoted, and both sides get sends. Then the partition heals.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use eventually::{eventually, eventually_within};
use sqlx::PgPool;

use super::check::{ConfirmedSends, load_sends};
use super::load::{FailoverLoad, SENDS_PER_PHASE};
use crate::log;
use crate::network_side::NetworkSide;
use crate::replication::{ConnectionLoss, PostgresPair, ReplicationMode};

/// The command service that is cut off.
pub(super) const CUT_OFF: usize = 0;

/// The command service on the side of the standby.
const OTHER: usize = 1;

/// The longest time from the end of the partition to the first write of the cut-off command service
/// to the new primary. It looks for another primary every 5 s; a busy machine may add something.
const MAX_RETURN: Duration = Duration::from_secs(15);

/// What happens to the old primary when the partition heals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OldPrimaryFate {
    /// It is cut off from its clients, then stopped.
    Fenced,
    /// It continues to accept writes, and every process can reach both servers.
    StaysPrimary,
}

impl OldPrimaryFate {
    /// Both occur in turn.
    pub(super) fn of_round(round: usize) -> Self {
        if round.is_multiple_of(2) {
            Self::Fenced
        } else {
            Self::StaysPrimary
        }
    }
}

/// The two sides of the network, and where the primary is.
pub(super) struct SplitNetwork {
    /// Of the command service that will be cut off, and of everything else.
    sides: [NetworkSide; 2],
    /// Which of the two addresses leads to the primary.
    primary: usize,
}

impl SplitNetwork {
    /// A network without a partition.
    pub(super) async fn start(pair: &PostgresPair) -> Self {
        let ports = [pair.primary_port(), pair.standby_port()];
        let sides = [NetworkSide::start(ports), NetworkSide::start(ports)];
        let [cut_off, other] = sides;
        Self {
            sides: [cut_off.await, other.await],
            primary: 0,
        }
    }

    /// The URL for the command service that will be cut off, and for everything else.
    pub(super) fn urls(&self) -> [String; 2] {
        [self.sides[0].url(), self.sides[1].url()]
    }

    fn standby(&self) -> usize {
        1 - self.primary
    }

    /// Cuts each side off from the server of the other.
    fn partition(&self, loss: ConnectionLoss) {
        let silent = loss == ConnectionLoss::Silent;
        self.sides[CUT_OFF].cut(self.standby(), silent);
        self.sides[OTHER].cut(self.primary, silent);
    }

    /// Leads a side to the server that it was cut off from, at this port.
    fn reconnect(&self, side: usize, port: u16) {
        let server = if side == CUT_OFF {
            self.standby()
        } else {
            self.primary
        };
        self.sides[side].lead(server, port);
    }

    /// Cuts the old primary off from its last clients, and reads what it has.
    async fn fence(&self, old: &PgPool) -> Result<ConfirmedSends> {
        self.sides[CUT_OFF].cut(self.primary, false);
        // In these waits, a session does not notice that its client has gone.
        eventually("the writers have gone", async || {
            let writers: i64 = sqlx::query_scalar(
                "SELECT count(*) FROM pg_stat_activity
                  WHERE application_name = 'tidings committer'
                    AND wait_event IS DISTINCT FROM 'SyncRep'
                    AND wait_event_type IS DISTINCT FROM 'Lock'",
            )
            .fetch_one(old)
            .await
            .ok()?;
            (writers == 0).then_some(())
        })
        .await;
        load_sends(old).await
    }

    /// Both sides have a new standby in the place of the old primary. The primary is the server
    /// that was promoted.
    pub(super) fn replace_old_primary(&mut self, standby: u16) {
        for side in &self.sides {
            side.lead(self.primary, standby);
        }
        self.primary = self.standby();
    }
}

/// The conditions of a split brain.
pub(super) struct SplitBrain {
    pub(super) fate: OldPrimaryFate,
    pub(super) mode: ReplicationMode,
    /// What happens to the connections that the partition cuts.
    pub(super) loss: ConnectionLoss,
    pub(super) http: reqwest::Client,
    /// The port of the command service that is cut off.
    pub(super) cut_off_port: u16,
}

/// What happened in a split brain.
pub(super) struct SplitOutcome {
    /// The sends that the old primary has.
    pub(super) old_sends: ConfirmedSends,
    /// How many sends the cut-off side has acknowledged.
    pub(super) cut_off_acked: usize,
    /// The time from the end of the partition to the first send that the new primary got through
    /// the command service that was cut off.
    pub(super) time_to_return: Duration,
}

impl SplitBrain {
    /// Splits the system under load and heals it. In the end, the old primary has stopped, and
    /// nothing was written to it after its replacement was in use.
    pub(super) async fn run(
        &self,
        network: &SplitNetwork,
        pair: &mut PostgresPair,
        load: &FailoverLoad,
    ) -> Result<SplitOutcome> {
        network.partition(self.loss);
        pair.split_brain().await;
        let old = PgPool::connect(&pair.replaced_url()).await?;
        let new = PgPool::connect(&pair.url()).await?;
        let cut_off_acked = self.run_both_sides(load).await?;
        let before = log::head(&new).await?;
        let healed = Instant::now();
        let fenced = match self.fate {
            OldPrimaryFate::Fenced => {
                let sends = network.fence(&old).await?;
                pair.stop_replaced();
                Some(sends)
            }
            OldPrimaryFate::StaysPrimary => {
                network.reconnect(OTHER, pair.replaced_port());
                None
            }
        };
        network.reconnect(CUT_OFF, pair.primary_port());
        wait_for_writes_of_cut_off(&new, before).await;
        let time_to_return = healed.elapsed();
        let old_sends = match fenced {
            Some(sends) => sends,
            None => require_unused(&old, load).await?,
        };
        pair.stop_replaced();
        Ok(SplitOutcome {
            old_sends,
            cut_off_acked,
            time_to_return,
        })
    }

    /// Lets both sides get sends. Returns how many the cut-off side has acknowledged. With a
    /// synchronous standby, that must be none.
    async fn run_both_sides(&self, load: &FailoverLoad) -> Result<usize> {
        let is_synchronous = self.mode == ReplicationMode::Synchronous;
        if is_synchronous {
            // What is under way may have reached the standby before it was cut off.
            self.wait_until_not_ready().await;
        }
        let before = load.count_of(CUT_OFF);
        if !is_synchronous {
            load.wait_for_more_of(CUT_OFF, SENDS_PER_PHASE).await;
        }
        load.wait_for_more_of(OTHER, SENDS_PER_PHASE).await;
        let acked = load.count_of(CUT_OFF) - before;
        ensure!(
            acked == 0 || !is_synchronous,
            "a primary without its synchronous standby has acknowledged {acked} sends"
        );
        Ok(acked)
    }

    async fn wait_until_not_ready(&self) {
        let url = format!("http://127.0.0.1:{}/readyz", self.cut_off_port);
        eventually("the command service is not ready", async || {
            let answer = self.http.get(&url).send().await.ok()?;
            (answer.status() == 503).then_some(())
        })
        .await;
    }
}

/// Waits until the new primary has a send through the cut-off command service.
async fn wait_for_writes_of_cut_off(new: &PgPool, after: i64) {
    let expected = "the cut-off command service writes to the new primary";
    eventually_within(MAX_RETURN, expected, async || {
        let sent: i64 = sqlx::query_scalar(
            "SELECT count(*) FROM events
              WHERE position > $1 AND payload->'body'->>'text' ~ '/sender[02468]:'",
        )
        .bind(after)
        .fetch_one(new)
        .await
        .ok()?;
        (sent > 0).then_some(())
    })
    .await;
}

/// Asserts that nothing is written to the old primary any more, and returns the sends that it has.
async fn require_unused(old: &PgPool, load: &FailoverLoad) -> Result<ConfirmedSends> {
    let before = log::head(old).await?;
    for service in [CUT_OFF, OTHER] {
        load.wait_for_more_of(service, SENDS_PER_PHASE).await;
    }
    let after = log::head(old).await?;
    ensure!(
        before == after,
        "the old primary was at {before} and is at {after}, although its replacement is in use"
    );
    load_sends(old).await
}

/// Checks that each lost send was acknowledged by the old primary.
pub(super) fn check_lost(
    lost: &[String],
    acked: &ConfirmedSends,
    old: &ConfirmedSends,
) -> Result<()> {
    for key in lost {
        ensure!(
            old.get(key) == acked.get(key),
            "{key} was acknowledged as {:?}, the new primary does not have it, the old one has {:?}",
            acked.get(key),
            old.get(key)
        );
    }
    Ok(())
}
