//! Tests of the OpenAPI document.

use std::collections::BTreeSet;

use serde_json::Value;
use tokio_util::sync::CancellationToken;

use crate::fixture::{QueryFixture, start_queries};
use crate::fixture_log::FixtureLog;

async fn build_document() -> Value {
    let pool =
        sqlx::postgres::PgPoolOptions::new().connect_lazy_with(crate::fixture::postgres_server());
    let shutdown = CancellationToken::new();
    let _stop = shutdown.clone().drop_guard();
    let state = start_queries(pool, query_api::MIN_POSITION_TIMEOUT, shutdown).await;
    let (_, document) = query_api::router(state).split_for_parts();
    serde_json::to_value(document).unwrap()
}

#[tokio::test]
async fn every_query_is_documented() {
    let document = build_document().await;
    // `data` matches several of its possible shapes, so the schema must not be `oneOf`.
    assert!(document["components"]["schemas"]["EntryData"]["anyOf"].is_array());
    let operations: BTreeSet<(String, String)> = document["paths"]
        .as_object()
        .unwrap()
        .iter()
        .map(|(path, item)| {
            (
                path.clone(),
                item["get"]["operationId"].as_str().unwrap().to_owned(),
            )
        })
        .collect();
    let paths: Vec<&str> = operations.iter().map(|(path, _)| path.as_str()).collect();
    assert_eq!(
        paths,
        [
            "/v1/blocks",
            "/v1/conversations/{id}",
            "/v1/conversations/{id}/members",
            "/v1/conversations/{id}/messages",
            "/v1/conversations/{id}/messages/{seq}",
            "/v1/conversations/{id}/messages/{seq}/history",
            "/v1/conversations/{id}/messages/{seq}/reactions/{key}",
            "/v1/conversations/{id}/messages/{seq}/receipts",
            "/v1/events",
            "/v1/inbox",
            "/v1/inbox/entries",
            "/v1/inbox/unread",
            "/v1/inbox/unread/{conversation}/explain",
            "/v1/live",
            "/v1/outbox",
            "/v1/search",
        ]
    );
    let ids: BTreeSet<&str> = operations.iter().map(|(_, id)| id.as_str()).collect();
    assert_eq!(ids.len(), paths.len());
    for (path, item) in document["paths"].as_object().unwrap() {
        let parameters = item["get"]["parameters"].as_array().unwrap();
        assert!(
            path == "/v1/live"
                || parameters
                    .iter()
                    .any(|parameter| parameter["name"] == "min_position")
        );
        for status in ["200", "400", "401", "503"] {
            assert!(item["get"]["responses"][status].is_object(), "{item}");
        }
    }
}

/// Collects every `$ref` in the document.
fn collect_refs(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            found.extend(
                fields
                    .get("$ref")
                    .and_then(Value::as_str)
                    .map(str::to_owned),
            );
            fields.values().for_each(|value| collect_refs(value, found));
        }
        Value::Array(items) => items.iter().for_each(|value| collect_refs(value, found)),
        _ => {}
    }
}

#[tokio::test]
async fn every_reference_resolves() {
    let document = build_document().await;
    let mut found = BTreeSet::new();
    collect_refs(&document, &mut found);
    assert!(found.len() > 10);
    for reference in found {
        let target = document.pointer(reference.trim_start_matches('#'));
        assert!(target.is_some(), "{reference} does not resolve");
    }
}

/// Compares the fields of a value with those of its schema.
fn assert_fields_match(document: &Value, schema: &str, value: &Value) {
    let schema = &document["components"]["schemas"][schema];
    let names = |list: &Value| -> BTreeSet<String> {
        list.as_array()
            .into_iter()
            .flatten()
            .map(|name| name.as_str().unwrap().to_owned())
            .collect()
    };
    let documented: BTreeSet<String> = schema["properties"]
        .as_object()
        .unwrap()
        .keys()
        .cloned()
        .collect();
    let present: BTreeSet<String> = value.as_object().unwrap().keys().cloned().collect();
    let required = names(&schema["required"]);
    assert!(
        present.is_subset(&documented),
        "{present:?} of {documented:?}"
    );
    assert!(required.is_subset(&present), "{required:?} in {present:?}");
    let optional: Vec<_> = documented.difference(&required).collect();
    let may_be_absent = ["peer", "mentions", "truncated", "client_message_id"];
    assert!(
        optional.len() < 3
            && optional
                .iter()
                .all(|name| may_be_absent.contains(&name.as_str())),
        "{optional:?} should be required"
    );
}

#[tokio::test]
async fn responses_have_the_fields_that_their_schemas_require() {
    let mut log = FixtureLog::new(10);
    log.create_group("room", "all", &["ana", "bob"]);
    log.send_text("room", "ana", "hello");
    log.edit("room", 1, r#"{"text":"edited"}"#);
    let fixture = QueryFixture::new(&log).await;
    let document = build_document().await;
    for (route, schema, part) in [
        ("/v1/inbox", "Inbox", ""),
        ("/v1/inbox", "InboxConversation", "/conversations/0"),
        ("/v1/inbox", "LastMessage", "/conversations/0/last_message"),
        ("/v1/inbox/unread", "UnreadCounts", ""),
        ("/v1/inbox/unread/room/explain", "Explanation", ""),
        ("/v1/inbox/unread/room/explain", "Excluded", "/excluded/0"),
        ("/v1/inbox/entries", "Entries", ""),
        ("/v1/inbox/entries", "Entry", "/entries/0"),
        (
            "/v1/inbox/entries?after=2",
            "MessageEdited",
            "/entries/0/data",
        ),
        ("/v1/conversations/room", "Conversation", ""),
        ("/v1/conversations/room", "MyPlace", "/my"),
        ("/v1/conversations/room/members", "Members", ""),
        ("/v1/conversations/room/members", "Member", "/members/0"),
        ("/v1/conversations/room/messages", "HistoryPage", ""),
        ("/v1/conversations/room/messages", "Message", "/messages/0"),
        (
            "/v1/conversations/room/messages/1/history",
            "MessageHistory",
            "",
        ),
        (
            "/v1/conversations/room/messages/1/history",
            "MessageVersion",
            "/versions/0",
        ),
        ("/v1/conversations/room/messages/1/receipts", "Receipts", ""),
        (
            "/v1/conversations/room/messages/1/reactions/heart",
            "ReactionUserPage",
            "",
        ),
        ("/v1/outbox", "Outbox", ""),
        ("/v1/blocks", "Blocks", ""),
    ] {
        let answer = fixture.get("ana", route).await.expect_ok();
        assert_fields_match(&document, schema, answer.pointer(part).unwrap());
    }
}
