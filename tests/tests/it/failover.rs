//! Failovers of a real primary to a real standby, under load. `make failover` repeats them.

use std::time::Duration;

use eventually::eventually;
use tests::failover::{FailoverReport, FailoverSettings, HistoryChange, run_failovers};
use tests::fleet::Fleet;
use tests::pair_world::send_to_room;
use tests::replication::{ConnectionLoss, ReplicationMode};
use tests::seed::seed;
use tests::world::Settings;

/// The longest time until a request learns that Postgres does not answer. The promise is 3 s; a
/// busy machine may add something.
const MAX_WAIT: Duration = Duration::from_secs(5);

#[tokio::test(flavor = "multi_thread")]
async fn what_a_failover_loses_is_nowhere_and_what_it_keeps_is_everywhere() {
    let settings = FailoverSettings {
        change: HistoryChange::Failover,
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
        change: HistoryChange::Failover,
        mode: ReplicationMode::Synchronous,
        delay: Duration::ZERO,
        loss: ConnectionLoss::Silent,
    };
    let report = run_failovers(settings, 2, seed("failover")).await;
    let report = report.expect("nothing is lost");
    assert_eq!((report.rounds, report.lost), (2, 0));
}

/// One of the two standbys is 5 ms behind, so that it matters which one is promoted.
#[tokio::test(flavor = "multi_thread")]
async fn a_quorum_of_standbys_has_every_acknowledged_send() {
    let settings = FailoverSettings {
        change: HistoryChange::Failover,
        mode: ReplicationMode::Quorum,
        delay: Duration::from_millis(5),
        loss: ConnectionLoss::Closed,
    };
    let report = run_failovers(settings, 2, seed("failover")).await;
    let report = report.expect("nothing is lost");
    assert_eq!((report.rounds, report.lost), (2, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_restore_loses_is_nowhere_and_what_it_keeps_is_everywhere() {
    let settings = FailoverSettings {
        change: HistoryChange::Restore,
        mode: ReplicationMode::Asynchronous,
        delay: Duration::ZERO,
        loss: ConnectionLoss::Closed,
    };
    let report = run_failovers(settings, 2, seed("restore")).await;
    let report = report.expect("everything is what the log has");
    assert_eq!((report.rounds, report.rounds_with_losses), (2, 2));
}

/// In the first round the old primary is fenced, in the second one it stays a primary.
async fn split_the_brain(mode: ReplicationMode) -> FailoverReport {
    let settings = FailoverSettings {
        change: HistoryChange::SplitBrain,
        mode,
        delay: Duration::ZERO,
        loss: ConnectionLoss::Closed,
    };
    let report = run_failovers(settings, 2, seed("split brain")).await;
    let report = report.expect("everything is what the log has");
    assert_eq!(report.rounds, 2);
    report
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_cut_off_primary_acknowledged_is_lost_and_counted() {
    let report = split_the_brain(ReplicationMode::Asynchronous).await;
    assert_eq!(report.rounds_with_losses, 2);
    assert!(report.cut_off_acked > 0, "{report:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_primary_that_is_cut_off_from_its_synchronous_standby_acknowledges_nothing() {
    let report = split_the_brain(ReplicationMode::Synchronous).await;
    assert_eq!((report.lost, report.cut_off_acked), (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frozen_postgres_is_reported_in_time_and_used_again() {
    // Given a fleet that works
    let fleet = Fleet::start(1, &Settings::default()).await;
    let ann = fleet.user("ann", 0);
    ann.create_group("room", &["bob"]).await.expect(201);
    assert_eq!(send_to_room(&ann, "before").await.0, 201);
    // when Postgres is frozen,
    let frozen = fleet.freeze_postgres();
    // then every send is answered,
    for key in ["first", "second"] {
        let (status, waited) = send_to_room(&ann, key).await;
        assert_eq!(status, 503, "{key}");
        assert!(waited < MAX_WAIT, "{key} took {waited:?}");
    }
    // and as soon as Postgres continues, the same sends are accepted once.
    drop(frozen);
    for key in ["first", "second", "first"] {
        eventually("the send is accepted", async || {
            matches!(send_to_room(&ann, key).await.0, 200 | 201).then_some(())
        })
        .await;
    }
    let page = eventually("the history is served", async || {
        let path = "/v1/conversations/room/messages?after=0&min_position=4";
        let page = fleet.user("bob", 0).get(path).await;
        (page.status == 200).then(|| page.json())
    })
    .await;
    let texts = page["messages"].as_array().expect("messages").iter();
    let texts: Vec<&str> = texts.filter_map(|m| m["body"]["text"].as_str()).collect();
    assert_eq!(texts, ["before", "first", "second"]);
}
