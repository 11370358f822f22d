//! The AsyncAPI document of live delivery. It has the schemas of the OpenAPI document.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};
use utoipa::openapi::OpenApi;

use super::frames::UNIONS;

/// The path of live delivery.
const LIVE_PATH: &str = "/v1/live";

const DESCRIPTION: &str = "The frames of live delivery over a WebSocket, as the server sees it: it \
sends `ServerFrame` and receives `ClientFrame`. Each frame is one JSON text. A token is needed: in \
the header, as a subprotocol (`tidings.v1`, `bearer.<token>`), as `access_token`, or in a first \
frame. The pages of the documentation say more of cursors, acknowledgements and close codes.";

/// Builds the AsyncAPI document of live delivery from the OpenAPI document of all services. `None`
/// if that has no live delivery.
pub fn build_live_document(api: &OpenApi) -> Option<Value> {
    let api = serde_json::to_value(api).ok()?;
    let operation = api["paths"][LIVE_PATH].get("get")?;
    let [sent, received] = UNIONS.map(|union| frames_of(&api, union));
    let mut schemas = Map::new();
    for (_, schema) in sent.iter().chain(&received) {
        copy_schema(&api, schema, &mut schemas);
    }
    let messages = sent.iter().chain(&received);
    let messages: Map<String, Value> = messages
        .map(|(kind, schema)| (schema.clone(), describe_message(&api, kind, schema)))
        .collect();
    let names = messages.keys();
    let listed: Map<String, Value> = names
        .map(|name| (name.clone(), refer("components/messages", name)))
        .collect();
    Some(json!({
        "asyncapi": "3.0.0",
        "info": {
            "title": "Tidings live delivery",
            "version": api["info"]["version"],
            "description": DESCRIPTION,
            "license": { "name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0" },
        },
        "defaultContentType": "application/json",
        "channels": { "live": {
            "address": LIVE_PATH,
            "title": "Live delivery",
            "description": "One connection of a client.",
            "messages": listed,
            "bindings": { "ws": {
                "method": "GET",
                "query": describe_query(operation),
                "bindingVersion": "0.1.0",
            } },
        } },
        "operations": {
            "sendFrame": describe_operation("send", "The server pushes a frame.", &sent),
            "receiveFrame": describe_operation("receive", "A client sends a frame.", &received),
        },
        "components": { "messages": messages, "schemas": schemas },
    }))
}

/// The types and the schemas of the frames of a union.
fn frames_of(api: &Value, union: &str) -> Vec<(String, String)> {
    let mapping = &api["components"]["schemas"][union]["discriminator"]["mapping"];
    let mapping = mapping.as_object().into_iter().flatten();
    let frames = mapping.filter_map(|(kind, location)| {
        let (_, name) = location.as_str()?.rsplit_once('/')?;
        Some((kind.clone(), name.to_owned()))
    });
    frames.collect()
}

fn refer(place: &str, name: &str) -> Value {
    json!({ "$ref": format!("#/{place}/{name}") })
}

fn describe_message(api: &Value, kind: &str, schema: &str) -> Value {
    json!({
        "name": kind,
        "title": schema,
        "summary": api["components"]["schemas"][schema]["description"],
        "payload": refer("components/schemas", schema),
    })
}

fn describe_operation(action: &str, summary: &str, frames: &[(String, String)]) -> Value {
    let messages = frames.iter();
    let messages: Vec<Value> = messages
        .map(|(_, schema)| refer("channels/live/messages", schema))
        .collect();
    json!({
        "action": action,
        "summary": summary,
        "channel": { "$ref": "#/channels/live" },
        "messages": messages,
    })
}

/// The parameters of the query string, as the properties of one object.
fn describe_query(operation: &Value) -> Value {
    let parameters = operation["parameters"].as_array().into_iter().flatten();
    let properties: Map<String, Value> = parameters
        .filter(|parameter| parameter["in"] == "query")
        .filter_map(|parameter| {
            let mut schema = parameter["schema"].clone();
            schema["description"] = parameter["description"].clone();
            Some((parameter["name"].as_str()?.to_owned(), schema))
        })
        .collect();
    json!({ "type": "object", "properties": properties })
}

/// Copies a schema and everything that it refers to.
fn copy_schema(api: &Value, name: &str, copied: &mut Map<String, Value>) {
    if copied.contains_key(name) {
        return;
    }
    let mut schema = api["components"]["schemas"][name].clone();
    let mut names = BTreeSet::new();
    adapt_schema(&mut schema, &mut names);
    copied.insert(name.to_owned(), schema);
    for name in names {
        copy_schema(api, &name, copied);
    }
}

/// Collects the names of the schemas that a schema refers to. A discriminator is the name of the
/// property here, without a mapping.
fn adapt_schema(schema: &mut Value, names: &mut BTreeSet<String>) {
    match schema {
        Value::Object(fields) => {
            if let Some(property) = fields
                .get("discriminator")
                .and_then(|discriminator| discriminator.get("propertyName"))
                .cloned()
            {
                fields.insert("discriminator".to_owned(), property);
            }
            let reference = fields.get("$ref").and_then(Value::as_str);
            names.extend(
                reference
                    .and_then(|reference| reference.rsplit_once('/'))
                    .map(|(_, name)| name.to_owned()),
            );
            fields
                .values_mut()
                .for_each(|value| adapt_schema(value, names));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| adapt_schema(item, names)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_has_every_frame_and_what_it_refers_to() {
        let document = build_live_document(&crate::document()).unwrap();
        let messages = document["components"]["messages"].as_object().unwrap();
        assert_eq!(messages.len(), 14);
        for (name, message) in messages {
            let location = message["payload"]["$ref"].as_str().unwrap();
            let schema = document.pointer(location.trim_start_matches('#'));
            assert!(schema.is_some(), "{name}");
        }
        let schemas = &document["components"]["schemas"];
        assert!(schemas["MessageSentEntry"].is_object() && schemas["TextBody"].is_object());
        assert_eq!(schemas["Entry"]["discriminator"], "type");
        assert!(schemas["Inbox"].is_null());
        let query = &document["channels"]["live"]["bindings"]["ws"]["query"]["properties"];
        assert!(query["access_token"].is_object(), "{query}");
    }

    #[test]
    fn without_live_delivery_there_is_no_document() {
        assert!(build_live_document(&OpenApi::default()).is_none());
    }
}
