//! An HTTP client that acts as one user.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::types::time::OffsetDateTime;

use crate::response::ApiResponse;
use crate::token;

/// An HTTP client with the token of one user. Cheap to clone.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    base_urls: Arc<BaseUrls>,
    user: Arc<str>,
    token: Option<Arc<str>>,
}

/// The base URLs of the services. They are the same for `tidings up`.
#[derive(Debug, Clone)]
pub struct BaseUrls {
    /// `http://host:port` for commands.
    pub commands: String,
    /// `http://host:port` for queries.
    pub queries: String,
}

/// Creates the HTTP client that all users of a world share.
pub fn http_client() -> reqwest::Client {
    let client = http_client_builder().build();
    client.expect("a client without any certificate can be built")
}

/// The same, to be completed.
pub fn http_client_builder() -> reqwest::ClientBuilder {
    // Another test may have installed a provider. It is the same one.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .no_proxy()
        .timeout(std::time::Duration::from_secs(60))
}

impl Client {
    /// A client with a valid token of `user`.
    pub fn for_user(http: reqwest::Client, base_urls: Arc<BaseUrls>, user: &str) -> Self {
        Self {
            http,
            base_urls,
            user: user.into(),
            token: Some(token::for_user(user).into()),
        }
    }

    /// The same user with another token, or without one.
    #[must_use]
    pub fn with_token(&self, token: Option<String>) -> Self {
        Self {
            token: token.map(Into::into),
            ..self.clone()
        }
    }

    /// The same user, at other processes.
    #[must_use]
    pub fn at(&self, bases: Arc<BaseUrls>) -> Self {
        Self {
            base_urls: bases,
            ..self.clone()
        }
    }

    /// The user who makes the calls.
    pub fn user(&self) -> &str {
        &self.user
    }

    /// Starts a call. `path` begins with `/` and is percent-encoded.
    pub fn request(&self, method: &Method, path: &str) -> ApiRequest {
        let base = if method == Method::GET {
            &self.base_urls.queries
        } else {
            &self.base_urls.commands
        };
        let mut inner = self.http.request(method.clone(), format!("{base}{path}"));
        if let Some(token) = &self.token {
            inner = inner.bearer_auth(token);
        }
        ApiRequest {
            inner,
            call: format!("{method} {path} as {}", self.user),
        }
    }

    /// `GET`.
    pub async fn get(&self, path: &str) -> ApiResponse {
        self.request(&Method::GET, path).send().await
    }

    /// `POST` with a JSON body.
    pub async fn post(&self, path: &str, body: Value) -> ApiResponse {
        self.request(&Method::POST, path).json(&body).send().await
    }

    /// `PUT` with an optional JSON body.
    pub async fn put(&self, path: &str, body: Option<Value>) -> ApiResponse {
        let request = self.request(&Method::PUT, path);
        match body {
            Some(body) => request.json(&body).send().await,
            None => request.send().await,
        }
    }

    /// `PATCH` with a JSON body.
    pub async fn patch(&self, path: &str, body: Value) -> ApiResponse {
        self.request(&Method::PATCH, path).json(&body).send().await
    }

    /// `DELETE`.
    pub async fn delete(&self, path: &str) -> ApiResponse {
        self.request(&Method::DELETE, path).send().await
    }

    /// Creates a group with this id and these further members.
    pub async fn create_group(&self, id: &str, members: &[&str]) -> ApiResponse {
        self.post(
            "/v1/conversations",
            json!({ "kind": "group", "id": id, "members": members }),
        )
        .await
    }

    /// Creates a direct conversation and returns its id.
    pub async fn create_direct(&self, peer: &str) -> String {
        let answer = self
            .post(
                "/v1/conversations",
                json!({ "kind": "direct", "members": [peer] }),
            )
            .await;
        assert!(matches!(answer.status, 200 | 201), "{answer}");
        answer.json()["id"].as_str().unwrap_or_default().to_owned()
    }

    /// Sends a text message. `key` is its `client_message_id`.
    pub async fn send(&self, conversation: &str, key: &str, text: &str) -> ApiResponse {
        self.send_message(
            conversation,
            json!({ "client_message_id": key, "type": "text", "body": { "text": text } }),
        )
        .await
    }

    /// Schedules a text message for a time that is this far ahead.
    pub async fn schedule(&self, conversation: &str, key: &str, ahead: Duration) -> ApiResponse {
        let due = OffsetDateTime::now_utc() + ahead;
        let (date, (hour, minute, second)) = (due.date(), due.to_hms());
        let send_at = format!("{date}T{hour:02}:{minute:02}:{second:02}Z");
        self.send_message(
            conversation,
            json!({ "client_message_id": key, "type": "text", "body": { "text": key },
                    "send_at": send_at }),
        )
        .await
    }

    /// Sends texts `word0`, `word1` and so on, with these keys. Returns the position of the last.
    pub async fn send_texts(&self, conversation: &str, word: &str, count: usize) -> i64 {
        let mut last = 0;
        for n in 0..count {
            let key = format!("{word}{n}");
            last = self.send(conversation, &key, &key).await.position();
        }
        last
    }

    /// Sends any message.
    pub async fn send_message(&self, conversation: &str, message: Value) -> ApiResponse {
        self.post(
            &format!("/v1/conversations/{conversation}/messages"),
            message,
        )
        .await
    }

    /// Marks everything up to a seq as read.
    pub async fn read(&self, conversation: &str, up_to: i64) -> ApiResponse {
        self.post(
            &format!("/v1/conversations/{conversation}/read"),
            json!({ "up_to": up_to }),
        )
        .await
    }

    /// Runs a query that must succeed and returns its body.
    pub async fn get_ok(&self, path: &str) -> Value {
        self.get(path).await.expect(200)
    }
}

/// A call that has not been sent yet.
pub struct ApiRequest {
    inner: reqwest::RequestBuilder,
    call: String,
}

impl ApiRequest {
    /// Sets a JSON body.
    #[must_use]
    pub fn json(mut self, body: &Value) -> Self {
        self.inner = self.inner.json(body);
        self
    }

    /// Sets any body.
    #[must_use]
    pub fn body(mut self, content_type: &str, body: impl Into<Bytes>) -> Self {
        self.inner = self
            .inner
            .header("content-type", content_type)
            .body(body.into());
        self
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.inner = self.inner.header(name, value);
        self
    }

    /// Sends the call. Panics if there is no HTTP response.
    pub async fn send(self) -> ApiResponse {
        let call = self.call.clone();
        self.try_send()
            .await
            .unwrap_or_else(|error| panic!("{call}: {error:?}"))
    }

    /// Sends the call. After an error, its outcome is unknown.
    pub async fn try_send(self) -> Result<ApiResponse, reqwest::Error> {
        let answer = self.inner.send().await?;
        let status = answer.status().as_u16();
        let headers = answer.headers().clone();
        Ok(ApiResponse {
            call: self.call,
            status,
            headers,
            body: answer.bytes().await?,
        })
    }
}
