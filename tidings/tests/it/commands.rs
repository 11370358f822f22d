//! The operator commands: their output and exit codes.

use serde_json::Value;
use tidings::servers::process::Signal;

use crate::support::{Running, Scratch, complained, http, output, said};

#[test]
fn usage_errors_exit_with_two_and_failures_with_one() {
    let scratch = Scratch::new();
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
        let ended = output(&[arguments, &["--data", data]].concat());
        assert_eq!(
            ended.status.code(),
            Some(code),
            "{arguments:?}: {}",
            complained(&ended)
        );
        assert_eq!(
            code == 0,
            said(&ended).len() > 1,
            "{arguments:?} writes to the right stream"
        );
    }
}

#[test]
fn token_prints_only_the_token() {
    let scratch = Scratch::new();
    let data = scratch.path().to_str().expect("the path is UTF-8");
    let one = output(&["token", "ann", "--scope", "admin", "--data", data]);
    let token = said(&one)
        .strip_suffix('\n')
        .expect("the output is one line");
    assert_eq!(token.split('.').count(), 3);
    let secret = std::fs::read_to_string(scratch.path().join("auth-secret"))
        .expect("the secret was created");
    let auth = http_edge::Auth::hs256(secret.trim().as_bytes()).expect("the secret is long enough");
    let caller = auth.verify(token).expect("the token is valid");
    assert!(caller.user == "ann" && caller.admin);
    assert!(!complained(&one).contains(secret.trim()));
}

#[tokio::test(flavor = "multi_thread")]
async fn status_is_shown_for_running_and_stopped_systems() {
    let scratch = Scratch::new();
    let dir = scratch.path().join("data");
    let data = dir.to_str().expect("the path is UTF-8");
    let json = |output: &std::process::Output| -> Value {
        serde_json::from_str(said(output))
            .unwrap_or_else(|_| panic!("the output is not JSON: {output:?}"))
    };
    assert_eq!(
        json(&output(&["status", "--json", "--data", data]))["state"],
        "stopped"
    );
    let mut up = Running::up(&dir);
    let base = up.ready().await;
    let token = output(&["token", "ann", "--data", data]);
    let create = http()
        .post(format!("{base}/v1/conversations"))
        .bearer_auth(said(&token).trim())
        .json(&serde_json::json!({"kind": "group", "members": ["bob"]}));
    assert!(
        create
            .send()
            .await
            .expect("the system responds")
            .status()
            .is_success()
    );
    let running = json(&output(&["status", "--json", "--data", data]));
    assert_eq!(running["state"], "running");
    assert_eq!(running["process"]["pid"], up.pid());
    assert_eq!(running["database"]["projection"]["head"], 1);
    assert_eq!(running["database"]["parked_events"], 0);
    assert!(running["mirror"]["position"].is_i64(), "{running}");
    let screen = output(&["status", "--data", data]);
    for word in [
        "running",
        "Postgres",
        "nats-server",
        "projection",
        "parked",
        "mirror",
    ] {
        assert!(
            said(&screen).contains(word),
            "{word} is missing:\n{}",
            said(&screen)
        );
    }
    up.signal(Signal::Interrupt);
    assert!(up.ended().await.success(), "{}", up.log());
    let stopped = json(&output(&["status", "--json", "--data", data]));
    assert_eq!(stopped["state"], "stopped");
    assert!(stopped["postgres_major"].is_u64() && stopped["data_bytes"].as_u64() > Some(1_000_000));
}

#[test]
fn migrate_starts_postgres_and_is_idempotent() {
    let scratch = Scratch::new();
    let data = scratch.path().join("data");
    for _ in 0..2 {
        let done = output(&[
            "migrate",
            "--data",
            data.to_str().expect("the path is UTF-8"),
        ]);
        assert!(done.status.success(), "{}", complained(&done));
        assert!(said(&done).starts_with("the database is at version "));
    }
    let rebuilt = output(&[
        "rebuild",
        "--data",
        data.to_str().expect("the path is UTF-8"),
    ]);
    assert!(rebuilt.status.success(), "{}", complained(&rebuilt));
    assert!(
        said(&rebuilt).contains("\nrebuilt up to position 0 "),
        "{rebuilt:?}"
    );
}

#[test]
fn servers_run_passes_addresses_and_the_exit_code() {
    let scratch = Scratch::new();
    let data = scratch.path().join("data");
    let data = data.to_str().expect("the path is UTF-8");
    let ended = output(&[
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
        said(&ended).starts_with("postgres://") && said(&ended).contains(" nats://127.0.0.1:"),
        "{ended:?}"
    );
    // The previous run has fetched missing programs.
    let doctor = output(&["servers", "doctor", "--data", data]);
    assert!(doctor.status.success(), "{doctor:?}");
    let paths = output(&["servers", "path", "--data", data]);
    let named: Vec<&str> = said(&paths).lines().collect();
    assert_eq!(named.len(), 2);
    assert!(
        named.iter().all(|path| std::path::Path::new(path).exists()),
        "{named:?}"
    );
}
