//! Values that must not reach a log, a screen or an error message.

use std::fmt;
use std::str::FromStr;

/// A secret. `Debug` prints `***`; [`SecretString::reveal`] returns the text.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretString(String);

impl SecretString {
    /// Wraps the text of a secret.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text of the secret.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl FromStr for SecretString {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self::new(text))
    }
}

impl fmt::Debug for SecretString {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// The address of a server, which may contain a password. `Display` and `Debug` mask it.
#[derive(Clone, PartialEq, Eq)]
pub struct ServerUrl(String);

impl ServerUrl {
    /// The address, including the password.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Whether a `/` or `#` in front of the last `@` ends the host name too early. That is the user
    /// name or a password that is not escaped, and the rest of it would be taken for a host.
    pub fn has_unescaped_user(&self) -> bool {
        // A parameter may contain an `@`, and each of several addresses may have a scheme.
        let addresses = self.0.split('?').next().unwrap_or_default().split(',');
        addresses
            .map(|address| address.split_once("://").map_or(address, |(_, rest)| rest))
            .any(
                |address| match (address.find(['/', '#']), address.rfind('@')) {
                    (Some(end_of_host), Some(end_of_user)) => end_of_host < end_of_user,
                    _ => false,
                },
            )
    }
}

impl FromStr for ServerUrl {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for ServerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&redact_url(&self.0))
    }
}

impl fmt::Debug for ServerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", redact_url(&self.0))
    }
}

/// Masks everything in an address that could be a password:
///
/// - the text between the first `:` of the user part and its `@`;
/// - the whole user part if it has no `:`, because NATS puts tokens there;
/// - the value of every query parameter whose name contains `pass`.
///
/// If it is unclear where the password is, everything before the last `@` is masked.
pub fn redact_url(url: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
    let (address, query) = rest
        .split_once('?')
        .map_or((rest, None), |(a, b)| (a, Some(b)));
    let unclear = rest.contains(',') || !address.contains('@');
    let shown = match rest.rsplit_once('@') {
        Some((_, host)) if unclear => format!("***@{host}"),
        _ => mask_password(scheme, address) + &query.map(mask_parameters).unwrap_or_default(),
    };
    if scheme.is_empty() {
        shown
    } else {
        format!("{scheme}://{shown}")
    }
}

fn mask_password(scheme: &str, address: &str) -> String {
    // A password may contain an unescaped `/` or `@`, so split at the last `@`.
    let Some((user_part, host)) = address.rsplit_once('@') else {
        return address.to_owned();
    };
    match user_part.split_once(':') {
        Some((user, _)) => format!("{user}:***@{host}"),
        None if scheme.starts_with("postgres") => address.to_owned(),
        None => format!("***@{host}"),
    }
}

fn mask_parameters(query: &str) -> String {
    let hide = |pair: &str| match pair.split_once('=') {
        Some((name, _)) if name.to_lowercase().contains("pass") => format!("{name}=***"),
        _ => pair.to_owned(),
    };
    format!(
        "?{}",
        query.split('&').map(hide).collect::<Vec<_>>().join("&")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_that_is_not_escaped_is_found() {
        let is_found = |url: &str| url.parse::<ServerUrl>().unwrap().has_unescaped_user();
        for url in [
            "postgres://ann:p@ss/word@db/chat",
            "postgres://ann:p#ss@db:5432/chat?sslmode=require",
            "nats://ann:a/b@nats:4222",
        ] {
            assert!(is_found(url), "{url}");
        }
        for url in [
            "postgres://ann:p%40ss%2Fword@db/chat",
            "postgres://ann@example.com:word@db/chat",
            "postgres://ann@localhost/chat?host=%2Frun%2F@1",
            "postgres://ann@one:5432,two:5432/chat",
            "postgres:///chat?host=/run/a@b",
            "nats://ann:word@one:4222,nats://ann:word@two:4222",
        ] {
            assert!(!is_found(url), "{url}");
        }
    }

    #[test]
    fn passwords_are_not_shown() {
        let cases = [
            (
                "postgres://ann:s3cret@db:5432/chat",
                "postgres://ann:***@db:5432/chat",
            ),
            (
                "postgres://ann:p@ss/word@db/chat?sslmode=require",
                "postgres://ann:***@db/chat?sslmode=require",
            ),
            ("postgres://ann@db/chat", "postgres://ann@db/chat"),
            (
                "postgres://ann@db/chat?password=s3cret&host=/run",
                "postgres://ann@db/chat?password=***&host=/run",
            ),
            (
                "postgres://ann@db/chat?sslpassword=s3cret",
                "postgres://ann@db/chat?sslpassword=***",
            ),
            ("nats://s3crettoken@nats:4222", "nats://***@nats:4222"),
            (
                "nats://u:s3cret@a:4222,nats://u:s3cret@b:4222",
                "nats://***@b:4222",
            ),
            ("nats://u:s3c,s3cret@a:4222", "nats://***@a:4222"),
            ("nats://a:4222,nats://b:4222", "nats://a:4222,nats://b:4222"),
            ("postgres://ann:s3?s3cret@db/chat", "postgres://***@db/chat"),
            ("u:s3cret@nats:4222", "u:***@nats:4222"),
            ("127.0.0.1:4222", "127.0.0.1:4222"),
        ];
        for (url, shown) in cases {
            assert_eq!(redact_url(url), shown);
            let parsed: ServerUrl = url.parse().expect("every text parses");
            assert!(
                !format!("{parsed} {parsed:?}").contains("s3cret"),
                "{parsed:?}"
            );
            assert_eq!(parsed.reveal(), url);
        }
    }

    #[test]
    fn a_secret_is_not_shown() {
        let secret = SecretString::new("s3cret");
        assert_eq!(format!("{secret:?} {secret:#?}"), "*** ***");
        assert_eq!(secret.reveal(), "s3cret");
    }
}
