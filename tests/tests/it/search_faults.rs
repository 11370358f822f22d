//! The search index survives kills of its writer and damage of every kind, under load.

use tests::chaos::run_index_chaos;
use tests::seed::seed;

const KILLS: usize = 20;

#[tokio::test(flavor = "multi_thread")]
async fn the_index_equals_the_log_in_the_end() {
    let report = run_index_chaos(KILLS, seed("index-faults"))
        .await
        .expect("the index is right");
    eprintln!("{report:?}");
    assert_eq!(report.kills, KILLS);
    assert!(report.damages >= KILLS / 4, "{report:?}");
    assert!(report.answered > 100, "{report:?}");
    assert!(report.messages > 200, "{report:?}");
}
