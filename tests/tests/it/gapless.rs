//! L2 and L3: with 8 writers in 2 command services, the positions are 1, 2, ..., n without a gap,
//! and the stream sequence of every event is its position. `make gapless` does the same with
//! 200,000 events.

use tests::gapless;
use tests::seed::seed;

/// The number of events.
const EVENTS: usize = 10_000;

#[tokio::test(flavor = "multi_thread")]
async fn positions_have_no_gap_and_equal_the_stream_sequences() {
    let report = gapless::run(EVENTS, seed("gapless"))
        .await
        .expect("the laws hold");
    eprintln!("{report}");
    assert!(report.events >= EVENTS && report.mirrored == report.events);
    assert!(
        report.both_services_wrote,
        "one of the two services wrote nothing"
    );
}
