//! The origins whose pages may call the API. A browser sends the origin of the page with a request
//! to another one, and shows the page the answer only if the server allows it.

use std::collections::HashSet;
use std::fmt;
use std::str::FromStr;
use std::sync::{Mutex, PoisonError};

use http::header::{HOST, ORIGIN};
use http::{HeaderMap, Uri};

/// The maximum number of refused origins that are logged. A caller can invent them.
const MAX_LOGGED_ORIGINS: usize = 32;

/// An origin, or any (`*`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin(OriginPattern);

#[derive(Debug, Clone, PartialEq, Eq)]
enum OriginPattern {
    Any,
    /// As browsers write it: in lower case, and without the default port of the scheme.
    Exact(String),
}

/// The text is not an origin.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "an origin is a scheme, a host and an optional port, such as https://chat.example.com, or * for any; {0}"
)]
pub struct OriginError(&'static str);

impl FromStr for Origin {
    type Err = OriginError;

    fn from_str(text: &str) -> Result<Self, OriginError> {
        if text == "*" {
            return Ok(Self(OriginPattern::Any));
        }
        let (scheme, rest) = text
            .split_once("://")
            .ok_or(OriginError("the scheme is missing"))?;
        if rest.contains('*') {
            return Err(OriginError("a part of a host cannot be a wildcard"));
        }
        let uri = Uri::from_str(text).map_err(|_| OriginError("this is not a URL"))?;
        let authority = uri.authority().ok_or(OriginError("the host is missing"))?;
        if !matches!(uri.path(), "" | "/") || uri.query().is_some() {
            return Err(OriginError("remove what follows the host and port"));
        }
        if authority.as_str().contains('@') {
            return Err(OriginError("remove the user"));
        }
        let (scheme, host) = (scheme.to_ascii_lowercase(), authority.host());
        let host = host.to_ascii_lowercase();
        let port = match (authority.port_u16(), scheme.as_str()) {
            (None, _) | (Some(80), "http") | (Some(443), "https") => String::new(),
            (Some(port), _) => format!(":{port}"),
        };
        Ok(Self(OriginPattern::Exact(format!(
            "{scheme}://{host}{port}"
        ))))
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match &self.0 {
            OriginPattern::Any => "*",
            OriginPattern::Exact(origin) => origin,
        })
    }
}

/// Which pages may call the API and open WebSockets. Pages that this server serves itself always
/// may.
#[derive(Debug, Clone, Default)]
pub struct AllowedOrigins {
    /// The configured origins.
    pub listed: Vec<Origin>,
    /// Whether pages of this machine are allowed, at every port: for development.
    pub local: bool,
}

impl AllowedOrigins {
    /// These origins as sources of `frame-ancestors` in a content security policy.
    pub fn frame_ancestors(&self) -> Vec<String> {
        let local = ["localhost", "*.localhost", "127.0.0.1"];
        let local = local.map(|host| format!("http://{host}:*"));
        let local = local.into_iter().filter(|_| self.local);
        self.listed
            .iter()
            .map(Origin::to_string)
            .chain(local)
            .collect()
    }

    fn allow(&self, origin: &str) -> bool {
        let is_listed = self.listed.iter().any(|listed| match &listed.0 {
            OriginPattern::Any => true,
            OriginPattern::Exact(listed) => listed == origin,
        });
        is_listed || self.local && is_local(origin)
    }
}

/// Decides about the origins of requests, and logs those that it refuses.
#[derive(Debug, Default)]
pub(crate) struct OriginGuard {
    allowed: AllowedOrigins,
    logged: Mutex<HashSet<String>>,
}

impl OriginGuard {
    pub(crate) fn new(allowed: AllowedOrigins) -> Self {
        Self {
            allowed,
            logged: Mutex::default(),
        }
    }

    /// Whether a request with these headers is from an allowed page, or not from a page of another
    /// origin. Programs that are no browsers send no origin.
    pub(crate) fn admits(&self, headers: &HeaderMap) -> bool {
        let Some(value) = headers.get(ORIGIN) else {
            return true;
        };
        let Ok(origin) = value.to_str() else {
            return false;
        };
        if self.allowed.allow(origin) || is_same_host(origin, headers) {
            return true;
        }
        self.log_once(origin);
        false
    }

    fn log_once(&self, origin: &str) {
        let mut logged = self.logged.lock().unwrap_or_else(PoisonError::into_inner);
        if logged.len() < MAX_LOGGED_ORIGINS && logged.insert(origin.to_owned()) {
            tracing::warn!(
                origin,
                "refused a page of another origin; allow it with --allowed-origins or \
                 TIDINGS_ALLOWED_ORIGINS"
            );
        }
    }
}

