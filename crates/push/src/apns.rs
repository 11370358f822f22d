//! The Apple Push Notification service.
//!
//! From Apple's documents "Sending notification requests to APNs", "Establishing a token-based
//! connection to APNs" and "Handling notification responses from APNs":
//!
//! - `POST /3/device/TOKEN` over HTTP/2; the payload has at most 4 KiB (4,096 bytes).
//! - `authorization: bearer JWT`, signed with ES256. Its header has the key id (`kid`), its claims
//!   the team id (`iss`) and when it was made (`iat`). A token older than an hour is refused
//!   (`ExpiredProviderToken`), and one that changes more often than every 20 minutes too
//!   (`TooManyProviderTokenUpdates`).
//! - `apns-push-type: alert` for what shows an alert, plays a sound or sets the badge. With
//!   `apns-priority: 10` it is delivered at once; 5 considers the power of the device.
//! - `apns-collapse-id`, at most 64 bytes: a newer push replaces an older one. `apns-expiration`:
//!   until when to try. `apns-id`: a UUID that names the push. `apns-topic`: the app.
//! - 410 (`Unregistered`, `ExpiredToken`) and 400 `BadDeviceToken`: the token is gone. 403: the JWT
//!   or the certificate is wrong. 413: too large. 429: too many pushes to the same device. 500 and
//!   503: try later.

use std::sync::{Mutex, PoisonError};

use domain::time::Timestamp;
use p256::ecdsa::SigningKey;
use p256::pkcs8::DecodePrivateKey as _;
use reqwest::{Client, StatusCode, Url};
use serde_json::{Value, json};
use time::OffsetDateTime;

use crate::clients;
use crate::jwt;
use crate::notification::{PushNotification, TIME_TO_LIVE};
use crate::outcome::{FailureKind, PushOutcome};
use crate::store::PushTarget;

/// The maximum size of a payload.
const MAX_PAYLOAD: usize = 4_096;

/// The age at which a JWT is replaced: between Apple's limits of 20 and 60 minutes.
const TOKEN_AGE: i64 = 50 * 60;

/// How this server identifies itself to Apple.
#[derive(Clone)]
pub struct ApnsConfig {
    /// The contents of the key file (`.p8`).
    pub key: String,
    /// The id of the key.
    pub key_id: String,
    /// The id of the team.
    pub team_id: String,
    /// The bundle id of the app. A registration can name another one.
    pub topic: String,
    /// The address of APNs.
    pub url: Url,
}

/// Delivers through APNs.
pub(crate) struct ApnsClient {
    client: Client,
    config: ApnsConfig,
    key: SigningKey,
    /// The JWT, and when it was made in seconds.
    token: Mutex<Option<(i64, String)>>,
}

/// The key is none.
#[derive(Debug, thiserror::Error)]
#[error("expected a private key on P-256 in PEM (PKCS #8), as the file .p8 from Apple has it")]
pub(crate) struct InvalidApnsKeyError;

impl ApnsClient {
    pub(crate) fn new(client: Client, config: ApnsConfig) -> Result<Self, InvalidApnsKeyError> {
        let key = SigningKey::from_pkcs8_pem(&config.key).map_err(|_| InvalidApnsKeyError)?;
        Ok(Self {
            client,
            config,
            key,
            token: Mutex::default(),
        })
    }

    pub(crate) async fn send(
        &self,
        target: &PushTarget,
        notification: &PushNotification,
    ) -> PushOutcome {
        let Ok(url) = self.config.url.join(&format!("/3/device/{}", target.token)) else {
            return PushOutcome::failed(FailureKind::Misconfigured, "the address is invalid");
        };
        let now = OffsetDateTime::now_utc().unix_timestamp();
        let topic = target.topic.as_ref().unwrap_or(&self.config.topic);
        let request = self
            .client
            .post(url)
            .header(
                "authorization",
                format!("bearer {}", self.provider_token(now)),
            )
            .header("apns-topic", topic)
            .header("apns-push-type", "alert")
            .header("apns-priority", if notification.quiet { "5" } else { "10" })
            .header("apns-expiration", now + TIME_TO_LIVE as i64)
            .header("apns-collapse-id", notification.collapse_key())
            .header("apns-id", format_uuid(notification.id))
            .body(notification.fit(MAX_PAYLOAD, render));
        let response = match request.send().await {
            Ok(response) => response,
            Err(error) => return clients::unreachable(error),
        };
        let (status, headers) = (response.status(), response.headers().clone());
        let answer = if status.is_success() {
            Value::Null
        } else {
            clients::read_json(response).await
        };
        let outcome = interpret(status, &answer, target.registered_at);
        if outcome == expired_token() {
            *self.token.lock().unwrap_or_else(PoisonError::into_inner) = None;
        }
        outcome.with_retry_after(&headers)
    }

    /// The JWT, a new one if the last is old.
    fn provider_token(&self, now: i64) -> String {
        let mut known = self.token.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((made_at, token)) = known.as_ref()
            && now - made_at < TOKEN_AGE
        {
            return token.clone();
        }
        let header = json!({"alg": "ES256", "kid": self.config.key_id});
        let claims = json!({"iss": self.config.team_id, "iat": now});
        let token = jwt::sign_es256(&self.key, &header, &claims);
        *known = Some((now, token.clone()));
        token
    }
}

