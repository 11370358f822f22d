//! Firebase Cloud Messaging, HTTP v1.
//!
//! From Google's documents "FCM HTTP v1 API" (`projects.messages.send`, `ErrorCode`), "About FCM
//! messages" and "Using OAuth 2.0 for server to server applications":
//!
//! - `POST /v1/projects/PROJECT/messages:send` with an access token of the scope
//!   `firebase.messaging`. The payload of a message has at most 4,096 bytes; the values of `data`
//!   are texts.
//! - The access token: a JWT signed with RS256 (`iss`: the account, `scope`, `aud`: the address of
//!   the token endpoint, `exp`: at most an hour later) is exchanged there with the grant type
//!   `urn:ietf:params:oauth:grant-type:jwt-bearer`.
//! - `android.collapse_key` replaces pushes that wait (of at most four keys per device at a time),
//!   and `android.notification.tag` those that are shown. `android.ttl`: at most four weeks.
//! - 404 `UNREGISTERED`: the token is gone. 400 `INVALID_ARGUMENT`: it or the request is invalid.
//!   403 `SENDER_ID_MISMATCH`: it belongs to another project. 401 `THIRD_PARTY_AUTH_ERROR`: the
//!   certificate for Apple or the key for Web Push is missing. 429 `QUOTA_EXCEEDED`, 500 `INTERNAL`
//!   and 503 `UNAVAILABLE`: try later, after `Retry-After`.

use reqwest::{Client, Response, StatusCode, Url};
use ring::signature::RsaKeyPair;
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::pki_types::pem::PemObject as _;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use time::OffsetDateTime;
use tokio::sync::Mutex;

use crate::clients;
use crate::jwt;
use crate::notification::{PushNotification, TIME_TO_LIVE};
use crate::outcome::{FailureKind, PushOutcome};
use crate::store::PushTarget;

/// The maximum size of the payload of a message.
const MAX_PAYLOAD: usize = 4_096;

const SCOPE: &str = "https://www.googleapis.com/auth/firebase.messaging";

const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/// How long a JWT is valid, in seconds: the longest that Google accepts.
const JWT_VALIDITY: i64 = 3_600;

/// How long before its end an access token is replaced, in seconds.
const RENEW_BEFORE: i64 = 300;

/// How this server identifies itself to Google.
#[derive(Clone)]
pub struct FcmConfig {
    /// The contents of the file of the service account, which is JSON.
    pub credentials: String,
    /// The address of FCM.
    pub url: Url,
}

/// The fields of the file that count here.
#[derive(Deserialize)]
struct ServiceAccount {
    project_id: String,
    client_email: String,
    private_key: String,
    #[serde(default)]
    private_key_id: String,
    token_uri: String,
}

/// Delivers through FCM.
pub(crate) struct FcmClient {
    client: Client,
    send_url: Url,
    account: ServiceAccount,
    token_url: Url,
    key: RsaKeyPair,
    /// The access token, and when it is replaced.
    access: Mutex<Option<(i64, String)>>,
}

/// The file is none of a service account.
#[derive(Debug, thiserror::Error)]
pub(crate) enum InvalidCredentialsError {
    /// A field is missing or invalid. The text of the error could contain the key.
    #[error(
        "expected the JSON file of a service account, with project_id, client_email, private_key \
         and token_uri"
    )]
    Fields,
    /// The key is none.
    #[error("private_key: expected an RSA key in PEM (PKCS #8)")]
    Key,
}

impl FcmClient {
    pub(crate) fn new(client: Client, config: &FcmConfig) -> Result<Self, InvalidCredentialsError> {
        let account: ServiceAccount = serde_json::from_str(&config.credentials)
            .map_err(|_| InvalidCredentialsError::Fields)?;
        let pem = PrivatePkcs8KeyDer::from_pem_slice(account.private_key.as_bytes());
        let pem = pem.map_err(|_| InvalidCredentialsError::Key)?;
        let key = RsaKeyPair::from_pkcs8(pem.secret_pkcs8_der())
            .map_err(|_| InvalidCredentialsError::Key)?;
        let path = format!("/v1/projects/{}/messages:send", account.project_id);
        let send_url = config.url.join(&path);
        let token_url = Url::parse(&account.token_uri);
        Ok(Self {
            client,
            send_url: send_url.map_err(|_| InvalidCredentialsError::Fields)?,
            token_url: token_url.map_err(|_| InvalidCredentialsError::Fields)?,
            account,
            key,
            access: Mutex::default(),
        })
    }

