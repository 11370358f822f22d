//! What a device registers with, checked.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use connectivity::address::AllowedNetworks;
use domain::ids::{DeviceId, UserId};
use domain::mailbox::push_event::{PushProvider, RegistrationDigest};
use reqwest::Url;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::aes128gcm::BrowserKeys;

/// The maximum length of the token of an app. Neither Apple nor Google promises one; today they
/// have 64 and about 160 characters.
const MAX_TOKEN: usize = 1_024;

/// The maximum length of the endpoint of a browser.
const MAX_ENDPOINT: usize = 2_048;

/// The maximum length of a topic: that of a bundle id, with the suffixes that Apple adds.
const MAX_TOPIC: usize = 255;

/// A registration as a client sends it.
pub struct RegistrationFields<'a> {
    /// Who delivers.
    pub provider: PushProvider,
    /// The token that Apple or Google has given the app.
    pub token: Option<&'a str>,
    /// The `PushSubscription` of a browser as JSON.
    pub subscription: Option<&'a Value>,
    /// The app, if it is another one than the configured.
    pub topic: Option<&'a str>,
    /// Whether pushes show the text of messages.
    pub preview: bool,
}

/// A registration that can be used.
pub struct PushRegistration {
    pub(crate) provider: PushProvider,
    pub(crate) token: String,
    pub(crate) keys: Option<Vec<u8>>,
    pub(crate) topic: Option<String>,
    pub(crate) preview: bool,
}

/// Why a registration is invalid. It does not repeat what was sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {reason}")]
pub struct RegistrationError {
    /// The field.
    pub field: &'static str,
    /// What was expected.
    pub reason: String,
}

fn invalid(field: &'static str, reason: impl Into<String>) -> RegistrationError {
    RegistrationError {
        field,
        reason: reason.into(),
    }
}

impl PushRegistration {
    /// Checks a registration. The endpoint of a browser must be an address that this server may
    /// connect to.
    pub fn parse(
        fields: &RegistrationFields<'_>,
        allowed: &AllowedNetworks,
    ) -> Result<Self, RegistrationError> {
        let provider = fields.provider;
        let topic = parse_topic(provider, fields.topic)?;
        let (token, keys) = if provider == PushProvider::Webpush {
            if fields.token.is_some() {
                return Err(invalid(
                    "token",
                    "A browser has a subscription and no token.",
                ));
            }
            let (endpoint, keys) = parse_subscription(fields.subscription, allowed)?;
            (endpoint, Some(keys))
        } else {
            if fields.subscription.is_some() {
                return Err(invalid(
                    "subscription",
                    "Only `webpush` has a subscription; send the `token` of the app.",
                ));
            }
            (parse_token(provider, fields.token)?, None)
        };
        Ok(Self {
            provider,
            token,
            keys,
            topic,
            preview: fields.preview,
        })
    }

    /// Who delivers.
    pub fn provider(&self) -> PushProvider {
        self.provider
    }

    /// Whether pushes show the text of messages.
    pub fn preview(&self) -> bool {
        self.preview
    }

    /// Names this registration of a device. It says nothing about the token, not even whether
    /// another device has the same.
    pub fn digest(&self, user: &UserId, device: &DeviceId) -> RegistrationDigest {
        let digest = digest_parts(&[
            b"registration",
            user.as_str().as_bytes(),
            device.as_str().as_bytes(),
            self.provider.as_str().as_bytes(),
            self.token.as_bytes(),
            self.keys.as_deref().unwrap_or_default(),
            self.topic.as_deref().unwrap_or_default().as_bytes(),
            &[u8::from(self.preview)],
        ]);
        RegistrationDigest::from_bytes(digest)
    }

    /// Finds other devices with the same token.
    pub(crate) fn token_digest(&self) -> [u8; 32] {
        digest_parts(&[
            b"token",
            self.provider.as_str().as_bytes(),
            self.token.as_bytes(),
        ])
    }
}

fn digest_parts(parts: &[&[u8]]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}

