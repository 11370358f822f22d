//! `tidings rebuild search` and `tidings verify --search`, beside the process that writes the index; and what rebuilds
//! keep.

use serde_json::Value;
use tests::world::World;

/// Messages.
const SENT: usize = 12;

/// What a command says.
async fn said(world: &World, arguments: &[&str]) -> String {
    let data = world.dir.join("data").display().to_string();
    let output = world.run(&[arguments, &["--data", &data]].concat()).await;
    let complained = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {complained}");
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// How it complains.
async fn complained(world: &World, arguments: &[&str]) -> String {
    let data = world.dir.join("data").display().to_string();
    let output = world.run(&[arguments, &["--data", &data]].concat()).await;
    assert_eq!(output.status.code(), Some(1), "{arguments:?}");
    String::from_utf8(output.stderr).expect("UTF-8")
}

/// Of what there is, and what comes of a search.
async fn is_right(world: &World) {
    let verified = said(world, &["verify", "--search", "--json"]).await;
    let comparison: Value = serde_json::from_str(&verified).expect("JSON");
    assert_eq!(comparison["equal"], true);
    assert_eq!(comparison["served"], comparison["rebuilt"]);
    assert_eq!(comparison["served"]["messages"], SENT);
    let found = world.user("bob").get_ok("/v1/search?q=tea").await;
    assert_eq!(found["total"], SENT);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_rebuild_replaces_is_kept_and_gone_back_to_and_dropped() {
    let world = World::start().await;
    let ann = world.user("ann");
    ann.create_group("talk", &["bob"]).await.expect(201);
    let mut position = 0;
    for n in 0..SENT {
        let sent = ann.send("talk", &n.to_string(), &format!("tea {n}")).await;
        position = sent.position();
    }
    let found = format!("/v1/search?q=tea&min_position={position}");
    assert_eq!(ann.get_ok(&found).await["total"], SENT);

    let built = said(&world, &["rebuild", "search", "--keep"]).await;
    assert!(
        built.starts_with("identical to the served index"),
        "{built}"
    );
    assert!(built.contains("\nindexed 12 messages"), "{built}");
    is_right(&world).await;
    let back = said(&world, &["rebuild", "kept-search", "--keep"]).await;
    let wanted = "resumed the kept index, of 12 messages\nidentical to the served index";
    assert!(back.starts_with(wanted), "{back}");
    is_right(&world).await;

    said(&world, &["rebuild", "--keep"]).await;
    let back = said(&world, &["rebuild", "kept", "--keep"]).await;
    let wanted = ", from the kept tables\nidentical to the served read models";
    assert!(back.contains(wanted), "{back}");
    let dropped = said(&world, &["rebuild", "drop-kept"]).await;
    assert_eq!(
        dropped,
        "dropped the tables and the search index that a rebuild had replaced\n"
    );
    for what in ["kept", "kept-search", "drop-kept"] {
        let complaint = complained(&world, &["rebuild", what]).await;
        assert!(complaint.contains("no rebuild has kept"), "{complaint}");
    }
    is_right(&world).await;
}
