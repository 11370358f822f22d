//! Directories, processes and waiting.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use reqwest::StatusCode;
use serde_json::Value;
use tidings::servers::process::{self, Signal};

/// How long anything here may take, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// Looks again and again until it is so, or fails.
pub async fn until(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    let mut round = tokio::time::interval(Duration::from_millis(20));
    while !is_so().await {
        assert!(Instant::now() < deadline, "waited in vain: {what}");
        round.tick().await;
    }
}

/// Another one each time.
fn number() -> u32 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// A directory that is removed with all that is in it.
pub struct Scratch(PathBuf);

impl Scratch {
    pub fn new() -> Self {
        let dir =
            std::env::temp_dir().join(format!("tidings-it-{}-{}", std::process::id(), number()));
        fs::create_dir_all(&dir).expect("a temporary directory");
        Self(dir)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.join(name);
        fs::write(&path, bytes).expect("a file in a temporary directory");
        path
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // A server that is still ending may write once more; what stays is in a temporary place.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The program with these arguments, and none of this process's settings.
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

/// Runs the program to its end.
pub fn output(arguments: &[&str]) -> Output {
    tidings(arguments).output().expect("the program runs")
}

/// What it wrote on standard output.
pub fn said(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).expect("text")
}

/// What it wrote on standard error.
pub fn complained(output: &Output) -> &str {
    std::str::from_utf8(&output.stderr).expect("text")
}

/// A running `tidings up`, or another service. Killed when dropped.
pub struct Running {
    child: Child,
    data: PathBuf,
    log: PathBuf,
}

impl Running {
    /// `tidings up` on a port of its own.
    pub fn up(data: &Path) -> Self {
        Self::start(data, tidings(&["up", "--listen", "127.0.0.1:0"]))
    }

    /// A command that runs until it is stopped; its output goes to a file.
    pub fn start(data: &Path, mut command: Command) -> Self {
        fs::create_dir_all(data).expect("a directory");
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
        let child = command.spawn().expect("the program runs");
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

    /// Where it answers, once it has said so.
    pub async fn base(&mut self) -> String {
        let file = self.data.join("run.json");
        let mut base = None;
        until("run.json", async || {
            assert!(
                self.child.try_wait().expect("a child").is_none(),
                "it ended:\n{}",
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
        base.expect("waited for")
    }

    /// Waits until it takes requests; answers where.
    pub async fn ready(&mut self) -> String {
        let base = self.base().await;
        until("ready", async || {
            status(&format!("{base}/readyz")).await == Some(StatusCode::OK)
        })
        .await;
        base
    }

    pub fn signal(&self, signal: Signal) {
        process::send(self.pid(), signal).expect("it runs");
    }

    pub async fn ended(&mut self) -> ExitStatus {
        let mut ended = None;
        until("it ends", async || {
            ended = self.child.try_wait().expect("a child");
            ended.is_some()
        })
        .await;
        ended.expect("waited for")
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The status of a GET, if there is an answer.
pub async fn status(url: &str) -> Option<StatusCode> {
    Some(http().get(url).send().await.ok()?.status())
}

pub fn http() -> reqwest::Client {
    // Fails only where it has been done before.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .timeout(Duration::from_secs(10))
        .build()
        .expect("a client")
}

/// The processes whose parent this is.
pub fn children(parent: u32) -> Vec<u32> {
    let parent = format!("PPid:\t{parent}");
    let is_child = |pid: &u32| {
        let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
        status.lines().any(|line| line == parent)
    };
    let entries = fs::read_dir("/proc").expect("Linux").flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter(is_child).collect()
}
