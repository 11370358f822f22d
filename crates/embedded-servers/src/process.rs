//! The operating system calls that have no safe wrapper in `std`: the parent-death signal of a
//! child, signals, and limits. This is the only module of the workspace with `unsafe` code.
#![allow(
    unsafe_code,
    reason = "prctl, kill, rlimits and code between fork and exec have no safe wrapper in std"
)]

use std::io;
use std::os::unix::process::CommandExt;
use std::process::Command;

/// A signal to a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// SIGINT: a fast, clean stop of Postgres. SIGTERM would wait for every client.
    Interrupt,
    /// SIGTERM: a clean stop of every other program.
    Terminate,
    /// SIGQUIT: an immediate stop of Postgres, with recovery at the next start.
    Quit,
    /// SIGKILL: ends the process immediately.
    Kill,
    /// SIGSTOP: freezes the process, as a machine that is suspended does.
    Stop,
    /// SIGCONT: continues it.
    Continue,
}

impl Signal {
    fn number(self) -> libc::c_int {
        match self {
            Self::Interrupt => libc::SIGINT,
            Self::Terminate => libc::SIGTERM,
            Self::Quit => libc::SIGQUIT,
            Self::Kill => libc::SIGKILL,
            Self::Stop => libc::SIGSTOP,
            Self::Continue => libc::SIGCONT,
        }
    }
}

/// Configures a child that does not outlive the thread that spawns it.
///
/// - On Linux, the kernel sends it `on_orphaned` when the spawning *thread* ends for any reason. So
///   spawn it from a thread that lives as long as the child should. On other systems, the next
///   start on the same data directory stops a stale child.
/// - It runs in its own process group: Ctrl-C in a terminal reaches only the parent, which stops
///   its children last.
///
/// The command may also have another user. `std` changes the user before `pre_exec` runs, which is
/// the right order: changing the user clears the signal that `prctl` sets.
pub fn configure_child(command: &mut Command, on_orphaned: Signal) {
    command.process_group(0);
    let parent = std::process::id();
    // SAFETY: between fork and exec only async-signal-safe calls are made (umask, prctl,
    // getppid), and nothing is allocated unless a call failed and the child is about to end.
    unsafe {
        command.pre_exec(move || {
            libc::umask(0o022);
            die_with_parent(on_orphaned)?;
            // The parent may have died between fork and prctl: then no signal would ever come.
            if u32::try_from(libc::getppid()).ok() != Some(parent) {
                return Err(io::Error::from_raw_os_error(libc::ESRCH));
            }
            Ok(())
        });
    }
}

#[cfg(target_os = "linux")]
fn die_with_parent(signal: Signal) -> io::Result<()> {
    // SAFETY: PR_SET_PDEATHSIG takes a signal number and accesses no memory of this process.
    match unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, signal.number()) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

#[cfg(not(target_os = "linux"))]
fn die_with_parent(_signal: Signal) -> io::Result<()> {
    Ok(())
}

/// Sends a signal to one process. Returns an error if the process does not exist.
pub fn send_signal(pid: u32, signal: Signal) -> io::Result<()> {
    kill(pid, signal.number())
}

/// Whether a process with this id runs, of any user. One that has ended does not, even if its
/// parent has not asked for its end yet (a zombie).
pub fn exists(pid: u32) -> bool {
    let is_known = match kill(pid, 0) {
        Ok(()) => true,
        Err(error) => error.raw_os_error() == Some(libc::EPERM),
    };
    is_known && !has_ended(pid)
}

#[cfg(target_os = "linux")]
fn has_ended(pid: u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    // The state follows the name of the program, which can contain anything.
    let state = stat.rsplit_once(") ").map(|(_, rest)| rest);
    state.is_some_and(|state| state.starts_with(['Z', 'X']))
}

#[cfg(not(target_os = "linux"))]
fn has_ended(_pid: u32) -> bool {
    false
}

fn kill(pid: u32, signal: libc::c_int) -> io::Result<()> {
    // 0 and negative numbers would address whole process groups.
    let pid = libc::pid_t::try_from(pid)
        .ok()
        .filter(|pid| *pid > 0)
        .ok_or_else(|| io::Error::from_raw_os_error(libc::ESRCH))?;
    // SAFETY: kill takes two numbers and accesses no memory of this process.
    match unsafe { libc::kill(pid, signal) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// The signal to a process that writes beyond the limit of the size of files. It ends the process
/// unless it is handled; then the write fails.
pub const FILE_SIZE_SIGNAL: i32 = libc::SIGXFSZ;

/// Raises the limit of open files and sockets to the hard limit, and returns the new limit. The
/// soft limit of a shell is often 1,024, for programs that cannot handle more.
pub fn raise_open_file_limit() -> io::Result<u64> {
    let mut limit = libc::rlimit {
        rlim_cur: 0,
        rlim_max: 0,
    };
    // SAFETY: getrlimit writes to a local structure, which outlives the call.
    if unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit) } != 0 {
        return Err(io::Error::last_os_error());
    }
    let before = limit.rlim_cur;
    limit.rlim_cur = limit.rlim_max;
    // SAFETY: setrlimit reads a local structure, which outlives the call.
    match unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &raw const limit) } {
        0 => Ok(limit.rlim_cur),
        // Some systems enforce a lower limit.
        _ => Ok(before),
    }
}

/// The effective user id of this process; 0 is root.
pub fn effective_uid() -> u32 {
    // SAFETY: geteuid cannot fail and accesses no memory of this process.
    unsafe { libc::geteuid() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_of_open_files_is_raised_once() {
        let raised = raise_open_file_limit().expect("a limit");
        assert_eq!(raise_open_file_limit().expect("a limit"), raised);
        assert!(raised >= 64, "{raised}");
    }

    #[test]
    fn process_groups_cannot_be_signalled() {
        assert!(send_signal(0, Signal::Terminate).is_err());
        assert!(send_signal(u32::MAX, Signal::Terminate).is_err());
        assert!(!exists(0));
    }

    #[test]
    fn a_process_exists_until_it_is_reaped() {
        assert!(exists(std::process::id()));
        let mut command = Command::new("true");
        configure_child(&mut command, Signal::Kill);
        let mut child = command.spawn().expect("true starts");
        child.wait().expect("true ends");
        assert!(!exists(child.id()));
    }
}
