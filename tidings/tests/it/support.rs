//! Temporary directories, processes of the program, and waiting for conditions.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use embedded_servers::process::{self, Signal};
use eventually::eventually_true;
use reqwest::StatusCode;
use serde_json::Value;

/// Returns a new number on every call.
fn next_number() -> u32 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// A temporary directory that is removed with its contents when dropped.
pub struct ScratchDir(PathBuf);

impl ScratchDir {
    pub fn new() -> Self {
        let dir = std::env::temp_dir().join(format!(
            "tidings-it-{}-{}",
            std::process::id(),
            next_number()
        ));
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

impl Drop for ScratchDir {
    fn drop(&mut self) {
        // A server that is still stopping may write again; remains in a temporary directory do no
        // harm.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The program with these arguments, without the Tidings settings of this process.
pub fn tidings_command(arguments: &[&str]) -> Command {
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
pub fn run_tidings(arguments: &[&str]) -> Output {
    tidings_command(arguments)
        .output()
        .expect("the program starts")
}

/// Runs the program on a terminal, which Python provides. Returns everything that it shows.
pub fn run_on_a_terminal(arguments: &[&str]) -> String {
    let inner = tidings_command(arguments);
    let mut command = Command::new("python3");
    command.args(["-c", "import pty, sys; pty.spawn(sys.argv[1:])"]);
    command.arg(inner.get_program()).args(inner.get_args());
    for (name, value) in inner.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    let output = command.env("TERM", "xterm").stdin(Stdio::null()).output();
    String::from_utf8_lossy(&output.expect("Python starts").stdout).into_owned()
}

/// The standard output of the program.
pub fn stdout(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).expect("the output is UTF-8")
}

/// The standard error of the program.
pub fn stderr(output: &Output) -> &str {
    std::str::from_utf8(&output.stderr).expect("the output is UTF-8")
}

/// A running `tidings up` or single service. Killed when dropped.
pub struct TidingsProcess {
    child: Child,
    data: PathBuf,
    log: PathBuf,
}

impl TidingsProcess {
    /// Starts `tidings up` on a free port.
    pub fn start_up(data: &Path) -> Self {
        Self::start(data, tidings_command(&["up", "--listen", "127.0.0.1:0"]))
    }

    /// Starts a command that runs until it is stopped. Its output goes to a file.
    pub fn start(data: &Path, mut command: Command) -> Self {
        fs::create_dir_all(data).expect("the directory is created");
        let log = data.join(format!("output-{}.log", next_number()));
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
    pub async fn wait_for_address(&mut self) -> String {
        let file = self.data.join("run.json");
        let mut base = None;
        eventually_true("run.json to be written", async || {
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
    pub async fn wait_until_ready(&mut self) -> String {
        let base = self.wait_for_address().await;
        eventually_true("the system to be ready", async || {
            get_status(&format!("{base}/readyz")).await == Some(StatusCode::OK)
        })
        .await;
        base
    }

    pub fn send_signal(&self, signal: Signal) {
        process::send_signal(self.pid(), signal).expect("the process is running");
    }

    pub async fn wait_for_exit(&mut self) -> ExitStatus {
        let mut ended = None;
        eventually_true("the process to end", async || {
            ended = self.child.try_wait().expect("the child can be polled");
            ended.is_some()
        })
        .await;
        ended.expect("the wait has set it")
    }
}

impl Drop for TidingsProcess {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The status of a GET request, or `None` if there is no response.
pub async fn get_status(url: &str) -> Option<StatusCode> {
    Some(new_http_client().get(url).send().await.ok()?.status())
}

pub fn new_http_client() -> reqwest::Client {
    // Fails only if a provider is already installed.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .timeout(Duration::from_secs(10))
        .build()
        .expect("the client can be built")
}

/// The process ids of the children of `parent`.
pub fn child_pids(parent: u32) -> Vec<u32> {
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
