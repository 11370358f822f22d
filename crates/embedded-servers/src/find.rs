//! Finds the server programs. The places, in order: the configured path, the cache of fetched
//! programs, `PATH`, and the directories of package managers.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fmt, fs};

use crate::fetch;
use crate::run_as::Account;
use crate::version::ServerVersion;

/// The supported major versions: from the oldest that the SQL works with to the newest tested one.
pub const SUPPORTED_POSTGRES_MAJORS: std::ops::RangeInclusive<u32> = 15..=18;
/// The oldest supported nats-server. Older ones silently ignore the first sequence of a stream, or
/// have security holes in access control.
pub const MIN_NATS_VERSION: ServerVersion = ServerVersion::new(2, 11, 1);

/// Where package managers install Postgres without adding it to `PATH`: `DIR/*/bin`.
const POSTGRES_SEARCH_DIRS: [&str; 4] = [
    "/usr/lib/postgresql",
    "/usr/pgsql",
    "/opt/homebrew/opt",
    "/usr/local/opt",
];

/// A usable server program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerProgram {
    /// The directory of the programs for Postgres, the program itself for NATS.
    pub path: PathBuf,
    /// The version that the program reports.
    pub version: ServerVersion,
    /// The place in which it was found.
    pub origin: ProgramOrigin,
}

/// The place in which a program was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProgramOrigin {
    /// Configured by a flag or an environment variable.
    Configured,
    /// Fetched into the cache, pinned by hash.
    Fetched,
    /// Installed on this machine.
    Installed,
}

impl fmt::Display for ProgramOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Configured => "named",
            Self::Fetched => "fetched",
            Self::Installed => "installed",
        })
    }
}

/// The server program to find.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ServerRequirement {
    /// Postgres, of this major version if a data directory requires one.
    Postgres(Option<u32>),
    /// nats-server.
    Nats,
}

impl ServerRequirement {
    /// The name for messages.
    pub fn name(self) -> &'static str {
        match self {
            Self::Postgres(_) => "Postgres",
            Self::Nats => "nats-server",
        }
    }

    /// Says why this version cannot be used, if it cannot.
    pub fn check_version(self, version: ServerVersion) -> Result<(), String> {
        match self {
            Self::Postgres(_) if !SUPPORTED_POSTGRES_MAJORS.contains(&version.major) => {
                Err(format!(
                    "is version {version}, but only {} to {} are supported",
                    SUPPORTED_POSTGRES_MAJORS.start(),
                    SUPPORTED_POSTGRES_MAJORS.end()
                ))
            }
            Self::Postgres(Some(major)) if version.major != major => Err(format!(
                "is version {version}, but the data was created by version {major}"
            )),
            Self::Nats if version < MIN_NATS_VERSION => Err(format!(
                "is version {version}, but {MIN_NATS_VERSION} or newer is required"
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
pub struct FindProgramError(pub Vec<String>);

/// Finds a usable program on this machine; fetches nothing. If a path is `configured`, there is no
/// fallback to another program. `user` must be able to execute the program.
pub fn find_program(
    requirement: ServerRequirement,
    configured: Option<&Path>,
    user: Option<&Account>,
) -> Result<ServerProgram, FindProgramError> {
    let mut error = FindProgramError::default();
    let candidates = match configured {
        Some(path) => vec![(path.to_path_buf(), ProgramOrigin::Configured)],
        None => list_candidates(requirement),
    };
    for (path, origin) in candidates {
        match check_program(requirement, &path, user) {
            Ok(version) => {
                return Ok(ServerProgram {
                    path: resolve_links(requirement, &path),
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
fn resolve_links(requirement: ServerRequirement, path: &Path) -> PathBuf {
    let executable = requirement.executable(path);
    let real = fs::canonicalize(&executable).unwrap_or(executable);
    match requirement {
        ServerRequirement::Nats => real,
        ServerRequirement::Postgres(_) => real
            .parent()
            .map_or_else(|| path.to_path_buf(), Path::to_path_buf),
    }
}

/// Lists the existing candidates, in the order in which they are tried.
fn list_candidates(requirement: ServerRequirement) -> Vec<(PathBuf, ProgramOrigin)> {
    let cached = fetch::cache_dir().ok().map(|dir| match requirement {
        ServerRequirement::Postgres(_) => fetch::postgres_bin_dir(&dir),
        ServerRequirement::Nats => fetch::nats_server_path(&dir),
    });
    let search_path = env::var_os("PATH").unwrap_or_default();
    let on_path = env::split_paths(&search_path);
    let installed: Vec<PathBuf> = match requirement {
        ServerRequirement::Postgres(_) => on_path.chain(find_postgres_dirs()).collect(),
        ServerRequirement::Nats => on_path.map(|dir| dir.join("nats-server")).collect(),
    };
    cached
        .map(|path| (path, ProgramOrigin::Fetched))
        .into_iter()
        .chain(
            installed
                .into_iter()
                .map(|path| (path, ProgramOrigin::Installed)),
        )
        .filter(|(path, _)| requirement.executable(path).is_file())
        .collect()
}

/// Finds Postgres in the directories of package managers, newest major version first.
fn find_postgres_dirs() -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = POSTGRES_SEARCH_DIRS
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
fn check_program(
    requirement: ServerRequirement,
    path: &Path,
    user: Option<&Account>,
) -> Result<ServerVersion, String> {
    let executable = requirement.executable(path);
    if matches!(requirement, ServerRequirement::Postgres(_))
        && !resolve_links(requirement, path).join("initdb").is_file()
    {
        return Err("has no initdb next to it".into());
    }
    if let Some(user) = user {
        user.check_access(&executable)?;
    }
    let output = Command::new(&executable)
        .arg("--version")
        .output()
        .map_err(|error| format!("cannot be run: {error}"))?;
    let text = String::from_utf8_lossy(&output.stdout);
    let version = ServerVersion::find_in(&text)
        .ok_or_else(|| format!("does not report its version: {text:?}"))?;
    requirement.check_version(version)?;
    Ok(version)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unsupported_versions_are_rejected_with_the_supported_range() {
        let old = ServerRequirement::Nats
            .check_version(ServerVersion::new(2, 9, 10))
            .expect_err("the version is too old");
        assert!(old.contains("2.9.10") && old.contains("2.11.1"), "{old}");
        assert!(
            ServerRequirement::Nats
                .check_version(MIN_NATS_VERSION)
                .is_ok()
        );
        assert!(
            ServerRequirement::Postgres(None)
                .check_version(ServerVersion::new(14, 9, 0))
                .is_err()
        );
        assert!(
            ServerRequirement::Postgres(None)
                .check_version(ServerVersion::new(19, 0, 0))
                .is_err()
        );
        assert!(
            ServerRequirement::Postgres(None)
                .check_version(ServerVersion::new(16, 1, 0))
                .is_ok()
        );
        let other = ServerRequirement::Postgres(Some(15))
            .check_version(ServerVersion::new(18, 6, 0))
            .expect_err("the data requires version 15");
        assert!(other.contains("18.6") && other.contains("15"), "{other}");
    }

    #[test]
    fn a_configured_program_has_no_fallback() {
        let error = find_program(
            ServerRequirement::Nats,
            Some(Path::new("/nowhere/nats-server")),
            None,
        )
        .expect_err("it does not exist");
        assert_eq!(error.0.len(), 1);
        assert!(error.0[0].contains("/nowhere/nats-server"), "{error:?}");
    }
}
