//! Sends requests to the router without a socket.

use axum::body::Body;
use axum::response::Response;
use http::{Method, Request};
use http_body_util::BodyExt;
use http_edge::EdgeConfig;
use serde_json::Value;
use tower::ServiceExt;

use crate::test_service::{edge_router, token};

pub struct TestResponse {
    pub response: Response,
    pub body: Vec<u8>,
}

impl TestResponse {
    pub fn status(&self) -> u16 {
        self.response.status().as_u16()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.response
            .headers()
            .get(name)
            .map(|value| value.to_str().unwrap())
    }

    pub fn problem(&self) -> Value {
        assert_eq!(
            self.header("content-type"),
            Some("application/problem+json")
        );
        let problem: Value = serde_json::from_slice(&self.body).unwrap();
        assert_eq!(problem["status"], self.status());
        for member in ["type", "title", "detail", "code"] {
            assert!(problem[member].is_string(), "{member}");
        }
        problem
    }

    pub fn code(&self) -> String {
        self.problem()["code"].as_str().unwrap().to_owned()
    }

    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }
}

pub async fn send_to(
    router: axum::Router,
    method: Method,
    path: &str,
    headers: &[(&str, &str)],
) -> TestResponse {
    let mut request = Request::builder()
        .method(method)
        .uri(path)
        .header("host", "tidings:8080");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = router
        .oneshot(request.body(Body::empty()).unwrap())
        .await
        .unwrap();
    let (parts, body) = response.into_parts();
    let body = body.collect().await.unwrap().to_bytes().to_vec();
    TestResponse {
        response: Response::from_parts(parts, Body::empty()),
        body,
    }
}

pub async fn send(method: Method, path: &str, headers: &[(&str, &str)]) -> TestResponse {
    send_to(
        edge_router(&EdgeConfig::default(), 0),
        method,
        path,
        headers,
    )
    .await
}

pub async fn get(path: &str) -> TestResponse {
    send(Method::GET, path, &[]).await
}

pub fn bearer(user: &str, scope: &str) -> String {
    format!("Bearer {}", token(user, scope))
}
