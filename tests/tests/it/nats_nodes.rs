//! The nodes of a NATS cluster are killed and lost. `make nats-cluster` does it for longer.

use tests::chaos::{NatsNodesSettings, run_nats_nodes};
use tests::fleet::Fleet;
use tests::nats_cluster::NatsCluster;
use tests::seed::seed;
use tests::world::{Settings, create_dir};

#[tokio::test(flavor = "multi_thread")]
async fn a_replicated_mirror_survives_kills_of_every_node_and_the_loss_of_one() {
    let settings = NatsNodesSettings {
        kills: 1,
        replicas: None,
    };
    let report = run_nats_nodes(settings, seed("nats")).await;
    let report = report.expect("the mirror is exact and the consumer continues");
    eprintln!("{report}");
    assert_eq!((report.kills, report.losses), (3, 1));
    assert_eq!(report.recreated_consumers, 0);
    assert!(report.consumed > 0 && report.compared.mirrored == report.consumed);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_was_lost_with_its_only_node_is_made_again_from_the_log() {
    let settings = NatsNodesSettings {
        kills: 0,
        replicas: Some(1),
    };
    let report = run_nats_nodes(settings, seed("nats")).await;
    let report = report.expect("the mirror is exact and the consumer continues");
    eprintln!("{report}");
    assert_eq!(report.losses, 1);
    assert_eq!(report.recreated_consumers, 1, "its consumer was lost too");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_stream_gets_the_replicas_that_are_configured_as_far_as_there_are_nodes() {
    // Given a cluster of three, and a configuration that asks for five replicas,
    let cluster = NatsCluster::start(&create_dir(), 3);
    let settings = Settings::default()
        .with("NATS_URL", cluster.url())
        .with("TIDINGS_STREAM_REPLICAS", 5);
    let mut fleet = Fleet::start(1, &settings).await;
    // then there are three,
    cluster.wait_until_replicated(3).await;
    let ann = fleet.user("ann", 0);
    ann.create_group("room", &["bob"]).await.expect(201);
    assert!(fleet.all_services_run());
    // and when an operator lowers their number, three again.
    cluster
        .set_replicas(1)
        .await
        .expect("the stream can be changed");
    cluster.wait_until_replicated(3).await;
}
