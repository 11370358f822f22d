//! The settings of the export.

use std::fmt;
use std::str::FromStr;

use reqwest::Url;
use reqwest::header::{HeaderName, HeaderValue};

/// The path of traces below the address of a collector.
const TRACES_PATH: &str = "v1/traces";

/// The address to which spans are sent, over HTTP with protobuf.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OtlpEndpoint(Url);

impl OtlpEndpoint {
    /// The address of the request.
    pub fn as_url(&self) -> &Url {
        &self.0
    }
}

impl FromStr for OtlpEndpoint {
    type Err = String;

    /// Parses the address of a collector. The path of traces is appended unless it is there.
    fn from_str(text: &str) -> Result<Self, String> {
        let mut url = Url::parse(text).map_err(|error| {
            format!("{error}; expected an address such as http://127.0.0.1:4318")
        })?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(
                "expected an http or https address, such as http://127.0.0.1:4318; OTLP over gRPC \
                 is not supported"
                    .into(),
            );
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(
                "the address must not contain a user or a password; put credentials into \
                 OTEL_EXPORTER_OTLP_HEADERS"
                    .into(),
            );
        }
        let base = url.path().trim_end_matches('/').to_owned();
        if !base.ends_with(TRACES_PATH) {
            url.set_path(&format!("{base}/{TRACES_PATH}"));
        }
        Ok(Self(url))
    }
}

impl fmt::Display for OtlpEndpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Headers of the requests to a collector, such as its credentials.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct OtlpHeaders(Vec<(HeaderName, HeaderValue)>);

impl OtlpHeaders {
    /// The names and values.
    pub fn pairs(&self) -> impl Iterator<Item = &(HeaderName, HeaderValue)> {
        self.0.iter()
    }
}

impl FromStr for OtlpHeaders {
    type Err = String;

    /// Parses `name=value`, separated by commas.
    fn from_str(text: &str) -> Result<Self, String> {
        let pairs = text.split(',').filter(|pair| !pair.trim().is_empty());
        let headers = pairs.map(|pair| {
            let expected = || "expected name=value, separated by commas".to_owned();
            let (name, value) = pair.split_once('=').ok_or_else(expected)?;
            let name = HeaderName::from_str(name.trim());
            let mut value = HeaderValue::from_str(value.trim()).map_err(|_| expected())?;
            value.set_sensitive(true);
            Ok((name.map_err(|_| expected())?, value))
        });
        headers.collect::<Result<_, String>>().map(Self)
    }
}

/// Without the values, which are secret.
impl fmt::Debug for OtlpHeaders {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.0.iter().map(|(name, _)| name))
            .finish()
    }
}

/// The share of the requests that are traced, from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SamplingRatio(f64);

impl SamplingRatio {
    pub(crate) fn value(self) -> f64 {
        self.0
    }
}

impl FromStr for SamplingRatio {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.parse() {
            Ok(ratio) if (0.0..=1.0).contains(&ratio) => Ok(Self(ratio)),
            _ => Err("expected a number from 0 to 1, such as 0.01 for 1 %".into()),
        }
    }
}

impl fmt::Display for SamplingRatio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_of_traces_is_added_once() {
        for (given, expected) in [
            ("http://127.0.0.1:4318", "http://127.0.0.1:4318/v1/traces"),
            ("http://127.0.0.1:4318/", "http://127.0.0.1:4318/v1/traces"),
            ("https://c.example/otlp", "https://c.example/otlp/v1/traces"),
            ("https://c.example/v1/traces", "https://c.example/v1/traces"),
        ] {
            let endpoint: OtlpEndpoint = given.parse().unwrap();
            assert_eq!(endpoint.to_string(), expected);
        }
        for given in [
            "",
            "127.0.0.1:4318",
            "grpc://c.example",
            "http://a:b@c.example",
        ] {
            assert!(given.parse::<OtlpEndpoint>().is_err(), "{given}");
        }
    }

    #[test]
    fn headers_are_pairs_and_not_shown() {
        let headers: OtlpHeaders = "api-key=s3cret==, x-team = chat".parse().unwrap();
        let values: Vec<_> = headers.pairs().map(|(_, value)| value.as_bytes()).collect();
        assert_eq!(values, [&b"s3cret=="[..], b"chat"]);
        assert_eq!(format!("{headers:?}"), "[\"api-key\", \"x-team\"]");
        assert_eq!("".parse(), Ok(OtlpHeaders::default()));
        for given in ["api-key", "a b=c", "a=\u{1}"] {
            assert!(given.parse::<OtlpHeaders>().is_err(), "{given}");
        }
    }

    #[test]
    fn a_ratio_is_from_0_to_1() {
        for given in ["0", "0.01", "1"] {
            assert!(given.parse::<SamplingRatio>().is_ok(), "{given}");
        }
        for given in ["", "-0.1", "1.01", "NaN", "1 %"] {
            assert!(given.parse::<SamplingRatio>().is_err(), "{given}");
        }
    }
}