    pub(crate) async fn send(
        &self,
        target: &PushTarget,
        notification: &PushNotification,
    ) -> PushOutcome {
        let now = OffsetDateTime::now_utc().unix_timestamp();
        let access = match self.access_token(now).await {
            Ok(access) => access,
            Err(outcome) => return outcome,
        };
        let request = self
            .client
            .post(self.send_url.clone())
            .bearer_auth(&access)
            .header("content-type", "application/json")
            .body(render(&target.token, notification));
        match request.send().await {
            Ok(response) => {
                let outcome = self.read_outcome(response).await;
                if outcome == unauthenticated() {
                    self.forget(&access).await;
                }
                outcome
            }
            Err(error) => clients::unreachable(error),
        }
    }

    async fn read_outcome(&self, response: Response) -> PushOutcome {
        let (status, headers) = (response.status(), response.headers().clone());
        if status.is_success() {
            return PushOutcome::Accepted;
        }
        let answer = clients::read_json(response).await;
        interpret(status, &answer).with_retry_after(&headers)
    }

    /// The access token, a new one if the last ends soon. Only one is fetched at a time.
    async fn access_token(&self, now: i64) -> Result<String, PushOutcome> {
        let mut access = self.access.lock().await;
        if let Some((until, token)) = access.as_ref()
            && now < *until
        {
            return Ok(token.clone());
        }
        let (valid_for, token) = self.fetch_access_token(now).await?;
        *access = Some((now + valid_for - RENEW_BEFORE, token.clone()));
        Ok(token)
    }

    /// Forgets an access token that was refused, unless another one is known by now.
    async fn forget(&self, refused: &str) {
        let mut access = self.access.lock().await;
        if access.as_ref().is_some_and(|(_, token)| token == refused) {
            *access = None;
        }
    }

    async fn fetch_access_token(&self, now: i64) -> Result<(i64, String), PushOutcome> {
        let header = json!({"alg": "RS256", "typ": "JWT", "kid": self.account.private_key_id});
        let claims = json!({
            "iss": self.account.client_email,
            "scope": SCOPE,
            "aud": self.account.token_uri,
            "iat": now,
            "exp": now + JWT_VALIDITY,
        });
        let assertion = jwt::sign_rs256(&self.key, &header, &claims).ok_or_else(|| {
            PushOutcome::failed(FailureKind::Unavailable, "the system has no randomness")
        })?;
        let body = format!(
            "grant_type={}&assertion={assertion}",
            GRANT_TYPE.replace(':', "%3A")
        );
        let request = self
            .client
            .post(self.token_url.clone())
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body);
        let response = request.send().await.map_err(clients::unreachable)?;
        let (status, headers) = (response.status(), response.headers().clone());
        let answer = clients::read_json(response).await;
        let token = answer["access_token"].as_str();
        if let (true, Some(token)) = (status.is_success(), token) {
            let valid_for = answer["expires_in"].as_i64().unwrap_or(JWT_VALIDITY);
            return Ok((valid_for, token.to_owned()));
        }
        let kind = if status.is_client_error() && status != StatusCode::TOO_MANY_REQUESTS {
            FailureKind::Misconfigured
        } else {
            FailureKind::Unavailable
        };
        let reason = format!("Google answered {} to the service account", status.as_u16());
        Err(PushOutcome::failed(kind, reason).with_retry_after(&headers))
    }
}

fn unauthenticated() -> PushOutcome {
    PushOutcome::failed(
        FailureKind::Misconfigured,
        "FCM answered 401 UNAUTHENTICATED",
    )
}

/// The request, whose message is cut to the limit. The token does not count to the payload.
fn render(token: &str, notification: &PushNotification) -> Vec<u8> {
    let message = notification.fit(MAX_PAYLOAD, |notification| {
        Value::Object(message(notification))
            .to_string()
            .into_bytes()
    });
    let mut message: Map<String, Value> = serde_json::from_slice(&message).unwrap_or_default();
    message.insert("token".into(), token.into());
    json!({"message": message}).to_string().into_bytes()
}

fn message(notification: &PushNotification) -> Map<String, Value> {
    let key = notification.collapse_key();
    let mut data = notification.custom_fields();
    let mut android = json!({
        "collapse_key": key,
        "ttl": format!("{TIME_TO_LIVE}s"),
        "priority": if notification.quiet { "NORMAL" } else { "HIGH" },
    });
    let mut aps = json!({"badge": notification.badge});
    let mut message = Map::new();
    if !notification.quiet {
        let mut shown = json!({"title": notification.title});
        data.insert("title".into(), notification.title.clone().into());
        if let Some(body) = &notification.body {
            shown["body"] = json!(body);
            data.insert("body".into(), body.clone().into());
        }
        message.insert("notification".into(), shown);
        let count = i32::try_from(notification.badge).unwrap_or(i32::MAX);
        android["notification"] = json!({"tag": key, "notification_count": count});
        aps["sound"] = "default".into();
        aps["thread-id"] = notification.conversation_id.clone().into();
    }
    let texts = data.into_iter().map(|(name, value)| match value {
        Value::String(_) => (name, value),
        number => (name, number.to_string().into()),
    });
    message.insert("data".into(), texts.collect());
    message.insert("android".into(), android);
    let for_apple = json!({"headers": {"apns-collapse-id": key}, "payload": {"aps": aps}});
    message.insert("apns".into(), for_apple);
    message
}