/// Whether this server served the page. A proxy may have changed the port.
fn is_same_host(origin: &str, headers: &HeaderMap) -> bool {
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    match (authority(origin), host) {
        (Some(page), Some(host)) => strip_port(page).eq_ignore_ascii_case(strip_port(host)),
        _ => false,
    }
}

fn is_local(origin: &str) -> bool {
    let host = authority(origin).map(strip_port);
    host.is_some_and(|host| {
        matches!(host, "localhost" | "127.0.0.1" | "[::1]") || host.ends_with(".localhost")
    })
}

fn authority(origin: &str) -> Option<&str> {
    origin.split_once("://").map(|(_, authority)| authority)
}

fn strip_port(authority: &str) -> &str {
    match authority.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => authority,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<String, OriginError> {
        text.parse::<Origin>().map(|origin| origin.to_string())
    }

    #[test]
    fn origins_are_written_as_browsers_write_them() {
        for (text, origin) in [
            ("https://chat.example.com", "https://chat.example.com"),
            ("HTTPS://Chat.Example.com:443/", "https://chat.example.com"),
            ("http://[::1]:9000", "http://[::1]:9000"),
            ("http://localhost:80", "http://localhost"),
            ("capacitor://localhost", "capacitor://localhost"),
            ("*", "*"),
        ] {
            assert_eq!(parse(text).as_deref(), Ok(origin), "{text}");
        }
    }

    #[test]
    fn what_can_never_match_is_refused() {
        for text in [
            "",
            "chat.example.com",
            "https://",
            "https://*.example.com",
            "https://chat.example.com/app",
            "https://chat.example.com?x",
            "https://ann@chat.example.com",
            "https://chat example.com",
            "null",
        ] {
            let error = parse(text).expect_err(text).to_string();
            assert!(error.contains("https://chat.example.com"), "{error}");
        }
    }

    fn admits(allowed: &AllowedOrigins, origin: &str, host: &str) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(ORIGIN, origin.parse().unwrap());
        headers.insert(HOST, host.parse().unwrap());
        OriginGuard::new(allowed.clone()).admits(&headers)
    }

    #[test]
    fn pages_of_this_server_of_this_machine_and_of_listed_origins_are_admitted() {
        let closed = AllowedOrigins::default();
        let local = AllowedOrigins {
            local: true,
            ..AllowedOrigins::default()
        };
        let listed = AllowedOrigins {
            listed: vec!["https://chat.example.com".parse().unwrap()],
            local: false,
        };
        let any = AllowedOrigins {
            listed: vec!["*".parse().unwrap()],
            local: false,
        };
        for (allowed, origin, host, expected) in [
            (&closed, "http://x.example:9000", "x.example:8080", true),
            (&closed, "http://x.example", "y.example", false),
            (&closed, "http://localhost:9000", "x.example", false),
            (&local, "http://localhost:9000", "x.example", true),
            (&local, "http://[::1]:9000", "x.example", true),
            (&local, "http://app.localhost:9000", "x.example", true),
            (&local, "http://localhost.evil.example", "x.example", false),
            (&local, "null", "x.example", false),
            (&listed, "https://chat.example.com", "x.example", true),
            (&listed, "https://chat.example.com:1", "x.example", false),
            (&listed, "http://chat.example.com", "x.example", false),
            (&any, "https://anything.example", "x.example", true),
            (&any, "null", "x.example", true),
        ] {
            assert_eq!(admits(allowed, origin, host), expected, "{origin} {host}");
        }
    }

    #[test]
    fn the_same_pages_may_show_the_widget_in_a_frame() {
        let listed = vec!["https://shop.example.com:443".parse().unwrap()];
        let allowed = AllowedOrigins {
            listed,
            local: false,
        };
        assert_eq!(allowed.frame_ancestors(), ["https://shop.example.com"]);
        let local = AllowedOrigins {
            local: true,
            ..allowed
        };
        let ancestors = local.frame_ancestors();
        assert_eq!(ancestors.len(), 4);
        assert!(ancestors.contains(&"http://localhost:*".to_owned()));
        assert!(AllowedOrigins::default().frame_ancestors().is_empty());
    }

    #[test]
    fn requests_without_an_origin_are_admitted() {
        assert!(OriginGuard::default().admits(&HeaderMap::new()));
    }
}
