//! TLS on a port: the certificate, and its replacement while connections stay open.
//!
//! - `certificate`: loads a certificate with its key, and rejects what could not serve.
//! - [`server_certificate`]: the certificate of a port, replaced when its files change.
//! - [`pinned`]: for commands on the same machine, a client that trusts one certificate only.
//!
//! Handshakes belong to the accept loop, in [`serve`](mod@crate::serve).

mod certificate;
pub mod pinned;
pub mod server_certificate;

pub use certificate::CertificateError;
pub use server_certificate::{CertificateFiles, ServerCertificate};