fn parse_token(provider: PushProvider, token: Option<&str>) -> Result<String, RegistrationError> {
    let Some(token) = token else {
        return Err(invalid("token", "The token of the app is missing."));
    };
    if token.len() > MAX_TOKEN {
        let reason = format!("Expected at most {MAX_TOKEN} characters.");
        return Err(invalid("token", reason));
    }
    let is_hex = |text: &str| text.bytes().all(|b| b.is_ascii_hexdigit());
    let is_plain = |text: &str| {
        text.bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-_:.".contains(&b))
    };
    match provider {
        PushProvider::Apns if token.len() < 16 || token.len() % 2 != 0 || !is_hex(token) => Err(
            invalid("token", "Expected the device token as hexadecimal digits."),
        ),
        PushProvider::Apns => Ok(token.to_ascii_lowercase()),
        _ if token.is_empty() || !is_plain(token) => Err(invalid(
            "token",
            "Expected a registration token: characters from A-Z a-z 0-9 - _ : and the full stop.",
        )),
        _ => Ok(token.to_owned()),
    }
}

fn parse_topic(
    provider: PushProvider,
    topic: Option<&str>,
) -> Result<Option<String>, RegistrationError> {
    let Some(topic) = topic else {
        return Ok(None);
    };
    if provider != PushProvider::Apns {
        return Err(invalid("topic", "Only `apns` has a topic."));
    }
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'.';
    if topic.is_empty() || topic.len() > MAX_TOPIC || !topic.bytes().all(is_plain) {
        return Err(invalid(
            "topic",
            "Expected the bundle id of an app, such as com.example.chat.",
        ));
    }
    Ok(Some(topic.to_owned()))
}

