//! JSON bodies over HTTP: content types, encodings and documents.

use axum::body::Body;
use http::{Request, StatusCode};
use http_body_util::BodyExt;
use http_edge::EdgeConfig;
use serde_json::Value;
use tower::ServiceExt;

use crate::test_service::edge_router;

async fn post(
    content_type: Option<&str>,
    encoding: Option<&str>,
    body: &[u8],
) -> (StatusCode, Value) {
    post_to("/notes", content_type, encoding, body).await
}

async fn post_to(
    path: &str,
    content_type: Option<&str>,
    encoding: Option<&str>,
    body: &[u8],
) -> (StatusCode, Value) {
    let mut request = Request::post(path).header("host", "tidings");
    if let Some(value) = content_type {
        request = request.header("content-type", value);
    }
    if let Some(value) = encoding {
        request = request.header("content-encoding", value);
    }
    let request = request.body(Body::from(body.to_vec())).unwrap();
    let response = edge_router(&EdgeConfig::default(), 0)
        .oneshot(request)
        .await
        .unwrap();
    let status = response.status();
    let is_problem = response.headers()["content-type"] == "application/problem+json";
    assert_eq!(is_problem, status.is_client_error(), "{status}");
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    (status, serde_json::from_slice(&bytes).unwrap_or_default())
}

#[tokio::test]
async fn content_type_must_be_uncompressed_json() {
    let body = br#"{"text":"a"}"#;
    for good in [
        "application/json",
        "application/json; charset=utf-8",
        "APPLICATION/JSON",
        "application/x+json",
    ] {
        assert_eq!(post(Some(good), None, body).await.0, 200, "{good}");
    }
    for bad in [
        None,
        Some(""),
        Some("text/plain"),
        Some("application/x-www-form-urlencoded"),
        Some("json"),
    ] {
        let (status, problem) = post(bad, None, body).await;
        assert_eq!(
            (status.as_u16(), problem["code"].as_str()),
            (415, Some("unsupported_media_type")),
            "{bad:?}"
        );
    }
    assert_eq!(
        post(Some("application/json"), Some("gzip"), body).await.0,
        415
    );
    assert_eq!(
        post(Some("application/json"), Some("identity"), body)
            .await
            .0,
        200
    );
}

#[tokio::test]
async fn text_is_preserved_byte_for_byte() {
    let text = "日本語 \u{202e}rtl \u{200d} 👨‍👩‍👧 e\u{301} \u{10ffff} \u{fffe} \t\n ' \"\\u0000\" \u{7f}\u{85}";
    let body = serde_json::json!({"text": text}).to_string();
    let (status, note) = post(Some("application/json"), None, body.as_bytes()).await;
    assert_eq!((status.as_u16(), note["text"].as_str()), (200, Some(text)));
}

#[tokio::test]
async fn invalid_documents_are_explained() {
    for (body, status, code, field) in [
        (&br#"{"text":"a"#[..], 400, "malformed", ""),
        (br#"{"text":"a"} {}"#, 400, "malformed", ""),
        (br#"{"text":"\u0000"}"#, 400, "malformed", ""),
        (br#"{"text":"\udc00"}"#, 400, "malformed", ""),
        (b"{\"text\":\"\xff\"}", 400, "malformed", ""),
        (b"", 400, "malformed", ""),
        (b"null", 422, "invalid", ""),
        (b"[]", 422, "invalid", ""),
        (br#"{"tags":[]}"#, 422, "invalid", "text"),
        (
            br#"{"text":"a","tags":["b",{}]}"#,
            422,
            "invalid",
            "tags[1]",
        ),
    ] {
        let (actual, problem) = post(Some("application/json"), None, body).await;
        let field_name = problem["errors"][0]["field"].as_str();
        assert_eq!(
            (actual.as_u16(), problem["code"].as_str(), field_name),
            (status, Some(code), Some(field))
        );
        assert_ne!(problem["errors"][0]["message"], "");
    }
    assert_eq!(
        post(
            Some("application/json"),
            None,
            br#"{"text":"a","more":{"any":1}}"#
        )
        .await
        .0,
        422
    );
}

#[tokio::test]
async fn ndjson_has_its_own_content_type_and_a_larger_limit() {
    let large = vec![b'x'; 1024 * 1024];
    for good in [
        "application/x-ndjson",
        "application/jsonl",
        "application/json",
    ] {
        assert_eq!(
            post_to("/lines", Some(good), None, &large).await.0,
            200,
            "{good}"
        );
    }
    assert_eq!(
        post_to("/lines", Some("text/plain"), None, b"").await.0,
        415
    );
    assert_eq!(post_to("/lines", None, None, b"").await.0, 415);
    assert_eq!(
        post_to("/notes", Some("application/json"), None, &large)
            .await
            .0,
        413
    );
    let larger = vec![b'x'; 8 * 1024 * 1024 + 1];
    assert_eq!(
        post_to("/lines", Some("application/x-ndjson"), None, &larger)
            .await
            .0,
        413
    );
}

#[tokio::test]
async fn a_body_may_be_absent_where_every_field_is_optional() {
    let answer = async |content_type: Option<&str>, body: &'static str| {
        let mut request = Request::post("/note").header("host", "tidings");
        if let Some(value) = content_type {
            request = request.header("content-type", value);
        }
        let request = request.body(Body::from(body)).unwrap();
        let router = edge_router(&EdgeConfig::default(), 0);
        let response = router.oneshot(request).await.unwrap();
        let status = response.status().as_u16();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        (status, String::from_utf8_lossy(&body).into_owned())
    };
    let json = Some("application/json");
    assert_eq!(answer(None, "").await, (200, String::new()));
    let note = answer(json, "{\"text\":\"tea\"}").await;
    assert_eq!(note, (200, "tea".to_owned()));
    // A body that is there is checked like every other.
    let (status, problem) = answer(json, "").await;
    assert_eq!(status, 400);
    assert!(problem.contains("the body is empty"), "{problem}");
    assert_eq!(answer(json, "{\"text\":1}").await.0, 422);
    assert_eq!(answer(None, "{}").await.0, 415);
}
