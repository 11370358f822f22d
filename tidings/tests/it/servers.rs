//! Embedded servers: start, stop and recovery after a kill.

use std::os::unix::fs::MetadataExt as _;

use embedded_servers::process::{self, Signal};
use embedded_servers::{EmbeddedServers, ServerOptions, StartError, start};
use eventually::eventually_true;
use sqlx::Connection as _;
use sqlx::postgres::PgConnection;

use crate::support::ScratchDir;

fn start_servers(scratch: &ScratchDir) -> EmbeddedServers {
    start(&ServerOptions::new(scratch.path().join("data"))).expect("the servers start")
}

async fn can_query_postgres(servers: &EmbeddedServers) -> bool {
    let Ok(mut connection) = PgConnection::connect(&servers.database_url).await else {
        return false;
    };
    sqlx::query_scalar::<_, i32>("SELECT 1")
        .fetch_one(&mut connection)
        .await
        .is_ok_and(|one| one == 1)
}

async fn can_query_nats(servers: &EmbeddedServers) -> bool {
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
    let scratch = ScratchDir::new();
    let first = start_servers(&scratch);
    assert!(can_query_postgres(&first).await && can_query_nats(&first).await);
    let mut connection = PgConnection::connect(&first.database_url)
        .await
        .expect("the connection is accepted");
    sqlx::raw_sql("CREATE TABLE kept (n int); INSERT INTO kept VALUES (7)")
        .execute(&mut connection)
        .await
        .expect("the write succeeds");
    let pids = [
        first.postgres_pid().expect("the process is running"),
        first.nats_pid().expect("the process is running"),
    ];
    first.stop();
    assert!(
        !pids.into_iter().any(process::exists),
        "the servers have ended when stop returns"
    );
    let second = start_servers(&scratch);
    let mut connection = PgConnection::connect(&second.database_url)
        .await
        .expect("the connection is accepted");
    let kept: i32 = sqlx::query_scalar("SELECT n FROM kept")
        .fetch_one(&mut connection)
        .await
        .expect("the query succeeds");
    assert_eq!(kept, 7);
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_settings_make_commits_durable() {
    let scratch = ScratchDir::new();
    let servers = start_servers(&scratch);
    let mut connection = PgConnection::connect(&servers.database_url)
        .await
        .expect("the connection is accepted");
    let settings: Vec<(String, String)> = sqlx::query_as(
        "SELECT name, setting FROM pg_settings WHERE name IN \
         ('fsync', 'synchronous_commit', 'full_page_writes', 'data_checksums', 'listen_addresses') ORDER BY name",
    )
    .fetch_all(&mut connection)
    .await
    .expect("the query succeeds");
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
    .expect("the query succeeds");
    assert_eq!((collation.as_str(), encoding.as_str()), ("C", "UTF8"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_server_restarts_at_the_same_address() {
    let scratch = ScratchDir::new();
    let servers = start_servers(&scratch);
    for pid_of in [EmbeddedServers::postgres_pid, EmbeddedServers::nats_pid] {
        let killed = pid_of(&servers).expect("the process is running");
        process::send_signal(killed, Signal::Kill).expect("the signal is sent");
        eventually_true("a new process to start", async || {
            pid_of(&servers).is_some_and(|pid| pid != killed)
        })
        .await;
    }
    // The addresses must be unchanged, because clients know no others.
    eventually_true("Postgres to respond", async || {
        can_query_postgres(&servers).await
    })
    .await;
    eventually_true("NATS to respond", async || can_query_nats(&servers).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_start_names_the_process_that_holds_the_lock() {
    let scratch = ScratchDir::new();
    let servers = start_servers(&scratch);
    match start(&ServerOptions::new(scratch.path().join("data"))) {
        Err(StartError::Locked { pid, .. }) => assert_eq!(pid, Some(std::process::id())),
        other => panic!("expected Held, got {other:?}"),
    }
    assert!(
        can_query_postgres(&servers).await,
        "the first servers keep running"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn servers_never_run_as_root() {
    let scratch = ScratchDir::new();
    let servers = start_servers(&scratch);
    let mine = process::effective_uid();
    for pid in [
        servers.postgres_pid().expect("the process is running"),
        servers.nats_pid().expect("the process is running"),
    ] {
        let user = std::fs::metadata(format!("/proc/{pid}"))
            .expect("the process is running")
            .uid();
        if mine == 0 {
            assert_ne!(user, 0, "process {pid} runs as root");
        } else {
            assert_eq!(user, mine);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn external_servers_are_not_started() {
    let scratch = ScratchDir::new();
    let options = ServerOptions {
        database_url: Some("postgres://elsewhere/d".into()),
        nats_url: Some("nats://elsewhere".into()),
        ..ServerOptions::new(scratch.path())
    };
    let servers = start(&options).expect("there is nothing to start");
    assert_eq!((servers.postgres_pid(), servers.nats_pid()), (None, None));
    assert_eq!(servers.database_url, "postgres://elsewhere/d");
    assert!(
        !format!("{servers:?}").contains("elsewhere"),
        "addresses may contain passwords"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn data_of_an_unsupported_major_version_is_rejected() {
    let scratch = ScratchDir::new();
    start_servers(&scratch).stop();
    let version = scratch.path().join("data/servers/postgres/PG_VERSION");
    std::fs::write(&version, "9\n").expect("the write succeeds");
    let options = ServerOptions {
        fetch: false,
        ..ServerOptions::new(scratch.path().join("data"))
    };
    let error = start(&options)
        .expect_err("Postgres 9 is not supported")
        .to_string();
    assert!(error.contains("created by Postgres 9"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_configured_program_that_does_not_exist_is_reported() {
    let scratch = ScratchDir::new();
    let options = ServerOptions {
        nats_bin: Some("/nowhere/nats-server".into()),
        ..ServerOptions::new(scratch.path())
    };
    let error = start(&options)
        .expect_err("the program does not exist")
        .to_string();
    assert!(
        error.contains("/nowhere/nats-server") && error.contains("TIDINGS_NATS_BIN"),
        "{error}"
    );
}
