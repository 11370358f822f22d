//! Tests of the OpenAPI document.

use std::collections::BTreeSet;

use crate::fixture::QueryFixture;
use crate::fixture_log::FixtureLog;
use serde_json::{Value, json};

fn build_document() -> Value {
    serde_json::to_value(query_api::document()).unwrap()
}

/// The paths of all queries.
const QUERIES: [&str; 61] = [
    "/v1/admin/audit",
    "/v1/admin/conversations/{id}/members",
    "/v1/admin/conversations/{id}/messages/{seq}/explain",
    "/v1/admin/desks",
    "/v1/admin/desks/{desk}",
    "/v1/admin/holds",
    "/v1/admin/switches",
    "/v1/admin/users",
    "/v1/admin/users/{user}",
    "/v1/blocks",
    "/v1/contacts",
    "/v1/conversations/{id}",
    "/v1/conversations/{id}/bans",
    "/v1/conversations/{id}/bans/{user}",
    "/v1/conversations/{id}/invitations",
    "/v1/conversations/{id}/join-requests",
    "/v1/conversations/{id}/links",
    "/v1/conversations/{id}/members",
    "/v1/conversations/{id}/messages",
    "/v1/conversations/{id}/messages/{seq}",
    "/v1/conversations/{id}/messages/{seq}/history",
    "/v1/conversations/{id}/messages/{seq}/reactions/{key}",
    "/v1/conversations/{id}/messages/{seq}/receipts",
    "/v1/conversations/{id}/messages/{seq}/thread",
    "/v1/conversations/{id}/pins",
    "/v1/conversations/{id}/silences",
    "/v1/conversations/{id}/silences/{user}",
    "/v1/desks",
    "/v1/desks/{desk}/metrics",
    "/v1/desks/{desk}/sessions",
    "/v1/devices",
    "/v1/events",
    "/v1/files",
    "/v1/files/{id}",
    "/v1/files/{id}/content",
    "/v1/held",
    "/v1/inbox",
    "/v1/inbox/entries",
    "/v1/inbox/unread",
    "/v1/inbox/unread/{conversation}/explain",
    "/v1/invitations",
    "/v1/links/{code}",
    "/v1/live",
    "/v1/moderation/cases",
    "/v1/moderation/cases/{id}",
    "/v1/moderation/flood",
    "/v1/moderation/hook",
    "/v1/moderation/links",
    "/v1/moderation/lists",
    "/v1/moderation/lists/{name}",
    "/v1/outbox",
    "/v1/presence",
    "/v1/push/webpush-key",
    "/v1/scheduled",
    "/v1/search",
    "/v1/service-sessions",
    "/v1/service-sessions/{id}",
    "/v1/threads",
    "/v1/users",
    "/v1/users/me",
    "/v1/users/{user}",
];

#[test]
fn every_query_is_documented() {
    let document = build_document();
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
    assert_eq!(paths, QUERIES);
    let ids: BTreeSet<&str> = operations.iter().map(|(_, id)| id.as_str()).collect();
    assert_eq!(ids.len(), paths.len());
    for (path, item) in document["paths"].as_object().unwrap() {
        assert_query_is_complete(path, &item["get"]);
    }
}

