//! Calls over HTTP, as one user.

use std::sync::Arc;

use bytes::Bytes;
use reqwest::Method;
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::token;

/// One user's way to the services. Cheap to clone.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    bases: Arc<Bases>,
    user: Arc<str>,
    token: Option<Arc<str>>,
}

/// Where commands and queries are taken: the same place for `tidings up`.
#[derive(Debug, Clone)]
pub struct Bases {
    /// `http://host:port` for commands.
    pub commands: String,
    /// `http://host:port` for queries.
    pub queries: String,
}

/// The HTTP client that all users of a world share.
pub fn http() -> reqwest::Client {
    // The provider may have been chosen already; any will do, since tests speak plain HTTP.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let builder = reqwest::Client::builder()
        .no_proxy()
        .timeout(std::time::Duration::from_secs(60));
    builder
        .build()
        .expect("a client without any certificate can be built")
}

impl Client {
    /// A user with a good token.
    pub fn as_user(http: reqwest::Client, bases: Arc<Bases>, user: &str) -> Self {
        Self {
            http,
            bases,
            user: user.into(),
            token: Some(token::user(user).into()),
        }
    }

    /// The same user with other credentials; `None` for none at all.
    #[must_use]
    pub fn with_token(&self, token: Option<String>) -> Self {
        Self {
            token: token.map(Into::into),
            ..self.clone()
        }
    }

    /// The same user, calling other processes.
    #[must_use]
    pub fn at(&self, bases: Arc<Bases>) -> Self {
        Self {
            bases,
            ..self.clone()
        }
    }

    /// Whose calls these are.
    pub fn user(&self) -> &str {
        &self.user
    }

    /// A call to make, `path` from `/` on, percent-encoded.
    pub fn request(&self, method: &Method, path: &str) -> Request {
        let base = if method == Method::GET {
            &self.bases.queries
        } else {
            &self.bases.commands
        };
        let mut inner = self.http.request(method.clone(), format!("{base}{path}"));
        if let Some(token) = &self.token {
            inner = inner.bearer_auth(token);
        }
        Request {
            inner,
            call: format!("{method} {path} as {}", self.user),
        }
    }

    /// `GET`.
    pub async fn get(&self, path: &str) -> Answer {
        self.request(&Method::GET, path).send().await
    }

    /// `POST` with a JSON body.
    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.request(&Method::POST, path).json(&body).send().await
    }

    /// `PUT` with a JSON body, if there is one.
    pub async fn put(&self, path: &str, body: Option<Value>) -> Answer {
        let request = self.request(&Method::PUT, path);
        match body {
            Some(body) => request.json(&body).send().await,
            None => request.send().await,
        }
    }

    /// `PATCH` with a JSON body.
    pub async fn patch(&self, path: &str, body: Value) -> Answer {
        self.request(&Method::PATCH, path).json(&body).send().await
    }

    /// `DELETE`.
    pub async fn delete(&self, path: &str) -> Answer {
        self.request(&Method::DELETE, path).send().await
    }

    /// A group with an own id and these other members.
    pub async fn create_group(&self, id: &str, members: &[&str]) -> Answer {
        self.post(
            "/v1/conversations",
            json!({ "kind": "group", "id": id, "members": members }),
        )
        .await
    }

    /// A direct conversation; gives its id.
    pub async fn create_direct(&self, peer: &str) -> String {
        let answer = self
            .post(
                "/v1/conversations",
                json!({ "kind": "direct", "members": [peer] }),
            )
            .await;
        assert!(answer.status < 300, "{answer}");
        answer.json()["id"].as_str().unwrap_or_default().to_owned()
    }

    /// A text message; `key` is its `client_message_id`.
    pub async fn send(&self, conversation: &str, key: &str, text: &str) -> Answer {
        self.send_message(
            conversation,
            json!({ "client_message_id": key, "type": "text", "body": { "text": text } }),
        )
        .await
    }

    /// Any message.
    pub async fn send_message(&self, conversation: &str, message: Value) -> Answer {
        self.post(
            &format!("/v1/conversations/{conversation}/messages"),
            message,
        )
        .await
    }

    /// Reads up to a seq.
    pub async fn read(&self, conversation: &str, up_to: i64) -> Answer {
        self.post(
            &format!("/v1/conversations/{conversation}/read"),
            json!({ "up_to": up_to }),
        )
        .await
    }

    /// The body of a query that must succeed.
    pub async fn look(&self, path: &str) -> Value {
        self.get(path).await.expect(200)
    }
}

/// A call that is being put together.
pub struct Request {
    inner: reqwest::RequestBuilder,
    call: String,
}

impl Request {
    /// With a JSON body.
    #[must_use]
    pub fn json(mut self, body: &Value) -> Self {
        self.inner = self.inner.json(body);
        self
    }

    /// With any body.
    #[must_use]
    pub fn body(mut self, content_type: &str, body: impl Into<Bytes>) -> Self {
        self.inner = self
            .inner
            .header("content-type", content_type)
            .body(body.into());
        self
    }

    /// With one more header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.inner = self.inner.header(name, value);
        self
    }

    /// Makes the call; panics if there is no HTTP answer.
    pub async fn send(self) -> Answer {
        let call = self.call.clone();
        self.try_send()
            .await
            .unwrap_or_else(|error| panic!("{call}: {error:?}"))
    }

    /// Makes the call; an error is "nobody knows".
    pub async fn try_send(self) -> Result<Answer, reqwest::Error> {
        let answer = self.inner.send().await?;
        let status = answer.status().as_u16();
        let headers = answer.headers().clone();
        Ok(Answer {
            call: self.call,
            status,
            headers,
            body: answer.bytes().await?,
        })
    }
}