fn expired_token() -> PushOutcome {
    PushOutcome::failed(
        FailureKind::Misconfigured,
        "APNs answered 403 ExpiredProviderToken",
    )
}

/// The payload: what the system shows, and what the app finds beside it.
fn render(notification: &PushNotification) -> Vec<u8> {
    let mut payload = notification.custom_fields();
    payload.remove("badge");
    let aps = if notification.quiet {
        json!({"badge": notification.badge})
    } else {
        let mut alert = json!({"title": notification.title});
        if let Some(subtitle) = &notification.subtitle {
            alert["subtitle"] = json!(subtitle);
        }
        if let Some(body) = &notification.body {
            alert["body"] = json!(body);
        }
        json!({
            "alert": alert,
            "badge": notification.badge,
            "sound": "default",
            "thread-id": notification.conversation_id,
        })
    };
    payload.insert("aps".into(), aps);
    Value::Object(payload).to_string().into_bytes()
}

/// What an answer means for a token that was registered at this time.
fn interpret(status: StatusCode, answer: &Value, registered_at: Timestamp) -> PushOutcome {
    if status.is_success() {
        return PushOutcome::Accepted;
    }
    let reason = answer["reason"].as_str().unwrap_or("without a reason");
    let kind = match (status.as_u16(), reason) {
        // With 410 comes when the token was found to be gone. An app that registered it again since
        // is there.
        (410, _) if answer["timestamp"].as_i64().unwrap_or(i64::MAX) < registered_at.millis() => {
            FailureKind::Unavailable
        }
        (410, _) | (400, "BadDeviceToken") => return PushOutcome::Gone,
        (403, _) | (400, "BadTopic" | "MissingTopic" | "TopicDisallowed") => {
            FailureKind::Misconfigured
        }
        (400, "DeviceTokenNotForTopic") => FailureKind::Misconfigured,
        (429, _) => FailureKind::Throttled,
        (400..500, _) => FailureKind::Rejected,
        _ => FailureKind::Unavailable,
    };
    // A reason is one of Apple's words; anything else is not repeated.
    let is_word = reason.len() <= 64 && reason.chars().all(|c| c.is_ascii_alphanumeric());
    let reason = if is_word { reason } else { "without a reason" };
    PushOutcome::failed(kind, format!("APNs answered {} {reason}", status.as_u16()))
}

fn format_uuid(id: [u8; 16]) -> String {
    let hex = domain::hex::to_hex(&id);
    let parts = [
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..],
    ];
    parts.join("-")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notification::example_notification;

    fn meaning(status: u16, answer: &Value) -> &'static str {
        let status = StatusCode::from_u16(status).unwrap();
        interpret(status, answer, Timestamp::from_millis(1_000)).name()
    }

    #[test]
    fn each_answer_has_its_meaning() {
        for (status, reason, expected) in [
            (200, "", "accepted"),
            (410, "Unregistered", "gone"),
            (410, "ExpiredToken", "gone"),
            (400, "BadDeviceToken", "gone"),
            (400, "DeviceTokenNotForTopic", "misconfigured"),
            (403, "InvalidProviderToken", "misconfigured"),
            (403, "ExpiredProviderToken", "misconfigured"),
            (400, "PayloadEmpty", "rejected"),
            (413, "PayloadTooLarge", "rejected"),
            (429, "TooManyRequests", "throttled"),
            (500, "InternalServerError", "unavailable"),
            (503, "Shutdown", "unavailable"),
        ] {
            let found = meaning(status, &json!({"reason": reason}));
            assert_eq!(found, expected, "{status} {reason}");
        }
        assert_eq!(meaning(502, &Value::Null), "unavailable");
    }

    #[test]
    fn a_token_that_was_registered_again_is_not_gone() {
        let gone = |at| json!({"reason": "Unregistered", "timestamp": at});
        assert_eq!(meaning(410, &gone(1_000)), "gone");
        assert_eq!(meaning(410, &gone(999)), "unavailable");
    }

    #[test]
    fn an_unknown_reason_is_not_repeated() {
        let token = json!({"reason": format!("no {}", "ab".repeat(32))});
        let outcome = interpret(StatusCode::BAD_REQUEST, &token, Timestamp::from_millis(0));
        let PushOutcome::Failed { reason, .. } = outcome else {
            panic!("{outcome:?}");
        };
        assert_eq!(reason, "APNs answered 400 without a reason");
    }

    #[test]
    fn the_system_shows_title_text_and_badge_and_in_quiet_hours_the_badge() {
        let rendered: Value = serde_json::from_slice(&render(&example_notification())).unwrap();
        let expected = json!({
            "aps": {"alert": {"title": "Lunch", "subtitle": "Ann", "body": "noodles?"}, "badge": 3,
                "sound": "default", "thread-id": "lunch"},
            "conversation_id": "lunch", "position": 12, "seq": 4, "sender": "ann",
        });
        assert_eq!(rendered, expected);
        let quiet = PushNotification {
            quiet: true,
            ..example_notification()
        };
        let rendered: Value = serde_json::from_slice(&render(&quiet)).unwrap();
        let expected = json!({"aps": {"badge": 3}, "conversation_id": "lunch"});
        assert_eq!(rendered, expected);
    }

    #[test]
    fn the_id_is_a_uuid() {
        let id = std::array::from_fn(|n| n as u8);
        assert_eq!(format_uuid(id), "00010203-0405-0607-0809-0a0b0c0d0e0f");
    }
}
