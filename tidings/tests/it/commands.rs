//! The operators' commands: what they print, and how they end.

use serde_json::Value;
use tidings::servers::process::Signal;

use crate::support::{Running, Scratch, complained, http, output, said};

#[test]
fn mistakes_end_with_two_and_failures_with_one() {
    let scratch = Scratch::new();
    let data = scratch.path().to_str().expect("text");
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
            "{arguments:?} speaks on the right stream"
        );
    }
}

#[test]
fn a_token_is_all_that_token_prints() {
    let scratch = Scratch::new();
    let data = scratch.path().to_str().expect("text");
    let one = output(&["token", "ann", "--scope", "admin", "--data", data]);
    let token = said(&one).strip_suffix('\n').expect("one line");
    assert_eq!(token.split('.').count(), 3);
    let secret = std::fs::read_to_string(scratch.path().join("auth-secret")).expect("was made");
    let auth = http_edge::Auth::hs256(secret.trim().as_bytes()).expect("long enough");
    let caller = auth.verify(token).expect("is good");
    assert!(caller.user == "ann" && caller.admin);
    assert!(!complained(&one).contains(secret.trim()));
}

#[tokio::test(flavor = "multi_thread")]
async fn status_is_told_running_and_stopped() {
    let scratch = Scratch::new();
    let dir = scratch.path().join("data");
    let data = dir.to_str().expect("text");
    let json = |output: &std::process::Output| -> Value {
        serde_json::from_str(said(output)).unwrap_or_else(|_| panic!("no JSON: {output:?}"))
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
    assert!(create.send().await.expect("answers").status().is_success());
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
fn migrating_starts_what_it_needs_and_can_be_repeated() {
    let scratch = Scratch::new();
    let data = scratch.path().join("data");
    for _ in 0..2 {
        let done = output(&["migrate", "--data", data.to_str().expect("text")]);
        assert!(done.status.success(), "{}", complained(&done));
        assert!(said(&done).starts_with("the database is at version "));
    }
    let rebuilt = output(&["rebuild", "--data", data.to_str().expect("text")]);
    assert!(rebuilt.status.success(), "{}", complained(&rebuilt));
    assert!(
        said(&rebuilt).contains("\nrebuilt up to position 0 "),
        "{rebuilt:?}"
    );
}

#[test]
fn the_servers_can_be_asked_for_and_lent() {
    let scratch = Scratch::new();
    let data = scratch.path().join("data");
    let data = data.to_str().expect("text");
    let lent = output(&[
        "servers",
        "run",
        "--data",
        data,
        "--",
        "sh",
        "-c",
        "echo $DATABASE_URL $NATS_URL; exit 7",
    ]);
    assert_eq!(lent.status.code(), Some(7));
    assert!(
        said(&lent).starts_with("postgres://") && said(&lent).contains(" nats://127.0.0.1:"),
        "{lent:?}"
    );
    // The run before has fetched what was not there.
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
