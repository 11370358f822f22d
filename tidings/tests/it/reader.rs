//! `tidings servers env` and `tidings psql`: how people and tools reach the private servers.

use serde_json::Value;

use crate::support::{ScratchDir, TidingsProcess, run_tidings, stderr, stdout};

/// Statements that write, one for each way of writing.
const WRITES: [&str; 9] = [
    "DELETE FROM log.seals",
    "UPDATE log.head SET position = 0",
    "INSERT INTO read.users (id, name) VALUES (1000000, 'x')",
    "TRUNCATE read.messages",
    "CREATE TABLE public.mine (n int)",
    "CREATE SCHEMA mine",
    "DROP VIEW events",
    "ALTER TABLE log.events DISABLE TRIGGER ALL",
    "GRANT SELECT ON hooks.webhooks TO tidings_reader",
];

/// A running system with one message.
async fn system_with_a_message(scratch: &ScratchDir) -> (TidingsProcess, String) {
    let data = scratch.path().join("data");
    let mut up = TidingsProcess::start_up(&data);
    up.wait_until_ready().await;
    let data = data.to_str().expect("UTF-8").to_owned();
    let line =
        r#"{"conversation":"c","sender":"ann","sent_at":"2026-01-01T00:00:00Z","text":"hello"}"#;
    let file = scratch.write("one.jsonl", line);
    let file = file.to_str().expect("UTF-8");
    let imported = run_tidings(&["import", file, "--data", &data]);
    assert!(imported.status.success(), "{}", stderr(&imported));
    (up, data)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_of_tidings_psql_can_only_read() {
    let scratch = ScratchDir::new();
    let (_up, data) = system_with_a_message(&scratch).await;
    let sql = |sql: &str, more: &[&str]| {
        run_tidings(&[&["psql", "--data", &data, "--command", sql], more].concat())
    };
    // What was sent can be read, also from the view for analysts,
    let count = "SELECT count(*) AS messages FROM events WHERE event_type = 'message_sent'";
    let read = sql(count, &[]);
    assert_eq!(
        stdout(&read),
        "messages\n--------\n1\n(1 row)\n",
        "{}",
        stderr(&read)
    );
    let csv = sql(
        "SELECT seq, sender, NULL FROM read.messages",
        &["--format", "csv"],
    );
    assert!(stdout(&csv).starts_with("seq,sender,"), "{csv:?}");
    // and nothing can be written: not because the session is read-only, which it can change itself,
    for write in WRITES {
        let tried = sql(&format!("BEGIN READ WRITE; {write}; COMMIT"), &[]);
        assert_eq!(tried.status.code(), Some(1), "{write}: {tried:?}");
        let complaint = stderr(&tried);
        assert!(
            complaint.contains("permission denied") || complaint.contains("must be owner"),
            "{write}: {complaint}"
        );
    }
    // and secrets cannot be read.
    let secrets = sql("SELECT secret FROM hooks.webhooks", &[]);
    assert!(
        stderr(&secrets).contains("permission denied for schema hooks"),
        "{secrets:?}"
    );
    // A rebuild replaces the tables; the role still reads them.
    let rebuilt = run_tidings(&["rebuild", "--data", &data]);
    assert!(rebuilt.status.success(), "{}", stderr(&rebuilt));
    let privilege = "SELECT has_table_privilege('read.messages', 'SELECT') AS may_read";
    let mine = run_tidings(&[
        "servers",
        "env",
        "--data",
        &data,
        "--",
        "sh",
        "-c",
        PSQL_AS_READER,
    ]);
    let code = mine.status.code();
    assert!(code == Some(0) || code == Some(NO_PSQL), "{mine:?}");
    let after = sql(privilege, &["--format", "csv"]);
    assert_eq!(stdout(&after), "may_read\nt\n", "{}", stderr(&after));
}

/// What the next script exits with on a machine without psql.
const NO_PSQL: i32 = 77;

/// Reads as the role without `tidings psql`, which would grant it the tables again.
const PSQL_AS_READER: &str = "command -v psql >/dev/null || exit 77
psql \"$(printf %s \"$DATABASE_URL\" | sed 's#//tidings@#//tidings_psql@#')\" -Atc 'SELECT count(*) FROM read.messages'";

#[tokio::test(flavor = "multi_thread")]
async fn servers_env_prints_addresses_that_a_shell_and_a_command_can_use() {
    let scratch = ScratchDir::new();
    let (_up, data) = system_with_a_message(&scratch).await;
    let printed = run_tidings(&["servers", "env", "--data", &data]);
    let lines: Vec<&str> = stdout(&printed).lines().collect();
    assert!(lines[0].starts_with("export DATABASE_URL='postgres://tidings@localhost/"));
    assert!(lines[1].starts_with("export NATS_URL='nats://tidings:"));
    let nats_url = lines[1]
        .trim_start_matches("export NATS_URL='")
        .trim_end_matches('\'');
    // The client of async-nats does not take the password from the address.
    let client = event_stream::nats::connect_now(nats_url).await;
    let client = client.expect("NATS answers");
    let stream = async_nats::jetstream::new(client)
        .get_stream("TIDINGS")
        .await;
    assert!(stream.is_ok(), "{stream:?}");
    let run = run_tidings(&[
        "servers",
        "env",
        "--data",
        &data,
        "--",
        "sh",
        "-c",
        "printf %s \"$NATS_URL\"; exit 3",
    ]);
    assert_eq!((stdout(&run), run.status.code()), (nats_url, Some(3)));
    // The status names the same address without its password.
    let status = run_tidings(&["status", "--json", "--data", &data]);
    let status: Value = serde_json::from_str(stdout(&status)).expect("JSON");
    let shown = status["nats"]["url"].as_str().expect("an address");
    let (_, place) = nats_url.rsplit_once('@').expect("a user");
    assert_eq!(shown, format!("nats://tidings:***@{place}"));
    assert!(
        status["database"]["sessions"]["by_name"]["commands"].is_i64(),
        "{status}"
    );
}
