//! The push services of browsers.
//!
//! From RFC 8030 (the protocol), RFC 8188 and 8291 (the encryption) and RFC 8292 (VAPID):
//!
//! - `POST` to the endpoint that the browser has named. The body is encrypted for the browser, has
//!   the content coding `aes128gcm` and at most 4,096 bytes.
//! - `TTL`: how long to keep it, in seconds. `Urgency`: `high` wakes the device. `Topic`: at most
//!   32 characters of the base64url alphabet; a newer push replaces one that waits.
//! - `Authorization: vapid t=JWT, k=KEY`. The JWT is signed with ES256; `aud` is the origin of the
//!   endpoint, `exp` at most 24 hours ahead, `sub` an address for questions, which is optional
//!   (Apple requires it).
//! - 201: accepted. 404 and 410: the subscription is gone. 413: too large. 429: too many.

use connectivity::address::AllowedNetworks;
use reqwest::{Client, StatusCode, Url};
use time::OffsetDateTime;

use crate::aes128gcm::{self, BrowserKeys, MAX_PLAINTEXT};
use crate::clients;
use crate::notification::{PushNotification, TIME_TO_LIVE};
use crate::outcome::{FailureKind, PushOutcome};
use crate::store::PushTarget;
use crate::vapid::Vapid;

/// Delivers to the push services of browsers.
pub(crate) struct WebPushClient {
    allowed: AllowedNetworks,
    tls_client: Client,
    plain_client: Client,
    vapid: Vapid,
}

impl WebPushClient {
    pub(crate) fn new(allowed: AllowedNetworks, vapid: Vapid) -> Result<Self, reqwest::Error> {
        Ok(Self {
            tls_client: clients::restricted_client(&allowed, false)?,
            plain_client: clients::restricted_client(&allowed, true)?,
            allowed,
            vapid,
        })
    }

    pub(crate) async fn send(
        &self,
        target: &PushTarget,
        notification: &PushNotification,
    ) -> PushOutcome {
        let Ok(endpoint) = Url::parse(&target.token) else {
            return PushOutcome::Gone;
        };
        if let Err(forbidden) = self.allowed.check_url(&endpoint) {
            return PushOutcome::failed(FailureKind::Rejected, forbidden.to_string());
        }
        let keys = target.keys.as_deref().and_then(BrowserKeys::parse);
        let payload = notification.fit(MAX_PLAINTEXT, PushNotification::payload);
        let sealed = keys.and_then(|keys| aes128gcm::encrypt(&keys, &payload).ok());
        let Some(sealed) = sealed else {
            return PushOutcome::failed(FailureKind::Rejected, "the push cannot be encrypted");
        };
        let client = if endpoint.scheme() == "https" {
            &self.tls_client
        } else {
            &self.plain_client
        };
        let now = OffsetDateTime::now_utc().unix_timestamp();
        let request = client
            .post(endpoint.clone())
            .header("ttl", TIME_TO_LIVE)
            .header("urgency", if notification.quiet { "low" } else { "high" })
            .header("topic", notification.collapse_key())
            .header("content-type", "application/octet-stream")
            .header("content-encoding", "aes128gcm")
            .header("authorization", self.vapid.authorize(&endpoint, now))
            .body(sealed);
        match request.send().await {
            Ok(response) => interpret(response.status()).with_retry_after(response.headers()),
            Err(error) => clients::unreachable(error),
        }
    }
}

/// What an answer means.
fn interpret(status: StatusCode) -> PushOutcome {
    let kind = match status.as_u16() {
        200..300 => return PushOutcome::Accepted,
        404 | 410 => return PushOutcome::Gone,
        401 | 403 => FailureKind::Misconfigured,
        429 => FailureKind::Throttled,
        300..500 => FailureKind::Rejected,
        _ => FailureKind::Unavailable,
    };
    PushOutcome::failed(
        kind,
        format!("the push service answered {}", status.as_u16()),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_answer_has_its_meaning() {
        for (status, expected) in [
            (201, "accepted"),
            (200, "accepted"),
            (202, "accepted"),
            (404, "gone"),
            (410, "gone"),
            (401, "misconfigured"),
            (403, "misconfigured"),
            (429, "throttled"),
            (413, "rejected"),
            (302, "rejected"),
            (500, "unavailable"),
            (503, "unavailable"),
        ] {
            let outcome = interpret(StatusCode::from_u16(status).unwrap());
            assert_eq!(outcome.name(), expected, "{status}");
        }
    }
}
