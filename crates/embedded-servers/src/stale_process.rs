//! The remains of a killed predecessor: a server that is still stopping, or a stale pid file. Only
//! called while this process holds the lock of the data directory, so a server that runs here has
//! lost its supervisor.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use std::{fs, io};

use crate::process::{self, Signal};

/// How long a stale process may take to stop: Postgres writes a checkpoint.
const STOP_TIMEOUT: Duration = Duration::from_secs(60);
/// How often a stopping process is polled.
const POLL_INTERVAL: Duration = Duration::from_millis(20);

/// Stops the process whose id is the first line of `pid_file`, if it is `program` and works in (or
/// was started with) `directory`, and waits until it has ended.
pub(crate) fn stop_stale_process(
    pid_file: &Path,
    program: &str,
    directory: &Path,
    signal: Signal,
) -> io::Result<()> {
    let Some(pid) = read_first_line(pid_file).and_then(|line| line.trim().parse::<u32>().ok())
    else {
        return Ok(());
    };
    if !is_ours(pid, program, directory) {
        return Ok(());
    }
    tracing::info!(
        pid,
        program,
        "waiting for a server that outlived its supervisor"
    );
    let deadline = Instant::now() + STOP_TIMEOUT;
    // An error means that it has ended.
    let _ = process::send_signal(pid, signal);
    while process::exists(pid) && is_ours(pid, program, directory) {
        if Instant::now() >= deadline {
            return Err(io::Error::other(format!(
                "process {pid} ({program}) does not stop"
            )));
        }
        std::thread::sleep(POLL_INTERVAL);
    }
    Ok(())
}

/// Removes Postgres's pid file if its process id now belongs to another program: otherwise Postgres
/// would refuse to start forever. This happens in containers, where process ids repeat. The file
/// stays while any process works in the data directory, because it prevents a second server there.
pub(crate) fn remove_stale_pid_file(pid_file: &Path, data: &Path) -> io::Result<()> {
    let recycled = read_first_line(pid_file)
        .and_then(|line| line.trim().parse::<u32>().ok())
        .is_some_and(|pid| process::exists(pid) && !is_ours(pid, "postgres", data));
    if recycled && has_process_in(data) == Some(false) {
        tracing::info!(file = %pid_file.display(), "removing a stale pid file");
        fs::remove_file(pid_file)?;
    }
    Ok(())
}

fn read_first_line(file: &Path) -> Option<String> {
    fs::read_to_string(file)
        .ok()?
        .lines()
        .next()
        .map(str::to_owned)
}

/// Whether the process is `program` in this directory. Always false without `/proc`.
fn is_ours(pid: u32, program: &str, directory: &Path) -> bool {
    let process = PathBuf::from(format!("/proc/{pid}"));
    let words = fs::read(process.join("cmdline")).unwrap_or_default();
    let words = String::from_utf8_lossy(&words);
    let named = words
        .split('\0')
        .next()
        .is_some_and(|first| first.contains(program));
    let in_directory = words.contains(&*directory.to_string_lossy())
        || fs::read_link(process.join("cwd")).is_ok_and(|cwd| cwd == directory);
    named && in_directory
}

/// Whether any process has this working directory, as all processes of a Postgres do. `None` if
/// that cannot be determined.
fn has_process_in(directory: &Path) -> Option<bool> {
    let processes = fs::read_dir("/proc").ok()?;
    let mut seen = false;
    for entry in processes.flatten() {
        if let Ok(cwd) = fs::read_link(entry.path().join("cwd")) {
            seen = true;
            if cwd == directory {
                return Some(true);
            }
        }
    }
    seen.then_some(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unrelated_process_is_not_stopped() {
        let dir = std::env::temp_dir().join(format!("tidings-leftover-{}", std::process::id()));
        fs::create_dir_all(&dir).expect("temp dir");
        let pid_file = dir.join("postmaster.pid");
        fs::write(&pid_file, format!("{}\n", std::process::id())).expect("write");
        // If this process were mistaken for a stale server, the test would be killed here.
        stop_stale_process(&pid_file, "postgres", &dir, Signal::Kill)
            .expect("there is nothing to stop");
        remove_stale_pid_file(&pid_file, &dir).expect("the file can be removed");
        let removed = !pid_file.exists();
        fs::remove_dir_all(&dir).expect("clean up");
        assert_eq!(removed, cfg!(target_os = "linux"));
    }
}
