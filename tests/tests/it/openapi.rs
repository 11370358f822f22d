//! The served document is OpenAPI 3.1 and covers every route. The documentation page needs no
//! internet access.

use std::collections::BTreeSet;
use std::path::Path;

use tests::routes::{Access, ROUTES, Route, path_pattern};
use tests::world::World;

#[tokio::test(flavor = "multi_thread")]
async fn the_document_and_the_route_table_have_the_same_routes() {
    let world = World::start().await;
    let document = world.anonymous().get_ok("/openapi.json").await;
    assert!(
        document["openapi"]
            .as_str()
            .is_some_and(|version| version.starts_with("3.1")),
        "{}",
        document["openapi"]
    );
    let mut served = BTreeSet::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("an item") {
            if ["get", "put", "post", "patch", "delete"].contains(&method.as_str()) {
                served.insert(path_pattern(method, path));
                assert!(
                    operation["operationId"].is_string(),
                    "{method} {path} has no operationId"
                );
                let responses = operation["responses"].as_object().expect("responses");
                assert!(!responses.is_empty(), "{method} {path} has no responses");
            }
        }
    }
    // The document describes the API. The other routes are for operators.
    let api = |route: &&Route| route.template.starts_with("/v1/");
    let table: BTreeSet<_> = ROUTES.iter().filter(api).map(Route::pattern).collect();
    let missing: Vec<_> = table.difference(&served).collect();
    let unlisted: Vec<_> = served.difference(&table).collect();
    assert!(missing.is_empty(), "not in the document: {missing:?}");
    assert!(unlisted.is_empty(), "not in the route table: {unlisted:?}");
}

/// Live delivery begins where the client asks. The others answer from tables beside the log.
const QUERIES_WITHOUT_POSITION: [&str; 7] = [
    "/v1/admin/accounts",
    "/v1/admin/jobs",
    "/v1/admin/jobs/{id}",
    "/v1/admin/seals",
    "/v1/live",
    "/v1/place",
    "/v1/push/webpush-key",
];

/// Commands that take no key, because they are no events: accounts, the place, jobs and what is
/// issued once, or because their request has keys of its own, or is safe to repeat.
const COMMANDS_WITHOUT_KEY: [&str; 16] = [
    "/v1/accounts",
    "/v1/admin/accounts/{user}/scope",
    "/v1/admin/jobs",
    "/v1/admin/jobs/{id}",
    "/v1/admin/place",
    "/v1/admin/erasures",
    "/v1/admin/import",
    "/v1/admin/invites",
    "/v1/admin/tokens",
    "/v1/batch",
    "/v1/conversations/{id}/messages",
    "/v1/files/{id}",
    "/v1/files/{id}/content",
    "/v1/place/setup",
    "/v1/sessions",
    "/v1/users/me/password",
];

#[tokio::test(flavor = "multi_thread")]
async fn every_query_can_wait_and_every_command_takes_a_key() {
    let world = World::start().await;
    let document = world.anonymous().get_ok("/openapi.json").await;
    let mut without = BTreeSet::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("an item") {
            let name = if method == "get" {
                "min_position"
            } else {
                "Idempotency-Key"
            };
            let parameters = operation["parameters"].as_array();
            let has_it = parameters
                .is_some_and(|parameters| parameters.iter().any(|known| known["name"] == name));
            if !has_it {
                without.insert(path.as_str());
            }
        }
    }
    let known = [&QUERIES_WITHOUT_POSITION[..], &COMMANDS_WITHOUT_KEY].concat();
    assert_eq!(without, known.into_iter().collect());
}

#[test]
fn the_page_of_administrators_lists_every_call_of_theirs() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let page = std::fs::read_to_string(root.join("docs/administrators.md")).expect("the page");
    let (_, table) = page.split_once("## All calls").expect("the section");
    let table = table.split("\n## ").next().unwrap_or_default();
    let listed: BTreeSet<_> = table.lines().flat_map(listed_routes).collect();
    let administrators = ROUTES
        .iter()
        .filter(|route| matches!(route.access, Access::Admin));
    let routes: BTreeSet<_> = administrators.map(Route::pattern).collect();
    let missing: Vec<_> = routes.difference(&listed).collect();
    assert!(missing.is_empty(), "not on the page: {missing:?}");
}

