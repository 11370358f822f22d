//! Live delivery to many devices while every process is killed. `make live-soak` does the same with
//! 200 clients for minutes.

use std::time::Duration;

use tests::live_soak::faults::VICTIMS;
use tests::live_soak::{self, SoakConfig, SoakReport};
use tests::seed::seed;

#[tokio::test(flavor = "multi_thread")]
async fn every_device_receives_what_a_sync_returns_despite_kills() {
    let report = soak(false).await;
    assert_eq!(
        report.faults.pushed_batches, 0,
        "each service is a process of its own: {report}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_holds_if_the_projector_pushes_entries_within_its_process() {
    let report = soak(true).await;
    assert!(report.faults.pushed_batches > 0, "{report}");
}

async fn soak(all_in_one: bool) -> SoakReport {
    let size = SoakConfig {
        clients: 24,
        devices: 2,
        rounds: VICTIMS.len(),
        duration: Duration::ZERO,
        max_pause_ms: 300,
        all_in_one,
    };
    let report = live_soak::run(size, seed("live-soak"))
        .await
        .expect("nothing is missing, foreign or out of order");
    eprintln!("{report}");
    assert_eq!(report.faults.kills.len(), VICTIMS.len());
    assert_eq!(
        (report.devices, report.badges, report.mismatches),
        (48, 24, 0)
    );
    let collected = report.received;
    assert!(report.sends > 200 && report.unknown > 0, "{report}");
    assert!(collected.distinct > 2_000, "{report}");
    assert!(
        collected.redeliveries > 0 && collected.redelivered > 0,
        "{report}"
    );
    assert!(report.replaced > 0 && report.broken > 0, "{report}");
    assert!(report.faults.slow_connections > 0, "{report}");
    report
}
