//! Exports and the view `events` have columns for what happens at service desks, after those that
//! they had before.

use std::collections::BTreeMap;
use std::path::Path;

use eventually::eventually;
use parquet::file::reader::{FileReader, SerializedFileReader};
use serde_json::{Value, json};
use tests::desks::{act, open_session, set_desk};
use tests::world::World;

use crate::log_commands::run_log_ok;
use crate::log_exports::files_below;

/// What an event says of a session: the columns in their order.
const TEXTS: [&str; 5] = ["session_id", "desk", "customer", "agent", "reason"];

/// A row of the view: the texts, the rating, and the times.
type Row = (
    i64,
    [Option<String>; 5],
    Option<i64>,
    Option<String>,
    Option<String>,
);

const VIEW: &str = "SELECT position, session_id, desk, customer, agent, reason, score,
        to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"'),
        to_char(due AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"')
    FROM events ORDER BY position";

type ViewRow = (
    i64,
    Option<String>,
    Option<String>,
    Option<String>,
    Option<String>,
    Option<String>,
    Option<i64>,
    Option<String>,
    Option<String>,
);

async fn view_rows(world: &World) -> Vec<Row> {
    let rows: Vec<ViewRow> = sqlx::query_as(VIEW)
        .fetch_all(&world.pool)
        .await
        .expect("the view");
    let rows = rows.into_iter();
    rows.map(|(position, a, b, c, d, e, score, at, due)| {
        (position, [a, b, c, d, e], score, at, due)
    })
    .collect()
}

/// The fields of the lines of a CSV file, by the names of its first line.
fn read_csv(path: &Path) -> (Vec<String>, Vec<BTreeMap<String, String>>) {
    let text = std::fs::read_to_string(path).expect("a file");
    let (mut lines, mut line, mut field) = (Vec::new(), Vec::new(), String::new());
    let mut is_quoted = false;
    for character in text.chars() {
        match character {
            // A quote inside of a field is doubled: it ends and begins again.
            '"' => {
                is_quoted = !is_quoted;
                field.push('"');
            }
            ',' | '\n' if !is_quoted => {
                let inner = field
                    .strip_prefix('"')
                    .and_then(|rest| rest.strip_suffix('"'));
                let value = inner.unwrap_or(&field).replace("\"\"", "\"");
                line.push(value.trim_end_matches('\r').to_owned());
                field.clear();
                if character == '\n' {
                    lines.push(std::mem::take(&mut line));
                }
            }
            other => field.push(other),
        }
    }
    let header: Vec<String> = lines.remove(0);
    let rows = lines
        .into_iter()
        .map(|line| header.iter().cloned().zip(line).collect());
    let rows = rows.collect();
    (header, rows)
}

fn csv_row(row: &BTreeMap<String, String>) -> Row {
    let text = |name: &str| Some(row[name].clone()).filter(|text| !text.is_empty());
    let number = |name: &str| text(name).map(|text| text.parse().expect("a number"));
    (
        number("position").expect("a position"),
        TEXTS.map(text),
        number("score"),
        text("at"),
        text("due"),
    )
}

/// A session in which everything happens that has columns.
async fn serve(world: &World) {
    let quick = json!({"reply_target": "1s", "reminders": true});
    set_desk(&world.admin(), "billing", &["ben", "dora"], quick).await;
    let (ben, dora, cleo) = (world.user("ben"), world.user("dora"), world.user("cleo"));
    let opened = open_session(&cleo, "billing", "My invoice, \"the last one\", is wrong.").await;
    let reminded =
        "SELECT count(*) FROM events WHERE type = 'session_reminded' AND due IS NOT NULL";
    eventually("a reminder", async || {
        let count: Result<i64, _> = sqlx::query_scalar(reminded).fetch_one(&world.pool).await;
        (count.expect("a count") == 1).then_some(())
    })
    .await;
    let session = opened.id.as_str();
    act(&ben, session, "accept", json!({})).await.expect(200);
    act(&ben, session, "transfer", json!({"agent": "dora"}))
        .await
        .expect(200);
    act(
        &dora,
        session,
        "close",
        json!({"reason": "solved, at last"}),
    )
    .await
    .expect(200);
    act(&cleo, session, "rating", json!({"score": 4}))
        .await
        .expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn exports_have_columns_of_sessions() {
    let world = World::start().await;
    serve(&world).await;
    let expected = view_rows(&world).await;
    let known = |n: usize| expected.iter().filter(|row| row.1[n].is_some()).count();
    assert_eq!(
        [0, 1, 2, 3, 4].map(known),
        [6, 5, 1, 3, 1],
        "session_id, desk, customer, agent and reason: {expected:?}"
    );
    assert_eq!(
        expected.iter().filter_map(|row| row.2).collect::<Vec<_>>(),
        [4]
    );

    // CSV: the earlier columns are where they were
    let dir = world.dir.join("csv");
    run_log_ok(
        &world,
        &["export", dir.to_str().expect("UTF-8"), "--format", "csv"],
    )
    .await;
    let mut rows = Vec::new();
    for file in files_below(&dir.join("events")) {
        let (header, found) = read_csv(&file);
        let at = header.iter().position(|name| name == "traceparent");
        let (before, added) = header.split_at(at.expect("a column") + 1);
        assert_eq!((before[0].as_str(), before.len()), ("position", 42));
        assert_eq!(added[..5], TEXTS);
        assert_eq!(added[5..], ["score", "at", "due"]);
        rows.extend(found.iter().map(csv_row));
    }
    rows.sort();
    assert_eq!(rows, expected);

    // Parquet: the same names and values
    let dir = world.dir.join("parquet");
    run_log_ok(
        &world,
        &[
            "export",
            dir.to_str().expect("UTF-8"),
            "--format",
            "parquet",
        ],
    )
    .await;
    let mut rows: Vec<Value> = Vec::new();
    for path in files_below(&dir.join("events")) {
        let file = std::fs::File::open(path).expect("a file");
        let reader = SerializedFileReader::new(file).expect("Parquet");
        let found = reader.get_row_iter(None).expect("rows");
        rows.extend(found.map(|row| row.expect("a row").to_json_value()));
    }
    rows.sort_by_key(|row| row["position"].as_i64());
    assert_eq!(rows.len(), expected.len());
    for (row, (position, texts, score, at, due)) in rows.iter().zip(&expected) {
        assert_eq!(row["position"], *position);
        for (name, text) in TEXTS.iter().zip(texts) {
            assert_eq!(row[name], json!(text), "{name} at {position}");
        }
        assert_eq!(row["score"], json!(score));
        assert_eq!(
            [row["at"].is_null(), row["due"].is_null()],
            [at.is_none(), due.is_none()],
            "{row}"
        );
    }
}