/// The routes in a row: `GET /a` is one, `PUT` and `DELETE /b` are two.
fn listed_routes(row: &str) -> Vec<String> {
    let mut routes = Vec::new();
    let mut methods = Vec::new();
    for code in row.split('`').skip(1).step_by(2) {
        let (method, path) = code.split_once(' ').unwrap_or((code, ""));
        methods.push(method);
        if !path.is_empty() {
            routes.extend(methods.drain(..).map(|method| path_pattern(method, path)));
        }
    }
    routes
}

#[test]
fn the_routes_of_a_row_are_found() {
    let row = "| `GET` and `PUT /v1/a/{b}`, `POST /v1/c` | [page](page.md) |";
    let expected = ["GET /v1/a/{}", "PUT /v1/a/{}", "POST /v1/c"];
    assert_eq!(listed_routes(row), expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_document_introduces_itself_and_has_the_tags_in_the_order_of_need() {
    let world = World::start().await;
    let document = world.anonymous().get_ok("/openapi.json").await;
    // The introduction says how to begin: where a token comes from, and the first calls in order.
    let introduction = document["info"]["description"].as_str().expect("a text");
    let steps = [
        "Authorize",
        "tidings token",
        "create_conversation",
        "send_message",
        "get_inbox",
        "/asyncapi.json",
    ];
    let places = steps.map(|step| introduction.find(step).unwrap_or_else(|| panic!("{step}")));
    assert!(places.is_sorted(), "{introduction}");
    assert_eq!(document["info"]["title"], "Tidings");
    assert_eq!(document["info"]["license"]["identifier"], "Apache-2.0");
    assert_eq!(document["servers"][0]["url"], "/");
    // The box for the token says where one comes from.
    let scheme = &document["components"]["securitySchemes"]["bearer"];
    let hint = scheme["description"].as_str().expect("a text");
    assert!(hint.contains("tidings token USER"), "{hint}");
    // The page shows the tags in this order, and what is destructive last.
    let tags = document["tags"].as_array().expect("tags");
    let names: Vec<&str> = tags.iter().filter_map(|tag| tag["name"].as_str()).collect();
    let expected = [
        "conversations",
        "messages",
        "files",
        "inbox",
        "search",
        "users",
        "devices",
        "desks",
        "batch",
        "moderation",
        "admin",
    ];
    assert_eq!(names, expected);
    for tag in tags {
        let description = tag["description"].as_str().unwrap_or_default();
        assert!(description.ends_with('.'), "{tag}");
    }
    // An operation with another tag, or without one, would be listed after all of these.
    let mut used = BTreeSet::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("an item") {
            let tags = operation["tags"].as_array().cloned().unwrap_or_default();
            let [tag] = tags.as_slice() else {
                panic!("{method} {path} has the tags {tags:?}");
            };
            used.insert(tag.as_str().expect("a name").to_owned());
        }
    }
    assert_eq!(used, expected.map(str::to_owned).into());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_documentation_page_loads_nothing_from_other_hosts() {
    let world = World::start().await;
    let client = world.anonymous();
    let page = client.get("/docs").await;
    assert_eq!(page.status, 200, "{page}");
    let html = String::from_utf8_lossy(&page.body).into_owned();
    let mut linked = 0;
    for attribute in ["src=\"", "href=\""] {
        for rest in html.split(attribute).skip(1) {
            let link = rest.split('"').next().unwrap_or_default();
            let outside = link.contains("://") || link.starts_with("//");
            assert!(!outside, "the docs page needs {link}");
            if !link.starts_with("data:") && !link.starts_with('#') {
                let path = format!(
                    "/docs/{}",
                    link.trim_start_matches("./").trim_start_matches("/docs/")
                );
                assert_eq!(client.get(&path).await.status, 200, "{link}");
                linked += 1;
            }
        }
    }
    assert!(
        linked >= 2,
        "the page at /docs has no script and no style: {html}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_shows_the_frames_and_loads_nothing_but_the_document_of_this_server() {
    let world = World::start().await;
    let client = world.anonymous();
    let landing = client.get("/api").await;
    assert!(String::from_utf8_lossy(&landing.body).contains("href=\"/asyncapi\""));
    let page = client.get("/asyncapi").await;
    assert_eq!(page.status, 200, "{page}");
    assert!(page.header("content-type").starts_with("text/html"));
    // In Chromium, tests/clients/page.mjs reads it.
    let html = String::from_utf8_lossy(&page.body).into_owned();
    assert!(html.contains("fetch(\"/asyncapi.json\")"), "{html}");
    for outside in ["http:", "https:", "src=", "@import", "url(", "innerHTML"] {
        assert!(!html.contains(outside), "the page has {outside}");
    }
}
