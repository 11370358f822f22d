//! An export that is loaded into a new system is the same log, and what lacks something is refused.

use std::path::Path;

use eventually::eventually;
use serde_json::{Value, json};
use tests::log;
use tests::single_machine::SingleMachine;
use tests::world::{Settings, create_dir};

fn parse(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// A log with seals, an erasure, two epochs and text in several scripts. Returns its events.
async fn fill(machine: &mut SingleMachine) -> Vec<bytes::Bytes> {
    let ann = machine.user("ann");
    ann.create_group("team", &["bob"]).await.expect(201);
    for n in 0..30 {
        let text = format!("text {n} \\ \t \"q\"\n你好");
        ann.send("team", &format!("k{n}"), &text).await.expect(201);
    }
    let bob = machine.user("bob");
    bob.read("team", 7).await.expect(200);
    let erasure = json!({ "conversation_id": "team", "seq": 3 });
    machine
        .admin()
        .post("/v1/admin/erasures", erasure)
        .await
        .expect(200);
    // Another connection writes, and so begins another epoch.
    machine.stop();
    machine.start_service().await;
    let ann = machine.user("ann");
    ann.send("team", "last", "after a restart")
        .await
        .expect(201);
    eventually("the erasure is done", async || {
        let events = log::fetch_events(&machine.admin()).await.ok()?;
        let text = String::from_utf8_lossy(events.get(3)?).into_owned();
        text.contains("erased").then_some(())
    })
    .await;
    log::fetch_events(&machine.admin())
        .await
        .expect("the log is served")
}

async fn export(machine: &SingleMachine, dir: &Path, more: &[&str]) {
    let dir = dir.display().to_string();
    machine
        .run_ok(&[&["log", "export", &dir], more].concat())
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_loaded_export_is_the_same_log_and_serves() {
    let settings = Settings::default().with("TIDINGS_SEAL_EVERY", "1s");
    let mut origin = SingleMachine::start(&settings).await;
    let events = fill(&mut origin).await;
    origin.run_ok(&["log", "seal"]).await;
    for format in ["jsonl", "parquet"] {
        let slice = create_dir().join("slice");
        export(&origin, &slice, &["--format", format]).await;
        // When it is loaded into a new directory
        let mut copy = SingleMachine::stopped(&settings);
        let slice_arg = slice.display().to_string();
        let printed = copy.run_ok(&["log", "load", &slice_arg, "--json"]).await;
        let summary = parse(&printed);
        assert_eq!(summary["events"], events.len(), "{summary}");
        assert_eq!(summary["log"]["findings"], 0, "{summary}");
        assert!(summary["seals"].as_i64() > Some(0), "{summary}");
        // Then every event is byte for byte the same, with its id and time
        copy.start_service().await;
        let loaded = log::fetch_events(&copy.admin())
            .await
            .expect("the log is served");
        assert_eq!(loaded, events, "{format}");
        // and the system works.
        let bob = copy.user("bob");
        let last = format!(
            "/v1/conversations/team/messages/31?min_position={}",
            events.len()
        );
        assert_eq!(bob.get_ok(&last).await["body"]["text"], "after a restart");
        let sent = copy.user("ann").send("team", "new", "in the copy").await;
        assert_eq!(sent.position(), events.len() as i64 + 1);
        copy.run_ok(&["verify"]).await;
        let rebuilt = copy.run_ok(&["rebuild"]).await;
        assert!(rebuilt.contains("identical"), "{rebuilt}");
        // Seals of the origin and of the copy continue one chain.
        copy.run_ok(&["log", "seal"]).await;
        let own = copy.run(&["log", "verify", "--json"]).await;
        assert_eq!(
            own.status.code(),
            Some(1),
            "the origin's key is not trusted by itself"
        );
        let error = String::from_utf8_lossy(&own.stderr).into_owned();
        let (words, keys) = error
            .trim()
            .split_once("--public-key ")
            .expect("how to give the key");
        assert!(words.contains("match their seals") && words.contains("tidings log key"));
        assert_eq!(
            keys.split(',').count(),
            2,
            "the origin and the copy: {keys}"
        );
        copy.run_ok(&["log", "verify", "--public-key", keys]).await;
        // A second load is refused.
        copy.stop();
        let again = copy.run(&["log", "load", &slice_arg]).await;
        assert_eq!(again.status.code(), Some(2));
        let error = String::from_utf8_lossy(&again.stderr).into_owned();
        assert!(error.contains("not empty"), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slice_that_lacks_something_is_refused_with_what_it_lacks() {
    let settings = Settings::default();
    let mut origin = SingleMachine::start(&settings).await;
    let events = fill(&mut origin).await;
    let dir = create_dir();
    let copy = SingleMachine::stopped(&settings);
    for (name, more, expected) in [
        (
            "later",
            &["--after", "5"][..],
            "/conversations/team from its event",
        ),
        (
            "selected",
            &["--conversation", "team"][..],
            "only selected events",
        ),
        ("csv", &["--format", "csv"][..], "format csv"),
    ] {
        let slice = dir.join(name);
        export(&origin, &slice, more).await;
        let loaded = copy
            .run(&["log", "load", &slice.display().to_string()])
            .await;
        let error = String::from_utf8_lossy(&loaded.stderr).into_owned();
        assert_eq!(loaded.status.code(), Some(2), "{name}: {error}");
        assert!(error.contains(expected), "{name}: {error}");
    }
    assert!(!copy.data().join("servers").exists(), "nothing was created");
    // A damaged file is refused, and the database stays empty.
    let slice = dir.join("damaged");
    export(&origin, &slice, &[]).await;
    let file = find_part(&slice);
    let text = std::fs::read_to_string(&file).expect("a file");
    std::fs::write(&file, text.replace("text 5", "text 6")).expect("written");
    let slice = slice.display().to_string();
    let damaged = copy.run(&["log", "load", &slice]).await;
    assert_eq!(damaged.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&damaged.stderr).contains("does not match its digest"));
    std::fs::write(&file, text).expect("written");
    let printed = copy
        .run_ok(&["log", "load", &slice, "--without-seals", "--json"])
        .await;
    let summary = parse(&printed);
    assert_eq!(
        (&summary["events"], &summary["seals"]),
        (&json!(events.len()), &json!(0))
    );
    copy.run_ok(&["log", "seal"]).await;
    copy.run_ok(&["log", "verify"]).await;
}

/// The first file of events below a directory.
fn find_part(dir: &Path) -> std::path::PathBuf {
    let mut to_search = vec![dir.to_path_buf()];
    while let Some(dir) = to_search.pop() {
        for entry in std::fs::read_dir(&dir).expect("readable").flatten() {
            let path = entry.path();
            let name = entry.file_name().to_string_lossy().into_owned();
            if path.is_dir() {
                to_search.push(path);
            } else if name.starts_with("events-") {
                return path;
            }
        }
    }
    panic!("no file of events in {}", dir.display());
}
