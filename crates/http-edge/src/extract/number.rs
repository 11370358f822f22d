//! Numbers in JSON that a parser would round. JSON has numbers of any size and precision; what
//! parses them into 64 bits must not change their value in silence.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::ops::Range;

/// A number with so many digits that it cannot be stored exactly.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the number {literal} cannot be stored exactly; send an integer of at most 64 bits, \
     a decimal of at most 15 digits, or a string"
)]
pub(super) struct InexactNumberError {
    literal: String,
    /// Where the number begins in the document.
    pub(super) offset: usize,
}

/// A shorter number without an exponent has at most 15 digits, or is an integer of at most 64 bits.
const MAX_SHORT_BYTES: usize = 16;

/// A float has the value of each integer of so many digits.
const MAX_FLOAT_DIGITS: usize = 15;

/// An exponent that no float has, also not after all the digits of a document.
const MAX_EXPONENT: i64 = 1 << 60;

/// Rewrites a JSON document so that a parser that knows only 64-bit integers and floats keeps the
/// value of each number: long integers with a fraction or an exponent become plain integers. Fails
/// if that is impossible. A number that is out of range, and a document that is not JSON, stay as
/// they are, because the parser refuses them.
pub(super) fn write_exactly(text: &str) -> Result<Cow<'_, str>, InexactNumberError> {
    let mut rewritten = String::new();
    let mut copied = 0;
    for range in find_numbers(text.as_bytes()) {
        let literal = &text[range.clone()];
        if literal.len() <= MAX_SHORT_BYTES && !literal.contains(['e', 'E']) {
            continue;
        }
        match Decimal::parse(literal).exact_form() {
            ExactForm::AsWritten => {}
            ExactForm::Integer(integer) => {
                rewritten.push_str(&text[copied..range.start]);
                rewritten.push_str(&integer);
                copied = range.end;
            }
            ExactForm::None => {
                return Err(InexactNumberError {
                    literal: super::shorten(literal),
                    offset: range.start,
                });
            }
        }
    }
    if copied == 0 {
        return Ok(Cow::Borrowed(text));
    }
    rewritten.push_str(&text[copied..]);
    Ok(Cow::Owned(rewritten))
}

/// The byte ranges of the numbers of a JSON document, which are what begins with a digit or a minus
/// outside of its strings.
fn find_numbers(json: &[u8]) -> impl Iterator<Item = Range<usize>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        while let Some(byte) = json.get(at) {
            match byte {
                b'"' => at = end_of_string(json, at),
                b'-' | b'0'..=b'9' => {
                    let start = at;
                    let is_part = |byte: &&u8| byte.is_ascii_digit() || b"+-.eE".contains(*byte);
                    at += json[at..].iter().take_while(is_part).count();
                    return Some(start..at);
                }
                _ => at += 1,
            }
        }
        None
    })
}

/// The offset after the string that begins at an offset, or the end of the document.
fn end_of_string(json: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while let Some(byte) = json.get(at) {
        match byte {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    json.len()
}

/// The path of a value in a JSON document, such as `body.prices[2]`.
pub(super) fn find_path(text: &str, offset: usize) -> String {
    let json = text.as_bytes();
    let mut path: Vec<PathStep<'_>> = Vec::new();
    let mut at = 0;
    while at < offset.min(json.len()) {
        match json[at] {
            b'"' => {
                let end = end_of_string(json, at);
                // A string that is a value does no harm: the next key replaces it.
                if let Some(PathStep::Key(key)) = path.last_mut() {
                    *key = text.get(at + 1..end - 1).unwrap_or_default();
                }
                at = end;
                continue;
            }
            b'{' => path.push(PathStep::Key("")),
            b'[' => path.push(PathStep::Index(0)),
            b'}' | b']' => {
                path.pop();
            }
            b',' => {
                if let Some(PathStep::Index(index)) = path.last_mut() {
                    *index += 1;
                }
            }
            _ => {}
        }
        at += 1;
    }
    let mut written = String::new();
    for step in path {
        match step {
            PathStep::Key(key) if written.is_empty() => written.push_str(key),
            PathStep::Key(key) => {
                written.push('.');
                written.push_str(key);
            }
            PathStep::Index(index) => {
                // Writing to a string does not fail.
                let _ = write!(written, "[{index}]");
            }
        }
    }
    written
}

/// A step into an object or an array.
enum PathStep<'a> {
    Key(&'a str),
    Index(usize),
}

/// A decimal number: its digits without zeros at either end, times a power of ten.
#[derive(Debug, PartialEq, Eq)]
struct Decimal<'a> {
    literal: &'a str,
    is_negative: bool,
    digits: String,
    exponent: i64,
}

/// How a 64-bit integer or float has the value of a number.
#[derive(Debug, PartialEq, Eq)]
enum ExactForm {
    /// As what a parser makes of it.
    AsWritten,
    /// As this integer, which a parser would read as a float.
    Integer(String),
    None,
}

impl<'a> Decimal<'a> {
    fn parse(literal: &'a str) -> Self {
        let (mantissa, exponent) = literal.split_once(['e', 'E']).unwrap_or((literal, "0"));
        let (sign, mantissa) = match mantissa.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, mantissa),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let exponent = exponent.parse::<i64>().unwrap_or_else(|_| {
            // It does not fit, so the number is out of range, too small, or zero.
            let is_negative = exponent.starts_with('-');
            if is_negative {
                -MAX_EXPONENT
            } else {
                MAX_EXPONENT
            }
        });
        let exponent = exponent.clamp(-MAX_EXPONENT, MAX_EXPONENT);
        let all = format!("{whole}{fraction}");
        let significant = all.trim_start_matches('0');
        let digits = significant.trim_end_matches('0');
        let zeros = significant.len() - digits.len();
        let shift = zeros as i64 - fraction.len() as i64;
        Self {
            literal,
            is_negative: sign && !digits.is_empty(),
            exponent: if digits.is_empty() {
                0
            } else {
                exponent + shift
            },
            digits: digits.to_owned(),
        }
    }

    fn exact_form(&self) -> ExactForm {
        if let Some(integer) = self.to_integer() {
            let is_float = self.literal.contains(['.', 'e', 'E']);
            return if is_float && integer.len() > MAX_FLOAT_DIGITS {
                ExactForm::Integer(integer)
            } else {
                ExactForm::AsWritten
            };
        }
        match self.literal.parse::<f64>() {
            // The parser knows what is out of range, and what is not a number.
            Err(_) => ExactForm::AsWritten,
            Ok(float) if float.is_infinite() => ExactForm::AsWritten,
            Ok(float) if self.has_value_of(&format!("{float:e}")) => ExactForm::AsWritten,
            Ok(_) => ExactForm::None,
        }
    }

    fn has_value_of(&self, literal: &str) -> bool {
        let Decimal {
            is_negative,
            digits,
            exponent,
            ..
        } = Decimal::parse(literal);
        (self.is_negative, &self.digits, self.exponent) == (is_negative, &digits, exponent)
    }

    /// The number as digits only, if it is an integer of at most 64 bits.
    fn to_integer(&self) -> Option<String> {
        let zeros = usize::try_from(self.exponent)
            .ok()
            .filter(|zeros| *zeros < 20)?;
        let sign = if self.is_negative { "-" } else { "" };
        let digits = if self.digits.is_empty() {
            "0"
        } else {
            &self.digits
        };
        let integer = format!("{sign}{digits}{}", "0".repeat(zeros));
        let fits = integer.parse::<u64>().is_ok() || integer.parse::<i64>().is_ok();
        fits.then_some(integer)
    }
}

