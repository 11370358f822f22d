//! The W3C Trace Context: <https://www.w3.org/TR/trace-context/>.

use std::fmt;

use uuid::Uuid;

/// Where a span is in its trace. It displays as the `traceparent` of a sampled request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SpanContext {
    trace_id: u128,
    span_id: u64,
}

/// A valid `traceparent` header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Traceparent {
    /// The span that made the call.
    pub context: SpanContext,
    /// Whether the caller has recorded that span.
    pub is_sampled: bool,
}

/// The length of a header of version 00.
const LENGTH: usize = 55;

/// The flag of a sampled request.
const SAMPLED: u8 = 1;

impl SpanContext {
    /// The first span of a new trace.
    pub(crate) fn new_root() -> Self {
        Self {
            trace_id: Uuid::new_v4().as_u128(),
            span_id: new_span_id(),
        }
    }

    /// Another span of the same trace.
    pub(crate) fn new_child(self) -> Self {
        Self {
            span_id: new_span_id(),
            ..self
        }
    }

    /// The id of the trace.
    pub fn trace_id(self) -> u128 {
        self.trace_id
    }

    /// The id of the span.
    pub fn span_id(self) -> u64 {
        self.span_id
    }

    /// The id of the trace as collectors show it.
    pub fn trace_id_text(self) -> String {
        format!("{:032x}", self.trace_id)
    }
}

impl fmt::Display for SpanContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "00-{:032x}-{:016x}-01", self.trace_id, self.span_id)
    }
}

impl Traceparent {
    /// Parses a header. `None` if it is invalid, in which case the standard demands that it is
    /// ignored.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        let (fields, rest) = bytes.split_at_checked(LENGTH)?;
        let is_separated = [2, 35, 52].iter().all(|at| fields[*at] == b'-');
        let version = u8::try_from(parse_hex(&fields[..2])?).ok()?;
        // A later version may append fields.
        let ends_well = match version {
            0 => rest.is_empty(),
            0xff => false,
            _ => rest.first().is_none_or(|byte| *byte == b'-'),
        };
        if !is_separated || !ends_well {
            return None;
        }
        let trace_id = parse_hex(&fields[3..35])?;
        let span_id = u64::try_from(parse_hex(&fields[36..52])?).ok()?;
        let flags = u8::try_from(parse_hex(&fields[53..])?).ok()?;
        (trace_id != 0 && span_id != 0).then_some(Self {
            context: SpanContext { trace_id, span_id },
            is_sampled: flags & SAMPLED != 0,
        })
    }
}

/// Parses lowercase hexadecimal digits, at most 32.
fn parse_hex(digits: &[u8]) -> Option<u128> {
    digits.iter().try_fold(0_u128, |number, digit| {
        let value = match digit {
            b'0'..=b'9' => digit - b'0',
            b'a'..=b'f' => digit - b'a' + 10,
            _ => return None,
        };
        Some((number << 4) | u128::from(value))
    })
}

/// A random id, never 0.
fn new_span_id() -> u64 {
    // Both halves of a random UUID have fixed bits, at different places.
    let (high, low) = Uuid::new_v4().as_u64_pair();
    (high ^ low.rotate_left(32)).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const VALID: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn a_valid_header_is_read_and_written_back() {
        let parsed = Traceparent::parse(VALID).unwrap();
        assert!(parsed.is_sampled);
        assert_eq!(parsed.context.span_id(), 0x00f0_67aa_0ba9_02b7);
        assert_eq!(parsed.context.to_string(), VALID);
        assert_eq!(parsed.context.trace_id_text(), VALID[3..35]);
    }

    #[test]
    fn only_the_sampled_flag_counts() {
        for (flags, is_sampled) in [("00", false), ("01", true), ("02", false), ("ff", true)] {
            let text = format!("{}{flags}", &VALID[..53]);
            assert_eq!(Traceparent::parse(&text).unwrap().is_sampled, is_sampled);
        }
    }

    #[test]
    fn a_later_version_may_be_longer() {
        let later = VALID.replacen("00", "01", 1);
        assert!(Traceparent::parse(&later).is_some());
        assert!(Traceparent::parse(&format!("{later}-more")).is_some());
        assert!(Traceparent::parse(&format!("{later}more")).is_none());
    }

    #[test]
    fn an_invalid_header_is_ignored() {
        let none = "00000000000000000000000000000000";
        for text in [
            "",
            "00",
            "no header at all, though it is as long as one would be..",
            &VALID[..54],
            &format!("{VALID}-00"),
            &format!("{VALID} "),
            &VALID.to_uppercase(),
            &VALID.replacen("00", "ff", 1),
            &VALID.replacen('-', "_", 1),
            &VALID.replace("4bf92f3577b34da6a3ce929d0e0e4736", none),
            &VALID.replace("00f067aa0ba902b7", &none[..16]),
            &VALID.replace("4b", "4g"),
            &VALID.replace("4b", "é"),
            &"é".repeat(28),
        ] {
            assert_eq!(Traceparent::parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn a_child_stays_in_its_trace() {
        let root = SpanContext::new_root();
        let child = root.new_child();
        assert_eq!(child.trace_id(), root.trace_id());
        assert_ne!(child.span_id(), root.span_id());
        let parsed = Traceparent::parse(&root.to_string()).unwrap();
        assert_eq!((parsed.context, parsed.is_sampled), (root, true));
    }
}
