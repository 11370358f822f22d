//! Tests of the summary.

use super::*;
use crate::chunks::PendingLine;
use crate::record::RecordPlace;

fn rejected(number: u64, place: &RecordPlace, reason: &str) -> RejectedRecord {
    RejectedRecord::new(number, &"chat.jsonl".into(), place, reason.into())
}

fn line_reply(line: u64, status: LineStatus) -> LineReply {
    LineReply {
        line,
        status,
        conversation_id: Some("c_a".into()),
        reason: Some("because".into()),
        reactions_dropped: 0,
        reply_dropped: false,
    }
}

fn example() -> ImportSummary {
    let mut tally = ImportSummary::default();
    let counted = |line, conversation: &str, sender: Option<&str>| PendingLine {
        line,
        file: "chat.jsonl".into(),
        place: RecordPlace::Line(line),
        wanted: WantedConversation {
            name: conversation.into(),
            id: Some("c_a".into()).filter(|_| conversation == "a"),
        },
        conversation: TextDigest::from_parts(&[conversation]),
        sender: sender.map(|sender| TextDigest::from_parts(&[sender])),
    };
    let lines = vec![
        counted(1, "a", Some("ann")),
        counted(2, "a", Some("bob")),
        counted(4, "b", Some("eve")),
        counted(5, "a", None),
        counted(6, "a", None),
    ];
    let chunk = ImportChunk {
        lines,
        ..ImportChunk::default()
    };
    tally.reject(rejected(
        3,
        &RecordPlace::Part("message 1".into()),
        "is not UTF-8",
    ));
    let answers = [
        LineReply {
            reactions_dropped: 2,
            ..line_reply(1, LineStatus::Imported)
        },
        LineReply {
            reply_dropped: true,
            ..line_reply(2, LineStatus::Known)
        },
        line_reply(4, LineStatus::Rejected),
        line_reply(5, LineStatus::Imported),
        line_reply(6, LineStatus::Known),
    ];
    tally
        .record_replies(&chunk, &answers)
        .expect("replies match the chunk");
    tally.record_unknown_fields(vec![rejected(1, &RecordPlace::Line(1), "has thread")]);
    tally.sort_rejected();
    tally.unsupported.insert("files".to_owned(), 1);
    tally
}

#[test]
fn json_output_is_one_object() {
    let tally = example();
    let json =
        serde_json::to_value(tally.to_report(Duration::from_millis(1500))).expect("serialises");
    assert_eq!(
        json,
        serde_json::json!({
            "messages": 1, "conversations": 1, "users": 2, "skipped": 2, "already_present": 1, "seconds": 1.5,
            "lines_of_members": 1,
            "not_taken_over": {"files": 1, DROPPED_REACTIONS: 2, UNKNOWN_FIELDS: 1, DROPPED_REPLIES: 1},
            "imported_conversations": [{"id": "c_a", "title": "a"}],
            "rejected_parts": [
                {"file": "chat.jsonl", "line": 1, "place": "line 1", "reason": "has thread"},
                {"file": "chat.jsonl", "line": 2, "place": "line 2",
                    "reason": "its reply_to is the id of no earlier line of the conversation: imported without it"},
            ],
            "rejected": [
                {"file": "chat.jsonl", "place": "message 1", "reason": "is not UTF-8"},
                {"file": "chat.jsonl", "line": 4, "place": "line 4", "reason": "because"},
            ],
        })
    );
}

#[test]
fn text_output_is_bounded() {
    let mut tally = ImportSummary::default();
    (0..MAX_RECORDED_REASONS as u64 + 5)
        .for_each(|line| tally.reject(rejected(line, &RecordPlace::Line(line), "empty")));
    let text = tally.to_text(Duration::ZERO);
    assert_eq!(text.lines().count(), 1 + MAX_SHOWN + 1);
    assert!(
        text.contains(&format!(
            "and {} more",
            MAX_RECORDED_REASONS + 5 - MAX_SHOWN
        )),
        "{text}"
    );
    assert_eq!(tally.rejected.len(), MAX_RECORDED_REASONS);
}

#[test]
fn fields_that_all_lines_have_are_listed_once() {
    let mut tally = ImportSummary::default();
    let field = |line, name: &str| {
        let reason = format!("has {name}, which is no field");
        rejected(line, &RecordPlace::Line(line), &reason)
    };
    (1..=MAX_RECORDED_REASONS as u64)
        .for_each(|line| tally.record_unknown_fields(vec![field(line, "lang")]));
    tally.record_unknown_fields(vec![field(3, "tone")]);
    let text = tally.to_text(Duration::ZERO);
    let more = MAX_RECORDED_REASONS - 1;
    for line in [
        format!("chat.jsonl, line 1 and {more} more: has lang, which is no field"),
        "... and 1 more; --json lists up to 10000".to_owned(),
    ] {
        assert!(text.lines().any(|found| found == line), "{text}");
    }
}

#[test]
fn rejected_files_beyond_the_recorded_ones_are_counted() {
    let mut tally = ImportSummary::default();
    let file = |line| rejected(line, &RecordPlace::Line(line), "its file is missing");
    tally.record_rejected_files((1..=MAX_RECORDED_REASONS as u64 + 5).map(file).collect());
    let text = tally.to_text(Duration::ZERO);
    let more = "... and 5 more; --json lists up to 10000";
    assert!(text.lines().any(|found| found == more), "{text}");
}

#[test]
fn conversations_with_another_id_are_listed() {
    let mut tally = ImportSummary::default();
    let wanted = |id: Option<&str>| WantedConversation {
        name: "general".into(),
        id: id.map(str::to_owned),
    };
    tally.record_id(&wanted(Some("general")), Some("general"));
    tally.record_id(&wanted(None), Some("d_1"));
    assert!(tally.other_ids.is_empty());
    tally.record_id(&wanted(Some("general")), Some("c_1"));
    tally.record_id(&wanted(None), Some("c_2"));
    let text = tally.to_text(Duration::ZERO);
    for line in [
        "\"general\" has another id: c_1, c_2",
        "conversation c_1: \"general\"",
    ] {
        assert!(text.lines().any(|found| found == line), "{text}");
    }
}
