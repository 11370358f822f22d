//! The pages over HTTP: headers, encodings, versions, and what is no page.

use std::io::Read as _;

use axum::body::Body;
use axum::response::Response;
use flate2::read::GzDecoder;
use http::{Method, Request};
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;

async fn call(method: Method, path: &str, headers: &[(&str, &str)]) -> Response {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(Body::empty()).expect("a request");
    let embedders = [
        "https://shop.example",
        "http://localhost:*",
        "x; script-src *",
    ];
    web_pages::routes(&embedders.map(str::to_owned))
        .oneshot(request)
        .await
        .expect("a response")
}

async fn get(path: &str, headers: &[(&str, &str)]) -> Response {
    call(Method::GET, path, headers).await
}

fn header<'a>(response: &'a Response, name: &str) -> &'a str {
    let value = response.headers().get(name);
    value.map_or("", |value| value.to_str().expect("text"))
}

async fn body(response: Response) -> Vec<u8> {
    let collected = response.into_body().collect().await;
    collected.expect("a body").to_bytes().to_vec()
}

#[tokio::test]
async fn both_pages_are_served_with_a_policy_that_runs_only_their_own_scripts() {
    for path in ["/", "/ops"] {
        let response = get(path, &[]).await;
        assert_eq!(response.status(), 200, "{path}");
        assert_eq!(
            header(&response, "content-type"),
            "text/html; charset=utf-8"
        );
        let policy = header(&response, "content-security-policy").to_owned();
        for part in [
            "default-src 'none'",
            "script-src 'self';",
            "style-src 'self';",
            "media-src 'self' blob:;",
            "worker-src 'self';",
            "frame-ancestors 'none'",
            "base-uri 'none'",
        ] {
            assert!(policy.contains(part), "{policy}");
        }
        assert!(!policy.contains("unsafe"), "{policy}");
        assert_eq!(header(&response, "x-content-type-options"), "nosniff");
        assert_eq!(header(&response, "referrer-policy"), "no-referrer");
        assert_eq!(header(&response, "cache-control"), "no-cache");
        let html = String::from_utf8(body(response).await).expect("text");
        assert!(html.contains("<script"), "{html}");
        assert!(
            !html.contains("style=") && !html.contains("<style"),
            "{html}"
        );
    }
}

#[tokio::test]
async fn only_the_widget_is_shown_in_frames_and_only_by_the_listed_origins() {
    let policy_of = async |path: &str| {
        let response = get(path, &[]).await;
        assert_eq!(response.status(), 200, "{path}");
        header(&response, "content-security-policy").to_owned()
    };
    let policy = policy_of("/widget").await;
    let listed = "; frame-ancestors https://shop.example http://localhost:*";
    assert!(policy.ends_with(listed), "{policy}");
    for path in ["/", "/ops", "/widget.js", "/widget-frame.js"] {
        let policy = policy_of(path).await;
        assert!(policy.ends_with("; frame-ancestors 'none'"), "{policy}");
    }
    // No page is listed.
    let request = Request::builder().uri("/widget").body(Body::empty());
    let response = web_pages::routes(&[]).oneshot(request.expect("a request"));
    let response = response.await.expect("a response");
    let policy = header(&response, "content-security-policy");
    assert!(policy.ends_with("; frame-ancestors 'none'"), "{policy}");
}

#[tokio::test]
async fn the_address_of_the_console_may_end_with_a_slash() {
    let response = get("/ops/", &[]).await;
    assert_eq!(response.status(), 308);
    assert_eq!(response.headers()["location"], "/ops");
}

#[tokio::test]
async fn what_a_page_loads_is_served_here() {
    let mut loaded = 0;
    for page in ["/", "/ops", "/widget"] {
        let html = String::from_utf8(body(get(page, &[]).await).await).expect("text");
        for attribute in ["src=\"", "href=\""] {
            for link in html.split(attribute).skip(1) {
                let link = link.split('"').next().expect("a quote");
                let path = format!("/{}", link.trim_start_matches(['.', '/']));
                assert_eq!(get(&path, &[]).await.status(), 200, "{path}");
                loaded += 1;
            }
        }
    }
    assert!(loaded >= 4, "only {loaded} files");
}

#[tokio::test]
async fn gzip_is_sent_to_those_who_take_it() {
    let plain = body(get("/", &[("accept-encoding", "br, gzip;q=0")]).await).await;
    let response = get("/", &[("accept-encoding", "br;q=1.0, GZIP;q=0.5")]).await;
    assert_eq!(header(&response, "content-encoding"), "gzip");
    assert_eq!(header(&response, "vary"), "accept-encoding");
    let mut unpacked = Vec::new();
    let packed = body(response).await;
    let read = GzDecoder::new(packed.as_slice()).read_to_end(&mut unpacked);
    read.expect("gzip");
    assert_eq!(unpacked, plain);
}

#[tokio::test]
async fn a_known_version_is_not_sent_again() {
    let tag = header(&get("/", &[]).await, "etag").to_owned();
    for known in [tag.as_str(), &format!("\"x\", {tag}"), "*"] {
        let response = get("/", &[("if-none-match", known)]).await;
        assert_eq!(response.status(), 304, "{known}");
        assert_eq!(header(&response, "etag"), tag);
        assert!(body(response).await.is_empty());
    }
    let other = get("/", &[("if-none-match", "\"x\"")]).await;
    assert_eq!(other.status(), 200);
}

#[tokio::test]
async fn head_has_the_headers_and_no_body() {
    let response = call(Method::HEAD, "/ops", &[]).await;
    assert_eq!(response.status(), 200);
    assert!(header(&response, "content-type").starts_with("text/html"));
    assert!(body(response).await.is_empty());
}

#[tokio::test]
async fn nothing_else_is_a_page() {
    for path in [
        "/chat.html",
        "/ops/chat",
        "/../Cargo.toml",
        "/v1/inbox",
        "//",
    ] {
        assert_eq!(get(path, &[]).await.status(), 404, "{path}");
    }
    let posted = call(Method::POST, "/", &[]).await;
    assert_eq!(posted.status(), 405);
}
