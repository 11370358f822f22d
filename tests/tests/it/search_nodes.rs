//! Every query service has a search index of its own: machines share nothing but Postgres and NATS.

use std::fs;

use eventually::eventually;
use tests::client::Client;
use tests::fleet::{Fleet, FleetLayout, FleetRole, IndexPlacement};
use tests::world::Settings;

/// Sends a text to `room`, and waits until a user of each query service finds it.
async fn send_and_find(fleet: &Fleet, key: &str, text: &str, readers: &[&Client]) {
    let sent = fleet.user("ann", 0).send("room", key, text).await;
    for reader in readers {
        let path = format!("/v1/search?q={text}&min_position={}", sent.position());
        let found = eventually(format!("{text} is found"), async || {
            let found = reader.get(&path).await;
            (found.status == 200).then(|| found.json())
        })
        .await;
        assert_eq!(found["total"], 1, "{found}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_query_service_that_lost_its_index_builds_one_while_the_others_search() {
    // Given two query services, both with an index
    let layout = FleetLayout {
        command_services: 1,
        query_apis: 2,
        all_in_one: None,
        index: IndexPlacement::PerQueryApi,
    };
    let mut fleet = Fleet::start_with(layout, &Settings::default()).await;
    fleet
        .user("ann", 0)
        .create_group("room", &["bob"])
        .await
        .expect(201);
    let readers = [fleet.query_user("bob", 0), fleet.query_user("bob", 1)];
    let [first, second] = &readers;
    send_and_find(&fleet, "a", "apricot", &[first, second]).await;
    // when the index of one is lost, and more is sent meanwhile,
    fleet.kill_service(FleetRole::Query(1));
    fs::remove_dir_all(fleet.index_dir(1).path()).expect("the index is removed");
    send_and_find(&fleet, "b", "blueberry", &[first]).await;
    // then it builds a new one and finds both messages.
    fleet.start_service(FleetRole::Query(1)).await;
    for text in ["apricot", "blueberry"] {
        let found = eventually("the new index is served", async || {
            let found = second.get(&format!("/v1/search?q={text}")).await;
            assert!(matches!(found.status, 200 | 503), "{found}");
            (found.status == 200).then(|| found.json())
        })
        .await;
        assert_eq!(found["total"], 1, "{found}");
    }
    send_and_find(&fleet, "c", "cherry", &[first, second]).await;
    let builds = [0, 1].map(|query_api| fleet.index_dir(query_api).current_build());
    assert!(builds.iter().all(|build| matches!(build, Ok(Some(_)))));
}
