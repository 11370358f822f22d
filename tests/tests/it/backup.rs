//! A backup that is taken while everything runs, and restored when the stream, the index and the
//! cursors are further on. What the log has lost is served nowhere, and everything continues from
//! the backup.

use std::path::{Path, PathBuf};

use eventually::eventually;
use serde_json::Value;
use tests::client::Client;
use tests::database::replace_database_name;
use tests::feed;
use tests::log;
use tests::world::World;
use tokio::process::Command;

const SENDS: usize = 50;

/// Sends messages that contain a word; returns the position of the last.
async fn send(alice: &Client, word: &str) -> i64 {
    let mut last = 0;
    for n in 0..SENDS {
        let sent = alice.send("room", &format!("{word}{n}"), word).await;
        last = sent.position();
    }
    last
}

/// The directory of the programs of the running server: older programs refuse a newer server.
async fn server_programs(world: &World) -> PathBuf {
    let bin: String = sqlx::query_scalar("SELECT setting FROM pg_config WHERE name = 'BINDIR'")
        .fetch_one(&world.pool)
        .await
        .expect("the directory of the programs");
    bin.into()
}

async fn run(program: &Path, arguments: &[&str]) {
    let output = Command::new(program).args(arguments).output().await;
    let output = output.unwrap_or_else(|error| panic!("{}: {error}", program.display()));
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {stderr}", program.display());
}

async fn restore(world: &World, url: &str, bin: &Path, dump: &str) {
    let name: String = sqlx::query_scalar("SELECT current_database()::text")
        .fetch_one(&world.pool)
        .await
        .expect("a name");
    let admin = sqlx::PgPool::connect(&replace_database_name(url, "postgres"))
        .await
        .expect("the server");
    for statement in [
        format!("DROP DATABASE {name} WITH (FORCE)"),
        format!("CREATE DATABASE {name} TEMPLATE template0"),
    ] {
        sqlx::raw_sql(&statement)
            .execute(&admin)
            .await
            .expect("done");
    }
    run(
        &bin.join("pg_restore"),
        &["--exit-on-error", "-d", url, dump],
    )
    .await;
}

async fn count_hits(user: &Client, word: &str, position: i64) -> Value {
    let path = format!("/v1/search?q={word}&limit=1&min_position={position}");
    eventually("the index is at the position", async || {
        let response = user.get(&path).await;
        (response.status == 200).then(|| response.json()["total"].clone())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_system_continues_from_a_backup_that_is_older_than_its_stream() {
    let mut world = World::start().await;
    let (alice, bob) = (world.user("alice"), world.user("bob"));
    let env = world.env();
    let (_, url) = env
        .iter()
        .find(|(name, _)| *name == "DATABASE_URL")
        .expect("its URL");
    let bin = server_programs(&world).await;
    let dump = world.dir.join("backup");
    let dump = dump.to_str().expect("UTF-8");
    alice.create_group("room", &["bob"]).await.expect(201);
    let kept = send(&alice, "kept").await;
    assert_eq!(count_hits(&bob, "kept", kept).await, SENDS);
    let before = feed::read_all(&bob, 100, kept).await;
    run(&bin.join("pg_dump"), &["-Fc", "-f", dump, "-d", url]).await;
    let lost = send(&alice, "lost").await;
    assert_eq!(count_hits(&bob, "lost", lost).await, SENDS);
    world.stop();
    restore(&world, url, &bin, dump).await;
    world.start_service().await;

    let ahead = bob.get(&format!("/v1/inbox/entries?after={lost}")).await;
    assert_eq!(ahead.expect_problem(410), "cursor_ahead");
    assert_eq!(feed::read_all(&bob, 100, kept).await, before);
    assert_eq!(
        count_hits(&bob, "lost", kept).await,
        0,
        "the index was ahead of the log"
    );
    assert_eq!(count_hits(&bob, "kept", kept).await, SENDS);
    // More messages than were lost: positions of the old stream are other events now.
    for word in ["again", "more"] {
        let head = send(&alice, word).await;
        assert_eq!(count_hits(&bob, word, head).await, SENDS);
        assert_eq!(count_hits(&bob, "lost", head).await, 0);
        let events = log::fetch_events(&world.admin())
            .await
            .expect("the log is served");
        assert_eq!(events.len() as i64, head);
        let nats = world.nats.url.clone();
        eventually("the stream is at the head", async || {
            (log::mirror_range(&nats).await.ok()?.1 == head as u64).then_some(())
        })
        .await;
        log::check_mirror(&nats, &events)
            .await
            .expect("the mirror is exact");
        assert_eq!(
            bob.get_ok(&format!("/v1/inbox?min_position={head}")).await["conversations"][0]["unread"],
            head - 1
        );
    }
    let data = world.dir.join("data").display().to_string();
    for command in [["verify"].as_slice(), &["log", "verify", "--data", &data]] {
        let output = world.run(command).await;
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{command:?}: {stderr}");
    }
}
