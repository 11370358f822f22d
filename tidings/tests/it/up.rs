//! `tidings up` and the single services: start, stop and recovery after a kill.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

use embedded_servers::process::{self, Signal};
use eventually::eventually_true;
use reqwest::StatusCode;
use serde_json::Value;

use crate::support::{
    ScratchDir, TidingsProcess, child_pids, get_status, new_http_client, run_tidings, stderr,
    stdout, tidings_command,
};

/// What `up` says once it serves: the first line up to the address, and the label of each line
/// after it.
fn welcome(text: &str) -> Vec<&str> {
    let mut lines = text.lines().skip_while(|line| !line.contains(" is up at "));
    let first = lines.next().expect("the address");
    let (title, _) = first.split_once("http").expect("the address");
    let labelled = lines.map_while(|line| line.strip_prefix("  ")?.split_once("  "));
    let labels = labelled.map(|(label, _)| label).filter(|it| !it.is_empty());
    std::iter::once(title).chain(labels).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn up_serves_and_stops_on_a_signal() {
    let scratch = ScratchDir::new();
    let data = scratch.path().join("data");
    let mut command = tidings_command(&["up", "--listen", "127.0.0.1:0", "--print-token", "demo"]);
    command.env("TIDINGS_RATE_LIMIT", "0");
    let mut up = TidingsProcess::start(&data, command);
    let base = up.wait_until_ready().await;
    let log = up.log();
    assert!(
        log.contains(&base) && log.contains("Postgres") && log.contains("nats-server"),
        "{log}"
    );
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("../README.md");
    let readme = fs::read_to_string(readme).expect("the README");
    let expected = welcome(&readme);
    assert_eq!(
        expected[1..],
        ["API docs", "servers", "data", "setup", "token", "try"]
    );
    assert_eq!(welcome(&log), expected, "{log}");
    let token = log
        .split_whitespace()
        .skip_while(|word| *word != "token")
        .nth(1)
        .expect("the output has a token");
    let client = new_http_client();
    let create = client
        .post(format!("{base}/v1/conversations"))
        .bearer_auth(token)
        .json(&serde_json::json!({"kind": "group", "members": ["ann"], "id": "general"}));
    assert_eq!(
        create.send().await.expect("the system responds").status(),
        StatusCode::CREATED
    );
    let url = format!("{base}/v1/conversations/general?min_position=1");
    let seen = client
        .get(url)
        .bearer_auth(token)
        .send()
        .await
        .expect("the system responds");
    assert_eq!(seen.status(), StatusCode::OK);
    for path in ["livez", "metrics", "openapi.json", "asyncapi.json", "docs/"] {
        assert_eq!(
            get_status(&format!("{base}/{path}")).await,
            Some(StatusCode::OK),
            "{path}"
        );
    }
    let servers = child_pids(up.pid());
    assert_eq!(servers.len(), 2);
    up.send_signal(Signal::Terminate);
    assert!(up.wait_for_exit().await.success(), "{}", up.log());
    assert!(
        !servers.into_iter().any(process::exists),
        "the servers stop before the program ends"
    );
    assert!(!data.join("run.json").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn killing_the_parent_leaves_no_children_and_loses_nothing() {
    let scratch = ScratchDir::new();
    let data = scratch.path().join("data");
    let mut up = TidingsProcess::start_up(&data);
    up.wait_until_ready().await;
    let servers = child_pids(up.pid());
    assert_eq!(servers.len(), 2);
    up.send_signal(Signal::Kill);
    up.wait_for_exit().await;
    // Start immediately, while the first Postgres may still be writing its last checkpoint.
    let mut again = TidingsProcess::start_up(&data);
    again.wait_until_ready().await;
    eventually_true("the children to end", async || {
        !servers.iter().any(|pid| process::exists(*pid))
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_system_is_stopped_although_its_parent_has_not_noticed() {
    // Given a system that was killed, whose parent, this test, has not asked for its end
    let scratch = ScratchDir::new();
    let data = scratch.path().join("data");
    let mut up = TidingsProcess::start_up(&data);
    up.wait_until_ready().await;
    let stat = format!("/proc/{}/stat", up.pid());
    up.send_signal(Signal::Kill);
    eventually_true("the process to end", async || {
        let stat = fs::read_to_string(&stat).expect("a zombie has one");
        stat.contains(") Z ")
    })
    .await;
    // when the status is asked for,
    let began = Instant::now();
    let status = run_tidings(&["status", "--data", data.to_str().expect("UTF-8")]);
    // then it says at once that the system is stopped.
    assert!(status.status.success(), "{}", stderr(&status));
    assert!(stdout(&status).starts_with("stopped\n"), "{status:?}");
    let took = began.elapsed();
    assert!(took < Duration::from_secs(20), "{took:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_address_of_nats_with_a_fixed_port_outlives_a_restart() {
    let scratch = ScratchDir::new();
    let data = scratch.path().join("data");
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let port = listener.local_addr().expect("an address").port();
    drop(listener);
    let mut addresses = Vec::new();
    for _ in 0..2 {
        let mut command = tidings_command(&["up", "--listen", "127.0.0.1:0"]);
        command.env("TIDINGS_NATS_PORT", port.to_string());
        let mut up = TidingsProcess::start(&data, command);
        up.wait_until_ready().await;
        let json = fs::read(data.join("run.json")).expect("a run file");
        let running: Value = serde_json::from_slice(&json).expect("JSON");
        addresses.push(running["nats_url"].as_str().expect("a URL").to_owned());
        up.send_signal(Signal::Terminate);
        assert!(up.wait_for_exit().await.success(), "{}", up.log());
    }
    assert!(addresses[0].ends_with(&format!("@127.0.0.1:{port}")));
    assert_eq!(addresses[0], addresses[1]);
    let password = data.join("servers/nats-password");
    let mode = fs::metadata(password).expect("a file").permissions();
    assert_eq!(mode.mode() & 0o777, 0o600);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_may_reach_what_the_running_system_allows() {
    let scratch = ScratchDir::new();
    let data = scratch.path().join("data");
    let mut command = tidings_command(&["up", "--listen", "127.0.0.1:0"]);
    command.args(["--webhook-allow", "127.0.0.0/8"]);
    let mut up = TidingsProcess::start(&data, command);
    up.wait_until_ready().await;
    let add = |url: &str| {
        let data = data.to_str().expect("UTF-8");
        run_tidings(&["webhooks", "add", url, "--events", "all", "--data", data])
    };
    let added = add("http://127.0.0.1:9/hook");
    assert!(added.status.success(), "{}", stderr(&added));
    // What it does not allow is refused, with the setting that would.
    let refused = add("http://10.0.0.1/hook");
    assert_eq!(refused.status.code(), Some(2));
    assert!(stderr(&refused).contains("--webhook-allow"), "{refused:?}");
    // A system that does not run says nothing about it.
    up.send_signal(Signal::Terminate);
    assert!(up.wait_for_exit().await.success(), "{}", up.log());
    let refused = add("http://127.0.0.1:9/hook");
    assert_eq!(refused.status.code(), Some(2));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_up_names_the_process_of_the_first() {
    let scratch = ScratchDir::new();
    let data = scratch.path().join("data");
    let mut up = TidingsProcess::start_up(&data);
    up.wait_until_ready().await;
    let second = run_tidings(&[
        "up",
        "--listen",
        "127.0.0.1:0",
        "--data",
        data.to_str().expect("the path is UTF-8"),
    ]);
    assert_eq!(second.status.code(), Some(1));
    assert!(
        stderr(&second).contains(&format!("in use by process {}", up.pid())),
        "{second:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_in_use_is_reported_before_anything_is_started() {
    let scratch = ScratchDir::new();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let address = taken
        .local_addr()
        .expect("the listener has an address")
        .to_string();
    let refused = run_tidings(&[
        "up",
        "--listen",
        &address,
        "--data",
        scratch.path().to_str().expect("the path is UTF-8"),
    ]);
    assert_eq!(refused.status.code(), Some(1));
    let expected = format!(
        "cannot listen on {address}: another program listens there; choose another address with \
         --listen or TIDINGS_LISTEN"
    );
    assert!(stderr(&refused).contains(&expected), "{refused:?}");
    assert!(!scratch.path().join("servers").exists());
}

/// An address with no listener: it was bound here a moment ago.
fn unused_address() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port is free");
    listener
        .local_addr()
        .expect("the listener has an address")
        .to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_waits_for_its_database_and_reports_it() {
    let scratch = ScratchDir::new();
    let database = format!("postgres://ann:s3cret@{}/d", unused_address());
    let nats = format!("nats://bob:s3cret@{}", unused_address());
    let mut command = tidings_command(&["up", "--listen", "127.0.0.1:0"]);
    command
        .env("DATABASE_URL", &database)
        .env("NATS_URL", &nats);
    let mut up = TidingsProcess::start(scratch.path(), command);
    let base = up.wait_for_address().await;
    eventually_true("the system to be alive", async || {
        get_status(&format!("{base}/livez")).await == Some(StatusCode::OK)
    })
    .await;
    let ready = new_http_client()
        .get(format!("{base}/readyz"))
        .send()
        .await
        .expect("the system responds");
    assert_eq!(ready.status(), StatusCode::SERVICE_UNAVAILABLE);
    let report: Value = ready.json().await.expect("the response is JSON");
    assert_eq!(report["checks"]["start"], "waiting for Postgres");
    let asked = new_http_client()
        .get(format!("{base}/v1/inbox"))
        .send()
        .await
        .expect("the system responds");
    assert_eq!(asked.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(asked.headers().contains_key("retry-after"));
    let problem: Value = asked.json().await.expect("the response is JSON");
    assert_eq!(problem["code"], "starting");
    up.send_signal(Signal::Terminate);
    assert!(up.wait_for_exit().await.success(), "{}", up.log());
    assert!(!up.log().contains("s3cret"), "{}", up.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fleet_shares_the_servers_of_a_running_system() {
    let scratch = ScratchDir::new();
    let data = scratch.path().join("data");
    let mut up = TidingsProcess::start_up(&data);
    up.wait_until_ready().await;
    for (service, checks) in [
        ("command-svc", &["log", "mirror", "start"][..]),
        ("query-api", &["mirror", "projection", "start"]),
        ("projector", &["projection", "start"]),
    ] {
        let address = unused_address();
        let mut one =
            TidingsProcess::start(&data, tidings_command(&[service, "--listen", &address]));
        let url = format!("http://{address}/readyz");
        eventually_true(service, async || {
            get_status(&url).await == Some(StatusCode::OK)
        })
        .await;
        let report: Value = new_http_client()
            .get(&url)
            .send()
            .await
            .expect("the system responds")
            .json()
            .await
            .expect("the response is JSON");
        let named: Vec<&String> = report["checks"]
            .as_object()
            .expect("the field is an object")
            .keys()
            .collect();
        assert_eq!(named, checks);
        one.send_signal(Signal::Terminate);
        assert!(
            one.wait_for_exit().await.success(),
            "{service}: {}",
            one.log()
        );
    }
}
