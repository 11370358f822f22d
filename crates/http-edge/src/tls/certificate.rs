//! Loads a certificate with its key, and rejects what could not serve.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustls::crypto::ring::default_provider;
use rustls::pki_types::pem::{self, PemObject as _};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use rustls::{Error as TlsError, InconsistentKeys};
use thiserror::Error;
use x509_cert::Certificate;
use x509_cert::der::Decode as _;

/// Maximum bytes of a certificate or key file. A chain has a few kilobytes.
const MAX_FILE_BYTES: u64 = 1024 * 1024;

/// Why a certificate cannot be used.
#[derive(Debug, Error)]
pub enum CertificateError {
    /// A file cannot be read.
    #[error("cannot read {}: {error}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The reason.
        error: io::Error,
    },
    /// The file has no certificate.
    #[error("{} contains no certificate: expected a PEM file with CERTIFICATE blocks, the server's own one first", .0.display())]
    NoCertificate(PathBuf),
    /// The file has no key.
    #[error("{} contains no private key: expected an unencrypted PEM block PRIVATE KEY, RSA PRIVATE KEY or EC PRIVATE KEY", .0.display())]
    NoKey(PathBuf),
    /// A block cannot be parsed.
    #[error("{} cannot be used: {reason}", path.display())]
    Unusable {
        /// The file.
        path: PathBuf,
        /// The reason.
        reason: String,
    },
    /// Certificate and key do not belong together.
    #[error("the key in {} does not belong to the first certificate in {}", key.display(), certificate.display())]
    Mismatch {
        /// The certificate file.
        certificate: PathBuf,
        /// The key file.
        key: PathBuf,
    },
    /// The certificate is not valid at this time.
    #[error("the certificate in {} {reason}; renew it, or check the clock of this machine", path.display())]
    NotValidNow {
        /// The file.
        path: PathBuf,
        /// Why: expired, or not valid yet.
        reason: String,
    },
}

/// A certificate that can serve, with the time at which it expires.
#[derive(Debug)]
pub(super) struct LoadedCertificate {
    pub(super) key: CertifiedKey,
    pub(super) expires_at: SystemTime,
}

/// The contents of the two files.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct PemFiles {
    certificate: Vec<u8>,
    key: Vec<u8>,
}

impl PemFiles {
    /// Reads both files.
    pub(super) fn read(certificate: &Path, key: &Path) -> Result<Self, CertificateError> {
        Ok(Self {
            certificate: read_bounded(certificate)?,
            key: read_bounded(key)?,
        })
    }

    /// Parses and checks the contents. The paths are for messages.
    pub(super) fn parse(
        &self,
        certificate: &Path,
        key: &Path,
        now: SystemTime,
    ) -> Result<LoadedCertificate, CertificateError> {
        let chain = parse_chain(&self.certificate, certificate)?;
        let expires_at = check_validity(&chain[0], certificate, now)?;
        let private = PrivateKeyDer::from_pem_slice(&self.key).map_err(|error| match error {
            pem::Error::NoItemsFound => CertificateError::NoKey(key.to_owned()),
            // The details quote the file.
            _ => unusable(key, &"it is not valid PEM"),
        })?;
        let key =
            CertifiedKey::from_der(chain, private, &default_provider()).map_err(
                |error| match error {
                    TlsError::InconsistentKeys(InconsistentKeys::KeyMismatch) => {
                        CertificateError::Mismatch {
                            certificate: certificate.to_owned(),
                            key: key.to_owned(),
                        }
                    }
                    error => unusable(key, &error),
                },
            )?;
        Ok(LoadedCertificate { key, expires_at })
    }
}

fn read_bounded(path: &Path) -> Result<Vec<u8>, CertificateError> {
    let unreadable = |error| CertificateError::Unreadable {
        path: path.to_owned(),
        error,
    };
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(unreadable)?;
    file.take(MAX_FILE_BYTES)
        .read_to_end(&mut bytes)
        .map_err(unreadable)?;
    Ok(bytes)
}

/// The certificates of the file, at least one.
fn parse_chain(
    bytes: &[u8],
    path: &Path,
) -> Result<Vec<CertificateDer<'static>>, CertificateError> {
    let chain: Vec<_> = CertificateDer::pem_slice_iter(bytes)
        .collect::<Result<_, _>>()
        .map_err(|error| unusable(path, &error))?;
    if chain.is_empty() {
        return Err(CertificateError::NoCertificate(path.to_owned()));
    }
    Ok(chain)
}

/// Checks that the certificate is valid now. Returns when it expires.
fn check_validity(
    certificate: &CertificateDer<'_>,
    path: &Path,
    now: SystemTime,
) -> Result<SystemTime, CertificateError> {
    let parsed = Certificate::from_der(certificate).map_err(|error| unusable(path, &error))?;
    let validity = parsed.tbs_certificate.validity;
    let now = now.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    let not_valid = |reason| CertificateError::NotValidNow {
        path: path.to_owned(),
        reason,
    };
    if now >= validity.not_after.to_unix_duration() {
        return Err(not_valid(format!("expired at {}", validity.not_after)));
    }
    if now < validity.not_before.to_unix_duration() {
        let from = validity.not_before;
        return Err(not_valid(format!("is not valid before {from}")));
    }
    Ok(UNIX_EPOCH + validity.not_after.to_unix_duration())
}

fn unusable(path: &Path, reason: &dyn std::fmt::Display) -> CertificateError {
    CertificateError::Unusable {
        path: path.to_owned(),
        reason: reason.to_string(),
    }
}
