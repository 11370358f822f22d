//! Failovers of a real primary to a real standby, under load. `make failover` repeats them.

use std::time::Duration;

use tests::failover::{FailoverSettings, run_failovers};
use tests::replication::{ConnectionLoss, ReplicationMode};
use tests::seed::seed;

#[tokio::test(flavor = "multi_thread")]
async fn what_a_failover_loses_is_nowhere_and_what_it_keeps_is_everywhere() {
    let settings = FailoverSettings {
        mode: ReplicationMode::Asynchronous,
        delay: Duration::from_millis(5),
        loss: ConnectionLoss::Closed,
    };
    let report = run_failovers(settings, 3, seed("failover")).await;
    let report = report.expect("everything is what the log has");
    assert_eq!(report.rounds, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_synchronous_standby_has_every_acknowledged_send_of_a_primary_that_vanished() {
    let settings = FailoverSettings {
        mode: ReplicationMode::Synchronous,
        delay: Duration::ZERO,
        loss: ConnectionLoss::Silent,
    };
    let report = run_failovers(settings, 2, seed("failover")).await;
    let report = report.expect("nothing is lost");
    assert_eq!((report.rounds, report.lost), (2, 0));
}
