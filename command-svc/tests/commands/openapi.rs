//! The OpenAPI document matches the routes and their responses.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use crate::support::CommandTestService;

fn document(world: &CommandTestService) -> Result<Value> {
    let state = command_svc::CommandState::new(
        world.log.clone(),
        std::sync::Arc::default(),
        command_svc::Clock::system(),
    );
    Ok(serde_json::to_value(
        command_svc::router(state).into_openapi(),
    )?)
}

const OPERATIONS: [(&str, &str, &str); 17] = [
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
    ("post", "/v1/batch", "run_batch"),
    ("post", "/v1/admin/import", "import_messages"),
    ("post", "/v1/admin/erasures", "erase_content"),
];

#[tokio::test(flavor = "multi_thread")]
async fn every_route_is_documented() -> Result<()> {
    let world = CommandTestService::new().await?;
    let document = document(&world)?;
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
        let problem =
            &operation["responses"]["404"]["content"]["application/problem+json"]["schema"];
        ensure!(
            problem["$ref"] == "#/components/schemas/Problem",
            "{id}: {problem}"
        );
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn responses_have_the_documented_fields() -> Result<()> {
    let world = CommandTestService::new().await?;
    let document = document(&world)?;
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
    for (reply, schema) in [
        (created, "Created"),
        (added, "Added"),
        (sent, "Sent"),
        (read, "ReadUpTo"),
        (plain, "Positioned"),
    ] {
        let schema = &document["components"]["schemas"][schema];
        let mut documented: Vec<_> = schema["properties"]
            .as_object()
            .context("properties")?
            .keys()
            .collect();
        let mut answered: Vec<_> = reply
            .json
            .as_object()
            .context("an object")?
            .keys()
            .collect();
        documented.sort();
        answered.sort();
        ensure!(documented == answered, "{documented:?} but {answered:?}");
        let required = schema["required"].as_array().map_or(0, Vec::len);
        ensure!(required == answered.len(), "{schema}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn references_resolve() -> Result<()> {
    let world = CommandTestService::new().await?;
    let document = document(&world)?;
    let text = document.to_string();
    // The text before the first reference contains none.
    let references: Vec<&str> = text.split("\"#/components/schemas/").skip(1).collect();
    ensure!(!references.is_empty(), "no references found");
    for reference in references {
        let name = reference.split('"').next().unwrap_or_default();
        ensure!(
            document["components"]["schemas"][name].is_object(),
            "the schema {name} is missing"
        );
    }
    Ok(())
}
