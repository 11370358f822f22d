//! The certificate of a port, replaced when its files change.
//!
//! The files are polled. A certificate tool replaces them in many ways (renames, links as in
//! Kubernetes, two writes), and a poll that compares contents sees each of them. Open connections
//! keep the certificate of their handshake. Files that cannot be used, such as a new certificate
//! whose key has not been written yet, leave the old certificate in use.

use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use metrics::gauge;
use rustls::ServerConfig;
use rustls::crypto::ring::default_provider;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

use super::certificate::{CertificateError, LoadedCertificate, PemFiles};

/// How often the files are compared. A renewal is days ahead of the expiry.
const RELOAD_INTERVAL: Duration = Duration::from_secs(2);

/// The files of a certificate.
#[derive(Debug, Clone)]
pub struct CertificateFiles {
    /// A PEM file: the server's certificate, then the certificates that lead to a root.
    pub certificate: PathBuf,
    /// A PEM file with the private key.
    pub key: PathBuf,
}

/// The certificate that a port presents. Cheap to clone.
#[derive(Clone)]
pub struct ServerCertificate(Arc<Inner>);

struct Inner {
    files: CertificateFiles,
    presented: Arc<PresentedCertificate>,
}

/// What the last look at the files showed.
#[derive(PartialEq, Eq)]
enum FileReading {
    Contents(PemFiles),
    Unreadable,
}

/// The certificate that new handshakes get.
#[derive(Debug)]
struct PresentedCertificate(RwLock<Arc<CertifiedKey>>);

impl ResolvesServerCert for PresentedCertificate {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let current = self.0.read().unwrap_or_else(PoisonError::into_inner);
        Some(current.clone())
    }
}

impl ServerCertificate {
    /// Loads the files. The error says which file is wrong, and what was expected.
    pub fn load(files: CertificateFiles) -> Result<Self, CertificateError> {
        let loaded = PemFiles::read(&files.certificate, &files.key)?.parse(
            &files.certificate,
            &files.key,
            SystemTime::now(),
        )?;
        let presented = PresentedCertificate(RwLock::new(Arc::new(loaded.key)));
        Ok(Self(Arc::new(Inner {
            files,
            presented: Arc::new(presented),
        })))
    }

    /// An acceptor of handshakes. It always presents the current certificate.
    pub(crate) fn acceptor(&self) -> Result<TlsAcceptor, rustls::Error> {
        let mut config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_cert_resolver(self.0.presented.clone());
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(TlsAcceptor::from(Arc::new(config)))
    }

    /// Replaces the certificate whenever its files change, until `shutdown`. Its first look also
    /// records when the certificate expires.
    pub async fn run_reload(self, shutdown: CancellationToken) {
        let mut round = tokio::time::interval(RELOAD_INTERVAL);
        let mut seen = None;
        loop {
            tokio::select! {
                () = shutdown.cancelled() => return,
                _ = round.tick() => {}
            }
            let certificate = self.clone();
            let look = move || {
                certificate.reload_if_changed(&mut seen);
                seen
            };
            seen = match tokio::task::spawn_blocking(look).await {
                Ok(seen) => seen,
                Err(error) => {
                    tracing::error!(%error, "the TLS certificate is no longer reloaded");
                    return;
                }
            };
        }
    }

    /// Reloads the files if they are not as they were at the last look, so that a broken file is
    /// logged once.
    fn reload_if_changed(&self, seen: &mut Option<FileReading>) {
        let CertificateFiles { certificate, key } = &self.0.files;
        let read = PemFiles::read(certificate, key);
        let is_first = seen.is_none();
        let now_seen = match &read {
            Ok(contents) => FileReading::Contents(contents.clone()),
            Err(_) => FileReading::Unreadable,
        };
        if seen.as_ref() == Some(&now_seen) {
            return;
        }
        *seen = Some(now_seen);
        let file = certificate.display();
        match read.and_then(|files| files.parse(certificate, key, SystemTime::now())) {
            Ok(loaded) => {
                if self.present(loaded) {
                    tracing::info!(%file, "the TLS certificate was reloaded");
                } else if !is_first {
                    tracing::info!(%file, "the TLS certificate is usable again");
                }
            }
            Err(error) => tracing::warn!(
                %error,
                "the new TLS certificate cannot be used; the one in use stays"
            ),
        }
    }

    /// Presents this certificate from now on. Returns whether it differs from the one before.
    fn present(&self, loaded: LoadedCertificate) -> bool {
        record_expiry(&loaded);
        let mut current = self
            .0
            .presented
            .0
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        let is_new = current.cert != loaded.key.cert;
        *current = Arc::new(loaded.key);
        is_new
    }
}

fn record_expiry(loaded: &LoadedCertificate) {
    let expires = loaded.expires_at.duration_since(UNIX_EPOCH);
    gauge!("tidings_tls_expiry_seconds").set(expires.unwrap_or_default().as_secs_f64());
}
