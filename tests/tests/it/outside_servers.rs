//! What a process says of servers that it cannot use: a NATS that refuses the password, a host that
//! has no address, a database that does not exist or is closed.

use std::time::{Duration, Instant};

use eventually::{eventually, eventually_within};
use serde_json::Value;
use tests::client::http_client;
use tests::database::{close_database, missing_database_url, open_database};
use tests::ports;
use tests::servers::NatsInstance;
use tests::service::{ServiceProcess, run_tidings, service_env};
use tests::world::{Settings, World, create_dir};

/// A mirror counts as stalled after 30 s.
const MAX_NOTICE: Duration = Duration::from_secs(90);

/// How many groups are created, one after the other, while NATS is away.
const MANY_GROUPS: usize = 20;

/// The report of readiness: the status and the checks.
async fn read_report(port: u16) -> Option<(u16, Value)> {
    let url = format!("http://127.0.0.1:{port}/readyz");
    let answer = http_client().get(url).send().await.ok()?;
    let status = answer.status().as_u16();
    let report: Value = answer.json().await.ok()?;
    Some((status, report["checks"].clone()))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_for_nats_has_one_line_and_a_notice() {
    // Given a nats-server with a password, and a process with another one,
    let mut world = World::stopped(Settings::default().with("TIDINGS_LOG", "info")).await;
    let nats = NatsInstance::start_with_password(&create_dir());
    let (_, place) = nats.url.rsplit_once('@').expect("a user");
    world.set_env("NATS_URL", &format!("nats://tidings:s3cret@{place}"));
    // when it starts, then it works,
    world.start_service().await;
    let ann = world.user("ann");
    ann.create_group("room", &["bob"]).await.expect(201);
    let sent = ann.send("room", "key", "hello").await.position();
    world.wait_until_projected(sent).await;
    // readiness has a notice, which does not make it unready,
    let port = world.port();
    eventually_within(MAX_NOTICE, "the notice", async || {
        let (status, checks) = read_report(port).await?;
        assert_eq!(status, 200, "{checks}");
        let notice = checks["mirror"].as_str().expect("a text");
        (notice.contains("stalled at 0") && notice.contains("NATS is not connected")).then_some(())
    })
    .await;
    // and the log has one line that names the server and the cause, and not the password.
    let lines = nats_lines(&world);
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(
        lines[0].contains("The connection to NATS failed"),
        "{lines:?}"
    );
    assert!(lines[0].contains(place), "{lines:?}");
    assert!(lines[0].contains("authorization violation"), "{lines:?}");
    let log = std::fs::read_to_string(world.dir.join("up.log")).expect("a log");
    assert!(!log.contains("s3cret"), "{log}");
    // So does the status.
    let data = world.dir.join("data").display().to_string();
    let status = world.run_ok(&["status", "--json", "--data", &data]).await;
    assert!(!status.contains("s3cret"), "{status}");
    assert!(status.contains("authorization violation"), "{status}");
}

/// The lines of the log about the connection to NATS.
fn nats_lines(world: &World) -> Vec<String> {
    let log = std::fs::read_to_string(world.dir.join("up.log")).expect("a log");
    let lines = log.lines().filter(|line| line.contains("NATS"));
    lines.map(str::to_owned).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_port_of_nats_has_one_line_and_another_one_once_it_is_open() {
    // Given a process that has tried to reach a closed port for a while,
    let mut world = World::stopped(Settings::default().with("TIDINGS_LOG", "info")).await;
    let port = ports::find_free();
    world.set_env("NATS_URL", &format!("nats://127.0.0.1:{port}"));
    world.start_service().await;
    let ann = world.user("ann");
    for n in 1..=MANY_GROUPS {
        let created = ann.create_group(&format!("room{n}"), &["bob"]).await;
        world.wait_until_projected(created.position()).await;
    }
    // then one line names the server and the cause.
    let line = eventually("the line", async || nats_lines(&world).into_iter().next()).await;
    let expected = [
        "The connection to NATS failed",
        &format!("127.0.0.1:{port}"),
        "refused",
    ];
    assert!(expected.iter().all(|text| line.contains(text)), "{line}");
    // When a server listens there, one more line says that it is used again.
    let _nats = NatsInstance::start_at(&create_dir(), port);
    let line = eventually("the second line", async || {
        nats_lines(&world).into_iter().nth(1)
    })
    .await;
    assert!(
        line.contains("The connection to NATS works again"),
        "{line}"
    );
    let created = ann.create_group("room", &["bob"]).await;
    world.wait_until_projected(created.position()).await;
    assert_eq!(nats_lines(&world).len(), 2);
}

/// What `tidings migrate` says of a database that it cannot use.
async fn fail_to_migrate(url: &str) -> String {
    let output = run_tidings(&["migrate"], &service_env(url, "nats://127.0.0.1:1")).await;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(!said.contains("s3cret"), "{said}");
    said
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_without_an_address_is_named_with_what_to_check() {
    let began = Instant::now();
    let said = fail_to_migrate("postgres://ann:s3cret@no-such-host.invalid/tidings").await;
    assert!(said.contains("no-such-host.invalid:5432"), "{said}");
    assert!(
        said.contains("check the host in the address of the database"),
        "{said}"
    );
    assert!(said.contains("gave up after 30 s"), "{said}");
    let took = began.elapsed();
    assert!((25..60).contains(&took.as_secs()), "{took:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_database_is_named_with_the_command_that_creates_it() {
    let began = Instant::now();
    let url = missing_database_url("nowhere_to_be_found");
    let said = fail_to_migrate(&url).await;
    assert!(
        said.contains("database \"nowhere_to_be_found\" does not exist"),
        "{said}"
    );
    assert!(said.contains("create it with `createdb -h "), "{said}");
    assert!(said.contains(" nowhere_to_be_found`"), "{said}");
    // No attempt can succeed, so it does not wait.
    let took = began.elapsed();
    assert!(took < Duration::from_secs(20), "{took:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dispatcher_is_not_ready_while_postgres_is_away() {
    // Given a dispatcher that is ready,
    let world = World::stopped(Settings::default()).await;
    let port = ports::find_free();
    let started = ServiceProcess::start("dispatcher", port, &world.dir, &world.env()).await;
    let _dispatcher = started.unwrap_or_else(|output| panic!("{output}"));
    let (_, checks) = read_report(port).await.expect("a report");
    assert_eq!(checks["events"], "ok", "{checks}");
    // when it cannot connect to its database, then it is not ready,
    close_database(&world.pool).await;
    eventually("it is not ready", async || {
        let (status, checks) = read_report(port).await?;
        (status == 503 && checks["events"] != "ok").then_some(())
    })
    .await;
    // until it can.
    open_database(&world.pool).await;
    eventually("it is ready again", async || {
        let (status, checks) = read_report(port).await?;
        (status == 200 && checks["events"] == "ok").then_some(())
    })
    .await;
}
