//! L1, L2, L11: the checks of failovers and restores find each bug that they exist for. The bugs
//! are planted between the services and Postgres; the same scenarios without them are in `history`
//! and `high_availability`.

use eventually::eventually;
use sqlx::PgPool;
use tests::failover::check::{
    ConfirmedSend, ConfirmedSends, find_lost, load_sends, require_none_lost,
};
use tests::fleet::Fleet;
use tests::log;
use tests::pair_world::PairWorld;
use tests::planted_bug::{BugProxy, COMMITTER, PlantedBug, PostgresPlace};
use tests::replication::{ConnectionLoss, PostgresPair, ReplicationMode};
use tests::response::ApiResponse;

use crate::high_availability::{WaitEnd, find_waiting};
use crate::history::{make_writer_stale, send_until_accepted};
use crate::planted_faults::expect_found;

/// A new session of the committer takes every history for the one that it knows: all tags are the
/// same. This is the only comparison that a cached aggregate meets after a reconnection: the new
/// session begins an epoch, so the append finds its own tag, and only the first append after a load
/// compares its stream with the log.
const UNCOMPARED_HISTORY: PlantedBug = PlantedBug::Statement {
    session: COMMITTER,
    original: "SELECT begins_after, tag FROM log.epochs",
    planted: "SELECT begins_after, 0 AS tag FROM log.epochs",
};

/// An append compares its position with the head, and not its tag. No event is misplaced by that
/// alone: a session that has survived a change of the history does not exist, and each new one
/// compares histories. The positions get wrong tags.
const UNCOMPARED_HEAD: PlantedBug = PlantedBug::Statement {
    session: COMMITTER,
    original: "position = $2 AND tag = $16",
    planted: "position = $2 AND $16::integer IS NOT NULL",
};

/// The transaction that settles an unknown outcome does not wait for the standby. Appends still do.
const SETTLED_WITHOUT_STANDBY: PlantedBug = PlantedBug::Statement {
    session: COMMITTER,
    original: "SELECT position, tag FROM log.head FOR UPDATE",
    planted: "SELECT h.position, h.tag FROM log.head h,
              set_config('synchronous_commit', 'local', true) FOR UPDATE OF h",
};

/// A cancelled wait for the standby goes unnoticed.
const UNNOTICED_CANCELLATION: PlantedBug = PlantedBug::LostNotices { session: COMMITTER };

#[tokio::test(flavor = "multi_thread")]
async fn a_writer_that_does_not_compare_histories_leaves_a_hole_that_is_found() {
    let mut fleet = Fleet::start_with_bugs(2, &[UNCOMPARED_HISTORY]).await;
    make_writer_stale(&mut fleet, async |fleet: &Fleet| {
        let ann = fleet.user("ann", 0);
        ann.send_texts("room", "room/lost", 4).await;
        4
    })
    .await;
    send_until_accepted(&fleet.user("ann", 0), "room", "room/after").await;
    fleet.bugs().assert_all_hit();
    let checked = log::check_positions(&fleet.pool).await;
    expect_found(
        checked,
        "events are out of order in time or in their stream",
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_writer_that_does_not_compare_histories_writes_to_strangers_and_is_found() {
    let mut fleet = Fleet::start_with_bugs(2, &[UNCOMPARED_HISTORY]).await;
    make_writer_stale(&mut fleet, async |fleet: &Fleet| {
        let ann = fleet.user("ann", 0);
        ann.create_group("private", &["bob"]).await.expect(201);
        ann.send("private", "first", "private/first")
            .await
            .expect(201);
        2
    })
    .await;
    // The group of a stranger gets the stream number of the lost one.
    let cat = fleet.user("cat", 1);
    for n in 0..80 {
        let created = cat.create_group(&format!("other{n}"), &["dan"]).await;
        created.expect(201);
    }
    load_sends(&fleet.pool)
        .await
        .expect("each send is where it belongs");
    send_until_accepted(&fleet.user("ann", 0), "private", "private/secret").await;
    fleet.bugs().assert_all_hit();
    expect_found(
        load_sends(&fleet.pool).await,
        "private/secret was written into other",
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_append_that_does_not_compare_tags_is_found_in_the_mirror() {
    let fleet = Fleet::start_with_bugs(2, &[UNCOMPARED_HEAD]).await;
    let ann = fleet.user("ann", 0);
    ann.create_group("room", &["bob"]).await.expect(201);
    // A writer begins its epoch with its first command. This one appends nothing, so the other
    // writer does not notice: its events get the tag of an epoch that the log does not have.
    let refused = fleet.user("cat", 1).create_group("room", &["dan"]).await;
    refused.expect(409);
    let head = ann.send_texts("room", "room/", 3).await;
    fleet.bugs().assert_all_hit();
    let url = fleet.nats_url();
    eventually("the mirror is at the head", async || {
        (log::mirror_range(url).await.ok()?.1 == head as u64).then_some(())
    })
    .await;
    let events = log::fetch_events(&fleet.admin()).await.expect("the log");
    expect_found(log::check_mirror(url, &events).await, "the log has");
}

/// A send that waits for the synchronous standby is acknowledged although it lacks the message.
/// Returns what the check of the acknowledged sends says after the failover.
async fn acknowledge_too_early(bug: PlantedBug, end: WaitEnd) -> anyhow::Result<()> {
    let mut proxy = None;
    let mut world = PairWorld::start(ReplicationMode::Synchronous, |pair: &PostgresPair| {
        let server = PostgresPlace::Port(pair.client_port());
        proxy.insert(BugProxy::start(server, &[bug])).url()
    })
    .await;
    let key = "room/early";
    world.pair.cut_replication();
    let ann = world.user("ann");
    let sending = tokio::spawn(async move { ann.send("room", key, key).await });
    let mut admin = world.pair.connect("postgres").await;
    let session = tokio::sync::Mutex::new(&mut admin);
    let waiting = eventually("the send waits", async || {
        find_waiting(*session.lock().await).await
    })
    .await;
    end.apply(&mut world.pair, waiting).await;
    let answer: ApiResponse = sending.await.expect("an answer");
    let send = ConfirmedSend {
        conversation: "room".to_owned(),
        seq: answer.expect(201)["seq"].as_i64().expect("a seq"),
        position: answer.position(),
    };
    proxy.expect("a proxy").assert_all_hit();
    world.pair.fail_over(ConnectionLoss::Closed).await;
    let promoted = PgPool::connect(&world.pair.url()).await.expect("a pool");
    let logged = load_sends(&promoted).await.expect("the sends of the log");
    let acked = ConfirmedSends::from([(key.to_owned(), send)]);
    require_none_lost(&find_lost(&acked, &logged).expect("the same sends"))
}

/// What the check says of a single lost send.
const ONE_LOST: &str = "1 acknowledged sends were lost although the standby is synchronous";

#[tokio::test(flavor = "multi_thread")]
async fn an_outcome_that_is_settled_without_the_standby_is_found() {
    for end in [WaitEnd::Terminated, WaitEnd::Cancelled] {
        expect_found(
            acknowledge_too_early(SETTLED_WITHOUT_STANDBY, end).await,
            ONE_LOST,
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_wait_that_goes_unnoticed_is_found() {
    expect_found(
        acknowledge_too_early(UNNOTICED_CANCELLATION, WaitEnd::Cancelled).await,
        ONE_LOST,
    );
}
