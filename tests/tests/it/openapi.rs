//! The served document is OpenAPI 3.1 and covers every route. The documentation page needs no
//! internet access.

use std::collections::BTreeSet;

use tests::routes::{ROUTES, Route, path_pattern};
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
    // The page shows the tags in this order, and what is destructive last.
    let tags = document["tags"].as_array().expect("tags");
    let names: Vec<&str> = tags.iter().filter_map(|tag| tag["name"].as_str()).collect();
    let expected = [
        "conversations",
        "messages",
        "inbox",
        "search",
        "users",
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