fn parse_subscription(
    subscription: Option<&Value>,
    allowed: &AllowedNetworks,
) -> Result<(String, Vec<u8>), RegistrationError> {
    let field = "subscription";
    let Some(subscription) = subscription else {
        return Err(invalid(
            field,
            "The subscription of the browser is missing.",
        ));
    };
    let Some(endpoint) = subscription["endpoint"].as_str() else {
        return Err(invalid(
            field,
            "Expected what `PushSubscription.toJSON()` returns: `endpoint` and `keys`.",
        ));
    };
    if endpoint.len() > MAX_ENDPOINT {
        let reason = format!("`endpoint` must have at most {MAX_ENDPOINT} characters.");
        return Err(invalid(field, reason));
    }
    let url = Url::parse(endpoint);
    let url = url.map_err(|_| invalid(field, "`endpoint` must be an https address."))?;
    if allowed.check_url(&url).is_err() {
        return Err(invalid(
            field,
            "`endpoint` must be an https address on the public internet.",
        ));
    }
    let decode = |name: &str| {
        let text = subscription["keys"][name].as_str().unwrap_or_default();
        URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).ok()
    };
    let (Some(mut keys), Some(secret)) = (decode("p256dh"), decode("auth")) else {
        return Err(invalid(
            field,
            "`keys.p256dh` and `keys.auth` must be base64url.",
        ));
    };
    keys.extend(secret);
    if keys.len() != BrowserKeys::SIZE || BrowserKeys::parse(&keys).is_none() {
        return Err(invalid(
            field,
            "`keys.p256dh` must be a point on P-256 (65 bytes), and `keys.auth` have 16 bytes.",
        ));
    }
    Ok((url.into(), keys))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const POINT: &str =
        "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4";

    fn fields(provider: PushProvider) -> RegistrationFields<'static> {
        RegistrationFields {
            provider,
            token: None,
            subscription: None,
            topic: None,
            preview: true,
        }
    }

    fn parse(fields: &RegistrationFields<'_>) -> Result<PushRegistration, RegistrationError> {
        PushRegistration::parse(fields, &AllowedNetworks::default())
    }

    fn apns(token: &str) -> PushRegistration {
        parse(&RegistrationFields {
            token: Some(token),
            ..fields(PushProvider::Apns)
        })
        .unwrap()
    }

    fn refused(fields: &RegistrationFields<'_>) -> Option<&'static str> {
        parse(fields).err().map(|error| error.field)
    }

    #[test]
    fn tokens_have_the_form_of_their_provider() {
        let token = |provider, token| RegistrationFields {
            token: Some(token),
            ..fields(provider)
        };
        let long = "ab".repeat(600);
        for (provider, text, field) in [
            (PushProvider::Apns, "00aaff0011223344", None),
            (PushProvider::Apns, "00aaff00112233", Some("token")),
            (PushProvider::Apns, "00aaff001122334", Some("token")),
            (PushProvider::Apns, "../../../etc/pass", Some("token")),
            (PushProvider::Apns, &long, Some("token")),
            (PushProvider::Fcm, "dQw4:APA91b-_.x", None),
            (PushProvider::Fcm, "", Some("token")),
            (PushProvider::Fcm, "a b", Some("token")),
            (PushProvider::Webpush, "abc", Some("token")),
        ] {
            assert_eq!(refused(&token(provider, text)), field, "{text}");
        }
        assert_eq!(refused(&fields(PushProvider::Fcm)), Some("token"));
    }

    #[test]
    fn a_subscription_names_a_public_address_and_valid_keys() {
        let auth = "BTBZMqHH6r4Tts7J_aSIgg";
        let subscription = |endpoint: &str, point: &str, auth: &str| json!({"endpoint": endpoint, "expirationTime": null, "keys": {"p256dh": point, "auth": auth}});
        let check = |value: &Value| {
            refused(&RegistrationFields {
                subscription: Some(value),
                ..fields(PushProvider::Webpush)
            })
        };
        let good = "https://push.example.net/send/abc";
        assert_eq!(check(&subscription(good, POINT, auth)), None);
        for bad in [
            subscription("http://push.example.net/", POINT, auth),
            subscription("https://127.0.0.1/", POINT, auth),
            subscription("https://169.254.169.254/latest", POINT, auth),
            subscription("https://user@push.example.net/", POINT, auth),
            subscription("not a url", POINT, auth),
            subscription(&format!("{good}{}", "x".repeat(2_100)), POINT, auth),
            subscription(good, "AAAA", auth),
            subscription(good, &POINT.replace('B', "C"), auth),
            subscription(good, POINT, "AAAA"),
            json!({"endpoint": good}),
            json!("text"),
            json!(null),
        ] {
            assert_eq!(check(&bad), Some("subscription"), "{bad}");
        }
    }

    #[test]
    fn only_apns_has_a_topic() {
        let topic = |provider, topic| RegistrationFields {
            token: Some("00aaff0011223344"),
            topic: Some(topic),
            ..fields(provider)
        };
        let apns = PushProvider::Apns;
        assert_eq!(refused(&topic(apns, "com.example.chat")), None);
        let long = "x".repeat(256);
        for bad in ["", "a b", "com/example", &long] {
            assert_eq!(refused(&topic(apns, bad)), Some("topic"), "{bad}");
        }
        let fcm = topic(PushProvider::Fcm, "com.example.chat");
        assert_eq!(refused(&fcm), Some("topic"));
    }

    #[test]
    fn a_digest_names_the_device_with_its_registration() {
        let user = |name| UserId::parse(name).unwrap();
        let device = |name| DeviceId::parse(name).unwrap();
        let one = apns("00aaff0011223344");
        let digest = one.digest(&user("ann"), &device("phone"));
        assert_eq!(
            apns("00AAFF0011223344").digest(&user("ann"), &device("phone")),
            digest
        );
        let quiet = PushRegistration {
            preview: false,
            ..apns("00aaff0011223344")
        };
        for other in [
            one.digest(&user("bob"), &device("phone")),
            one.digest(&user("ann"), &device("tablet")),
            apns("00aaff0011223355").digest(&user("ann"), &device("phone")),
            quiet.digest(&user("ann"), &device("phone")),
        ] {
            assert_ne!(other, digest);
        }
        assert_eq!(quiet.token_digest(), one.token_digest());
    }
}
