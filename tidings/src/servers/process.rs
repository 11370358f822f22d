//! The few calls to the operating system that Rust has no safe name for: a child that dies with
//! its parent, signals, and limits. The one module of this workspace with `unsafe` in it.
#![allow(
    unsafe_code,
    reason = "prctl, kill, rlimits and what a child does between fork and exec have no safe wrapper in std"
)]

use std::io;
use std::os::unix::process::CommandExt;
use std::process::Command;

use super::account::Account;

/// What a server is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// SIGINT: for Postgres the fast, clean stop. SIGTERM would wait for every client.
    Interrupt,
    /// SIGTERM: the clean stop of everything else.
    Terminate,
    /// SIGQUIT: for Postgres the immediate stop, with recovery at the next start.
    Quit,
    /// SIGKILL.
    Kill,
}

impl Signal {
    fn number(self) -> libc::c_int {
        match self {
            Self::Interrupt => libc::SIGINT,
            Self::Terminate => libc::SIGTERM,
            Self::Quit => libc::SIGQUIT,
            Self::Kill => libc::SIGKILL,
        }
    }
}

/// Makes a child that cannot outlive the thread that spawns it.
///
/// - On Linux the kernel sends it `on_orphaned` when the spawning *thread* ends, however the
///   process ended. So spawn from a thread that lives as long as the child should. Elsewhere a
///   leftover is stopped by the next start on the same data directory.
/// - It is in a process group of its own: Ctrl-C in a terminal reaches the parent alone, which
///   stops its children last.
/// - It runs as `account`, if one is given. std changes the user before `pre_exec` runs, which is
///   the right order: changing the user clears the signal that `prctl` sets.
pub fn harden(command: &mut Command, on_orphaned: Signal, account: Option<&Account>) {
    command.process_group(0);
    if let Some(account) = account {
        command.uid(account.uid).gid(account.gid);
    }
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
    // SAFETY: PR_SET_PDEATHSIG takes a signal number and touches no memory of ours.
    match unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, signal.number()) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

#[cfg(not(target_os = "linux"))]
fn die_with_parent(_signal: Signal) -> io::Result<()> {
    Ok(())
}

/// Sends a signal to one process.
pub fn send(pid: u32, signal: Signal) -> io::Result<()> {
    kill(pid, signal.number())
}

/// Whether a process of this number exists, whoever it belongs to.
pub fn exists(pid: u32) -> bool {
    match kill(pid, 0) {
        Ok(()) => true,
        Err(error) => error.raw_os_error() == Some(libc::EPERM),
    }
}

fn kill(pid: u32, signal: libc::c_int) -> io::Result<()> {
    // 0 and negative numbers would address whole groups of processes.
    let pid = libc::pid_t::try_from(pid)
        .ok()
        .filter(|pid| *pid > 0)
        .ok_or_else(|| io::Error::from_raw_os_error(libc::ESRCH))?;
    // SAFETY: kill takes two numbers and touches no memory of ours.
    match unsafe { libc::kill(pid, signal) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Lets this process open as many files and sockets as it may: a shell's soft limit is often 1,024, for
/// programs that cannot do with more. Answers how many that are.
pub fn raise_open_files() -> io::Result<u64> {
    let mut limit = libc::rlimit {
        rlim_cur: 0,
        rlim_max: 0,
    };
    // SAFETY: getrlimit fills a structure of ours, which lives until after the call.
    if unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit) } != 0 {
        return Err(io::Error::last_os_error());
    }
    let before = limit.rlim_cur;
    limit.rlim_cur = limit.rlim_max;
    // SAFETY: setrlimit reads a structure of ours, which lives until after the call.
    match unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &raw const limit) } {
        0 => Ok(limit.rlim_cur),
        // Some systems have a lower limit of their own.
        _ => Ok(before),
    }
}

/// The user that this process acts as; 0 is root.
pub fn effective_user() -> u32 {
    // SAFETY: geteuid cannot fail and touches no memory of ours.
    unsafe { libc::geteuid() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_of_open_files_is_raised_once() {
        let raised = raise_open_files().expect("a limit");
        assert_eq!(raise_open_files().expect("a limit"), raised);
        assert!(raised >= 64, "{raised}");
    }

    #[test]
    fn groups_of_processes_cannot_be_addressed() {
        assert!(send(0, Signal::Terminate).is_err());
        assert!(send(u32::MAX, Signal::Terminate).is_err());
        assert!(!exists(0));
    }

    #[test]
    fn a_process_exists_until_it_is_reaped() {
        assert!(exists(std::process::id()));
        let mut command = Command::new("true");
        harden(&mut command, Signal::Kill, None);
        let mut child = command.spawn().expect("true starts");
        child.wait().expect("true ends");
        assert!(!exists(child.id()));
    }
}
