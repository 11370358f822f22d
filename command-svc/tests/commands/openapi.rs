//! The OpenAPI document matches the routes and their responses.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use crate::support::CommandTestService;

fn document() -> Result<Value> {
    Ok(serde_json::to_value(command_svc::document())?)
}

const OPERATIONS: [(&str, &str, &str); 71] = [
    ("post", "/v1/conversations", "create_conversation"),
    ("patch", "/v1/conversations/{id}", "change_conversation"),
    ("post", "/v1/conversations/{id}/members", "add_members"),
    (
        "delete",
        "/v1/conversations/{id}/members/{user}",
        "remove_member",
    ),
    ("post", "/v1/conversations/{id}/messages", "send_message"),
    (
        "put",
        "/v1/conversations/{id}/messages/{seq}",
        "edit_message",
    ),
    (
        "delete",
        "/v1/conversations/{id}/messages/{seq}",
        "recall_message",
    ),
    (
        "put",
        "/v1/conversations/{id}/messages/{seq}/reactions/{key}",
        "add_reaction",
    ),
    (
        "delete",
        "/v1/conversations/{id}/messages/{seq}/reactions/{key}",
        "remove_reaction",
    ),
    ("post", "/v1/conversations/{id}/read", "mark_read"),
    ("post", "/v1/inbox/ack", "acknowledge"),
    (
        "patch",
        "/v1/conversations/{id}/preferences",
        "set_preferences",
    ),
    ("put", "/v1/blocks/{user}", "block_user"),
    ("delete", "/v1/blocks/{user}", "unblock_user"),
    ("put", "/v1/contacts/{user}", "add_contact"),
    ("delete", "/v1/contacts/{user}", "remove_contact"),
    ("put", "/v1/invitations/{conversation}", "accept_invitation"),
    (
        "delete",
        "/v1/invitations/{conversation}",
        "decline_invitation",
    ),
    (
        "delete",
        "/v1/conversations/{id}/invitations/{user}",
        "withdraw_invitation",
    ),
    ("patch", "/v1/users/me", "change_profile"),
    ("patch", "/v1/users/me/settings", "change_settings"),
    ("put", "/v1/admin/users/{user}", "set_user"),
    ("post", "/v1/admin/users/{user}/revoke", "revoke_tokens"),
    ("post", "/v1/batch", "run_batch"),
    ("post", "/v1/admin/import", "import_messages"),
    ("post", "/v1/admin/erasures", "erase_content"),
    ("post", "/v1/conversations/{id}/join", "join_conversation"),
    (
        "put",
        "/v1/conversations/{id}/join-requests/{user}",
        "admit_user",
    ),
    (
        "delete",
        "/v1/conversations/{id}/join-requests/{user}",
        "decline_user",
    ),
    ("post", "/v1/conversations/{id}/links", "create_link"),
    ("delete", "/v1/conversations/{id}/links/{code}", "end_link"),
    ("post", "/v1/links/{code}", "join_by_link"),
    (
        "put",
        "/v1/conversations/{id}/silences/{user}",
        "silence_user",
    ),
    (
        "delete",
        "/v1/conversations/{id}/silences/{user}",
        "unsilence_user",
    ),
    ("put", "/v1/conversations/{id}/bans/{user}", "ban_user"),
    ("delete", "/v1/conversations/{id}/bans/{user}", "unban_user"),
    (
        "post",
        "/v1/conversations/{id}/messages/{seq}/restore",
        "restore_message",
    ),
    ("put", "/v1/conversations/{id}/pins/{seq}", "pin_message"),
    (
        "delete",
        "/v1/conversations/{id}/pins/{seq}",
        "unpin_message",
    ),
    ("post", "/v1/conversations/{id}/clear", "clear_conversation"),
    (
        "put",
        "/v1/conversations/{id}/messages/{seq}/thread/follow",
        "follow_thread",
    ),
    (
        "delete",
        "/v1/conversations/{id}/messages/{seq}/thread/follow",
        "unfollow_thread",
    ),
    (
        "post",
        "/v1/conversations/{id}/messages/{seq}/thread/read",
        "mark_thread_read",
    ),
    ("patch", "/v1/scheduled/{id}", "change_scheduled"),
    ("delete", "/v1/scheduled/{id}", "cancel_scheduled"),
    ("put", "/v1/admin/switches/{name}", "switch_feature"),
    ("put", "/v1/admin/holds/{name}", "place_hold"),
    ("delete", "/v1/admin/holds/{name}", "lift_hold"),
    ("put", "/v1/moderation/lists/{name}", "set_word_list"),
    ("delete", "/v1/moderation/lists/{name}", "remove_word_list"),
    ("put", "/v1/moderation/links", "set_link_rules"),
    ("put", "/v1/moderation/flood", "set_flood_rules"),
    (
        "put",
        "/v1/moderation/users/{user}/restriction",
        "restrict_user",
    ),
    (
        "delete",
        "/v1/moderation/users/{user}/restriction",
        "lift_restriction",
    ),
    (
        "post",
        "/v1/conversations/{id}/messages/{seq}/reports",
        "report_message",
    ),
    ("post", "/v1/users/{user}/reports", "report_user"),
    ("post", "/v1/moderation/cases/{id}/resolve", "resolve_case"),
    ("post", "/v1/moderation/cases/{id}/reopen", "reopen_case"),
    ("delete", "/v1/moderation/hook", "remove_hook"),
    ("put", "/v1/devices/{device}/push", "register_push"),
    ("delete", "/v1/devices/{device}/push", "drop_push"),
    ("delete", "/v1/devices/{device}", "remove_device"),
    ("put", "/v1/admin/desks/{desk}", "set_desk"),
    ("delete", "/v1/admin/desks/{desk}", "remove_desk"),
    ("post", "/v1/desks/{desk}/sessions", "open_session"),
    ("post", "/v1/service-sessions/{id}/accept", "accept_session"),
    (
        "post",
        "/v1/service-sessions/{id}/transfer",
        "transfer_session",
    ),
    ("post", "/v1/service-sessions/{id}/close", "close_session"),
    ("post", "/v1/service-sessions/{id}/notes", "note_session"),
    ("post", "/v1/service-sessions/{id}/tags", "tag_session"),
    ("post", "/v1/service-sessions/{id}/rating", "rate_session"),
];

