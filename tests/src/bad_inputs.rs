//! Inputs that the services must reject: damaged bodies, invalid numbers and hostile texts.

use serde_json::{Value, json};

/// Bodies that are not valid JSON, derived from a valid one. Each must get a 400.
pub fn malformed_bodies(good: &str) -> Vec<(String, Vec<u8>)> {
    let mut bad = Vec::new();
    let mut add = |name: &str, body: Vec<u8>| bad.push((name.to_owned(), body));
    add("empty", Vec::new());
    add("two documents", format!("{good}{good}").into_bytes());
    add("trailing comma", good.replace('}', ",}").into_bytes());
    add("comment", format!("/* hi */{good}").into_bytes());
    add("byte order mark", format!("\u{feff}{good}").into_bytes());
    add("NaN", b"{\"x\":NaN}".to_vec());
    add("Infinity", b"{\"x\":Infinity}".to_vec());
    add("bad escape", b"{\"x\":\"\\q\"}".to_vec());
    add("single quotes", good.replace('"', "'").into_bytes());
    add("deep lists", "[".repeat(10_000).into_bytes());
    add("deep objects", "{\"a\":".repeat(10_000).into_bytes());
    add(
        "not UTF-8",
        [b"{\"x\":\"".as_slice(), &[0xff, 0xfe], b"\"}"].concat(),
    );
    add(
        "overlong UTF-8",
        [b"{\"x\":\"".as_slice(), &[0xc0, 0x80], b"\"}"].concat(),
    );
    add(
        "surrogate in UTF-8",
        [b"{\"x\":\"".as_slice(), &[0xed, 0xa0, 0x80], b"\"}"].concat(),
    );
    add("raw U+0000", b"{\"x\":\"a\x00b\"}".to_vec());
    add("raw newline in text", b"{\"x\":\"a\nb\"}".to_vec());
    for at in cut_positions(good.len()) {
        add(&format!("cut at {at}"), good.as_bytes()[..at].to_vec());
    }
    for path in text_pointers(&parse_json(good)) {
        for (name, text) in [
            ("U+0000", "a\\u0000b"),
            ("lone surrogate", "\\ud800"),
            ("lone low", "x\\udc00y"),
        ] {
            let marked = replace_at(&parse_json(good), &path, json!("MARK")).to_string();
            add(
                &format!("{name} at {path}"),
                marked.replace("MARK", text).into_bytes(),
            );
        }
    }
    bad
}

/// Bodies that are valid JSON but wrong in one place. None may cause a 5xx; those marked `true`
/// must also be rejected.
pub fn mistyped_bodies(good: &str) -> Vec<(String, Vec<u8>, bool)> {
    let mut bad: Vec<_> = [
        ("null", "null"),
        ("list", "[]"),
        ("text", "\"x\""),
        ("number", "1"),
        ("true", "true"),
    ]
    .map(|(name, body)| (format!("top level {name}"), body.as_bytes().to_vec(), true))
    .into();
    let good = parse_json(good);
    let values = [
        ("null", "null", false),
        ("empty text", "\"\"", false),
        ("text", "\"x\"", false),
        ("control characters", "\"a\\u0007b\\u001b[31m\"", false),
        ("long text", "\"LONG\"", false),
        ("0", "0", false),
        ("-1", "-1", false),
        ("1.5", "1.5", false),
        ("2^31", "2147483648", false),
        ("2^53", "9007199254740993", false),
        ("2^63-1", "9223372036854775807", false),
        ("2^63", "9223372036854775808", false),
        ("2^64", "18446744073709551616", false),
        ("-2^63", "-9223372036854775808", false),
        ("1e300", "1e300", false),
        ("1e999", "1e999", false),
        ("true", "true", false),
        ("empty list", "[]", false),
        ("list of numbers", "[1,2]", false),
        ("nested list", "[[[]]]", false),
        ("empty object", "{}", false),
        ("object", "{\"a\":{\"b\":1}}", false),
    ];
    for field in good.as_object().into_iter().flat_map(serde_json::Map::keys) {
        for (name, value, certain) in values {
            let marked = replace_at(&good, &format!("/{field}"), json!("MARK")).to_string();
            let long = value.replace("LONG", &"x".repeat(5_000));
            bad.push((
                format!("{field} = {name}"),
                marked.replace("\"MARK\"", &long).into_bytes(),
                certain,
            ));
        }
        let mut missing = good.clone();
        missing.as_object_mut().map(|fields| fields.remove(field));
        bad.push((
            format!("no {field}"),
            missing.to_string().into_bytes(),
            false,
        ));
    }
    bad
}

/// Texts that are not positive integers. In a path or a query they must get a 400.
pub const INVALID_NUMBERS: [&str; 12] = [
    "0",
    "-1",
    "1.5",
    "1e3",
    "abc",
    "0x10",
    "-9223372036854775809",
    "%00",
    "%31%00",
    "1%20",
    "%D9%A1",
    "NaN",
];

/// Positive integers that are too large for any seq or position. They must get a 400 or a 404.
pub const HUGE_NUMBERS: [&str; 4] = [
    "9223372036854775807",
    "9223372036854775808",
    "18446744073709551616",
    "99999999999999999999999999",
];

/// Ids and names that try to attack SQL, NATS subjects, paths or terminals. They must never cause a
/// 5xx.
pub const HOSTILE_IDS: [&str; 18] = [
    "%27;DROP%20TABLE%20log.events;--",
    "%241",
    "%00",
    "a%00b",
    "%FF%FE",
    "%C0%80",
    "..%2F..%2Fetc%2Fpasswd",
    "%2E%2E",
    "%3E",
    "*",
    "a.b.%3E",
    "%24JS.API.STREAM.DELETE.TIDINGS",
    "%0D%0APUB%20x%200%0D%0A",
    "%1B%5B31m",
    "%7B%7D%25s",
    "%F0%9F%91%A9%E2%80%8D%F0%9F%91%A9",
    "%E2%80%AEevil",
    "%F4%90%80%80",
];

fn parse_json(good: &str) -> Value {
    serde_json::from_str(good).unwrap_or_else(|error| panic!("{good}: {error}"))
}

/// The lengths at which a body is cut: every one for a short body, otherwise about thirty.
fn cut_positions(length: usize) -> impl Iterator<Item = usize> {
    (1..length).step_by((length / 30).max(1))
}

/// JSON pointers to all strings.
fn text_pointers(value: &Value) -> Vec<String> {
    let below = |name: &str, value: &Value| -> Vec<String> {
        text_pointers(value)
            .into_iter()
            .map(|path| format!("/{name}{path}"))
            .collect()
    };
    match value {
        Value::String(_) => vec![String::new()],
        Value::Array(items) => items
            .iter()
            .enumerate()
            .flat_map(|(i, v)| below(&i.to_string(), v))
            .collect(),
        Value::Object(fields) => fields.iter().flat_map(|(name, v)| below(name, v)).collect(),
        _ => Vec::new(),
    }
}

fn replace_at(value: &Value, pointer: &str, by: Value) -> Value {
    let mut value = value.clone();
    if let Some(place) = value.pointer_mut(pointer) {
        *place = by;
    }
    value
}