#[cfg(test)]
mod tests {
    use super::{find_path, write_exactly};

    /// What a parser stores of a number; `None` if it is refused.
    fn stored(literal: &str) -> Option<String> {
        let document = format!(r#"{{"n":{literal}}}"#);
        let exact = write_exactly(&document).ok()?;
        let value: serde_json::Value = serde_json::from_str(&exact).expect("JSON");
        Some(value["n"].to_string())
    }

    #[test]
    fn numbers_that_fit_are_kept() {
        for (literal, kept) in [
            ("0", "0"),
            ("-1", "-1"),
            ("18446744073709551615", "18446744073709551615"),
            ("-9223372036854775808", "-9223372036854775808"),
            ("9007199254740993", "9007199254740993"),
            ("0.1", "0.1"),
            ("1.50", "1.5"),
            ("3.141592653589793", "3.141592653589793"),
            ("0.30000000000000004", "0.30000000000000004"),
            ("7.205759403792794e16", "72057594037927940"),
            ("72057594037927936.0", "72057594037927936"),
            ("1.844674407370955e19", "18446744073709550000"),
            ("1e23", "1e+23"),
            ("100000000000000000000000", "1e+23"),
            ("1.7976931348623157e308", "1.7976931348623157e+308"),
            ("5e-324", "5e-324"),
            ("1E+2", "100.0"),
            ("0e99999999999999999999", "0.0"),
            ("1e15", "1000000000000000"),
            ("0.10000000000000000000000000", "0.1"),
        ] {
            assert_eq!(stored(literal).as_deref(), Some(kept), "{literal}");
        }
    }

    #[test]
    fn numbers_that_would_be_rounded_are_refused() {
        for literal in [
            "18446744073709551616",
            "-9223372036854775809",
            "123456789012345678901234567890",
            "0.12345678901234567890",
            "3.14159265358979323846",
            "12345678901234567.5",
            "1e-400",
            "1e-99999999999999999999",
            "4e-324",
        ] {
            assert_eq!(stored(literal), None, "{literal}");
        }
    }

    #[test]
    fn only_numbers_are_examined() {
        let digits = "1234567890123456789012";
        for document in [
            format!(r#"{{"a":"{digits}","{digits}":1}}"#),
            format!(r#"{{"a":"\"{digits}\\","b":[true,null,-1.5]}}"#),
            format!(r#"{{"a":"{digits}"#),
            r#"{"a":1e999}"#.to_owned(),
            "{\"a\":\"\\".to_owned(),
        ] {
            assert_eq!(write_exactly(&document).as_deref(), Ok(document.as_str()));
        }
        let rewritten = write_exactly(r#"{"a":[1e15,"1e15",2E1],"b":0.5}"#);
        let expected = r#"{"a":[1000000000000000,"1e15",2E1],"b":0.5}"#;
        assert_eq!(rewritten.as_deref(), Ok(expected));
    }

    #[test]
    fn a_refused_number_is_named_by_its_path() {
        let document = r#"{"a":{"x":"y"},"body":{"text":"a,b","prices":[1,[2],{"net":0.12345678901234567890}]}}"#;
        let error = write_exactly(document).expect_err("is refused");
        assert_eq!(find_path(document, error.offset), "body.prices[2].net");
        assert!(error.to_string().contains("0.12345678901234567890"));
    }
}
