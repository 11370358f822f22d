//! Temporary directories, processes of the program, and waiting for conditions.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use reqwest::StatusCode;
use serde_json::Value;
use tidings::servers::process::{self, Signal};

/// The timeout of every wait, long enough for a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// Polls `condition` until it is true. Panics after the timeout.
pub async fn until(description: &str, mut condition: impl AsyncFnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    let mut round = tokio::time::interval(Duration::from_millis(20));
    while !condition().await {
        assert!(
            Instant::now() < deadline,
            "timed out waiting for {description}"
        );
        round.tick().await;
    }
}

/// Returns a new number on every call.
fn number() -> u32 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// A temporary directory that is removed with its contents when dropped.
pub struct Scratch(PathBuf);

impl Scratch {
    pub fn new() -> Self {
        let dir =
            std::env::temp_dir().join(format!("tidings-it-{}-{}", std::process::id(), number()));
        fs::create_dir_all(&dir).expect("the temporary directory is created");
        Self(dir)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.join(name);
        fs::write(&path, bytes).expect("the file is written");
        path
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // A server that is still stopping may write again; remains in a temporary directory do no
        // harm.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The program with these arguments, without the Tidings settings of this process.
pub fn tidings(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tidings"));
    for (name, _) in std::env::vars() {
        let kept = ["TIDINGS_PG_BIN", "TIDINGS_NATS_BIN"].contains(&name.as_str());
        if !kept && (name.starts_with("TIDINGS_") || name == "DATABASE_URL" || name == "NATS_URL") {
            command.env_remove(name);
        }
    }
    command.args(arguments);
    command
}

/// Runs the program to completion.
pub fn output(arguments: &[&str]) -> Output {
    tidings(arguments).output().expect("the program starts")
}

/// The standard output of the program.
pub fn said(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).expect("the output is UTF-8")
}

/// The standard error of the program.
pub fn complained(output: &Output) -> &str {
    std::str::from_utf8(&output.stderr).expect("the output is UTF-8")
}

/// A running `tidings up` or single service. Killed when dropped.
pub struct Running {
    child: Child,
    data: PathBuf,
    log: PathBuf,
}

impl Running {
    /// Starts `tidings up` on a free port.
    pub fn up(data: &Path) -> Self {
        Self::start(data, tidings(&["up", "--listen", "127.0.0.1:0"]))
    }

    /// Starts a command that runs until it is stopped. Its output goes to a file.
    pub fn start(data: &Path, mut command: Command) -> Self {
        fs::create_dir_all(data).expect("the directory is created");
        let log = data.join(format!("output-{}.log", number()));
        let file = fs::File::options()
            .create(true)
            .append(true)
            .open(&log)
            .expect("a file");
        command.arg("--data").arg(data).stdin(Stdio::null());
        command
            .stdout(file.try_clone().expect("a file"))
            .stderr(file);
        let child = command.spawn().expect("the program starts");
        Self {
            child,
            data: data.to_owned(),
            log,
        }
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    pub fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Waits for the run file, and returns the base URL.
    pub async fn base(&mut self) -> String {
        let file = self.data.join("run.json");
        let mut base = None;
        until("run.json to be written", async || {
            assert!(
                self.child
                    .try_wait()
                    .expect("the child can be polled")
                    .is_none(),
                "the process ended:\n{}",
                self.log()
            );
            let json = fs::read(&file)
                .ok()
                .and_then(|json| serde_json::from_slice::<Value>(&json).ok());
            base = json
                .filter(|json| json["pid"] == self.pid())
                .and_then(|json| Some(format!("http://{}", json["address"].as_str()?)));
            base.is_some()
        })
        .await;
        base.expect("the wait has set it")
    }

    /// Waits until it is ready, and returns the base URL.
    pub async fn ready(&mut self) -> String {
        let base = self.base().await;
        until("the system to be ready", async || {
            status(&format!("{base}/readyz")).await == Some(StatusCode::OK)
        })
        .await;
        base
    }

    pub fn signal(&self, signal: Signal) {
        process::send(self.pid(), signal).expect("the process is running");
    }

    pub async fn ended(&mut self) -> ExitStatus {
        let mut ended = None;
        until("the process to end", async || {
            ended = self.child.try_wait().expect("the child can be polled");
            ended.is_some()
        })
        .await;
        ended.expect("the wait has set it")
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The status of a GET request, or `None` if there is no response.
pub async fn status(url: &str) -> Option<StatusCode> {
    Some(http().get(url).send().await.ok()?.status())
}

pub fn http() -> reqwest::Client {
    // Fails only if a provider is already installed.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .timeout(Duration::from_secs(10))
        .build()
        .expect("the client can be built")
}

/// The process ids of the children of `parent`.
pub fn children(parent: u32) -> Vec<u32> {
    let parent = format!("PPid:\t{parent}");
    let is_child = |pid: &u32| {
        let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
        status.lines().any(|line| line == parent)
    };
    let entries = fs::read_dir("/proc")
        .expect("/proc exists on Linux")
        .flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter(is_child).collect()
}
