//! Names in a request that it does not have: misspelt parameters and fields. They are refused with
//! the nearest name, unless the client asks to ignore them (`Prefer: handling=lenient`, RFC 7240).

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use http::{HeaderMap, HeaderName, HeaderValue};

use crate::problem::{FieldError, Problem};

/// Lists the names that were ignored.
pub(crate) const TIDINGS_IGNORED: HeaderName = HeaderName::from_static("tidings-ignored");

const PREFER: HeaderName = HeaderName::from_static("prefer");
const LENIENT: &str = "handling=lenient";

/// The maximum number of names in the header.
const MAX_LISTED: usize = 32;

/// Two names that are less alike than this are not confused.
const MIN_SIMILARITY: f64 = 0.75;

/// What happens to unknown names of a request. Cheap to clone; clones collect the same names.
#[derive(Debug, Clone, Default)]
pub struct UnknownNames(Option<Arc<Mutex<BTreeSet<String>>>>);

impl UnknownNames {
    /// As the client prefers it.
    pub(crate) fn preferred_by(headers: &HeaderMap) -> Self {
        let preferences = headers.get_all(PREFER).iter();
        let is_lenient = preferences
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split([',', ';']))
            .any(|preference| preference.replace(' ', "").eq_ignore_ascii_case(LENIENT));
        Self(is_lenient.then(Arc::default))
    }

    /// Refuses unknown names.
    pub fn refuse() -> Self {
        Self::default()
    }

    /// Passes over unknown names.
    pub fn ignore() -> Self {
        Self(Some(Arc::default()))
    }

    /// The names that were ignored so far, in order.
    pub fn ignored(&self) -> Vec<String> {
        let Some(ignored) = &self.0 else {
            return Vec::new();
        };
        let ignored = ignored.lock().unwrap_or_else(PoisonError::into_inner);
        ignored.iter().take(MAX_LISTED).cloned().collect()
    }

    /// Collects names that were found, or returns an error for each.
    pub(crate) fn check(&self, found: Vec<String>, known: &[&str]) -> Result<(), Vec<FieldError>> {
        if found.is_empty() {
            return Ok(());
        }
        if let Some(ignored) = &self.0 {
            let mut ignored = ignored.lock().unwrap_or_else(PoisonError::into_inner);
            ignored.extend(found);
            return Ok(());
        }
        let describe = |name: String| FieldError {
            message: describe_unknown(&name, known),
            field: super::shorten(&name),
        };
        Err(found.into_iter().map(describe).collect())
    }

    /// The same for the fields of a body: `422`.
    pub fn check_fields(&self, found: Vec<String>, known: &[&str]) -> Result<(), Problem> {
        self.check(found, known).map_err(|errors| {
            let problem = Problem::unprocessable("invalid", "The body has unknown fields.");
            errors.into_iter().fold(problem, |problem, error| {
                problem.with_field_error(error.field, error.message)
            })
        })
    }

    /// The header that lists what was ignored.
    pub(crate) fn to_header(&self) -> Option<HeaderValue> {
        let ignored = self.0.as_ref()?;
        let ignored = ignored.lock().unwrap_or_else(PoisonError::into_inner);
        let names = ignored.iter().take(MAX_LISTED);
        let names: Vec<String> = names
            .filter(|name| name.bytes().all(|byte| byte.is_ascii_graphic()))
            .cloned()
            .collect();
        if names.is_empty() {
            return None;
        }
        HeaderValue::try_from(names.join(", ")).ok()
    }
}

/// Says that a name is unknown, and which known one is nearest.
pub fn describe_unknown(name: &str, known: &[&str]) -> String {
    let last = name.rsplit('.').next().unwrap_or(name);
    let similarity = |other: &str| strsim::jaro_winkler(last, other);
    let nearest = known
        .iter()
        .max_by(|one, other| similarity(one).total_cmp(&similarity(other)));
    match nearest {
        Some(nearest) if similarity(nearest) >= MIN_SIMILARITY => {
            format!("unknown; did you mean {nearest}?")
        }
        _ if known.is_empty() => "unknown; there are none here".to_owned(),
        _ => format!("unknown; expected one of {}", known.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn preferred_by(value: &'static str) -> UnknownNames {
        let mut headers = HeaderMap::new();
        headers.insert(PREFER, HeaderValue::from_static(value));
        UnknownNames::preferred_by(&headers)
    }

    #[test]
    fn unknown_names_are_refused_with_the_nearest_known_one() {
        let errors = UnknownNames::refuse()
            .check(vec!["limt".into(), "colour".into()], &["limit", "after"])
            .unwrap_err();
        assert_eq!(errors[0].message, "unknown; did you mean limit?");
        assert_eq!(errors[1].message, "unknown; expected one of limit, after");
        assert_eq!(UnknownNames::refuse().to_header(), None);
    }

    #[test]
    fn a_client_may_prefer_that_they_are_ignored() {
        for value in [
            "handling=lenient",
            "wait=5, handling=lenient",
            "Handling = Lenient",
        ] {
            let names = preferred_by(value);
            names.check(vec!["b".into(), "a".into()], &[]).unwrap();
            names.check(vec!["a".into()], &[]).unwrap();
            assert_eq!(names.to_header().unwrap(), "a, b", "{value}");
        }
        for value in ["handling=strict", "lenient", ""] {
            assert!(
                preferred_by(value).check(vec!["a".into()], &[]).is_err(),
                "{value}"
            );
        }
    }
}
