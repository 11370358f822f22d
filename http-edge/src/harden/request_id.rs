//! A name for each request, for finding it in the log: the client's own if it is sane, else ours.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

use http::{HeaderMap, HeaderName, HeaderValue};

pub(crate) const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Characters of an id that is taken over from a client. It goes to the log as it is.
const MAX_LENGTH: usize = 64;

/// Tells the processes apart; within one, a counter is enough and costs nothing.
static PREFIX: LazyLock<String> = LazyLock::new(|| {
    let random = uuid::Uuid::new_v4().simple().to_string();
    random.chars().take(8).collect()
});

static NEXT: AtomicU64 = AtomicU64::new(0);

pub(crate) fn of(headers: &HeaderMap) -> HeaderValue {
    match headers.get(X_REQUEST_ID) {
        Some(given) if is_sane(given.as_bytes()) => given.clone(),
        _ => new(),
    }
}

fn is_sane(id: &[u8]) -> bool {
    let legal = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    !id.is_empty() && id.len() <= MAX_LENGTH && id.iter().all(legal)
}

fn new() -> HeaderValue {
    let id = format!("{}-{:x}", *PREFIX, NEXT.fetch_add(1, Ordering::Relaxed));
    // Hexadecimal digits and a dash are a legal header value.
    HeaderValue::from_maybe_shared(bytes::Bytes::from(id)).unwrap_or(HeaderValue::from_static("-"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sane_id_is_kept_and_any_other_replaced() {
        let with = |id: &'static [u8]| {
            let value = HeaderValue::from_bytes(id).unwrap();
            of(&HeaderMap::from_iter([(X_REQUEST_ID, value)]))
        };
        assert_eq!(with(b"abc-1_2.3"), "abc-1_2.3");
        for insane in [
            &b""[..],
            b"a b",
            b"a\xffb",
            b"\x1b[31m".get(1..).unwrap(),
            &[b'a'; 65],
        ] {
            assert_ne!(with(insane).as_bytes(), insane);
        }
        assert_ne!(of(&HeaderMap::new()), of(&HeaderMap::new()));
    }
}
