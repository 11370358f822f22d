//! A real S3 server, SeaweedFS, with one bucket. Its program is fetched once, into the cache of the
//! servers, and pinned by hash.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;

use embedded_servers::process::Signal;
use eventually::poll_blocking;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::client::http_client;
use crate::ports;
use crate::process::ChildProcess;
use crate::world::Settings;

/// The package to fetch.
const LOCK: &str = include_str!("../bucket.lock");

/// The credentials, of which one is the name of the other's user.
const USER: &str = "files";
const SECRET: &str = "no-secret";

/// How long the server may take to start.
const START_TIMEOUT: Duration = Duration::from_secs(60);

/// An S3 server. Dropping it kills it.
pub struct BucketServer {
    process: ChildProcess,
    directory: PathBuf,
    ports: [u16; 8],
}

impl BucketServer {
    /// Starts a server with its data in a new directory.
    pub fn start(directory: &Path) -> Self {
        let ports = std::array::from_fn(|_| ports::find_free());
        let created = std::fs::create_dir_all(directory);
        assert!(created.is_ok(), "{}: {created:?}", directory.display());
        let process = spawn(directory, &ports);
        let server = Self {
            process,
            directory: directory.to_owned(),
            ports,
        };
        server.wait();
        server
    }

    /// Kills it; its data stay.
    pub fn kill(&mut self) {
        self.process.kill();
    }

    /// Starts it again at the same address.
    pub fn restart(&mut self) {
        self.process.stop(Signal::Kill, START_TIMEOUT);
        self.process = spawn(&self.directory, &self.ports);
        self.wait();
    }

    /// The port of its S3 service.
    pub fn port(&self) -> u16 {
        self.ports[6]
    }

    /// The parts that it has of objects that were neither completed nor abandoned.
    pub async fn list_parts(&self) -> Vec<String> {
        let mut parts = Vec::new();
        for upload in self.list("/buckets/files/.uploads").await {
            let names = self.list(&upload).await.into_iter();
            parts.extend(names.filter(|name| name.ends_with(".part")));
        }
        parts
    }

    /// The paths in a folder of its filer; none if there is no such folder.
    async fn list(&self, folder: &str) -> Vec<String> {
        let filer = self.ports[4];
        let url = format!("http://127.0.0.1:{filer}{folder}/?limit=1000");
        let request = http_client().get(url).header("accept", "application/json");
        let answer = request.send().await.expect("an answer of the filer");
        if answer.status() == 404 {
            return vec![];
        }
        let bytes = answer.bytes().await.expect("a list");
        let listed: Value = serde_json::from_slice(&bytes).expect("JSON");
        let entries = listed["Entries"].as_array().cloned().unwrap_or_default();
        let paths = entries.iter().map(|entry| entry["FullPath"].as_str());
        paths.map(|path| path.expect("a path").to_owned()).collect()
    }

    /// The settings with which `tidings` stores files here.
    pub fn settings(&self) -> Settings {
        Settings::default()
            .with("TIDINGS_FILES", "s3://files/chat")
            .with("AWS_ENDPOINT", format!("http://127.0.0.1:{}", self.port()))
            .with("AWS_ALLOW_HTTP", "true")
            .with("AWS_REGION", "us-east-1")
            .with("AWS_ACCESS_KEY_ID", USER)
            .with("AWS_SECRET_ACCESS_KEY", SECRET)
    }

    /// Waits until it accepts connections.
    /// Waits until it listens and can store something: its parts start one after the other.
    fn wait(&self) {
        let s3 = ("127.0.0.1", self.port());
        let is_ready = poll_blocking(START_TIMEOUT, || {
            TcpStream::connect(s3).is_ok() && self.stores().unwrap_or(false)
        });
        assert!(is_ready, "{}", self.process.log_tail());
    }

    /// Whether the filer stores a small file. It is in no bucket.
    fn stores(&self) -> std::io::Result<bool> {
        const PUT: &[u8] = b"PUT /ready HTTP/1.1\r\nHost: filer\r\nContent-Length: 5\r\n\
            Connection: close\r\n\r\nready";
        let mut filer = TcpStream::connect(("127.0.0.1", self.ports[4]))?;
        filer.set_read_timeout(Some(Duration::from_secs(10)))?;
        filer.write_all(PUT)?;
        let mut answer = Vec::new();
        filer.read_to_end(&mut answer)?;
        Ok(answer.starts_with(b"HTTP/1.1 201"))
    }
}

fn spawn(directory: &Path, ports: &[u16; 8]) -> ChildProcess {
    let names = [
        "master.port",
        "master.port.grpc",
        "volume.port",
        "volume.port.grpc",
        "filer.port",
        "filer.port.grpc",
        "s3.port",
        "s3.port.grpc",
    ];
    let mut command = Command::new(fetch());
    command
        .args([
            "server",
            "-ip=127.0.0.1",
            "-ip.bind=127.0.0.1",
            "-filer",
            "-s3",
        ])
        .args([
            "-s3.iam=false",
            "-s3.port.iceberg=0",
            // Its default is a fixed port, which only one of two servers can have.
            "-s3.port.lance=0",
            "-s3.autoCreateBucket",
        ])
        .args(["-master.volumeSizeLimitMB=64", "-volume.max=64"])
        .arg(format!("-dir={}", directory.display()))
        .env("AWS_ACCESS_KEY_ID", USER)
        .env("AWS_SECRET_ACCESS_KEY", SECRET);
    for (name, port) in names.iter().zip(ports) {
        command.arg(format!("-{name}={port}"));
    }
    let log = directory.join("log");
    let started = ChildProcess::start("the S3 server", command, &log, None);
    started.unwrap_or_else(|error| panic!("the S3 server does not start: {error}"))
}

/// The program, which is fetched unless it is cached. Only one test of a process fetches it.
fn fetch() -> PathBuf {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(fetch_program).clone()
}

fn fetch_program() -> PathBuf {
    let servers = embedded_servers::fetch::cache_dir().unwrap_or_else(|error| panic!("{error}"));
    let mut version = format!("{:x}", Sha256::digest(LOCK));
    version.truncate(16);
    let parent = servers.parent().unwrap_or(&servers).to_owned();
    let place = parent.join(format!("bucket-{version}"));
    let program = |place: &Path| place.join("bin/weed");
    if program(&place).is_file() {
        return program(&place);
    }
    let fresh = parent.join(format!("fetching-bucket-{}", std::process::id()));
    let prepared = std::fs::create_dir_all(&fresh)
        .and_then(|()| std::fs::write(fresh.join("bucket.lock"), LOCK));
    assert!(prepared.is_ok(), "{}: {prepared:?}", fresh.display());
    let output = Command::new("python3")
        .args(["-m", "pip", "install", "--no-deps", "--only-binary=:all:"])
        .args([
            "--require-hashes",
            "--no-compile",
            "--disable-pip-version-check",
        ])
        .args(["--no-input", "--target"])
        .arg(&fresh)
        .arg("-r")
        .arg(fresh.join("bucket.lock"))
        .output();
    let output = output.unwrap_or_else(|error| panic!("python3 cannot be run: {error}"));
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "the S3 server cannot be fetched: {errors}"
    );
    // Another process may have been faster.
    if std::fs::rename(&fresh, &place).is_err() {
        let _ = std::fs::remove_dir_all(&fresh);
    }
    program(&place)
}
