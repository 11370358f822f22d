//! The examples of the API document work after one click: the server accepts each of them on a
//! system where the walk of the README was done, and answers what the document says.

use std::cmp::Reverse;
use std::iter;
use std::time::Duration;

use eventually::eventually;
use reqwest::Method;
use serde_json::{Value, json};
use tests::api_document::ApiDocument;
use tests::client::{ApiRequest, Client};
use tests::response::ApiResponse;
use tests::token;
use tests::world::{Settings, World};

/// The password in the examples of local accounts.
const PASSWORD: &str = "correct horse battery";

/// A parameter for which no fixed example can exist: the `next` of a page.
const PAGE_CURSOR: &str = "The `next` of the previous page";

/// An operation of the document.
struct Operation<'a> {
    document: &'a ApiDocument,
    method: Method,
    path: String,
    json: &'a Value,
}

impl<'a> Operation<'a> {
    /// All operations but live delivery, which is no call. Those that remove something come last,
    /// details before the whole.
    fn collect(document: &'a ApiDocument) -> Vec<Self> {
        let paths = document.json()["paths"].as_object().expect("paths");
        let operations = paths.iter().flat_map(|(path, item)| {
            let methods = item.as_object().expect("an item").iter();
            methods.map(move |(method, json)| Self {
                document,
                method: method.to_uppercase().parse().expect("a method"),
                path: path.clone(),
                json,
            })
        });
        let mut operations: Vec<_> = operations
            .filter(|operation| operation.id() != "live")
            .collect();
        operations.sort_by_key(|operation| (operation.rank(), Reverse(operation.path.len())));
        operations
    }

    fn id(&self) -> &'a str {
        self.json["operationId"].as_str().expect("an id")
    }

    fn rank(&self) -> u8 {
        match self.id() {
            "add_webhook" | "set_desk" => 0,
            "clear_conversation" | "erase_content" => 4,
            // It ends the tokens of the caller.
            "change_password" => 5,
            _ if self.method == Method::GET => 2,
            _ if self.method == Method::DELETE => 3,
            _ => 1,
        }
    }

    fn parameters(&self, place: &'static str) -> impl Iterator<Item = &'a Value> + use<'a> {
        let parameters = self.json["parameters"].as_array().into_iter().flatten();
        parameters.filter(move |parameter| parameter["in"] == place)
    }

    /// The path with the examples of its parameters, and those of required query parameters.
    fn example_path(&self) -> String {
        let mut path = self.path.clone();
        for parameter in self.parameters("path") {
            let name = parameter["name"].as_str().expect("a name");
            path = path.replace(&format!("{{{name}}}"), &example_text(parameter));
        }
        let required = self.parameters("query");
        let required = required.filter(|parameter| parameter["required"] == true);
        let query: Vec<String> = required.map(to_query).collect();
        format!("{path}?{}", query.join("&"))
    }

    /// The optional query parameters that have an example, one for a call.
    fn optional_queries(&self) -> Vec<String> {
        let optional = self.parameters("query");
        let optional = optional.filter(|parameter| parameter["required"] != true);
        let with_example = optional.filter(|parameter| find_example(parameter).is_some());
        with_example.map(to_query).collect()
    }

    /// The paths of a query: one without its optional parameters, and one with each of them.
    fn query_paths(&self) -> Vec<String> {
        let path = self.example_path();
        let optional = self.optional_queries();
        // This query needs `ids` or `q`, and the other parameters belong to `q`.
        if self.id() == "list_users" {
            let (ids, search): (Vec<_>, Vec<_>) = optional
                .into_iter()
                .partition(|query| query.starts_with("ids="));
            return [ids, search]
                .map(|queries| format!("{path}{}", queries.join("&")))
                .into();
        }
        let with_optional = optional.iter().map(|query| format!("{path}&{query}"));
        iter::once(path.clone()).chain(with_optional).collect()
    }

    /// The media type and each example of the request body.
    fn bodies(&self) -> Vec<(String, Value)> {
        let content = self.json["requestBody"]["content"].as_object();
        let mut bodies = Vec::new();
        for (media_type, body) in content.into_iter().flatten() {
            let named = body["examples"].as_object().into_iter().flatten();
            let named = named.map(|(_, example)| &example["value"]);
            let examples: Vec<&Value> = body.get("example").into_iter().chain(named).collect();
            assert!(
                !examples.is_empty(),
                "{}: no example of {media_type}",
                self.id()
            );
            for example in examples {
                self.document.check_with(&body["schema"], example);
                bodies.push((media_type.clone(), example.clone()));
            }
        }
        bodies
    }

    /// Calls a command with an example of its body, and checks the response. Returns its position.
    async fn call(&self, client: &Client, body: Option<(&String, &Value)>) -> i64 {
        let path = self.example_path();
        let mut request = client.request(&self.method, path.trim_end_matches('?'));
        if let Some((media_type, example)) = body {
            request = with_body(request, media_type, example);
        }
        let answer = request.send().await;
        self.check(&answer);
        answer
            .header("tidings-position")
            .parse()
            .unwrap_or_default()
    }

    /// Checks the response to a call with examples.
    fn check(&self, answer: &ApiResponse) {
        assert!(
            (200..300).contains(&answer.status),
            "{}: {answer}",
            self.id()
        );
        let response = &self.json["responses"][answer.status.to_string()];
        let media_type = answer.header("content-type");
        let schema = &response["content"][media_type]["schema"];
        assert!(
            schema.is_object(),
            "{}: {media_type} is not documented",
            self.id()
        );
        if media_type.ends_with("ndjson") {
            let text = String::from_utf8_lossy(&answer.body);
            for line in text.lines() {
                let line: Value = serde_json::from_str(line).expect("JSON");
                self.document.check_with(&schema["contentSchema"], &line);
            }
        } else {
            self.document.check_with(schema, &answer.json());
        }
    }
}

