//! Delivers a notification through the provider of a device.

use std::sync::Arc;

use connectivity::address::AllowedNetworks;
use domain::mailbox::push_event::PushProvider;
use metrics::counter;

use crate::apns::{ApnsClient, ApnsConfig};
use crate::clients;
use crate::fcm::{FcmClient, FcmConfig};
use crate::notification::PushNotification;
use crate::outcome::{FailureKind, PushOutcome};
use crate::store::PushTarget;
use crate::vapid::{Vapid, VapidKey, VapidSubject};
use crate::webpush::WebPushClient;

/// How this server delivers pushes.
#[derive(Clone)]
pub struct PushConfig {
    /// How it identifies itself to Apple; `None` if it does not deliver there.
    pub apns: Option<ApnsConfig>,
    /// How it identifies itself to Google; `None` if it does not deliver there.
    pub fcm: Option<FcmConfig>,
    /// The key with which it identifies itself to the push services of browsers.
    pub vapid_key: VapidKey,
    /// Where their operators reach the operator of this server.
    pub vapid_subject: Option<VapidSubject>,
    /// The networks, besides the public internet, in which push services of browsers may be.
    pub allowed: AllowedNetworks,
}

/// Why pushes cannot be delivered. The texts contain no key.
#[derive(Debug, thiserror::Error)]
pub enum PushConfigError {
    /// The key for Apple is invalid.
    #[error("TIDINGS_APNS_KEY: {0}")]
    ApnsKey(String),
    /// The credentials for Google are invalid.
    #[error("TIDINGS_FCM_CREDENTIALS: {0}")]
    FcmCredentials(String),
    /// There is no HTTP client.
    #[error("the HTTP client cannot be created: {0}")]
    Client(#[from] reqwest::Error),
}

/// Delivers pushes. Cheap to clone.
#[derive(Clone)]
pub struct PushSender(Arc<Clients>);

struct Clients {
    apns: Option<ApnsClient>,
    fcm: Option<FcmClient>,
    webpush: WebPushClient,
}

impl PushSender {
    /// A sender with this configuration.
    pub fn new(config: PushConfig) -> Result<Self, PushConfigError> {
        let apns = match config.apns {
            None => None,
            Some(apns) => Some(
                ApnsClient::new(clients::http2_client()?, apns)
                    .map_err(|error| PushConfigError::ApnsKey(error.to_string()))?,
            ),
        };
        let fcm = match config.fcm {
            None => None,
            Some(fcm) => Some(
                FcmClient::new(clients::client()?, &fcm)
                    .map_err(|error| PushConfigError::FcmCredentials(error.to_string()))?,
            ),
        };
        let vapid = Vapid::new(&config.vapid_key, config.vapid_subject);
        Ok(Self(Arc::new(Clients {
            apns,
            fcm,
            webpush: WebPushClient::new(config.allowed, vapid)?,
        })))
    }

    /// Makes one attempt to deliver a notification to a device.
    pub async fn send(&self, target: &PushTarget, notification: &PushNotification) -> PushOutcome {
        let clients = &self.0;
        let outcome = match target.provider {
            PushProvider::Apns => match &clients.apns {
                Some(apns) => apns.send(target, notification).await,
                None => not_configured(),
            },
            PushProvider::Fcm => match &clients.fcm {
                Some(fcm) => fcm.send(target, notification).await,
                None => not_configured(),
            },
            PushProvider::Webpush => clients.webpush.send(target, notification).await,
        };
        let provider = target.provider.as_str();
        counter!("tidings_push_total", "provider" => provider, "outcome" => outcome.name())
            .increment(1);
        outcome
    }
}

/// The device registered while the provider was configured.
fn not_configured() -> PushOutcome {
    let reason = "the provider is not configured";
    PushOutcome::failed(FailureKind::Misconfigured, reason)
}
