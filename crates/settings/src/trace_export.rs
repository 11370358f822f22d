//! Where traces of requests are sent.

use clap::Args;
use data_dir::UsageError;
use traces::{ExportConfig, OtlpEndpoint, OtlpHeaders, SamplingRatio};

use super::services::Services;

/// The variable with the headers of the requests to the collector. There is no option for it: an
/// option would show the credentials to every user of the machine.
const HEADERS_VARIABLE: &str = "OTEL_EXPORTER_OTLP_HEADERS";

/// Where traces of requests are sent, and which. The variables are those of OpenTelemetry.
#[derive(Debug, Clone, Args)]
pub struct TraceExportArgs {
    /// OpenTelemetry collector that gets traces of requests, over OTLP with HTTP and protobuf
    /// [default: none].
    #[arg(
        long,
        global = true,
        env = "OTEL_EXPORTER_OTLP_ENDPOINT",
        value_name = "URL"
    )]
    pub otlp_endpoint: Option<OtlpEndpoint>,

    /// Share of the requests that are traced, from 0 to 1. Callers can ask for more.
    #[arg(
        long,
        global = true,
        env = "OTEL_TRACES_SAMPLER_ARG",
        value_name = "RATIO",
        default_value = "1"
    )]
    pub trace_sampling: SamplingRatio,
}

impl TraceExportArgs {
    /// How a process with these services sends its spans; `None` if no collector is configured.
    pub fn export_config(&self, services: Services) -> Result<Option<ExportConfig>, UsageError> {
        let Some(endpoint) = self.otlp_endpoint.clone() else {
            return Ok(None);
        };
        Ok(Some(ExportConfig {
            endpoint,
            headers: load_headers()?,
            sampling: self.trace_sampling,
            service: name_service(services),
        }))
    }
}

fn load_headers() -> Result<OtlpHeaders, UsageError> {
    let text = std::env::var(HEADERS_VARIABLE).unwrap_or_default();
    text.parse()
        .map_err(|error| UsageError(format!("{HEADERS_VARIABLE}: {error}")))
}

/// The name of a process in traces: `tidings` for a whole system, else with its command.
fn name_service(services: Services) -> String {
    let roles = Services::ROLES.iter();
    let command = roles
        .filter(|(_, role)| *role != Services::ALL)
        .find(|(_, role)| *role == services);
    command.map_or_else(
        || "tidings".to_owned(),
        |(command, _)| format!("tidings-{command}"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_named_after_its_command() {
        assert_eq!(name_service(Services::ALL), "tidings");
        assert_eq!(name_service(Services::COMMANDS), "tidings-command-svc");
        assert_eq!(name_service(Services::PROJECTOR), "tidings-projector");
    }

    #[test]
    fn without_a_collector_nothing_is_exported() {
        let config = TraceExportArgs {
            otlp_endpoint: None,
            trace_sampling: "1".parse().expect("it is valid"),
        };
        assert!(
            config
                .export_config(Services::ALL)
                .expect("it is valid")
                .is_none()
        );
    }
}
