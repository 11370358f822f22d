//! A preview: reads an input as an import would, and sends nothing.

use anyhow::{Context as _, Result};
use tokio::sync::mpsc;

use crate::chunks;
use crate::input::ImportInput;
use crate::line::LineContext;
use crate::summary::ImportSummary;

/// Reads the whole input. Records in `summary` what would be sent, and which users the input names.
/// Calls `on_progress` with the number of bytes read.
pub async fn preview(
    input: ImportInput,
    context: LineContext,
    summary: &mut ImportSummary,
    mut on_progress: impl FnMut(u64),
) -> Result<()> {
    summary.begin_preview();
    let (chunks, mut filled) = mpsc::channel(1);
    let reader = tokio::task::spawn_blocking(move || chunks::read_chunks(input, context, &chunks));
    while let Some(mut chunk) = filled.recv().await {
        summary.record_users(std::mem::take(&mut chunk.users));
        on_progress(chunk.bytes_read);
        summary.record_unsent(chunk);
    }
    let input = reader.await.context("the reader thread panicked")??;
    summary.add_input(&input);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_preview_counts_and_names_the_users_after_the_map() {
        // Given a file with two messages, a reaction, members, an unknown field and a wrong line,
        let directory = tempfile::tempdir().expect("a directory");
        let [file, map] = ["chat.jsonl", "map.csv"].map(|name| directory.path().join(name));
        let lines = [
            r#"{"conversation":"a","sender":"ann","sent_at":"2026-11-01T09:30:00Z","text":"hi","topic":1}"#,
            r#"{"conversation":"b","sender":"bob","sent_at":"2026-11-01T09:30:00Z","text":"hi",
               "reactions":[{"key":"+1","user":"cid"}]}"#,
            r#"{"conversation":"a","members":["dan"]}"#,
            r#"{"conversation":"a","sender":"ann"}"#,
        ];
        let lines = lines.map(|line| line.replace('\n', " "));
        std::fs::write(&file, lines.join("\n")).expect("written");
        std::fs::write(&map, "ann,ann.lee\n").expect("written");
        // when it is previewed with a map and a prefix,
        let names = crate::UserNames::open(Some("irc:"), Some(&map)).expect("a map");
        let input = ImportInput::open(&file).expect("opened");
        let mut summary = ImportSummary::default();
        let context = LineContext::new(names, None);
        let read = preview(input, context, &mut summary, |_| {}).await;
        // then it has the users that they would be, and what could not be imported.
        read.expect("read");
        let users = Vec::from_iter(summary.input_users());
        assert_eq!(users, ["ann.lee", "irc:bob", "irc:cid", "irc:dan"]);
        summary.set_existing_users(vec!["ann.lee".into()]);
        let report: serde_json::Value =
            serde_json::from_str(&summary.to_json(std::time::Duration::ZERO).expect("JSON"))
                .expect("JSON");
        let counts = [
            "messages",
            "conversations",
            "users",
            "skipped",
            "lines_of_members",
        ];
        assert_eq!(
            counts.map(|count| report[count].as_u64()),
            [2, 2, 2, 1, 1].map(Some),
            "{report}"
        );
        assert_eq!(report["dry_run"], true);
        assert_eq!(report["existing_users"], serde_json::json!(["ann.lee"]));
        assert_eq!(report["rejected_parts"][0]["line"], 1);
        let text = summary.to_text(std::time::Duration::ZERO);
        assert!(text.starts_with("this would import 2 messages in 2 conversations by 2 users"));
        assert!(text.contains("1 user of the input exists already, and would get these messages"));
        assert!(text.contains("\n  ann.lee\n"), "{text}");
    }
}