#[test]
fn every_route_is_documented() -> Result<()> {
    let document = document()?;
    let mut found = 0;
    for methods in document["paths"].as_object().context("paths")?.values() {
        found += methods.as_object().map_or(0, serde_json::Map::len);
    }
    ensure!(found == OPERATIONS.len(), "{found} operations");
    for (method, path, id) in OPERATIONS {
        let operation = &document["paths"][path][method];
        ensure!(
            operation["operationId"] == id,
            "{method} {path}: {operation}"
        );
        for status in [
            "200", "400", "401", "403", "404", "409", "413", "415", "422", "429", "503",
        ] {
            ensure!(
                operation["responses"][status].is_object(),
                "{id} has no {status}"
            );
        }
        let problem = &operation["responses"]["404"]["$ref"];
        ensure!(
            problem == "#/components/responses/NotFound",
            "{id}: {problem}"
        );
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn responses_have_the_documented_fields() -> Result<()> {
    let world = CommandTestService::new().await?;
    let document = document()?;
    let (ann, _) = world.create_group("team").await?;
    let created = ann
        .post("/v1/conversations", json!({"kind": "group", "members": []}))
        .await?;
    let added = ann
        .post("/v1/conversations/team/members", json!({"users": ["cid"]}))
        .await?;
    let sent = ann.send("team", "k", "hi").await?;
    let read = ann
        .post("/v1/conversations/team/read", json!({"up_to": 1}))
        .await?;
    let plain = ann.put("/v1/blocks/zoe", json!({})).await?;
    let asked = ann.put("/v1/contacts/cid", json!({})).await?;
    for (reply, schema) in [
        (created, "Created"),
        (added, "Added"),
        (sent, "Sent"),
        (read, "ReadUpTo"),
        (plain, "Positioned"),
        (asked, "ContactAnswer"),
    ] {
        let schema = &document["components"]["schemas"][schema];
        let required = schema["required"].as_array().context("required")?;
        let mut documented: Vec<_> = required.iter().filter_map(Value::as_str).collect();
        let mut answered: Vec<_> = reply
            .json
            .as_object()
            .context("an object")?
            .keys()
            .map(String::as_str)
            .collect();
        documented.sort_unstable();
        answered.sort_unstable();
        ensure!(documented == answered, "{documented:?} but {answered:?}");
    }
    Ok(())
}

#[test]
fn references_resolve() -> Result<()> {
    let document = document()?;
    let text = document.to_string();
    // The text before the first reference contains none.
    let references: Vec<&str> = text.split("\"#/components/").skip(1).collect();
    ensure!(!references.is_empty(), "no references found");
    for reference in references {
        let path = reference.split('"').next().unwrap_or_default();
        let target = document.pointer(&format!("/components/{path}"));
        ensure!(
            target.is_some_and(Value::is_object),
            "the component {path} is missing"
        );
    }
    Ok(())
}

#[test]
fn unions_have_discriminators_and_no_all_of() -> Result<()> {
    let document = document()?;
    ensure!(!document.to_string().contains("allOf"), "an allOf is left");
    let schemas = &document["components"]["schemas"];
    for (union, property, value, name) in [
        ("SendRequest", "type", "image", "SendImageRequest"),
        ("BatchLine", "op", "send", "BatchSend"),
    ] {
        let discriminator = &schemas[union]["discriminator"];
        ensure!(discriminator["propertyName"] == property, "{discriminator}");
        let location = format!("#/components/schemas/{name}");
        ensure!(
            discriminator["mapping"][value] == location,
            "{discriminator}"
        );
        let values = &schemas[name]["properties"][property]["enum"];
        ensure!(*values == json!([value]), "{name}: {values}");
    }
    let body = &schemas["SendImageRequest"]["properties"]["body"]["$ref"];
    ensure!(body == "#/components/schemas/ImageBody", "{body}");
    Ok(())
}

#[test]
fn the_lines_of_a_batch_have_the_fields_that_the_parser_knows() -> Result<()> {
    let document = document()?;
    let schemas = &document["components"]["schemas"];
    let fields = |name: &str| -> Vec<&str> {
        let properties = schemas[name]["properties"].as_object();
        properties
            .into_iter()
            .flatten()
            .map(|(name, _)| name.as_str())
            .collect()
    };
    ensure!(fields("BatchRecall") == ["conversation_id", "op", "seq"]);
    ensure!(fields("BatchReact") == ["conversation_id", "key", "op", "seq"]);
    ensure!(fields("BatchEdit") == ["body", "conversation_id", "op", "seq"]);
    let send = fields("BatchSend");
    for field in fields("SendTextRequest") {
        ensure!(send.contains(&field), "{field} is not in {send:?}");
    }
    Ok(())
}