/// Checks the parameters and responses that all queries have.
fn assert_query_is_complete(path: &str, query: &Value) {
    let reads_no_model = ["/v1/live", "/v1/push/webpush-key"].contains(&path);
    let has_min_position = || {
        let parameters = query["parameters"].as_array().unwrap();
        let mut names = parameters.iter().map(|parameter| &parameter["name"]);
        names.any(|name| name == "min_position")
    };
    assert!(reads_no_model || has_min_position(), "{path}");
    for status in ["200", "400", "401", "503"] {
        assert!(query["responses"][status].is_object(), "{query}");
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

#[test]
fn every_reference_resolves() {
    let document = build_document();
    let mut found = BTreeSet::new();
    collect_refs(&document, &mut found);
    assert!(found.len() > 10);
    for reference in found {
        let target = document.pointer(reference.trim_start_matches('#'));
        assert!(target.is_some(), "{reference} does not resolve");
    }
}

#[test]
fn unions_have_discriminators_and_no_all_of() {
    let document = build_document();
    assert!(!document.to_string().contains("allOf"));
    let schemas = &document["components"]["schemas"];
    for (union, value, name) in [
        ("Message", "location", "LocationMessage"),
        ("Entry", "message_sent", "MessageSentEntry"),
        ("Entry", "delivered", "DeliveredEntry"),
        ("ServerFrame", "caught_up", "CaughtUpFrame"),
        ("ClientFrame", "ack", "ClientAckFrame"),
    ] {
        let discriminator = &schemas[union]["discriminator"];
        assert_eq!(discriminator["propertyName"], "type", "{union}");
        let location = format!("#/components/schemas/{name}");
        assert_eq!(discriminator["mapping"][value], location);
        assert_eq!(schemas[name]["properties"]["type"]["enum"], json!([value]));
    }
    let data = &schemas["MessageSentEntry"]["properties"]["data"]["$ref"];
    assert_eq!(data, "#/components/schemas/Message");
}

#[test]
fn a_problem_is_never_inlined() {
    let document = build_document();
    for item in document["paths"].as_object().unwrap().values() {
        for (status, response) in item["get"]["responses"].as_object().unwrap() {
            // Only the bytes of a file have ranges, so that problem is not shared.
            let is_shared = status.starts_with(['4', '5']) && status != "416";
            assert_eq!(response["$ref"].is_string(), is_shared, "{response}");
        }
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
    let may_be_absent = [
        "peer",
        "mentions",
        "truncated",
        "client_message_id",
        "replies",
        "file",
    ];
    assert!(
        optional.len() < 5
            && optional
                .iter()
                .all(|name| may_be_absent.contains(&name.as_str())),
        "{optional:?} should be required"
    );
}

/// A route, the schema of its response or of a part of it, and the JSON pointer to that part.
const RESPONSES: &[(&str, &str, &str)] = &[
    ("/v1/inbox", "Inbox", ""),
    ("/v1/inbox", "InboxConversation", "/conversations/0"),
    ("/v1/inbox", "LastMessage", "/conversations/0/last_message"),
    ("/v1/inbox/unread", "UnreadCounts", ""),
    ("/v1/inbox/unread/room/explain", "Explanation", ""),
    ("/v1/inbox/unread/room/explain", "Excluded", "/excluded/0"),
    ("/v1/inbox/entries", "Entries", ""),
    (
        "/v1/inbox/entries",
        "ConversationCreatedEntry",
        "/entries/0",
    ),
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
    (
        "/v1/conversations/room/messages",
        "TextMessage",
        "/messages/0",
    ),
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
    ("/v1/conversations/room/pins", "PinnedMessages", ""),
    ("/v1/outbox", "Outbox", ""),
    ("/v1/blocks", "Blocks", ""),
    ("/v1/presence?users=bob", "Presences", ""),
    ("/v1/contacts", "Contacts", ""),
    ("/v1/contacts", "Contact", "/contacts/0"),
    ("/v1/invitations", "Invitations", ""),
    ("/v1/invitations", "Invitation", "/invitations/0"),
    (
        "/v1/conversations/room/invitations",
        "PendingInvitations",
        "",
    ),
    (
        "/v1/conversations/room/invitations",
        "PendingInvitation",
        "/invitations/0",
    ),
];

#[tokio::test]
async fn responses_have_the_fields_that_their_schemas_require() {
    let mut log = FixtureLog::new(10);
    log.create_group("room", "all", &["ana", "bob"]);
    log.send_text("room", "ana", "hello");
    log.edit("room", 1, r#"{"text":"edited"}"#);
    let fixture = QueryFixture::new(&log).await;
    sqlx::raw_sql(
        "INSERT INTO read.contacts VALUES (1, 2, 'incoming', 'hi', 1, now(), false);
         INSERT INTO read.invitations VALUES (1, 1, 2, 1, now())",
    )
    .execute(&fixture.admin_pool)
    .await
    .unwrap();
    let document = build_document();
    for &(route, schema, part) in RESPONSES {
        let answer = fixture.get("ana", route).await.expect_ok();
        assert_fields_match(&document, schema, answer.pointer(part).unwrap());
    }
}
