//! Finding the server programs. In order: what was named explicitly, the cache of fetched ones,
//! `PATH` and the folders where packages put them.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fmt, fs};

use super::account::Account;
use super::fetch;
use super::version::Version;

/// The oldest Postgres that the SQL is written for, and the newest that it is tested on.
pub const POSTGRES_MAJORS: std::ops::RangeInclusive<u32> = 15..=18;
/// Older servers ignore a stream's first sequence in silence, or have holes in access control.
pub const NATS_OLDEST: Version = Version::new(2, 11, 1);

/// Where package managers put Postgres without adding it to `PATH`: `FOLDER/*/bin`.
const POSTGRES_FOLDERS: [&str; 4] = [
    "/usr/lib/postgresql",
    "/usr/pgsql",
    "/opt/homebrew/opt",
    "/usr/local/opt",
];

/// A server program that can be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program {
    /// For Postgres the directory of its programs, for NATS the program.
    pub path: PathBuf,
    /// What it says it is.
    pub version: Version,
    /// Where it was found.
    pub origin: Origin,
}

/// Where a program was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// Named by a flag or the environment.
    Named,
    /// Fetched by hash into the cache.
    Fetched,
    /// Installed on this machine.
    Installed,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Named => "named",
            Self::Fetched => "fetched",
            Self::Installed => "installed",
        })
    }
}

/// What is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// Postgres; of this major version, if a data directory is bound to one.
    Postgres(Option<u32>),
    /// nats-server.
    Nats,
}

impl Wanted {
    /// What people call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Postgres(_) => "Postgres",
            Self::Nats => "nats-server",
        }
    }

    fn accepts(self, version: Version) -> Result<(), String> {
        match self {
            Self::Postgres(_) if !POSTGRES_MAJORS.contains(&version.major) => Err(format!(
                "is version {version}, and {} to {} are supported",
                POSTGRES_MAJORS.start(),
                POSTGRES_MAJORS.end()
            )),
            Self::Postgres(Some(major)) if version.major != major => Err(format!(
                "is version {version}, and the data was made by version {major}"
            )),
            Self::Nats if version < NATS_OLDEST => Err(format!(
                "is version {version}, and {NATS_OLDEST} or newer is needed"
            )),
            _ => Ok(()),
        }
    }

    /// The file that says its version, of a candidate's path.
    fn executable(self, path: &Path) -> PathBuf {
        match self {
            Self::Postgres(_) => path.join("postgres"),
            Self::Nats => path.to_path_buf(),
        }
    }
}

/// Why nothing was found: one line for each place that had something unfit.
#[derive(Debug, Clone, Default)]
pub struct Unfit(pub Vec<String>);

/// Looks in every place but the network. `named` is used or nothing is: a person who names a
/// program does not want another one.
pub fn find(
    wanted: Wanted,
    named: Option<&Path>,
    user: Option<&Account>,
) -> Result<Program, Unfit> {
    let mut unfit = Unfit::default();
    let candidates = match named {
        Some(path) => vec![(path.to_path_buf(), Origin::Named)],
        None => candidates(wanted),
    };
    for (path, origin) in candidates {
        match examine(wanted, &path, user) {
            Ok(version) => {
                return Ok(Program {
                    path: real(wanted, &path),
                    version,
                    origin,
                });
            }
            Err(why) => unfit
                .0
                .push(format!("{} {why}", wanted.executable(&path).display())),
        }
    }
    Err(unfit)
}

/// The path with symbolic links followed: Postgres finds its other files beside its real self.
fn real(wanted: Wanted, path: &Path) -> PathBuf {
    let executable = wanted.executable(path);
    let real = fs::canonicalize(&executable).unwrap_or(executable);
    match wanted {
        Wanted::Nats => real,
        Wanted::Postgres(_) => real
            .parent()
            .map_or_else(|| path.to_path_buf(), Path::to_path_buf),
    }
}

fn candidates(wanted: Wanted) -> Vec<(PathBuf, Origin)> {
    let cached = fetch::cache_dir().ok().map(|dir| match wanted {
        Wanted::Postgres(_) => fetch::postgres_in(&dir),
        Wanted::Nats => fetch::nats_in(&dir),
    });
    let search_path = env::var_os("PATH").unwrap_or_default();
    let on_path = env::split_paths(&search_path);
    let installed: Vec<PathBuf> = match wanted {
        Wanted::Postgres(_) => on_path.chain(postgres_folders()).collect(),
        Wanted::Nats => on_path.map(|dir| dir.join("nats-server")).collect(),
    };
    cached
        .map(|path| (path, Origin::Fetched))
        .into_iter()
        .chain(installed.into_iter().map(|path| (path, Origin::Installed)))
        .filter(|(path, _)| wanted.executable(path).is_file())
        .collect()
}

/// Newest major version first.
fn postgres_folders() -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = POSTGRES_FOLDERS
        .iter()
        .filter_map(|folder| fs::read_dir(folder).ok())
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path().join("bin")))
        .filter(|bin| bin.join("postgres").is_file())
        .collect();
    let number = |bin: &PathBuf| -> u32 {
        let digits: String = bin
            .to_string_lossy()
            .chars()
            .filter(char::is_ascii_digit)
            .collect();
        digits.parse().unwrap_or(0)
    };
    found.sort_by_key(|bin| std::cmp::Reverse(number(bin)));
    found
}

/// The version of the program at `path`, if it can be used.
fn examine(wanted: Wanted, path: &Path, user: Option<&Account>) -> Result<Version, String> {
    let executable = wanted.executable(path);
    if matches!(wanted, Wanted::Postgres(_)) && !real(wanted, path).join("initdb").is_file() {
        return Err("has no initdb beside it".into());
    }
    if let Some(user) = user {
        user.reaches(&executable)?;
    }
    let output = Command::new(&executable)
        .arg("--version")
        .output()
        .map_err(|error| format!("cannot be run: {error}"))?;
    let text = String::from_utf8_lossy(&output.stdout);
    let version =
        Version::find(&text).ok_or_else(|| format!("does not say its version: {text:?}"))?;
    wanted.accepts(version)?;
    Ok(version)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_outside_the_range_are_refused_with_the_range() {
        let old = Wanted::Nats
            .accepts(Version::new(2, 9, 10))
            .expect_err("too old");
        assert!(old.contains("2.9.10") && old.contains("2.11.1"), "{old}");
        assert!(Wanted::Nats.accepts(NATS_OLDEST).is_ok());
        assert!(
            Wanted::Postgres(None)
                .accepts(Version::new(14, 9, 0))
                .is_err()
        );
        assert!(
            Wanted::Postgres(None)
                .accepts(Version::new(19, 0, 0))
                .is_err()
        );
        assert!(
            Wanted::Postgres(None)
                .accepts(Version::new(16, 1, 0))
                .is_ok()
        );
        let other = Wanted::Postgres(Some(15))
            .accepts(Version::new(18, 6, 0))
            .expect_err("bound");
        assert!(other.contains("18.6") && other.contains("15"), "{other}");
    }

    #[test]
    fn a_named_program_is_used_or_nothing_is() {
        let unfit = find(Wanted::Nats, Some(Path::new("/nowhere/nats-server")), None)
            .expect_err("it does not exist");
        assert_eq!(unfit.0.len(), 1);
        assert!(unfit.0[0].contains("/nowhere/nats-server"), "{unfit:?}");
    }
}
