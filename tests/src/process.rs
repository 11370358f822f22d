//! Child processes that never outlive this process, even if it is killed.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{OnceLock, mpsc};
use std::time::Duration;

use embedded_servers::process::{Signal, configure_child, send_signal};
use embedded_servers::run_as::Account;
use eventually::poll_blocking;

/// How long a drop tries to remove a directory.
const REMOVAL_TIMEOUT: Duration = Duration::from_secs(2);

/// A request to the thread that starts children.
struct StartRequest {
    command: Command,
    reply: mpsc::Sender<io::Result<Child>>,
}

/// A running child. Dropping it kills it.
pub struct ChildProcess {
    child: Child,
    name: String,
    log: PathBuf,
}

impl ChildProcess {
    /// Starts `command`, optionally as `account`. Its output is appended to the file `log`.
    pub fn start(
        name: &str,
        mut command: Command,
        log: &Path,
        account: Option<&Account>,
    ) -> io::Result<Self> {
        let file = File::options().create(true).append(true).open(log)?;
        command
            .stdin(Stdio::null())
            .stdout(file.try_clone()?)
            .stderr(file);
        configure_child(&mut command, Signal::Kill);
        if let Some(account) = account {
            account.apply_to(&mut command);
        }
        let (reply, answer) = mpsc::channel();
        let sent = start_thread().send(StartRequest { command, reply });
        let child = sent.ok().and_then(|()| answer.recv().ok());
        let child = child
            .ok_or_else(|| io::Error::other("the thread that starts children has ended"))??;
        Ok(Self {
            child,
            name: name.to_owned(),
            log: log.to_owned(),
        })
    }

    /// The process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Whether the process still runs.
    pub fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Kills the process with SIGKILL and waits for its end.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Sends a signal and waits for the end of the process. Returns `None` if it had to be killed
    /// after `timeout`.
    pub fn stop(&mut self, signal: Signal, timeout: Duration) -> Option<ExitStatus> {
        let _ = send_signal(self.id(), signal);
        let mut status = None;
        poll_blocking(timeout, || {
            status = self.child.try_wait().ok().flatten();
            status.is_some()
        });
        self.kill();
        status
    }

    /// The end of its output, for failure messages.
    pub fn log_tail(&self) -> String {
        let text = std::fs::read(&self.log).unwrap_or_default();
        let from = text.len().saturating_sub(4_000);
        format!(
            "--- output of {}:\n{}",
            self.name,
            String::from_utf8_lossy(&text[from..])
        )
    }

    /// The resident memory of the process.
    pub fn memory(&self) -> io::Result<MemoryUsage> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.id()))?;
        let line = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            line.and_then(|rest| rest.split_whitespace().next()?.parse().ok())
                .unwrap_or(0)
        };
        Ok(MemoryUsage {
            resident: line("VmRSS:"),
            peak: line("VmHWM:"),
        })
    }
}

impl Drop for ChildProcess {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Resident memory of a process, in KiB.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MemoryUsage {
    /// The current value.
    pub resident: u64,
    /// The highest value so far.
    pub peak: u64,
}

/// The directory for the data of servers. It is removed after this process has ended, even if it
/// was killed.
pub fn scratch_dir() -> &'static Path {
    static DIR: OnceLock<PathBuf> = OnceLock::new();
    DIR.get_or_init(|| {
        let dir = std::env::temp_dir().join(format!("tidings-tests-{}", std::process::id()));
        let made = std::fs::create_dir_all(&dir).and_then(|()| remove_dir_at_exit(&dir));
        if let Err(error) = made {
            panic!("{}: {error}", dir.display());
        }
        dir
    })
}

/// Removes a directory when it is dropped. Declare it behind the processes that write there: fields
/// are dropped in their order. A run of all tests would otherwise need many gigabytes.
pub struct DirRemoval(PathBuf);

impl DirRemoval {
    /// Will remove this directory.
    pub fn new(dir: &Path) -> Self {
        Self(dir.to_owned())
    }
}

impl Drop for DirRemoval {
    fn drop(&mut self) {
        // Servers of a killed process end a moment later, and write until then. What is left is
        // removed at the exit of this process.
        poll_blocking(REMOVAL_TIMEOUT, || {
            let _ = std::fs::remove_dir_all(&self.0);
            !self.0.exists()
        });
    }
}

/// Starts a shell that waits until this process ends, which closes the standard input of the shell,
/// and then removes the directory. It retries, because servers may write until they have ended.
pub fn remove_dir_at_exit(dir: &Path) -> io::Result<()> {
    const SCRIPT: &str = "read _; for i in 1 2 3 4 5 6 7 8 9 10; do rm -rf \"$0\" && [ ! -e \"$0\" ] && exit; sleep 0.2; done";
    let mut command = Command::new("sh");
    command.arg("-c").arg(SCRIPT).arg(dir).current_dir("/");
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let shell = command.spawn()?;
    // Stays open until this process ends.
    std::mem::forget(shell.stdin);
    Ok(())
}

/// The parent-death signal is sent when the thread that started a child ends. Therefore one thread
/// that never ends starts all children.
fn start_thread() -> &'static mpsc::Sender<StartRequest> {
    static STARTER: OnceLock<mpsc::Sender<StartRequest>> = OnceLock::new();
    STARTER.get_or_init(|| {
        let (sender, orders) = mpsc::channel::<StartRequest>();
        std::thread::spawn(move || {
            for mut order in orders {
                let _ = order.reply.send(order.command.spawn());
            }
        });
        sender
    })
}