/// The example of a parameter. Those of optional ones are in the schema.
fn find_example(parameter: &Value) -> Option<&Value> {
    let schema = &parameter["schema"];
    let example = parameter.get("example");
    example
        .or_else(|| schema["examples"].get(0))
        .or_else(|| schema.get("default"))
}

fn example_text(parameter: &Value) -> String {
    match find_example(parameter) {
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
        None => panic!("no example of {parameter}"),
    }
}

fn to_query(parameter: &Value) -> String {
    let name = parameter["name"].as_str().expect("a name");
    format!("{name}={}", example_text(parameter))
}

fn with_body(request: ApiRequest, media_type: &str, example: &Value) -> ApiRequest {
    match example {
        Value::String(lines) => request.body(media_type, lines.clone()),
        json => request.json(json),
    }
}

/// Sends a query until it is not refused because something is not ready.
async fn query(client: &Client, path: &str) -> ApiResponse {
    eventually(format!("GET {path} is served"), async || {
        let answer = client.get(path).await;
        (answer.status != 503).then_some(answer)
    })
    .await
}

/// The walk of the README: its group and its message are the first examples.
async fn walk(operations: &[Operation<'_>], client: &Client) {
    for id in ["create_conversation", "send_message"] {
        let found = operations.iter().find(|operation| operation.id() == id);
        let operation = found.expect(id);
        let (media_type, example) = &operation.bodies()[0];
        operation.call(client, Some((media_type, example))).await;
    }
    // No fixed time is in the future for good, so there is no example of one.
    let hour = Duration::from_secs(3_600);
    client.schedule("lunch", "later", hour).await.expect(202);
}

/// Opens an account for the caller, with the password of the examples.
async fn open_account(world: &World, user: &str) {
    let admin = world.admin();
    let issued = admin.post("/v1/accounts", json!({"user": user, "password": PASSWORD}));
    issued.await.expect(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_example_is_accepted() {
    let settings = Settings::default().with("TIDINGS_ACCOUNTS", "open");
    let world = World::start_with(settings).await;
    open_account(&world, "ann").await;
    let ann = world.user("ann").with_token(Some(token::for_admin("ann")));
    let document = ApiDocument::fetch(&ann).await;
    let operations = Operation::collect(&document);
    walk(&operations, &ann).await;
    let mut last = 0;
    // The codes of links and of a setup and the ids of jobs and files are random, so no fixed
    // example can be one. A service session takes several people.
    let is_random = |operation: &&Operation<'_>| {
        operation.path.contains("{code}")
            || operation.path.starts_with("/v1/files/")
            || operation.path.starts_with("/v1/service-sessions/")
            || ["/v1/place/setup", "/v1/admin/jobs/{id}"].contains(&operation.path.as_str())
    };
    let with_examples = operations.iter();
    let with_examples = with_examples.filter(|operation| !is_random(operation));
    for operation in with_examples {
        if operation.method == Method::GET {
            world.wait_until_projected(last).await;
            for path in operation.query_paths() {
                operation.check(&query(&ann, &path).await);
            }
            continue;
        }
        let mut bodies = operation.bodies();
        if operation.id() == "create_conversation" {
            bodies.remove(0);
        }
        for (media_type, example) in &bodies {
            last = operation
                .call(&ann, Some((media_type, example)))
                .await
                .max(last);
        }
        if operation.json["requestBody"].is_null() {
            last = operation.call(&ann, None).await.max(last);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_parameter_has_an_example() {
    let world = World::start().await;
    let document = ApiDocument::fetch(&world.anonymous()).await;
    for operation in Operation::collect(&document) {
        for place in ["path", "query", "header"] {
            for parameter in operation.parameters(place) {
                let described = [parameter, &parameter["schema"]];
                let description = described.map(|part| part["description"].as_str());
                let description = description.into_iter().flatten().next();
                let description = description.expect("a description");
                let is_cursor = description.starts_with(PAGE_CURSOR);
                let has_example = find_example(parameter).is_some();
                assert!(has_example || is_cursor, "{}: {parameter}", operation.id());
                // Swagger would send the examples of all optional parameters at once.
                if parameter["required"] != true {
                    assert!(parameter.get("example").is_none(), "{parameter}");
                }
            }
        }
    }
}
