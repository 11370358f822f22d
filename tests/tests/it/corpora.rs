//! The import of a small chat log in several scripts, with duplicates, replies, invalid lines and
//! names that are not valid ids. `make corpora` does the same with large logs.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use tests::corpus::{Corpus, import_file};
use tests::seed::{Rng, seed};
use tests::world::World;

/// Messages of the generated log.
const MESSAGES: usize = 3_000;

/// A chat log whose lines belong to several conversations in turn, as JSON lines.
fn generate_log(seed: u64) -> String {
    let mut rng = Rng::new(seed);
    let conversations = [
        "general",
        "午餐",
        "開発 チーム",
        "d_direct",
        "a room with spaces",
        "x".repeat(300).leak(),
        "한국어방",
        "general.",
    ];
    let words = [
        "hello",
        "你好",
        "今天吃什么",
        "東京",
        "お疲れ様です",
        "안녕하세요",
        "👩‍👩‍👧",
        "C++20",
        "https://example.com/?a=b",
        "é\u{301}",
    ];
    let mut lines = Vec::new();
    for n in 0..MESSAGES {
        let sender = format!(
            "{}{}",
            rng.pick(&["ann", "文", "ゆき", "민", "o'neil\u{7}"]),
            rng.below(9)
        );
        let text: Vec<&str> = (0..=rng.below(8)).map(|_| *rng.pick(&words)).collect();
        let mut line = json!({
            "conversation": rng.pick(&conversations),
            "sender": sender,
            "sent_at": format!("2024-05-{:02}T10:{:02}:{:02}.{:03}Z", 1 + n / 1_000, n / 60 % 60, n % 60, rng.below(1_000)),
            "text": text.join(" "),
        });
        if rng.chance(60) {
            line["id"] = json!(format!("line-{n}"));
            if n > 50 && rng.chance(30) {
                line["reply_to"] = json!(format!("line-{}", rng.below(n)));
            }
        }
        lines.push(line.to_string());
        if rng.chance(2) && line["id"].is_null() {
            lines.push(line.to_string());
        }
    }
    lines.insert(10, "{ not json".to_owned());
    lines.insert(20, json!({ "conversation": "general", "sender": "ann0", "sent_at": "2024-05-01T00:00:00.000Z" }).to_string());
    lines.insert(30, json!({ "conversation": "general", "sender": "ann0", "sent_at": "2024-05-01T00:00:00.000Z", "text": " \u{200b}" }).to_string());
    lines.join("\n") + "\n"
}

#[tokio::test(flavor = "multi_thread")]
async fn an_imported_log_equals_its_file_and_a_second_import_adds_nothing() {
    let seed = seed("corpora");
    let world = World::start().await;
    let file = world.dir.join("log.jsonl.gz");
    let mut gzip = GzEncoder::new(
        std::fs::File::create(&file).expect("a file"),
        Compression::fast(),
    );
    gzip.write_all(generate_log(seed).as_bytes())
        .expect("written");
    gzip.finish().expect("written");
    let corpus = Corpus::read(&file).expect("a corpus");
    assert_eq!((corpus.skipped, corpus.conversations.len()), (3, 8));

    let report = import_file(&world, &file).await;
    let numbers = |report: &Value| {
        ["messages", "conversations", "users", "skipped"]
            .map(|field| report[field].as_u64().unwrap_or(u64::MAX) as usize)
    };
    assert_eq!(
        numbers(&report),
        [corpus.messages(), 8, corpus.users().len(), 3],
        "{report}"
    );
    let head = tests::log::check_positions(&world.pool)
        .await
        .expect("the log is whole");
    world.wait_until_projected(head).await;
    corpus
        .check_messages(|user| world.user(user), head)
        .await
        .expect("the history is that of the file");

    let repeated = import_file(&world, &file).await;
    assert_eq!(
        tests::log::head(&world.pool).await.expect("a head"),
        head,
        "a second import appended: {repeated}"
    );
    let compared = corpus
        .check_unread(|user| world.user(user), seed)
        .await
        .expect("the unread counts are those of the file");
    assert!(compared > 100, "only {compared} counts were compared");
}
