//! Fakes of the three providers of pushes. They speak the real protocols: APNs is HTTP/2 only, and
//! whatever a provider would refuse is a violation. The signatures are verified, and the payloads
//! of browsers decrypted, by other libraries than those that the product uses.
//!
//! - [`received`]: what a provider has received, and how it replies.
//! - `apns`, `fcm`, `browser`: one fake each. `jwt`: verifies what they get.

mod apns;
mod browser;
mod fcm;
mod jwt;
pub mod received;

use std::path::Path;
use std::sync::Arc;

use axum::Router;
use axum::routing::post;
use rcgen::KeyPair;
use rsa::RsaPrivateKey;
use rsa::pkcs8::{EncodePrivateKey as _, EncodePublicKey as _, LineEnding};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::world::Settings;
use browser::Browsers;
use received::{PushReply, ReceivedPush, Recorder};

/// The running fakes. They stop when this is dropped.
pub struct PushProviders {
    recorder: Arc<Recorder>,
    apns_url: String,
    http_url: String,
    apns_key: String,
    credentials: String,
    browsers: Arc<Browsers>,
    tasks: Vec<tokio::task::JoinHandle<()>>,
}

impl Drop for PushProviders {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

impl PushProviders {
    /// Starts them. They accept everything.
    pub async fn start() -> Self {
        let recorder = Arc::new(Recorder::default());
        let apns_key = KeyPair::generate().unwrap_or_else(|error| panic!("{error}"));
        let (apns_listener, apns_url) = listen().await;
        let apns = apns::serve(
            apns_listener,
            recorder.clone(),
            apns_key.public_key_pem().into_bytes(),
        );
        let (listener, http_url) = listen().await;
        let browsers = Arc::new(Browsers::default());
        let rsa = generate_rsa();
        let fcm = fcm::Fcm::new(recorder.clone(), &http_url, public_pem(&rsa));
        let router = Router::new()
            .route("/token", post(fcm::issue_token))
            .route("/v1/projects/{project}/{call}", post(fcm::send))
            .with_state(Arc::new(fcm))
            .merge(browser::router(
                recorder.clone(),
                browsers.clone(),
                http_url.clone(),
            ));
        let credentials = json!({
            "type": "service_account",
            "project_id": fcm::PROJECT,
            "client_email": fcm::ACCOUNT,
            "private_key_id": "key-1",
            "private_key": private_pem(&rsa),
            "token_uri": format!("{http_url}/token"),
        });
        let serving = async move {
            if let Err(error) = axum::serve(listener, router).await {
                panic!("{error}");
            }
        };
        Self {
            recorder,
            apns_url,
            http_url,
            apns_key: apns_key.serialize_pem(),
            credentials: credentials.to_string(),
            browsers,
            tasks: vec![tokio::spawn(apns), tokio::spawn(serving)],
        }
    }

    /// Settings with which a server delivers through all of them. Writes its key files into `dir`.
    pub fn settings(&self, dir: &Path, settings: Settings) -> Settings {
        let write = |name: &str, text: &str| {
            let path = dir.join(name);
            if let Err(error) = std::fs::write(&path, text) {
                panic!("{}: {error}", path.display());
            }
            path.display().to_string()
        };
        settings
            .with("TIDINGS_WEBHOOK_ALLOW", "127.0.0.0/8")
            .with("TIDINGS_APNS_KEY", write("apns.p8", &self.apns_key))
            .with("TIDINGS_APNS_KEY_ID", apns::KEY_ID)
            .with("TIDINGS_APNS_TEAM_ID", apns::TEAM_ID)
            .with("TIDINGS_APNS_TOPIC", apns::TOPIC)
            .with("TIDINGS_APNS_URL", &self.apns_url)
            .with(
                "TIDINGS_FCM_CREDENTIALS",
                write("fcm.json", &self.credentials),
            )
            .with("TIDINGS_FCM_URL", &self.http_url)
            .with("TIDINGS_VAPID_SUBJECT", "mailto:ops@example.com")
    }

    /// The body that registers a device with APNs, under a token of this name.
    pub fn apns(&self, name: &str) -> Value {
        json!({"provider": "apns", "token": apns::token(name)})
    }

    /// The body that registers a device with FCM, under a token of this name.
    pub fn fcm(&self, name: &str) -> Value {
        json!({"provider": "fcm", "token": format!("fcm-{name}")})
    }

    /// The body that registers a new browser of this name.
    pub fn browser(&self, name: &str) -> Value {
        let keys = self.browsers.add(name);
        let endpoint = format!("{}/browser/{name}", self.http_url);
        json!({
            "provider": "webpush",
            "subscription": {"endpoint": endpoint, "expirationTime": null, "keys": keys},
        })
    }

    /// Replaces the rule that chooses the replies.
    pub fn reply_with(&self, rule: impl Fn(&ReceivedPush) -> PushReply + Send + Sync + 'static) {
        self.recorder.reply_with(rule);
    }

    /// All pushes so far. Panics if a provider would have refused something.
    pub fn received(&self) -> Vec<ReceivedPush> {
        self.recorder.received()
    }

    /// The pushes that were accepted, of the device with this name.
    pub fn accepted_by(&self, name: &str) -> Vec<ReceivedPush> {
        let mut received = self.received();
        received.retain(|push| push.accepted && push.device == name);
        received
    }

    /// How many access tokens FCM has issued.
    pub fn issued_tokens(&self) -> usize {
        self.recorder.issued_tokens()
    }
}

async fn listen() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await;
    let listener = listener.unwrap_or_else(|error| panic!("{error}"));
    let address = listener.local_addr();
    let address = address.unwrap_or_else(|error| panic!("{error}"));
    (listener, format!("http://{address}"))
}

fn generate_rsa() -> RsaPrivateKey {
    let key = RsaPrivateKey::new(&mut rsa::rand_core::OsRng, 2_048);
    key.unwrap_or_else(|error| panic!("{error}"))
}

fn private_pem(key: &RsaPrivateKey) -> String {
    let pem = key.to_pkcs8_pem(LineEnding::LF);
    pem.unwrap_or_else(|error| panic!("{error}")).to_string()
}

fn public_pem(key: &RsaPrivateKey) -> Vec<u8> {
    let pem = key.to_public_key().to_public_key_pem(LineEnding::LF);
    pem.unwrap_or_else(|error| panic!("{error}")).into_bytes()
}
