//! The ports of a process: the one of its API, with or without TLS, and one for metrics if
//! configured.

use std::io::ErrorKind;
use std::net::SocketAddr;

use anyhow::{Result, anyhow};
use axum::Router;
use data_dir::UsageError;
use http_edge::EdgeConfig;
use http_edge::gate::Gate;
use http_edge::tls::ServerCertificate;
use settings::SystemConfig;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::tasks::TaskGroup;

/// Maximum number of connections to the port of the metrics: a few collectors, and someone who
/// looks.
const MAX_METRICS_CONNECTIONS: usize = 64;

/// The bound ports of a process. Binding them first reports a wrong address or certificate before
/// anything else starts.
pub struct ServicePorts {
    api: TcpListener,
    certificate: Option<ServerCertificate>,
    metrics: Option<TcpListener>,
}

impl ServicePorts {
    /// Loads the certificate, and binds the configured addresses. Errors name the file or address.
    pub async fn bind(config: &SystemConfig, default: &str) -> Result<Self> {
        let certificate = config
            .ports
            .certificate_files()
            .map(ServerCertificate::load)
            .transpose()
            .map_err(|error| UsageError(format!("TLS: {error}")))?;
        let address = match config.listen {
            Some(address) => address,
            None => default.parse::<SocketAddr>()?,
        };
        let api = bind(address, "--listen", "TIDINGS_LISTEN").await?;
        let metrics = match config.ports.metrics_listen {
            Some(address) => {
                Some(bind(address, "--metrics-listen", "TIDINGS_METRICS_LISTEN").await?)
            }
            None => None,
        };
        Ok(Self {
            api,
            certificate,
            metrics,
        })
    }

    /// The address of the API.
    pub fn address(&self) -> Result<SocketAddr> {
        Ok(self.api.local_addr()?)
    }

    /// The URL of the API.
    pub fn base_url(&self) -> Result<String> {
        let scheme = match self.certificate {
            None => "http",
            Some(_) => "https",
        };
        Ok(format!("{scheme}://{}", self.address()?))
    }

    /// Whether the metrics have a port of their own.
    pub fn has_metrics_port(&self) -> bool {
        self.metrics.is_some()
    }

    /// Serves the gate and the router until `shutdown`.
    pub fn serve(
        self,
        api: Gate,
        metrics: Router,
        edge: &EdgeConfig,
        shutdown: &CancellationToken,
        tasks: &mut TaskGroup,
    ) {
        if let Some(listener) = self.metrics {
            let edge = EdgeConfig {
                max_connections: MAX_METRICS_CONNECTIONS,
                ..edge.clone()
            };
            let serving = http_edge::serve(listener, metrics, edge, shutdown.clone());
            tasks.spawn("the metrics port", async move { Ok(serving.await?) });
        }
        let (listener, edge, shutdown) = (self.api, edge.clone(), shutdown.clone());
        let Some(certificate) = self.certificate else {
            let serving = http_edge::serve(listener, api, edge, shutdown);
            tasks.spawn("the HTTP port", async move { Ok(serving.await?) });
            return;
        };
        let (reloaded, ending) = (certificate.clone(), shutdown.clone());
        tasks.spawn("the HTTPS port", async move {
            let reload = tokio::spawn(reloaded.run_reload(ending));
            http_edge::serve_tls(listener, &certificate, api, edge, shutdown).await?;
            Ok(reload.await?)
        });
    }
}

async fn bind(address: SocketAddr, flag: &str, variable: &str) -> Result<TcpListener> {
    TcpListener::bind(address).await.map_err(|error| {
        let cause = match error.kind() {
            ErrorKind::AddrInUse => "another program listens there".to_owned(),
            _ => error.to_string(),
        };
        anyhow!(
            "cannot listen on {address}: {cause}; choose another address with {flag} or \
             {variable}, such as 127.0.0.1:9090"
        )
    })
}
