//! One delivery attempt over HTTP, to an allowed address.

use std::time::Duration;

use reqwest::header::RETRY_AFTER;
use reqwest::{Response, StatusCode, Url};

use crate::secret::SigningSecret;
use crate::signing_clients::{Redirects, SigningClients, WebhookMessage, format_error_chain};
use connectivity::address::AllowedNetworks;

/// The error of a delivery to a receiver that is gone.
pub const GONE: &str = "the receiver answered 410 Gone";

/// The outcome of a delivery attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeliveryOutcome {
    /// The receiver accepted the delivery.
    Accepted,
    /// The receiver answered 410 Gone: it wants no more deliveries.
    Gone,
    /// The receiver was not reached or did not accept the delivery.
    Failed {
        /// The reason.
        reason: String,
        /// The wait that the receiver requests with `Retry-After`.
        retry_after: Option<Duration>,
    },
}

impl DeliveryOutcome {
    /// The same as a result, with the reason of a failure.
    pub fn to_result(&self) -> Result<(), &str> {
        match self {
            Self::Accepted => Ok(()),
            Self::Gone => Err(GONE),
            Self::Failed { reason, .. } => Err(reason),
        }
    }
}

/// An HTTP client for deliveries. Cheap to clone.
#[derive(Clone)]
pub struct WebhookSender(SigningClients);

impl WebhookSender {
    /// Creates a sender that reaches public addresses over TLS, and the allowed networks with or
    /// without TLS.
    pub fn new(allowed: AllowedNetworks) -> Result<Self, reqwest::Error> {
        SigningClients::new(allowed, Redirects::Follow).map(Self)
    }

    /// Makes one delivery attempt.
    pub async fn send(
        &self,
        url: &Url,
        secret: &SigningSecret,
        delivery: &WebhookMessage,
    ) -> DeliveryOutcome {
        let request = match self.0.post(url, secret, delivery) {
            Ok(request) => request,
            Err(forbidden) => return failed_outcome(forbidden.to_string()),
        };
        match request.send().await {
            Ok(response) => read_outcome(response).await,
            Err(error) => failed_outcome(format_error_chain(&error.without_url())),
        }
    }
}

async fn read_outcome(response: Response) -> DeliveryOutcome {
    let status = response.status();
    if status.is_success() {
        drain(response).await;
        return DeliveryOutcome::Accepted;
    }
    if status == StatusCode::GONE {
        return DeliveryOutcome::Gone;
    }
    let retry_after = response.headers().get(RETRY_AFTER);
    let seconds = retry_after.and_then(|value| value.to_str().ok()?.parse().ok());
    DeliveryOutcome::Failed {
        reason: format!("the receiver answered {status}"),
        retry_after: seconds.map(Duration::from_secs),
    }
}

/// Reads a short response body, so that the connection can be reused. Gives up on a long one.
async fn drain(mut response: Response) {
    const MAX_RESPONSE_BYTES: usize = 16 * 1024;
    let mut length = 0;
    while let Ok(Some(chunk)) = response.chunk().await {
        length += chunk.len();
        if length > MAX_RESPONSE_BYTES {
            return;
        }
    }
}

fn failed_outcome(reason: String) -> DeliveryOutcome {
    DeliveryOutcome::Failed {
        reason,
        retry_after: None,
    }
}
