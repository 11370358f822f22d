//! The address of a JWKS document.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use reqwest::Url;

/// An address that keys may be fetched from: with TLS, or on this machine. Who can change the
/// document on its way can issue tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JwksUrl(Url);

impl JwksUrl {
    /// The address.
    pub fn as_url(&self) -> &Url {
        &self.0
    }

    fn is_on_this_machine(&self) -> bool {
        let host = self.0.host_str().unwrap_or_default();
        let literal = host.trim_start_matches('[').trim_end_matches(']');
        host == "localhost" || literal.parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
    }
}

impl FromStr for JwksUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let url = Self(Url::parse(text).map_err(|error| error.to_string())?);
        if !url.0.username().is_empty() || url.0.password().is_some() {
            return Err("the address must not contain a user or a password".into());
        }
        match url.0.scheme() {
            "https" => Ok(url),
            "http" if url.is_on_this_machine() => Ok(url),
            _ => Err(
                "expected an https address; http is possible to 127.0.0.1, [::1] and localhost only"
                    .into(),
            ),
        }
    }
}

impl fmt::Display for JwksUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_come_over_tls_or_from_this_machine() {
        for url in [
            "https://login.example.com/keys.json",
            "https://10.0.0.7/keys",
            "http://127.0.0.1:8000/jwks",
            "http://[::1]:8000/jwks",
            "http://localhost/jwks",
        ] {
            assert!(url.parse::<JwksUrl>().is_ok(), "{url}");
        }
        for url in [
            "http://login.example.com/keys.json",
            "http://10.0.0.7/keys",
            "http://localhost.example.com/jwks",
            "https://ann:s3cret@login.example.com/keys",
            "file:///etc/keys.json",
            "keys.json",
        ] {
            let error = url.parse::<JwksUrl>().expect_err(url);
            assert!(!error.contains("s3cret"), "{error}");
        }
    }
}
