//! A custom projection: the example counts every message exactly once, even if it is killed.

use std::process::Command;

use eventually::eventually;
use sqlx::PgPool;
use tests::binary;
use tests::process::ChildProcess;
use tests::world::World;

fn start(world: &World, env: &[(&'static str, String)]) -> ChildProcess {
    let program = binary::path()
        .with_file_name("examples")
        .join("messages_per_hour");
    let mut command = Command::new(program);
    command.envs(env.iter().cloned());
    let log = world.dir.join("example.log");
    ChildProcess::start("messages_per_hour", command, &log, None)
        .unwrap_or_else(|error| panic!("{error}"))
}

async fn read_counts(pool: &PgPool) -> Option<Vec<(String, i64)>> {
    let rows = sqlx::query_as(
        "SELECT sender, sum(messages)::bigint FROM example.messages_per_hour GROUP BY sender ORDER BY sender",
    );
    rows.fetch_all(pool).await.ok()
}

async fn wait_for_counts(pool: &PgPool, expected: &[(&str, i64)]) {
    eventually(format!("the counts are {expected:?}"), async || {
        let counts = read_counts(pool).await?;
        let counted: Vec<(&str, i64)> =
            counts.iter().map(|(user, n)| (user.as_str(), *n)).collect();
        (counted == expected).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_example_counts_every_message_once() {
    let world = World::start().await;
    let (ann, bob) = (world.user("ann"), world.user("bob"));
    ann.create_group("c", &["bob"]).await.expect(201);
    for n in 0..30 {
        ann.send("c", &format!("a{n}"), "hello").await.expect(201);
    }
    let env = world.env();
    let mut example = start(&world, &env);
    wait_for_counts(&world.pool, &[("ann", 30)]).await;
    bob.send("c", "b", "live").await.expect(201);
    wait_for_counts(&world.pool, &[("ann", 30), ("bob", 1)]).await;
    example.kill();
    for n in 30..50 {
        ann.send("c", &format!("a{n}"), "while it is stopped")
            .await
            .expect(201);
    }
    let mut example = start(&world, &env);
    wait_for_counts(&world.pool, &[("ann", 50), ("bob", 1)]).await;
    assert!(example.is_running(), "{}", example.log_tail());
}
