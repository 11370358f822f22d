//! Child processes that never outlive this one, not even if it is killed.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{OnceLock, mpsc};
use std::time::Duration;

use embedded_servers::process::{Signal, configure_child, send_signal};
use embedded_servers::run_as::Account;

use crate::eventually::wait_until;

/// What is asked of the thread that starts children.
struct Order {
    command: Command,
    reply: mpsc::Sender<io::Result<Child>>,
}

/// A running child. Dropping it kills it.
pub struct Owned {
    child: Child,
    name: String,
    log: PathBuf,
}

impl Owned {
    /// Starts `command`, its output appended to `log`, as `account` if one is given.
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
        let sent = starter().send(Order { command, reply });
        let child = sent.ok().and_then(|()| answer.recv().ok());
        let child = child.ok_or_else(|| io::Error::other("the starting thread is gone"))??;
        Ok(Self {
            child,
            name: name.to_owned(),
            log: log.to_owned(),
        })
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Whether it still runs.
    pub fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// kill -9, and waits until it is gone.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Asks it to stop with a signal. `None` if it has not within `bound`: then it is killed.
    pub fn stop(&mut self, signal: Signal, bound: Duration) -> Option<ExitStatus> {
        let _ = send_signal(self.id(), signal);
        let mut status = None;
        wait_until(bound, || {
            status = self.child.try_wait().ok().flatten();
            status.is_some()
        });
        self.kill();
        status
    }

    /// The end of what it wrote, for a failure's message.
    pub fn last_words(&self) -> String {
        let text = std::fs::read(&self.log).unwrap_or_default();
        let from = text.len().saturating_sub(4_000);
        format!(
            "--- {} wrote:\n{}",
            self.name,
            String::from_utf8_lossy(&text[from..])
        )
    }

    /// Its resident memory.
    pub fn memory(&self) -> io::Result<Memory> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.id()))?;
        let line = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            line.and_then(|rest| rest.split_whitespace().next()?.parse().ok())
                .unwrap_or(0)
        };
        Ok(Memory {
            resident: line("VmRSS:"),
            peak: line("VmHWM:"),
        })
    }
}

impl Drop for Owned {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Resident memory of a process, in KiB.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Memory {
    /// Now.
    pub resident: u64,
    /// The most there ever was.
    pub peak: u64,
}

/// A directory for the data of servers, removed when this process has ended, however it ended.
pub fn scratch() -> &'static Path {
    static DIR: OnceLock<PathBuf> = OnceLock::new();
    DIR.get_or_init(|| {
        let dir = std::env::temp_dir().join(format!("tidings-tests-{}", std::process::id()));
        let made = std::fs::create_dir_all(&dir).and_then(|()| remove_after(&dir));
        if let Err(error) = made {
            panic!("{}: {error}", dir.display());
        }
        dir
    })
}

/// Leaves a shell behind that waits for the end of this process (its standard input closes then)
/// and removes the directory. Servers need a moment to end, and may write until they have.
pub fn remove_after(dir: &Path) -> io::Result<()> {
    const SCRIPT: &str = "read _; for i in 1 2 3 4 5 6 7 8 9 10; do rm -rf \"$0\" && [ ! -e \"$0\" ] && exit; sleep 0.2; done";
    let mut command = Command::new("sh");
    command.arg("-c").arg(SCRIPT).arg(dir).current_dir("/");
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let shell = command.spawn()?;
    // Kept open until the process ends.
    std::mem::forget(shell.stdin);
    Ok(())
}

/// Children are told of their parent's death when the thread that started them ends: so one thread
/// starts them all, and lasts.
fn starter() -> &'static mpsc::Sender<Order> {
    static STARTER: OnceLock<mpsc::Sender<Order>> = OnceLock::new();
    STARTER.get_or_init(|| {
        let (sender, orders) = mpsc::channel::<Order>();
        std::thread::spawn(move || {
            for mut order in orders {
                let _ = order.reply.send(order.command.spawn());
            }
        });
        sender
    })
}
