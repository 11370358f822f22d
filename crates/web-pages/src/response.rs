//! The answer to a request for a file: compressed where the client takes that, without content
//! where it has the same version, and with headers that let a page run only what is served here.

use std::io::Read as _;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use flate2::read::GzDecoder;
use http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG,
    IF_NONE_MATCH, REFERRER_POLICY, VARY, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

use crate::embedded::EmbeddedFile;

/// What the pages may load and call. Avatars are the only content of other hosts; `ws:` and `wss:`
/// are there because old versions of Safari do not take `'self'` for them. `blob:` is for files:
/// the chat fetches them with its token, and shows what it has fetched. Players take what the
/// service worker of the chat has fetched, which comes from `'self'`.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' \
    https: data: blob:; media-src 'self' blob:; connect-src 'self' ws: wss:; font-src 'self'; \
    manifest-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'self'";

/// A name with a hash stays valid for a year.
const IMMUTABLE: &str = "public, max-age=31536000, immutable";

/// Anything else is asked for each time, which costs no content if it is the same.
const REVALIDATED: &str = "no-cache";

/// The content security policies of the files.
#[derive(Debug)]
pub struct FramePolicy {
    /// No page shows these in a frame.
    alone: HeaderValue,
    /// The listed pages may.
    framed: HeaderValue,
}

impl FramePolicy {
    /// The policies if pages of these origins may show the widget.
    pub fn new(embedders: &[String]) -> Self {
        let policy = |ancestors: &str| {
            let policy = format!("{POLICY}; frame-ancestors {ancestors}");
            HeaderValue::from_str(&policy)
        };
        let none = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");
        let alone = policy("'none'").unwrap_or(none);
        let is_source = |origin: &&String| !origin.is_empty() && origin.bytes().all(is_in_source);
        let sources: Vec<&str> = embedders
            .iter()
            .filter(is_source)
            .map(String::as_str)
            .collect();
        let framed = match sources.as_slice() {
            [] => alone.clone(),
            sources => policy(&sources.join(" ")).unwrap_or_else(|_| alone.clone()),
        };
        Self { alone, framed }
    }

    /// The policy of this file.
    pub fn policy_for(&self, file: &EmbeddedFile) -> HeaderValue {
        let policy = if file.is_framed() {
            &self.framed
        } else {
            &self.alone
        };
        policy.clone()
    }
}

/// Whether a source of a policy can contain this; a separator would begin something else.
fn is_in_source(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b":/.-*".contains(&byte)
}

/// The answer for this file.
pub fn answer(file: &'static EmbeddedFile, policy: HeaderValue, request: &HeaderMap) -> Response {
    let caching = if file.is_immutable() {
        IMMUTABLE
    } else {
        REVALIDATED
    };
    let mut response = if has_version(request, file.tag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        content(file, request)
    };
    let mut set = |name: HeaderName, value: &'static str| {
        response
            .headers_mut()
            .insert(name, HeaderValue::from_static(value));
    };
    set(CACHE_CONTROL, caching);
    set(ETAG, file.tag);
    set(VARY, "accept-encoding");
    set(REFERRER_POLICY, "no-referrer");
    set(X_CONTENT_TYPE_OPTIONS, "nosniff");
    response
        .headers_mut()
        .insert(CONTENT_SECURITY_POLICY, policy);
    response
}

fn content(file: &'static EmbeddedFile, request: &HeaderMap) -> Response {
    let content_type = [(CONTENT_TYPE, file.content_type())];
    if accepts_gzip(request) {
        let body = Body::from(Bytes::from_static(file.gzip));
        return (content_type, [(CONTENT_ENCODING, "gzip")], body).into_response();
    }
    let mut content = Vec::new();
    match GzDecoder::new(file.gzip).read_to_end(&mut content) {
        Ok(_) => (content_type, content).into_response(),
        // The build script has written it, so this does not happen.
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// Whether the client has this version.
fn has_version(request: &HeaderMap, tag: &str) -> bool {
    let opaque = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    let mut tags = values(request, &IF_NONE_MATCH);
    tags.any(|known| known.trim() == "*" || opaque(known) == opaque(tag))
}

/// Whether the client takes gzip: by its name, and not with the weight 0.
fn accepts_gzip(request: &HeaderMap) -> bool {
    values(request, &ACCEPT_ENCODING).any(|coding| {
        let mut parts = coding.split(';').map(str::trim);
        let name = parts.next().unwrap_or_default();
        let weight = parts.find_map(|part| part.strip_prefix("q="));
        let is_refused = weight.is_some_and(|weight| weight.parse() == Ok(0.0));
        name.eq_ignore_ascii_case("gzip") && !is_refused
    })
}

/// The values of a header that is a list.
fn values<'a>(headers: &'a HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'a str> {
    let lines = headers.get_all(name).into_iter();
    lines
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(','))
}
