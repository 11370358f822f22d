//! A Postgres that accepts no writes for a while.

use eventually::eventually;
use sqlx::{Connection as _, PgConnection};
use tests::world::World;

/// Makes every new session of the database read-only, or writable again, and ends the old ones if
/// they are to be read-only.
async fn set_read_only(world: &World, is_read_only: bool) {
    let mut connection = connect(world).await;
    let (name,): (String,) = sqlx::query_as("SELECT current_database()")
        .fetch_one(&mut connection)
        .await
        .expect("a name");
    let value = if is_read_only { "on" } else { "off" };
    let alter = format!("ALTER DATABASE \"{name}\" SET default_transaction_read_only = {value}");
    for statement in ["SET default_transaction_read_only = off", &alter] {
        sqlx::raw_sql(statement)
            .execute(&mut connection)
            .await
            .expect("altered");
    }
    if is_read_only {
        sqlx::query(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
             WHERE datname = current_database() AND pid <> pg_backend_pid()",
        )
        .execute(&mut connection)
        .await
        .expect("terminated");
    }
}

async fn connect(world: &World) -> PgConnection {
    let options = world.pool.connect_options();
    PgConnection::connect_with(&options)
        .await
        .expect("connects")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_postgres_that_was_read_only_is_written_to_again() {
    // Given a system that works,
    let world = World::start().await;
    let ann = world.user("ann");
    ann.create_group("room", &["bob"]).await.expect(201);
    // when Postgres becomes read-only,
    set_read_only(&world, true).await;
    // then sends are refused, and the system says that it is not ready.
    eventually("a send is refused", async || {
        (ann.send("room", "1", "hello").await.status == 503).then_some(())
    })
    .await;
    eventually("the system is not ready", async || {
        (world.anonymous().get("/readyz").await.status == 503).then_some(())
    })
    .await;
    // When it accepts writes again,
    set_read_only(&world, false).await;
    // then the same send is accepted, although its sessions had been read-only.
    eventually("the send is accepted", async || {
        let status = ann.send("room", "1", "hello").await.status;
        matches!(status, 200 | 201).then_some(())
    })
    .await;
    eventually("the system is ready", async || {
        (world.anonymous().get("/readyz").await.status == 200).then_some(())
    })
    .await;
}
