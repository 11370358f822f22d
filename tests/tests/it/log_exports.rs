//! `tidings log export`: the log as files that other programs open as they are, once each event, by
//! the time of the log or of the messages.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tests::world::World;

use crate::log_commands::{fetch_over_http, fill_log, run_log, run_log_ok};

fn manifest(dir: &Path) -> Value {
    let text = std::fs::read_to_string(dir.join("manifest.json")).expect("a manifest");
    serde_json::from_str(&text).expect("JSON")
}

/// The text of all parts of an export.
pub(crate) fn contents(dir: &Path) -> String {
    let parts = manifest(dir)["parts"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    let texts = parts.iter().map(|part| {
        let path = dir.join(part["path"].as_str().unwrap_or_default());
        std::fs::read_to_string(path).expect("a part")
    });
    texts.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_has_every_event_once_and_resumes_where_it_ended() {
    let world = World::start().await;
    let last = fill_log(&world).await;
    let dir = world.dir.join("export");
    let path = dir.to_str().expect("UTF-8").to_owned();
    let done = run_log_ok(&world, &["export", &path, "--json"]).await;
    let done: Value = serde_json::from_str(&done).expect("JSON");
    assert_eq!(
        (&done["events"], &done["complete"]),
        (&last.into(), &true.into()),
        "{done}"
    );
    assert_eq!(contents(&dir), fetch_over_http(&world, "").await);
    // A second run without new events, and a third with one.
    run_log_ok(&world, &["export", &path]).await;
    assert_eq!(manifest(&dir)["parts"].as_array().map(Vec::len), Some(1));
    world
        .user("ann")
        .send("a", "later", "more")
        .await
        .expect(201);
    run_log_ok(&world, &["export", &path]).await;
    assert_eq!(contents(&dir), fetch_over_http(&world, "").await);
    // Another format does not fit into the same directory.
    let other = run_log(&world, &["export", &path, "--format", "csv"]).await;
    assert_eq!(other.status.code(), Some(2));
    let error = String::from_utf8_lossy(&other.stderr).into_owned();
    assert!(error.contains("an export in the format jsonl;"), "{error}");
    let csv = world.dir.join("csv");
    let csv_path = csv.to_str().expect("UTF-8").to_owned();
    run_log_ok(
        &world,
        &[
            "export",
            &csv_path,
            "--format",
            "csv",
            "--type",
            "message_sent",
        ],
    )
    .await;
    let text = contents(&csv);
    assert!(text.starts_with("position,time,type,"), "{text}");
    assert!(text.contains("\"text 3, \"\"quoted\"\"\nand é\""), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_csv_export_has_no_cell_that_a_spreadsheet_runs() {
    // Given messages that begin as formulas do
    let world = World::start().await;
    let ann = world.user("ann");
    ann.create_group("-c", &[]).await.expect(201);
    for (n, text) in ["=1+1", "+1", "-1", "@A1", " =2", "'=3", "a=b"]
        .iter()
        .enumerate()
    {
        ann.send("-c", &format!("k{n}"), text).await.expect(201);
    }
    // When the log is exported, then apostrophes make them text
    let [escaped, raw] = ["escaped", "raw"].map(|name| world.dir.join(name));
    let export = async |dir: &Path, rest: &[&str]| {
        let path = dir.to_str().expect("UTF-8");
        let fixed = ["export", path, "--format", "csv", "--type", "message_sent"];
        run_log(&world, &[&fixed[..], rest].concat()).await
    };
    assert!(export(&escaped, &[]).await.status.success());
    let text = contents(&escaped);
    for cell in ["'=1+1", "'+1", "'-1", "'@A1", "' =2", "''=3", "a=b", "'-c"] {
        assert!(text.contains(&format!(",{cell},")), "{cell}: {text}");
    }
    // And as they are with --raw, which is another export.
    assert!(export(&raw, &["--raw"]).await.status.success());
    let text = contents(&raw);
    for cell in ["=1+1", "+1", "-1", "@A1", " =2", "'=3", "a=b", "-c"] {
        assert!(text.contains(&format!(",{cell},")), "{cell}: {text}");
    }
    assert_eq!(export(&escaped, &["--raw"]).await.status.code(), Some(2));
    let jsonl = raw.with_extension("jsonl");
    let path = jsonl.to_str().expect("UTF-8");
    let refused = run_log(&world, &["export", path, "--raw"]).await;
    assert_eq!(refused.status.code(), Some(2));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_parquet_export_has_the_content_of_the_log() {
    use parquet::file::reader::{FileReader, SerializedFileReader};
    let world = World::start().await;
    fill_log(&world).await;
    let dir = world.dir.join("parquet");
    let path = dir.to_str().expect("UTF-8").to_owned();
    run_log_ok(&world, &["export", &path, "--format", "parquet"]).await;
    let mut rows: Vec<Value> = Vec::new();
    for part in manifest(&dir)["parts"].as_array().expect("parts") {
        let file =
            std::fs::File::open(dir.join(part["path"].as_str().expect("a path"))).expect("a part");
        let reader = SerializedFileReader::new(file).expect("Parquet");
        rows.extend(
            reader
                .get_row_iter(None)
                .expect("rows")
                .map(|row| row.expect("a row").to_json_value()),
        );
    }
    let log = fetch_over_http(&world, "").await;
    let events: Vec<Value> = log
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    assert_eq!(rows.len(), events.len());
    // The view has the same names and values.
    let in_sql = sqlx::query_as::<_, (i64, Option<String>, Option<String>)>(
        "SELECT position, conversation, user_id FROM events ORDER BY position",
    );
    let in_sql = in_sql.fetch_all(&world.pool).await.expect("the view");
    let in_file = rows.iter().map(|row| {
        let text = |name: &str| row[name].as_str().map(str::to_owned);
        let position = row["position"].as_i64().expect("a position");
        (position, text("conversation"), text("user_id"))
    });
    assert_eq!(in_sql, in_file.collect::<Vec<_>>());
    for (row, event) in rows.iter().zip(&events) {
        let data: Value = serde_json::from_str(row["data"].as_str().expect("data")).expect("JSON");
        assert_eq!(&data, &event["data"]);
        assert_eq!(
            (&row["position"], &row["sequence"]),
            (&event["position"], &event["sequence"])
        );
        for name in ["seq", "sender", "read_seq", "by", "user", "muted"] {
            assert_eq!(row[name], event["data"][name], "{name} of {event}");
        }
        assert_eq!(row["text"], event["data"]["body"]["text"]);
        assert_eq!(row["user_id"], event["data"]["user"]);
        // Every event of this log belongs to a conversation, whatever recorded it.
        assert!(row["conversation"].is_string(), "{event}");
        assert_eq!(row["conversation"], event["conversation"]);
    }
    // Other programs open everything in the folder.
    let others: Vec<PathBuf> = files_below(&dir.join("events"))
        .into_iter()
        .filter(|path| path.extension().is_none_or(|format| format != "parquet"))
        .collect();
    assert_eq!(others, [] as [PathBuf; 0]);
}

/// The files below a directory.
pub(crate) fn files_below(dir: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(dir).expect("a directory");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    paths
        .flat_map(|path| {
            if path.is_dir() {
                files_below(&path)
            } else {
                vec![path]
            }
        })
        .collect()
}

/// Gives an export the layout of the first releases: its files are next to the manifest.
fn make_layout_old(dir: &Path) {
    let mut old = manifest(dir);
    let fields = old.as_object_mut().expect("an object");
    fields.remove("folder");
    fields["asked"]
        .as_object_mut()
        .expect("an object")
        .remove("columns");
    let old = old.to_string().replace("\"events/day=", "\"day=");
    std::fs::write(dir.join("manifest.json"), old).expect("written");
    for day in std::fs::read_dir(dir.join("events")).expect("days") {
        let day = day.expect("a day");
        std::fs::rename(day.path(), dir.join(day.file_name())).expect("moved");
    }
    std::fs::remove_dir(dir.join("events")).expect("removed");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_of_an_earlier_release_is_resumed_or_refused() {
    // Given exports with the layout of the first releases
    let world = World::start().await;
    fill_log(&world).await;
    let export = async |format: &str| {
        let dir = world.dir.join(format);
        let path = dir.to_str().expect("UTF-8").to_owned();
        (
            run_log(&world, &["export", &path, "--format", format]).await,
            dir,
        )
    };
    for format in ["jsonl", "parquet"] {
        let (exported, dir) = export(format).await;
        assert!(exported.status.success(), "{exported:?}");
        make_layout_old(&dir);
    }
    world
        .user("ann")
        .send("a", "later", "more")
        .await
        .expect(201);
    // When they are exported again, then lines resume where they are,
    let (resumed, dir) = export("jsonl").await;
    assert!(resumed.status.success(), "{resumed:?}");
    assert_eq!(contents(&dir), fetch_over_http(&world, "").await);
    assert!(!dir.join("events").exists());
    let path = dir.to_str().expect("UTF-8");
    let data = world.dir.join("data").display().to_string();
    run_log_ok(&world, &["seal", "--data", &data]).await;
    run_log_ok(&world, &["export", path]).await;
    let verified = ["verify", "--export", path, "--data", &data];
    run_log_ok(&world, &verified).await;
    // and files with other columns do not.
    let (refused, _) = export("parquet").await;
    assert_eq!(refused.status.code(), Some(2));
    let error = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(error.contains("whose files have other columns"), "{error}");
}

/// Imports five messages of two days in 2008, which alternate in the log.
async fn import_old_messages(world: &World) {
    let line = |n: usize| {
        let day = 1 + n % 2;
        let sender = ["eve", "fay"][n / 2 % 2];
        json!({
            "conversation": "old", "title": "Old <friends>", "sender": sender,
            "sent_at": format!("2008-03-0{day}T12:00:{n:02}Z"), "text": format!("old {n}"),
        })
    };
    let lines: String = (0..5).map(|n| line(n).to_string() + "\n").collect();
    let file = world.dir.join("old.jsonl");
    std::fs::write(&file, lines).expect("written");
    let (file, data) = (file.display().to_string(), world.dir.join("data"));
    let data = data.display().to_string();
    world.run_ok(&["import", &file, "--data", &data]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn imported_messages_are_selected_by_the_time_at_which_they_were_sent() {
    // Given a log with messages of today and imported ones of 2008
    let world = World::start().await;
    fill_log(&world).await;
    import_old_messages(&world).await;
    let old = [
        "--by",
        "sent_at",
        "--until",
        "2009-01-01T00:00:00Z",
        "--type",
        "message_sent",
    ];
    // When events are selected by that time, then the terminal and HTTP find the imported messages,
    let found = run_log_ok(
        &world,
        &[&["tail", "--json", "--after", "0"], &old[..]].concat(),
    )
    .await;
    let over_http = fetch_over_http(
        &world,
        "by=sent_at&until=2009-01-01T00:00:00Z&type=message_sent",
    )
    .await;
    assert_eq!(found, over_http);
    assert_eq!(found.lines().count(), 5);
    assert!(
        found
            .lines()
            .all(|line| line.contains("\"sent_at\":\"2008-"))
    );
    // the statistics have their days and the title,
    let html = world.dir.join("old.html").display().to_string();
    let arguments = [&["stats", "--json", "--html", &html], &old[..]].concat();
    let stats: Value = serde_json::from_str(&run_log_ok(&world, &arguments).await).expect("JSON");
    assert_eq!(stats["by"], "sent_at");
    let days = stats["days"].as_array().expect("days");
    let days: Vec<_> = days
        .iter()
        .map(|day| (&day["name"], &day["messages"]))
        .collect();
    assert_eq!(
        days,
        [
            (&json!("2008-03-01"), &json!(3)),
            (&json!("2008-03-02"), &json!(2))
        ]
    );
    assert_eq!(stats["conversations"][0]["title"], "Old <friends>");
    assert_eq!(
        (&stats["senders"][0]["name"], &stats["senders"][0]["events"]),
        (&json!("eve"), &json!(3))
    );
    let page = std::fs::read_to_string(&html).expect("a page");
    assert!(page.contains("Old &lt;friends&gt;") && page.contains("until: 2009-01-01"));
    // and the folders of an export too, whose lines still are in the order of the log.
    let dir = world.dir.join("by_sent_at");
    let path = dir.to_str().expect("UTF-8");
    let data = world.dir.join("data").display().to_string();
    run_log_ok(&world, &["seal", "--data", &data]).await;
    run_log_ok(&world, &["export", path, "--by", "sent_at"]).await;
    let first_day = files_below(&dir.join("events/day=2008-03-01"));
    let lines = std::fs::read_to_string(&first_day[0]).expect("a file");
    let sent = lines.lines().filter(|line| line.contains(".message_sent."));
    assert_eq!(sent.count(), 3, "{lines}");
    let verified = run_log_ok(&world, &["verify", "--export", path, "--data", &data]).await;
    assert!(verified.contains("; 0 not sealed yet"), "{verified}");
    let other = run_log(&world, &["export", path]).await;
    assert_eq!(other.status.code(), Some(2));
}
