//! The quota of files: what is announced at the same time never exceeds it together.

use embedded_servers::process::Signal;
use futures::future::join_all;
use reqwest::Method;
use serde_json::json;
use tests::client::Client;
use tests::fleet::{Fleet, FleetRole};
use tests::response::ApiResponse;
use tests::uploads::{put, reserve};
use tests::world::{Settings, World};

const QUOTA: usize = 1_000;

/// Announces a file under a key, again and again while too many are announced at the same time.
async fn announce(client: &Client, key: &str, size: usize) -> ApiResponse {
    loop {
        let file = json!({ "name": key, "type": "text/plain", "size": size });
        let request = client.request(&Method::POST, "/v1/files").json(&file);
        let answer = request.header("idempotency-key", key).send().await;
        if answer.status != 503 {
            return answer;
        }
        assert_eq!(answer.expect_problem(503), "busy");
    }
}

/// Announces 40 files of 100 bytes at once; returns the ids of those that are expected.
async fn announce_at_once(clients: &[Client], round: &str) -> Vec<String> {
    let announced = (0..40).map(|number| {
        let client = clients[number % clients.len()].clone();
        async move { announce(&client, &format!("{round}-{number}"), 100).await }
    });
    let mut ids = Vec::new();
    for answer in join_all(announced).await {
        if answer.status == 201 {
            ids.push(answer.json()["id"].as_str().expect("an id").to_owned());
        } else {
            assert_eq!(answer.expect_problem(422), "quota");
        }
    }
    ids
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_reservations_in_two_processes_never_exceed_the_quota() {
    let settings = Settings::default().with("TIDINGS_FILE_QUOTA", QUOTA);
    let mut fleet = Fleet::start(2, &settings).await;
    let clients = [fleet.user("ann", 0), fleet.user("ann", 1)];
    for (round, is_projected) in [("current", true), ("behind", false)] {
        if !is_projected {
            // The read model has none of what follows.
            fleet.freeze_service(FleetRole::Projector, Signal::Stop);
        }
        let ids = announce_at_once(&clients, round).await;
        assert_eq!(ids.len(), QUOTA / 100, "{round}");
        let over = announce(&clients[0], &format!("{round}-over"), 1).await;
        assert_eq!(over.expect_problem(422), "quota");
        announce(&fleet.user("bob", 1), round, 100)
            .await
            .expect(201);
        fleet.freeze_service(FleetRole::Projector, Signal::Continue);
        let mut last = 0;
        for id in &ids {
            let deleted = clients[1].delete(&format!("/v1/files/{id}")).await;
            last = deleted.position();
        }
        let listed = clients[0]
            .get_ok(&format!("/v1/files?min_position={last}"))
            .await;
        assert_eq!(listed["files"], json!([]), "{round}");
    }
    announce(&clients[0], "whole", QUOTA).await.expect(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_was_accepted_is_repeated_when_the_quota_is_full() {
    let world = World::start_with(Settings::default().with("TIDINGS_FILE_QUOTA", QUOTA)).await;
    let ann = world.user("ann");
    let first = announce(&ann, "first", QUOTA).await;
    first.expect(201);
    for _ in 0..2 {
        let again = announce(&ann, "first", QUOTA).await;
        assert!(again.is_replay(), "{again}");
        assert_eq!(again.json()["id"], first.json()["id"]);
        assert_eq!(
            announce(&ann, "other", 1).await.expect_problem(422),
            "quota"
        );
    }
    let repeats = (0..8).map(|_| announce(&ann, "first", QUOTA));
    for again in join_all(repeats).await {
        assert!(again.is_replay(), "{again}");
    }
    let id = first.json()["id"].as_str().expect("an id").to_owned();
    ann.delete(&format!("/v1/files/{id}")).await.expect(200);
    // A repeated request has kept no room, and a deletion leaves it at once.
    assert!(announce(&ann, "first", QUOTA).await.is_replay());
    let id = reserve(&ann, "last", QUOTA).await;
    put(&ann, &id, &[7; QUOTA]).await.expect(200);
}