/// What an answer means.
fn interpret(status: StatusCode, answer: &Value) -> PushOutcome {
    let error = &answer["error"];
    let details = error["details"].as_array().map_or(&[][..], Vec::as_slice);
    let codes = details
        .iter()
        .filter_map(|detail| detail["errorCode"].as_str());
    let code = codes.chain(error["status"].as_str()).next();
    let code = code.filter(|code| code.len() <= 64 && code.chars().all(is_code_char));
    let code = code.unwrap_or("without a code");
    let blames_token = details
        .iter()
        .filter_map(|detail| detail["fieldViolations"].as_array())
        .flatten()
        .any(|violation| violation["field"] == "message.token");
    let kind = match (status.as_u16(), code) {
        (404, _) | (_, "UNREGISTERED") => return PushOutcome::Gone,
        (400, _) if blames_token => return PushOutcome::Gone,
        (401, "UNAUTHENTICATED") => return unauthenticated(),
        (401 | 403, _) => FailureKind::Misconfigured,
        (429, _) => FailureKind::Throttled,
        (400..500, _) => FailureKind::Rejected,
        _ => FailureKind::Unavailable,
    };
    PushOutcome::failed(kind, format!("FCM answered {} {code}", status.as_u16()))
}

fn is_code_char(c: char) -> bool {
    c.is_ascii_uppercase() || c == '_'
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notification::example_notification;

    fn error(code: &str) -> Value {
        json!({"error": {"status": "NOT_FOUND", "details": [
            {"@type": "type.googleapis.com/google.firebase.fcm.v1.FcmError", "errorCode": code},
        ]}})
    }

    #[test]
    fn each_answer_has_its_meaning() {
        let meaning = |status: u16, answer: &Value| {
            interpret(StatusCode::from_u16(status).unwrap(), answer).name()
        };
        for (status, code, expected) in [
            (404, "UNREGISTERED", "gone"),
            (400, "INVALID_ARGUMENT", "rejected"),
            (403, "SENDER_ID_MISMATCH", "misconfigured"),
            (401, "THIRD_PARTY_AUTH_ERROR", "misconfigured"),
            (401, "UNAUTHENTICATED", "misconfigured"),
            (429, "QUOTA_EXCEEDED", "throttled"),
            (500, "INTERNAL", "unavailable"),
            (503, "UNAVAILABLE", "unavailable"),
        ] {
            assert_eq!(meaning(status, &error(code)), expected, "{status} {code}");
        }
        let blamed = json!({"error": {"status": "INVALID_ARGUMENT", "details": [
            {"fieldViolations": [{"field": "message.token", "description": "not valid"}]},
        ]}});
        assert_eq!(meaning(400, &blamed), "gone");
        assert_eq!(meaning(502, &Value::Null), "unavailable");
    }

    #[test]
    fn a_message_has_texts_and_one_key_per_conversation() {
        let rendered: Value =
            serde_json::from_slice(&render("t", &example_notification())).unwrap();
        let message = &rendered["message"];
        let key = example_notification().collapse_key();
        assert_eq!(message["token"], "t");
        assert_eq!(
            message["data"],
            json!({"badge": "3", "title": "Lunch", "body": "noodles?", "conversation_id": "lunch",
                "position": "12", "seq": "4", "sender": "ann"})
        );
        assert_eq!(message["android"]["collapse_key"], key);
        assert_eq!(message["android"]["notification"]["tag"], key);
        assert_eq!(message["apns"]["payload"]["aps"]["badge"], 3);
    }

    #[test]
    fn in_quiet_hours_nothing_is_shown() {
        let quiet = PushNotification {
            quiet: true,
            ..example_notification()
        };
        let message = message(&quiet);
        assert!(!message.contains_key("notification"));
        let data = json!({"badge": "3", "conversation_id": "lunch"});
        assert_eq!(message["data"], data);
        assert!(message["android"].get("notification").is_none());
        assert!(message["apns"]["payload"]["aps"].get("sound").is_none());
    }

    #[test]
    fn a_long_message_is_cut() {
        let long = PushNotification {
            title: "\"".repeat(200),
            body: Some("漢".repeat(1_500)),
            ..example_notification()
        };
        let rendered = render("t", &long);
        assert!(rendered.len() < MAX_PAYLOAD + 40, "{}", rendered.len());
    }
}
