//! Keys of tokens from an address: fetched at the start, refreshed, and replaced without a restart.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::get;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use eventually::eventually;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use rcgen::KeyPair;
use serde_json::{Value, json};
use tests::client::http_client;
use tests::token;
use tests::world::{Settings, World};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// A key of an identity provider.
struct IssuerKey {
    id: &'static str,
    pair: KeyPair,
}

impl IssuerKey {
    fn generate(id: &'static str) -> Self {
        let pair = KeyPair::generate_for(&rcgen::PKCS_ED25519);
        Self {
            id,
            pair: pair.expect("a key"),
        }
    }

    fn to_jwk(&self) -> Value {
        let x = URL_SAFE_NO_PAD.encode(self.pair.public_key_raw());
        json!({"kty": "OKP", "crv": "Ed25519", "use": "sig", "kid": self.id, "x": x})
    }

    /// A token, with or without the id of the key.
    fn sign(&self, user: &str, names_key: bool) -> String {
        let mut header = Header::new(Algorithm::EdDSA);
        header.kid = names_key.then(|| self.id.to_owned());
        let claims = json!({"sub": user, "exp": token::unix_now() + 600});
        let pem = self.pair.serialize_pem();
        let key = EncodingKey::from_ed_pem(pem.as_bytes()).expect("a key");
        jsonwebtoken::encode(&header, &claims, &key).expect("a token")
    }
}

/// What the server answers, and how often it has.
#[derive(Default)]
struct Published {
    document: Option<String>,
    fetches: usize,
}

/// The server of an identity provider.
struct KeyServer {
    url: String,
    published: Arc<Mutex<Published>>,
    task: JoinHandle<()>,
}

impl KeyServer {
    /// Starts with a document of these keys. Without any, it answers 500.
    async fn start(keys: &[&IssuerKey]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let published = Arc::new(Mutex::new(Published::default()));
        let router = Router::new()
            .route("/keys.json", get(serve_keys))
            .with_state(published.clone());
        let task = tokio::spawn(async move {
            let _ = axum::serve(listener, router).await;
        });
        let server = Self {
            url: format!("http://{address}/keys.json"),
            published,
            task,
        };
        server.publish(keys);
        server
    }

    fn publish(&self, keys: &[&IssuerKey]) {
        let jwks: Vec<Value> = keys.iter().map(|key| key.to_jwk()).collect();
        let document = (!keys.is_empty()).then(|| json!({"keys": jwks}).to_string());
        self.published.lock().expect("no panic").document = document;
    }

    fn fetches(&self) -> usize {
        self.published.lock().expect("no panic").fetches
    }
}

impl Drop for KeyServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve_keys(State(published): State<Arc<Mutex<Published>>>) -> impl IntoResponse {
    let mut published = published.lock().expect("no panic");
    published.fetches += 1;
    match &published.document {
        Some(document) => (StatusCode::OK, document.clone()),
        None => (StatusCode::INTERNAL_SERVER_ERROR, String::new()),
    }
}

fn settings(server: &KeyServer) -> Settings {
    Settings::default()
        .with("TIDINGS_AUTH_JWKS_URL", &server.url)
        .with("TIDINGS_LOG", "info")
}

/// The status of a call with this token.
async fn call(world: &World, token: String) -> u16 {
    let client = world.anonymous().with_token(Some(token));
    client.get("/v1/blocks").await.status
}

