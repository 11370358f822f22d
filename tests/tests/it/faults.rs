//! L1 to L8 under kill -9 of every process. `make faults` does the same for 30 rounds and more.

use tests::chaos;
use tests::seed::seed;

/// One round each for the command service, Postgres, the projector and nats-server.
const ROUNDS: usize = 4;

#[tokio::test(flavor = "multi_thread")]
async fn acknowledged_sends_survive_kills_of_every_process() {
    let report = chaos::run(ROUNDS, seed("faults"))
        .await
        .expect("the laws hold");
    eprintln!("{report}");
    assert_eq!(report.faults.values().sum::<usize>(), ROUNDS);
    assert!(report.acked > 200, "only {} sends", report.acked);
    assert!(report.unknown > 0, "no send was interrupted");
    assert!(report.entries > report.acked / 2 && report.mirrored > report.acked);
}
