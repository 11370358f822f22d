//! Tests with the starts of files.

use std::io::Write as _;

use super::*;

/// A short name of the kind, or the error.
fn describe(bytes: &[u8]) -> String {
    let mut file = tempfile::NamedTempFile::new().expect("a file");
    file.write_all(bytes).expect("written");
    match detect_file(file.path(), bytes) {
        Ok(kind) => name(&kind).to_owned(),
        Err(error) => {
            assert!(error.is::<UnsupportedInputError>());
            let path = file.path().display().to_string();
            let text = error.to_string();
            text.strip_prefix(&path)
                .expect("the path")
                .trim()
                .to_owned()
        }
    }
}

fn name(kind: &InputKind) -> &'static str {
    match kind {
        InputKind::Lines => "lines",
        InputKind::Slack => "slack",
        InputKind::Matrix(_) => "matrix",
        InputKind::Mattermost(_) => "mattermost",
        InputKind::RocketChatRoom => "rocket.chat room",
        InputKind::RocketChatDatabase(_) => "rocket.chat",
        InputKind::Zulip(_) => "zulip",
        InputKind::Discord(_) => "discord",
        InputKind::Telegram(_) => "telegram",
        InputKind::WhatsApp(_) => "whatsapp",
    }
}

#[test]
fn files_are_recognised() {
    for (text, kind) in [
        ("", "lines"),
        ("{ not json\n{}", "lines"),
        ("\u{feff}\nexported by hand\n{}", "lines"),
        (r#"{"conversation":"a","sender":"ann","text":"x"}"#, "lines"),
        ("[", "matrix"),
        ("{\n  \"room_name\": \"A\",\n \"messages\": [", "matrix"),
        ("[12/31/20, 9:41:00 PM] Ann: hi", "whatsapp"),
        ("31.12.20, 21:41 - Ann: hi", "whatsapp"),
        ("{\"type\":\"version\",\"version\":1}\n", "mattermost"),
        (r#"{"type":"team","team":{"name":"a"}}"#, "mattermost"),
        (
            "{\n \"guild\": {\"id\": \"1\"},\n \"channel\": {\"id\"",
            "discord",
        ),
        (
            "{\n \"name\": \"a\",\n \"type\": \"personal_chat\",\n \"id\": 1,\n \"messages\": [\n",
            "telegram",
        ),
        ("{\n \"about\": \"{x: \\\"\",\n \"chats\": {", "telegram"),
        (
            "[{\"msg\":\"a\",\"username\":\"ann\",\"ts\":\"x\"}]",
            "rocket.chat room",
        ),
        (
            "{\"msg\":\"a\",\"username\":\"ann\",\"ts\":\"x\"}\n",
            "rocket.chat room",
        ),
    ] {
        assert_eq!(describe(text.as_bytes()), kind, "{text}");
    }
}

#[test]
fn files_of_other_kinds_are_named() {
    for (bytes, what) in [
        (
            &b"PK\x03\x04..PK\x01\x02general/2020-01-01.jsonPK\x01\x02channels.json"[..],
            "is a zip archive of a Slack export",
        ),
        (
            b"PK\x03\x04..PK\x01\x02WhatsApp Chat with Ann.txt",
            "is a zip archive of a WhatsApp chat",
        ),
        (b"PK\x03\x04", "is a zip archive; unpack it"),
        (b"SQLite format 3\0...", "is a SQLite database"),
        (b"<!DOCTYPE html><html>", "is a web page"),
        (
            b"AuthorID,Author,Date,Content",
            "is a CSV file of DiscordChatExporter",
        ),
        (b"a\0b", "is a binary file"),
        (
            b"# Read me\n\nOne\ntwo\nthree\nfour\n{\"conversation\":\"a\"}\n",
            "is text, but not JSON Lines",
        ),
        (b"{\n  \"anything\": 1\n}", "is a JSON document"),
        (
            b"[{\"type\":\"message\",\"user\":\"U1\",\"text\":\"a\",\"ts\":\"1.0\"}]",
            "is one day of a Slack export",
        ),
        (b"{\"zerver_message\": [", "is one file of a Zulip export"),
        (
            b"{\"_id\":\"1\",\"rid\":\"GENERAL\",\"msg\":\"a\"}",
            "has the messages of a Rocket.Chat database",
        ),
        (
            b"[{\"conversation\":\"a\",\"sender\":\"b\",\"text\":\"c\"}]",
            "is a JSON array",
        ),
    ] {
        let found = describe(bytes);
        assert!(found.starts_with(what), "{found}, expected {what}");
    }
    let mut tar = vec![b'x'; 600];
    tar[257..262].copy_from_slice(b"ustar");
    assert!(describe(&tar).starts_with("is a tar archive"));
}

#[test]
fn directories_are_recognised() {
    for (file, content, kind) in [
        ("dms.json", "null", "slack"),
        ("realm.json", "{}", "zulip"),
        ("import.jsonl", "", "mattermost"),
        ("result.json", "", "telegram"),
        ("_chat.txt", "", "whatsapp"),
        (
            "Acme - general [1].json",
            "{\"guild\": {}, \"channel\": {}}",
            "discord",
        ),
    ] {
        let directory = tempfile::tempdir().expect("a directory");
        std::fs::write(directory.path().join(file), content).expect("written");
        let found = detect_directory(directory.path()).expect(file);
        assert_eq!(name(&found), kind, "{file}");
    }
    let directory = tempfile::tempdir().expect("a directory");
    for file in ["rocketchat_messages.json", "rocketchat_rooms.json"] {
        std::fs::write(directory.path().join(file), "").expect("written");
    }
    let found = detect_directory(directory.path()).expect("recognised");
    assert_eq!(name(&found), "rocket.chat");
    let empty = tempfile::tempdir().expect("a directory");
    let error = detect_directory(empty.path()).err().expect("unknown");
    assert!(error.is::<UnsupportedInputError>());
}

#[test]
fn keys_of_an_object_are_found_as_far_as_it_goes() {
    let keys = |text: &str| top_level_keys(text.as_bytes());
    assert_eq!(
        keys(r#"{"a": {"b": "c"}, "d\"": ["e"], "f": "g:h"} {"i": 1"#),
        ["a", "d\"", "f"].map(|key| key.replace('"', ""))
    );
    assert_eq!(keys(r#"{"a": [{"b""#), ["a"]);
    assert!(keys("[").is_empty() && keys("").is_empty() && keys("x").is_empty());
}
