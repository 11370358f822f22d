//! The operator commands: their output and exit codes.

use embedded_servers::process::Signal;
use eventually::eventually_true;
use serde_json::Value;

use crate::support::{ScratchDir, TidingsProcess, new_http_client, run_tidings, stderr, stdout};

#[test]
fn usage_errors_exit_with_two_and_failures_with_one() {
    let scratch = ScratchDir::new();
    let data = scratch.path().to_str().expect("the path is UTF-8");
    let cases: [(&[&str], i32); 9] = [
        (&["--help"], 0),
        (&["--version"], 0),
        (&["nonsense"], 2),
        (&["token"], 2),
        (&["token", ""], 2),
        (&["token", "ann", "--ttl", "0s"], 2),
        (&["up", "--log", "tidings=nonsense"], 2),
        (&["query-api"], 2),
        (&["import", "/nowhere.jsonl"], 1),
    ];
    for (arguments, code) in cases {
        let ended = run_tidings(&[arguments, &["--data", data]].concat());
        assert_eq!(
            ended.status.code(),
            Some(code),
            "{arguments:?}: {}",
            stderr(&ended)
        );
        assert_eq!(
            code == 0,
            stdout(&ended).len() > 1,
            "{arguments:?} writes to the right stream"
        );
    }
}

#[test]
fn token_prints_only_the_token() {
    let scratch = ScratchDir::new();
    let data = scratch.path().to_str().expect("the path is UTF-8");
    let secret = "0123456789012345678901234567890123456789012345678901234567890123";
    scratch.write("auth-secret", format!("{secret}\n"));
    let one = run_tidings(&["token", "ann", "--scope", "admin", "--data", data]);
    let token = stdout(&one)
        .strip_suffix('\n')
        .expect("the output is one line");
    assert_eq!(token.split('.').count(), 3);
    let auth = http_edge::Auth::hs256(secret.as_bytes()).expect("the secret is long enough");
    let caller = auth.verify(token).expect("the token is valid");
    assert!(caller.user == "ann" && caller.is_admin());
    assert!(!stderr(&one).contains(secret));
}

#[tokio::test(flavor = "multi_thread")]
async fn status_is_shown_for_running_and_stopped_systems() {
    let scratch = ScratchDir::new();
    let dir = scratch.path().join("data");
    let data = dir.to_str().expect("the path is UTF-8");
    let json = |output: &std::process::Output| -> Value {
        serde_json::from_str(stdout(output))
            .unwrap_or_else(|_| panic!("the output is not JSON: {output:?}"))
    };
    let mut up = TidingsProcess::start_up(&dir);
    let base = up.wait_until_ready().await;
    let token = run_tidings(&["token", "ann", "--data", data]);
    let create = new_http_client()
        .post(format!("{base}/v1/conversations"))
        .bearer_auth(stdout(&token).trim())
        .json(&serde_json::json!({"kind": "group", "members": ["bob"]}));
    assert!(
        create
            .send()
            .await
            .expect("the system responds")
            .status()
            .is_success()
    );
    let mut running = Value::Null;
    eventually_true("the status says that the start is over", async || {
        running = json(&run_tidings(&["status", "--json", "--data", data]));
        running["state"] == "running"
    })
    .await;
    assert_eq!(running["process"]["pid"], up.pid());
    assert_eq!(running["database"]["projection"]["head"], 1);
    assert_eq!(running["database"]["parked_events"], 0);
    assert!(running["mirror"]["position"].is_i64(), "{running}");
    let screen = run_tidings(&["status", "--data", data]);
    for word in [
        "running",
        "Postgres",
        "nats-server",
        "projection",
        "parked",
        "mirror",
        "tidings servers env",
    ] {
        assert!(
            stdout(&screen).contains(word),
            "{word} is missing:\n{}",
            stdout(&screen)
        );
    }
    up.send_signal(Signal::Interrupt);
    assert!(up.wait_for_exit().await.success(), "{}", up.log());
    let stopped = json(&run_tidings(&["status", "--json", "--data", data]));
    assert_eq!(stopped["state"], "stopped");
    assert!(stopped["postgres_major"].is_u64() && stopped["data_bytes"].as_u64() > Some(1_000_000));
}

#[test]
fn migrate_starts_postgres_and_is_idempotent() {
    let scratch = ScratchDir::new();
    let data = scratch.path().join("data");
    for _ in 0..2 {
        let done = run_tidings(&[
            "migrate",
            "--data",
            data.to_str().expect("the path is UTF-8"),
        ]);
        assert!(done.status.success(), "{}", stderr(&done));
        assert!(stdout(&done).starts_with("the database is at version "));
    }
}

