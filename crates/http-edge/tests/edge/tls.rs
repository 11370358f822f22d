//! TLS on the port: handshakes under the limits, wrong certificates, and clients that stall.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use http_edge::EdgeConfig;
use http_edge::tls::{CertificateError, CertificateFiles, ServerCertificate, pinned};
use rcgen::{CertificateParams, KeyPair, date_time_ymd};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::pki_types::ServerName;

use super::raw_client::{RawClient, TEST_TIMEOUT, get};
use super::test_service::TestServer;

/// A directory with a certificate for `localhost`. It is removed with the value.
struct CertificateDir(PathBuf);

impl CertificateDir {
    fn new(name: &str) -> Self {
        let name = format!("tidings-edge-{name}-{}", std::process::id());
        let dir = Self(std::env::temp_dir().join(name));
        std::fs::create_dir_all(&dir.0).unwrap();
        dir.issue(|_| {});
        dir
    }

    fn issue(&self, change: impl FnOnce(&mut CertificateParams)) {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec!["localhost".into()]).unwrap();
        change(&mut params);
        let certificate = params.self_signed(&key).unwrap();
        self.write("cert.pem", &certificate.pem());
        self.write("key.pem", &key.serialize_pem());
    }

    fn write(&self, file: &str, text: &str) {
        std::fs::write(self.0.join(file), text).unwrap();
    }

    fn files(&self) -> CertificateFiles {
        CertificateFiles {
            certificate: self.0.join("cert.pem"),
            key: self.0.join("key.pem"),
        }
    }

    fn load(&self) -> Result<ServerCertificate, CertificateError> {
        ServerCertificate::load(self.files())
    }

    /// A connection to the server, with a completed handshake.
    async fn connect(&self, server: &TestServer) -> TlsStream<TcpStream> {
        let trusted = pinned::client_config(&self.files().certificate).unwrap();
        let stream = TcpStream::connect(server.address).await.unwrap();
        let name = ServerName::try_from("localhost").unwrap();
        let connector = TlsConnector::from(Arc::new(trusted));
        connector.connect(name, stream).await.unwrap()
    }
}

impl Drop for CertificateDir {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Sends a request and reads until the server closes the connection.
async fn exchange(stream: &mut TlsStream<TcpStream>, request: &str) -> String {
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let read = stream.read_to_end(&mut answer);
    let read = tokio::time::timeout(TEST_TIMEOUT, read).await;
    read.expect("the server does not close").unwrap();
    String::from_utf8(answer).unwrap()
}

const CLOSING_GET: &str = "GET /hello HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";

#[tokio::test]
async fn requests_are_answered_over_tls_and_plain_http_gets_a_reason() {
    let dir = CertificateDir::new("answered");
    let server = TestServer::start_tls(EdgeConfig::default(), dir.load().unwrap()).await;
    let mut stream = dir.connect(&server).await;
    let answer = exchange(&mut stream, CLOSING_GET).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK") && answer.ends_with("hello"));
    let mut plain = RawClient::connect(server.address).await;
    let answer = plain.get("/hello").await.unwrap();
    assert_eq!(answer.status, 400);
    assert_eq!(answer.problem()["code"], "tls_required");
    plain.wait_until_closed().await;
}

#[tokio::test]
async fn a_silent_handshake_takes_a_place_until_it_times_out() {
    let dir = CertificateDir::new("silent");
    let config = EdgeConfig {
        max_connections: 1,
        handshake_timeout: Duration::from_millis(300),
        ..EdgeConfig::default()
    };
    let server = TestServer::start_tls(config, dir.load().unwrap()).await;
    let mut silent = RawClient::connect(server.address).await;
    silent.send([22, 3, 1]).await;
    let mut second = dir.connect(&server).await;
    let answer = exchange(&mut second, CLOSING_GET).await;
    assert!(answer.starts_with("HTTP/1.1 503 ") && answer.contains("too_many_connections"));
    silent.wait_until_closed().await;
    let mut third = dir.connect(&server).await;
    let answer = exchange(&mut third, CLOSING_GET).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
}

#[tokio::test]
async fn a_client_that_does_not_read_is_dropped_over_tls_too() {
    let dir = CertificateDir::new("unread");
    let config = EdgeConfig {
        max_connections: 1,
        write_timeout: Duration::from_millis(300),
        ..EdgeConfig::default()
    };
    let server = TestServer::start_tls(config, dir.load().unwrap()).await;
    let mut unread = dir.connect(&server).await;
    unread.write_all(get("/endless").as_bytes()).await.unwrap();
    unread.flush().await.unwrap();
    let answered = eventually::eventually("the place is free", async || {
        let mut next = dir.connect(&server).await;
        let answer = exchange(&mut next, CLOSING_GET).await;
        answer.starts_with("HTTP/1.1 200 OK").then_some(())
    });
    answered.await;
}

#[tokio::test]
async fn a_shutdown_answers_requests_and_does_not_wait_for_handshakes() {
    let dir = CertificateDir::new("shutdown");
    let server = TestServer::start_tls(EdgeConfig::default(), dir.load().unwrap()).await;
    let mut silent = RawClient::connect(server.address).await;
    let mut running = dir.connect(&server).await;
    running.write_all(get("/hold").as_bytes()).await.unwrap();
    server.gate.entered.notified().await;
    server.shutdown.cancel();
    server.gate.release.notify_one();
    let mut answer = Vec::new();
    running.read_to_end(&mut answer).await.unwrap();
    assert!(answer.starts_with(b"HTTP/1.1 200 OK"));
    silent.wait_until_closed().await;
    server.wait_until_stopped().await;
}

#[test]
fn certificates_that_cannot_serve_are_refused_with_a_reason() {
    let dir = CertificateDir::new("refused");
    dir.load().unwrap();
    let reason = || match dir.load() {
        Err(error) => error.to_string(),
        Ok(_) => panic!("it was accepted"),
    };
    dir.issue(|params| params.not_after = date_time_ymd(2020, 1, 1));
    assert!(reason().contains("cert.pem expired at"), "{}", reason());
    dir.issue(|params| {
        params.not_before = date_time_ymd(3020, 1, 1);
        params.not_after = date_time_ymd(3021, 1, 1);
    });
    assert!(reason().contains("is not valid before"), "{}", reason());
    dir.issue(|_| {});
    let other = KeyPair::generate().unwrap().serialize_pem();
    dir.write("key.pem", &other);
    assert!(reason().contains("does not belong to"), "{}", reason());
    dir.write(
        "key.pem",
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n",
    );
    assert!(reason().contains("contains no private key"), "{}", reason());
    dir.write("cert.pem", "");
    assert!(reason().contains("contains no certificate"), "{}", reason());
    dir.write(
        "cert.pem",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    );
    assert!(reason().contains("cert.pem cannot be used"), "{}", reason());
    std::fs::remove_file(dir.0.join("cert.pem")).unwrap();
    assert!(reason().contains("cannot read"), "{}", reason());
}
