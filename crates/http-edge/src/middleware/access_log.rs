//! One line in the log for each request, if that is configured: never with a body, a token or a
//! query string.

use std::time::Instant;

use http::{HeaderValue, Method, StatusCode, Uri};

use crate::config::EdgeConfig;

/// The paths of probes, which would be most of the log.
const PROBES: [&str; 3] = ["/livez", "/readyz", "/metrics"];

/// The path, if requests are logged and this one is not a probe.
pub(super) fn path_to_log(config: &EdgeConfig, uri: &Uri) -> Option<String> {
    let is_logged = config.log_requests && !is_probe(uri);
    is_logged.then(|| uri.path().to_owned())
}

/// Whether this is a path of probes.
pub(super) fn is_probe(uri: &Uri) -> bool {
    PROBES.contains(&uri.path())
}

/// Logs a request whose response is about to be written.
pub(super) fn log_request(
    id: &HeaderValue,
    method: &Method,
    path: &str,
    status: StatusCode,
    start: Instant,
) {
    tracing::info!(
        id = id.to_str().unwrap_or_default(),
        method = method.as_str(),
        path,
        status = status.as_u16(),
        ms = start.elapsed().as_millis() as u64,
        "request"
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_logged_path_has_no_query_and_probes_are_not_logged() {
        let config = EdgeConfig {
            log_requests: true,
            ..EdgeConfig::default()
        };
        let path = |config, uri| path_to_log(config, &Uri::from_static(uri));
        assert_eq!(
            path(&config, "/v1/live?access_token=s3cret").as_deref(),
            Some("/v1/live")
        );
        for probe in ["/readyz", "/livez", "/metrics?name=x"] {
            assert_eq!(path(&config, probe), None);
        }
        assert_eq!(path(&EdgeConfig::default(), "/v1/inbox"), None);
    }
}
