//! Sends requests to the router without a socket.

use axum::body::Body;
use axum::response::Response;
use http::{Method, Request};
use http_body_util::BodyExt;
use http_edge::EdgeConfig;
use serde_json::Value;
use tower::ServiceExt;

use crate::service::{hardened, token};

pub struct Answer {
    pub response: Response,
    pub body: Vec<u8>,
}

impl Answer {
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

pub async fn ask_of(
    router: axum::Router,
    method: Method,
    path: &str,
    headers: &[(&str, &str)],
) -> Answer {
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
    Answer {
        response: Response::from_parts(parts, Body::empty()),
        body,
    }
}

pub async fn ask(method: Method, path: &str, headers: &[(&str, &str)]) -> Answer {
    ask_of(hardened(&EdgeConfig::default(), 0), method, path, headers).await
}

pub async fn get(path: &str) -> Answer {
    ask(Method::GET, path, &[]).await
}

pub fn bearer(user: &str, scope: &str) -> String {
    format!("Bearer {}", token(user, scope))
}
