//! docs/operations.md: what a scrape costs.

use tests::client::http_client;
use tests::world::World;

/// The buckets of a series, with the one for everything.
const COMMAND_BUCKETS: usize = 12;

async fn scrape(world: &World) -> String {
    let url = format!("http://{}/metrics", world.address());
    let answer = http_client().get(url).send().await.expect("an answer");
    answer.text().await.expect("a text")
}

fn bucket_lines(text: &str) -> usize {
    let lines = text.lines();
    lines
        .filter(|line| line.starts_with("tidings_command_seconds_bucket{"))
        .count()
}

#[tokio::test(flavor = "multi_thread")]
async fn only_commands_that_were_given_have_buckets() {
    let world = World::start().await;
    assert_eq!(bucket_lines(&scrape(&world).await), 0);
    let ann = world.user("ann");
    ann.create_group("room", &["bob"]).await.expect(201);
    for key in ["first", "second", "first"] {
        let sent = ann.send("room", key, key).await;
        assert!(matches!(sent.status, 200 | 201), "{sent}");
    }
    ann.send("nowhere", "key", "text").await.expect(404);
    // Created; sent, sent again, and refused.
    let text = scrape(&world).await;
    assert_eq!(bucket_lines(&text), 4 * COMMAND_BUCKETS, "{text}");
    let sent = "tidings_command_seconds_count{op=\"send\",outcome=\"done\"} 2";
    assert!(text.contains(sent), "{text}");
}