#[test]
fn a_replaced_version_is_restored_and_discarded_with_new_and_old_words() {
    let scratch = ScratchDir::new();
    let data = scratch.path().join("data");
    let data = data.to_str().expect("the path is UTF-8");
    let rebuild = |words: &[&str]| run_tidings(&[&["rebuild"], words, &["--data", data]].concat());
    let succeed = |words: &[&str]| {
        let done = rebuild(words);
        assert!(done.status.success(), "{words:?}: {}", stderr(&done));
        stdout(&done).to_owned()
    };
    let fail = |words: &[&str]| {
        let done = rebuild(words);
        assert_eq!(done.status.code(), Some(1), "{words:?}: {done:?}");
        let complaint = stderr(&done);
        assert!(complaint.contains("no rebuild has kept"), "{complaint}");
    };
    let started = run_tidings(&["servers", "run", "--data", data, "--", "true"]);
    assert!(started.status.success(), "{}", stderr(&started));
    fail(&["--restore"]);
    for (restore, restore_search, discard) in [
        (
            &["--restore"][..],
            &["--restore", "--search"][..],
            &["--discard-kept"][..],
        ),
        (&["kept"], &["kept-search"], &["drop-kept"]),
    ] {
        let summary = succeed(&["--keep"]);
        assert!(summary.contains("\nrebuilt up to position 0 "), "{summary}");
        succeed(&[restore, &["--keep"]].concat());
        succeed(&["search"]);
        succeed(&["search", "--keep"]);
        succeed(&[restore_search, &["--keep"]].concat());
        let effect = "drop the tables and the search index that a rebuild had replaced";
        let asked = rebuild(discard);
        assert_eq!(asked.status.code(), Some(2), "{asked:?}");
        assert!(
            stderr(&asked).contains(&format!("this would {effect}; pass --yes")),
            "{asked:?}"
        );
        let planned = succeed(&[discard, &["--dry-run"]].concat());
        assert_eq!(planned, format!("this would {effect}\n"));
        let discarded = succeed(&[discard, &["--yes"]].concat());
        assert_eq!(
            discarded,
            "dropped the tables and the search index that a rebuild had replaced\n"
        );
        for words in [restore, restore_search, discard] {
            fail(words);
        }
    }
}

#[test]
fn servers_run_passes_addresses_and_the_exit_code() {
    let scratch = ScratchDir::new();
    let data = scratch.path().join("data");
    let data = data.to_str().expect("the path is UTF-8");
    let ended = run_tidings(&[
        "servers",
        "run",
        "--data",
        data,
        "--",
        "sh",
        "-c",
        "echo $DATABASE_URL $NATS_URL; exit 7",
    ]);
    assert_eq!(ended.status.code(), Some(7));
    assert!(
        stdout(&ended).starts_with("postgres://") && stdout(&ended).contains(" nats://127.0.0.1:"),
        "{ended:?}"
    );
    // The previous run has fetched missing programs.
    let doctor = run_tidings(&["servers", "doctor", "--data", data]);
    assert!(doctor.status.success(), "{doctor:?}");
    let paths = run_tidings(&["servers", "path", "--data", data]);
    let named: Vec<&str> = stdout(&paths).lines().collect();
    assert_eq!(named.len(), 2);
    assert!(
        named.iter().all(|path| std::path::Path::new(path).exists()),
        "{named:?}"
    );
}

#[test]
fn manual_pages_are_written_for_every_command() {
    let scratch = ScratchDir::new();
    let dir = scratch.path().to_str().expect("the path is UTF-8");
    let written = run_tidings(&["man", "--dir", dir]);
    assert!(written.status.success(), "{}", stderr(&written));
    for page in ["tidings.1", "tidings-up.1", "tidings-log-tail.1"] {
        let text = std::fs::read_to_string(scratch.path().join(page));
        let text = text.unwrap_or_else(|error| panic!("{page}: {error}"));
        assert!(text.contains(".SH SYNOPSIS"), "{page}:\n{text}");
    }
    let missing = run_tidings(&["man", "--dir", "/nowhere/man"]);
    assert_eq!(missing.status.code(), Some(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_system_says_how_to_get_a_token() {
    let scratch = ScratchDir::new();
    let data = scratch.path().join("data");
    let up = TidingsProcess::start_up(&data);
    let hint = format!("  token     tidings token USER --data {}", data.display());
    eventually_true("the hint", async || up.log().contains(&hint)).await;
}
