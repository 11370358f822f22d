//! Finds the server programs. The places, in order: the configured path, the cache of fetched
//! programs, `PATH`, and the directories of package managers.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fmt, fs};

use super::account::Account;
use super::fetch;
use super::version::Version;

/// The supported major versions: from the oldest that the SQL works with to the newest tested one.
pub const POSTGRES_MAJORS: std::ops::RangeInclusive<u32> = 15..=18;
/// The oldest supported nats-server. Older ones silently ignore the first sequence of a stream, or
/// have security holes in access control.
pub const NATS_OLDEST: Version = Version::new(2, 11, 1);

/// Where package managers install Postgres without adding it to `PATH`: `DIR/*/bin`.
const POSTGRES_FOLDERS: [&str; 4] = [
    "/usr/lib/postgresql",
    "/usr/pgsql",
    "/opt/homebrew/opt",
    "/usr/local/opt",
];

/// A usable server program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program {
    /// The directory of the programs for Postgres, the program itself for NATS.
    pub path: PathBuf,
    /// The version that the program reports.
    pub version: Version,
    /// The place in which it was found.
    pub origin: Origin,
}

/// The place in which a program was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// Configured by a flag or an environment variable.
    Named,
    /// Fetched into the cache, pinned by hash.
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

/// The server program to find.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// Postgres, of this major version if a data directory requires one.
    Postgres(Option<u32>),
    /// nats-server.
    Nats,
}

impl Wanted {
    /// The name for messages.
    pub fn name(self) -> &'static str {
        match self {
            Self::Postgres(_) => "Postgres",
            Self::Nats => "nats-server",
        }
    }

    fn accepts(self, version: Version) -> Result<(), String> {
        match self {
            Self::Postgres(_) if !POSTGRES_MAJORS.contains(&version.major) => Err(format!(
                "is version {version}, but only {} to {} are supported",
                POSTGRES_MAJORS.start(),
                POSTGRES_MAJORS.end()
            )),
            Self::Postgres(Some(major)) if version.major != major => Err(format!(
                "is version {version}, but the data was created by version {major}"
            )),
            Self::Nats if version < NATS_OLDEST => Err(format!(
                "is version {version}, but {NATS_OLDEST} or newer is required"
            )),
            _ => Ok(()),
        }
    }

    /// The executable that reports the version, for a candidate path.
    fn executable(self, path: &Path) -> PathBuf {
        match self {
            Self::Postgres(_) => path.join("postgres"),
            Self::Nats => path.to_path_buf(),
        }
    }
}

/// Why no usable program was found: one line for each unusable candidate.
#[derive(Debug, Clone, Default)]
pub struct Unfit(pub Vec<String>);

/// Finds a usable program on this machine; fetches nothing. If a path is `configured`, there is no
/// fallback to another program. `user` must be able to execute the program.
pub fn find(
    requirement: Wanted,
    configured: Option<&Path>,
    user: Option<&Account>,
) -> Result<Program, Unfit> {
    let mut error = Unfit::default();
    let candidates = match configured {
        Some(path) => vec![(path.to_path_buf(), Origin::Named)],
        None => candidates(requirement),
    };
    for (path, origin) in candidates {
        match examine(requirement, &path, user) {
            Ok(version) => {
                return Ok(Program {
                    path: real(requirement, &path),
                    version,
                    origin,
                });
            }
            Err(reason) => error.0.push(format!(
                "{} {reason}",
                requirement.executable(&path).display()
            )),
        }
    }
    Err(error)
}

/// Resolves symbolic links: Postgres finds its other files next to the resolved path.
fn real(requirement: Wanted, path: &Path) -> PathBuf {
    let executable = requirement.executable(path);
    let real = fs::canonicalize(&executable).unwrap_or(executable);
    match requirement {
        Wanted::Nats => real,
        Wanted::Postgres(_) => real
            .parent()
            .map_or_else(|| path.to_path_buf(), Path::to_path_buf),
    }
}

/// Lists the existing candidates, in the order in which they are tried.
fn candidates(requirement: Wanted) -> Vec<(PathBuf, Origin)> {
    let cached = fetch::cache_dir().ok().map(|dir| match requirement {
        Wanted::Postgres(_) => fetch::postgres_in(&dir),
        Wanted::Nats => fetch::nats_in(&dir),
    });
    let search_path = env::var_os("PATH").unwrap_or_default();
    let on_path = env::split_paths(&search_path);
    let installed: Vec<PathBuf> = match requirement {
        Wanted::Postgres(_) => on_path.chain(postgres_folders()).collect(),
        Wanted::Nats => on_path.map(|dir| dir.join("nats-server")).collect(),
    };
    cached
        .map(|path| (path, Origin::Fetched))
        .into_iter()
        .chain(installed.into_iter().map(|path| (path, Origin::Installed)))
        .filter(|(path, _)| requirement.executable(path).is_file())
        .collect()
}

/// Finds Postgres in the directories of package managers, newest major version first.
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

/// Checks that the program at `path` is usable, and returns its version.
fn examine(requirement: Wanted, path: &Path, user: Option<&Account>) -> Result<Version, String> {
    let executable = requirement.executable(path);
    if matches!(requirement, Wanted::Postgres(_))
        && !real(requirement, path).join("initdb").is_file()
    {
        return Err("has no initdb next to it".into());
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
        Version::find(&text).ok_or_else(|| format!("does not report its version: {text:?}"))?;
    requirement.accepts(version)?;
    Ok(version)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unsupported_versions_are_rejected_with_the_supported_range() {
        let old = Wanted::Nats
            .accepts(Version::new(2, 9, 10))
            .expect_err("the version is too old");
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
            .expect_err("the data requires version 15");
        assert!(other.contains("18.6") && other.contains("15"), "{other}");
    }

    #[test]
    fn a_configured_program_has_no_fallback() {
        let error = find(Wanted::Nats, Some(Path::new("/nowhere/nats-server")), None)
            .expect_err("it does not exist");
        assert_eq!(error.0.len(), 1);
        assert!(error.0[0].contains("/nowhere/nats-server"), "{error:?}");
    }
}
