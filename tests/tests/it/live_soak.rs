//! Live delivery under kills of every process, with many devices. `make live-soak` does the same with 200 clients
//! for minutes.

use std::time::Duration;

use tests::live_soak::faults::VICTIMS;
use tests::live_soak::{self, SoakConfig, SoakReport};
use tests::seed::seed;

#[tokio::test(flavor = "multi_thread")]
async fn every_device_has_what_sync_returns_whatever_happens() {
    let report = soak(false).await;
    assert_eq!(
        report.faults.pushed_batches, 0,
        "each service is a process: {report}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn and_so_it_has_if_a_projector_of_the_same_process_tells_what_it_has_written() {
    let report = soak(true).await;
    assert!(report.faults.pushed_batches > 20, "{report}");
}

async fn soak(together: bool) -> SoakReport {
    let size = SoakConfig {
        clients: 24,
        devices: 2,
        rounds: VICTIMS.len(),
        duration: Duration::ZERO,
        max_pause_ms: 300,
        all_in_one: together,
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
