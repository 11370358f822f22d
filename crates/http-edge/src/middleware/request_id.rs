//! Request ids, for finding a request in the log: the client's own id if it is acceptable,
//! otherwise a generated one.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

use http::{HeaderMap, HeaderName, HeaderValue};

pub(crate) const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The maximum length of an id from a client, in characters. It is logged unchanged.
const MAX_REQUEST_ID_CHARS: usize = 64;

/// Distinguishes processes; within one process, a counter is enough and cheap.
static PROCESS_PREFIX: LazyLock<String> = LazyLock::new(|| {
    let random = uuid::Uuid::new_v4().simple().to_string();
    random.chars().take(8).collect()
});

/// The digits of the largest number.
const MAX_NUMBER_DIGITS: usize = 16;

static NEXT_NUMBER: AtomicU64 = AtomicU64::new(0);

pub(crate) fn from_headers(headers: &HeaderMap) -> HeaderValue {
    match headers.get(X_REQUEST_ID) {
        Some(id) if is_acceptable(id.as_bytes()) => id.clone(),
        _ => generate(),
    }
}

fn is_acceptable(id: &[u8]) -> bool {
    let legal = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    !id.is_empty() && id.len() <= MAX_REQUEST_ID_CHARS && id.iter().all(legal)
}

fn generate() -> HeaderValue {
    let prefix = PROCESS_PREFIX.as_bytes();
    let mut id = Vec::with_capacity(prefix.len() + 1 + MAX_NUMBER_DIGITS);
    id.extend_from_slice(prefix);
    id.push(b'-');
    push_hexadecimal(&mut id, NEXT_NUMBER.fetch_add(1, Ordering::Relaxed));
    // Cannot fail: hexadecimal digits and a hyphen are a valid header value.
    HeaderValue::from_maybe_shared(bytes::Bytes::from(id)).unwrap_or(HeaderValue::from_static("-"))
}

/// Appends the digits of a number. Each request has one, and `format!` takes several times as long.
fn push_hexadecimal(text: &mut Vec<u8>, number: u64) {
    let bits = u64::BITS - number.leading_zeros();
    let digits = bits.div_ceil(4).max(1);
    text.extend((0..digits).rev().map(|digit| {
        let value = (number >> (4 * digit)) & 0xf;
        b"0123456789abcdef"[value as usize]
    }));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_hexadecimal() {
        for number in [0, 1, 9, 10, 15, 16, 0xff, 0x100, 0xdead_beef, u64::MAX] {
            let mut text = Vec::new();
            push_hexadecimal(&mut text, number);
            assert_eq!(String::from_utf8(text).unwrap(), format!("{number:x}"));
        }
    }

    #[test]
    fn acceptable_id_is_used_and_any_other_replaced() {
        let with = |id: &'static [u8]| {
            let value = HeaderValue::from_bytes(id).unwrap();
            from_headers(&HeaderMap::from_iter([(X_REQUEST_ID, value)]))
        };
        assert_eq!(with(b"abc-1_2.3"), "abc-1_2.3");
        for unacceptable in [
            &b""[..],
            b"a b",
            b"a\xffb",
            b"\x1b[31m".get(1..).unwrap(),
            &[b'a'; 65],
        ] {
            assert_ne!(with(unacceptable).as_bytes(), unacceptable);
        }
        assert_ne!(
            from_headers(&HeaderMap::new()),
            from_headers(&HeaderMap::new())
        );
    }
}
