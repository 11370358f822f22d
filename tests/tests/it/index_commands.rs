//! `tidings rebuild search` and `tidings verify --search` while another process writes the index;
//! and the previous versions that rebuilds keep.

use serde_json::Value;
use tests::world::World;

/// The number of messages.
const MESSAGES: usize = 12;

/// Runs a command that must succeed; returns what it prints.
async fn run_ok(world: &World, arguments: &[&str]) -> String {
    let data = world.dir.join("data").display().to_string();
    let output = world.run(&[arguments, &["--data", &data]].concat()).await;
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {stderr}");
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// Runs a command that must fail; returns its error message.
async fn run_failing(world: &World, arguments: &[&str]) -> String {
    let data = world.dir.join("data").display().to_string();
    let output = world.run(&[arguments, &["--data", &data]].concat()).await;
    assert_eq!(output.status.code(), Some(1), "{arguments:?}");
    String::from_utf8(output.stderr).expect("UTF-8")
}

/// The index agrees with the read model, and a search finds every message.
async fn assert_index_is_complete(world: &World) {
    let verified = run_ok(world, &["verify", "--search", "--json"]).await;
    let comparison: Value = serde_json::from_str(&verified).expect("JSON");
    assert_eq!(comparison["equal"], true);
    assert_eq!(comparison["served"], comparison["rebuilt"]);
    assert_eq!(comparison["served"]["messages"], MESSAGES);
    let found = world.user("bob").get_ok("/v1/search?q=tea").await;
    assert_eq!(found["total"], MESSAGES);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rebuild_can_keep_restore_and_drop_the_previous_version() {
    let world = World::start().await;
    let ann = world.user("ann");
    ann.create_group("talk", &["bob"]).await.expect(201);
    let mut position = 0;
    for n in 0..MESSAGES {
        let sent = ann.send("talk", &n.to_string(), &format!("tea {n}")).await;
        position = sent.position();
    }
    let found = format!("/v1/search?q=tea&min_position={position}");
    assert_eq!(ann.get_ok(&found).await["total"], MESSAGES);

    let built = run_ok(&world, &["rebuild", "search", "--keep"]).await;
    assert!(
        built.starts_with("identical to the served index"),
        "{built}"
    );
    assert!(built.contains("\nindexed 12 messages"), "{built}");
    assert_index_is_complete(&world).await;
    let restored = run_ok(&world, &["rebuild", "kept-search", "--keep"]).await;
    let expected = "resumed the kept index, of 12 messages\nidentical to the served index";
    assert!(restored.starts_with(expected), "{restored}");
    assert_index_is_complete(&world).await;

    run_ok(&world, &["rebuild", "--keep"]).await;
    let restored = run_ok(&world, &["rebuild", "kept", "--keep"]).await;
    let expected = ", from the kept tables\nidentical to the served read models";
    assert!(restored.contains(expected), "{restored}");
    let dropped = run_ok(&world, &["rebuild", "drop-kept", "--yes"]).await;
    assert_eq!(
        dropped,
        "dropped the tables and the search index that a rebuild had replaced\n"
    );
    for command in ["kept", "kept-search", "drop-kept"] {
        let stderr = run_failing(&world, &["rebuild", command]).await;
        assert!(stderr.contains("no rebuild has kept"), "{stderr}");
    }
    assert_index_is_complete(&world).await;
}