async fn key_age(world: &World) -> f64 {
    let metrics = world.anonymous().get("/metrics").await;
    let text = String::from_utf8_lossy(&metrics.body).into_owned();
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix("tidings_auth_jwks_age_seconds "));
    line.expect("the metric").parse().expect("a number")
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_rotated_without_a_restart_and_unknown_ones_fetched_once_a_minute() {
    // Given a system with the keys of an identity provider
    let [first, second, third] = ["one", "two", "three"].map(IssuerKey::generate);
    let server = KeyServer::start(&[&first]).await;
    let world = World::start_with(settings(&server)).await;
    assert_eq!(call(&world, first.sign("ann", true)).await, 200);
    assert_eq!(call(&world, first.sign("ann", false)).await, 200);
    assert_eq!(call(&world, token::for_user("ann")).await, 401);
    assert_eq!(server.fetches(), 1);
    // when the provider has another key, the first token with it is accepted at once,
    server.publish(&[&second]);
    assert_eq!(call(&world, second.sign("ann", true)).await, 200);
    assert_eq!(server.fetches(), 2);
    // and the key that is gone is no longer trusted.
    assert_eq!(call(&world, first.sign("ann", true)).await, 401);
    // Within the same minute, unknown keys do not reach the provider again.
    server.publish(&[&second, &third]);
    assert_eq!(call(&world, third.sign("ann", true)).await, 401);
    assert_eq!(call(&world, second.sign("bob", true)).await, 200);
    assert_eq!(server.fetches(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_system_whose_tokens_another_issuer_signs_issues_none() {
    let key = IssuerKey::generate("one");
    let server = KeyServer::start(&[&key]).await;
    let settings = settings(&server)
        .with("TIDINGS_ACCOUNTS", "open")
        .with("TIDINGS_AUTH_ADMIN_SCOPE", "root");
    let world = World::start_with(settings).await;
    let mut header = Header::new(Algorithm::EdDSA);
    header.kid = Some("one".to_owned());
    let claims = json!({"sub": "op", "exp": token::unix_now() + 600, "scope": "root"});
    let pem = key.pair.serialize_pem();
    let signing = EncodingKey::from_ed_pem(pem.as_bytes()).expect("a key");
    let admin = jsonwebtoken::encode(&header, &claims, &signing).expect("a token");
    let admin = world.anonymous().with_token(Some(admin));
    let account = json!({"user": "dora", "password": "correct horse battery"});
    for (path, body) in [
        ("/v1/admin/tokens", json!({"user": "ann"})),
        ("/v1/admin/invites", json!({})),
        ("/v1/accounts", account.clone()),
        ("/v1/sessions", account),
    ] {
        let refused = admin.post(path, body).await;
        assert_eq!(refused.expect_problem(422), "not_the_issuer", "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn while_a_fetch_fails_the_keys_stay_and_the_log_has_one_line() {
    let [first, second] = ["one", "two"].map(IssuerKey::generate);
    let server = KeyServer::start(&[&first]).await;
    let settings = settings(&server).with("TIDINGS_AUTH_JWKS_REFRESH", "1s");
    let mut world = World::start_with(settings).await;
    // Given a provider that fails several times,
    server.publish(&[]);
    let before = server.fetches();
    eventually("it was asked three times", async || {
        (server.fetches() >= before + 3).then_some(())
    })
    .await;
    // then the known keys stay in use, and the metric says how old they are.
    assert_eq!(call(&world, first.sign("ann", true)).await, 200);
    eventually("the age of the keys is known", async || {
        (key_age(&world).await >= 2.0).then_some(())
    })
    .await;
    let log = world.service().process.log_tail();
    let failures = log.matches("Fetching the keys of tokens failed").count();
    assert_eq!(failures, 1, "{log}");
    // When it works again with another key, that is used without a token that asks for it.
    server.publish(&[&second]);
    eventually("the new key is used", async || {
        (call(&world, second.sign("ann", false)).await == 200).then_some(())
    })
    .await;
    assert_eq!(call(&world, first.sign("ann", false)).await, 401);
    eventually("the keys are new", async || {
        (key_age(&world).await < 2.0).then_some(())
    })
    .await;
    let log = world.service().process.log_tail();
    assert!(
        log.contains("Fetching the keys of tokens works again"),
        "{log}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_is_ready_once_it_has_keys() {
    let key = IssuerKey::generate("one");
    let server = KeyServer::start(&[]).await;
    let mut world = World::stopped(settings(&server)).await;
    // Given a provider that is away when the process starts,
    world.spawn_service();
    let (http, base) = (http_client(), format!("http://{}", world.address()));
    eventually("it was asked twice", async || {
        (server.fetches() >= 2).then_some(())
    })
    .await;
    let ready = http.get(format!("{base}/readyz")).send().await;
    assert_eq!(ready.expect("the port answers").status(), 503);
    // the process becomes ready when the provider answers.
    server.publish(&[&key]);
    eventually("it is ready", async || {
        let ready = http.get(format!("{base}/readyz")).send().await.ok()?;
        (ready.status() == 200).then_some(())
    })
    .await;
    assert_eq!(call(&world, key.sign("ann", true)).await, 200);
}
