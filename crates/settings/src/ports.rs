//! Options of the ports: TLS, and the port of the metrics.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;
use http_edge::tls::CertificateFiles;
use ipnet::IpNet;

/// How the ports are served.
#[derive(Debug, Clone, Args)]
pub struct PortArgs {
    /// PEM file with the TLS certificate and its chain: the port then serves HTTPS only [default:
    /// plain HTTP].
    #[arg(
        long,
        global = true,
        env = "TIDINGS_TLS_CERT",
        value_name = "FILE",
        requires = "tls_key"
    )]
    pub tls_cert: Option<PathBuf>,

    /// PEM file with the private key of the certificate. Both files are reloaded when they change.
    #[arg(
        long,
        global = true,
        env = "TIDINGS_TLS_KEY",
        value_name = "FILE",
        requires = "tls_cert"
    )]
    pub tls_key: Option<PathBuf>,

    /// Listen address of `/metrics`, in plain HTTP [default: the same port as everything else].
    #[arg(
        long,
        global = true,
        env = "TIDINGS_METRICS_LISTEN",
        value_name = "ADDR:PORT"
    )]
    pub metrics_listen: Option<SocketAddr>,

    /// Networks of the proxies whose X-Forwarded-For names the address of the client [default:
    /// none].
    #[arg(
        long,
        global = true,
        env = "TIDINGS_TRUSTED_PROXIES",
        value_name = "NETWORK",
        value_delimiter = ','
    )]
    pub trusted_proxies: Vec<IpNet>,
}

impl PortArgs {
    /// The files of the TLS certificate, if one is configured.
    pub fn certificate_files(&self) -> Option<CertificateFiles> {
        let (certificate, key) = (self.tls_cert.clone()?, self.tls_key.clone()?);
        Some(CertificateFiles { certificate, key })
    }
}
