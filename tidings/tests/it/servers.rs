//! Private servers: started, stopped, killed.

use std::os::unix::fs::MetadataExt as _;

use sqlx::Connection as _;
use sqlx::postgres::PgConnection;
use tidings::servers::process::{self, Signal};
use tidings::servers::{Options, Servers, StartError, start};

use crate::support::{Scratch, until};

fn started(scratch: &Scratch) -> Servers {
    start(&Options::new(scratch.path().join("data"))).expect("the servers start")
}

async fn postgres_answers(servers: &Servers) -> bool {
    let Ok(mut connection) = PgConnection::connect(&servers.database_url).await else {
        return false;
    };
    sqlx::query_scalar::<_, i32>("SELECT 1")
        .fetch_one(&mut connection)
        .await
        .is_ok_and(|one| one == 1)
}

async fn nats_answers(servers: &Servers) -> bool {
    let Ok(client) = async_nats::connect(&servers.nats_url).await else {
        return false;
    };
    async_nats::jetstream::new(client)
        .query_account()
        .await
        .is_ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn servers_start_stop_and_keep_their_data() {
    let scratch = Scratch::new();
    let first = started(&scratch);
    assert!(postgres_answers(&first).await && nats_answers(&first).await);
    let mut connection = PgConnection::connect(&first.database_url)
        .await
        .expect("connects");
    sqlx::raw_sql("CREATE TABLE kept (n int); INSERT INTO kept VALUES (7)")
        .execute(&mut connection)
        .await
        .expect("writes");
    let pids = [
        first.postgres_pid().expect("runs"),
        first.nats_pid().expect("runs"),
    ];
    first.stop();
    assert!(
        !pids.into_iter().any(process::exists),
        "they have ended when stop returns"
    );
    let second = started(&scratch);
    let mut connection = PgConnection::connect(&second.database_url)
        .await
        .expect("connects");
    let kept: i32 = sqlx::query_scalar("SELECT n FROM kept")
        .fetch_one(&mut connection)
        .await
        .expect("reads");
    assert_eq!(kept, 7);
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_is_set_up_so_that_a_commit_is_durable() {
    let scratch = Scratch::new();
    let servers = started(&scratch);
    let mut connection = PgConnection::connect(&servers.database_url)
        .await
        .expect("connects");
    let settings: Vec<(String, String)> = sqlx::query_as(
        "SELECT name, setting FROM pg_settings WHERE name IN \
         ('fsync', 'synchronous_commit', 'full_page_writes', 'data_checksums', 'listen_addresses') ORDER BY name",
    )
    .fetch_all(&mut connection)
    .await
    .expect("reads");
    let shown: Vec<String> = settings
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    let expected = [
        "data_checksums=on",
        "fsync=on",
        "full_page_writes=on",
        "listen_addresses=",
        "synchronous_commit=on",
    ];
    assert_eq!(shown, expected);
    let (collation, encoding): (String, String) = sqlx::query_as(
        "SELECT datcollate, pg_encoding_to_char(encoding) FROM pg_database WHERE datname = current_database()",
    )
    .fetch_one(&mut connection)
    .await
    .expect("reads");
    assert_eq!((collation.as_str(), encoding.as_str()), ("C", "UTF8"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_server_comes_back_where_it_was() {
    let scratch = Scratch::new();
    let servers = started(&scratch);
    for pid_of in [Servers::postgres_pid, Servers::nats_pid] {
        let killed = pid_of(&servers).expect("runs");
        process::send(killed, Signal::Kill).expect("is killed");
        until("another process", async || {
            pid_of(&servers).is_some_and(|pid| pid != killed)
        })
        .await;
    }
    // At the same addresses as before: clients know no others.
    until("Postgres answers", async || {
        postgres_answers(&servers).await
    })
    .await;
    until("NATS answers", async || nats_answers(&servers).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_start_names_the_holder() {
    let scratch = Scratch::new();
    let servers = started(&scratch);
    match start(&Options::new(scratch.path().join("data"))) {
        Err(StartError::Held { pid, .. }) => assert_eq!(pid, Some(std::process::id())),
        other => panic!("expected Held, got {other:?}"),
    }
    assert!(
        postgres_answers(&servers).await,
        "the first is not disturbed"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn servers_never_run_as_root() {
    let scratch = Scratch::new();
    let servers = started(&scratch);
    let mine = process::effective_user();
    for pid in [
        servers.postgres_pid().expect("runs"),
        servers.nats_pid().expect("runs"),
    ] {
        let user = std::fs::metadata(format!("/proc/{pid}"))
            .expect("runs")
            .uid();
        if mine == 0 {
            assert_ne!(user, 0, "process {pid} runs as root");
        } else {
            assert_eq!(user, mine);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn servers_that_exist_are_not_started() {
    let scratch = Scratch::new();
    let options = Options {
        database_url: Some("postgres://elsewhere/d".into()),
        nats_url: Some("nats://elsewhere".into()),
        ..Options::new(scratch.path())
    };
    let servers = start(&options).expect("nothing to start");
    assert_eq!((servers.postgres_pid(), servers.nats_pid()), (None, None));
    assert_eq!(servers.database_url, "postgres://elsewhere/d");
    assert!(
        !format!("{servers:?}").contains("elsewhere"),
        "addresses may hold passwords"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn data_of_another_major_version_is_refused_by_name() {
    let scratch = Scratch::new();
    started(&scratch).stop();
    let version = scratch.path().join("data/servers/postgres/PG_VERSION");
    std::fs::write(&version, "9\n").expect("writes");
    let options = Options {
        fetch: false,
        ..Options::new(scratch.path().join("data"))
    };
    let error = start(&options)
        .expect_err("no Postgres 9 is supported")
        .to_string();
    assert!(error.contains("made by Postgres 9"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_named_program_that_is_not_there_is_said() {
    let scratch = Scratch::new();
    let options = Options {
        nats_bin: Some("/nowhere/nats-server".into()),
        ..Options::new(scratch.path())
    };
    let error = start(&options).expect_err("it is not there").to_string();
    assert!(
        error.contains("/nowhere/nats-server") && error.contains("TIDINGS_NATS_BIN"),
        "{error}"
    );
}
