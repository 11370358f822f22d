//! The index directory: numbered builds of the index, of which one is served.
//!
//! ```text
//! search/CURRENT     the name of the build that is served; replaced atomically
//! search/build-7/    an index
//! ```
//!
//! This is all that a reader needs: it checks `CURRENT` and opens the build that this file names. A
//! build that a reader has open stays readable to it after it has been removed. The projector,
//! which writes the builds, has further files in this directory.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The file that names the served build.
pub const CURRENT_FILE: &str = "CURRENT";

const BUILD_PREFIX: &str = "build-";

/// The directory of an index's builds. Creating this value does not create the directory.
#[derive(Debug, Clone)]
pub struct IndexDir(PathBuf);

/// The number of a build. Later builds have larger numbers.
pub type BuildNumber = u64;

impl IndexDir {
    /// Refers to the directory at this path.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    /// Returns the path of the directory.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Returns the path of a build.
    pub fn build_path(&self, build: BuildNumber) -> PathBuf {
        self.0.join(build_name(build))
    }

    /// Reads which build is served, if any.
    pub fn current_build(&self) -> io::Result<Option<BuildNumber>> {
        match fs::read_to_string(self.0.join(CURRENT_FILE)) {
            Ok(name) => Ok(parse_build_name(name.trim())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// Returns the name of a build: its directory has this name, and files refer to it by this name.
pub fn build_name(build: BuildNumber) -> String {
    format!("{BUILD_PREFIX}{build}")
}

/// Parses the name of a build. Returns `None` if this is not one.
pub fn parse_build_name(name: &str) -> Option<BuildNumber> {
    name.strip_prefix(BUILD_PREFIX)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_current_file_names_the_served_build() {
        let scratch = tempfile::tempdir().expect("temporary directory");
        let directory = IndexDir::new(scratch.path());
        assert_eq!(directory.current_build().expect("can read"), None);
        for (content, build) in [
            ("build-7\n", Some(7)),
            ("build-18446744073709551615", Some(u64::MAX)),
            ("", None),
            ("build-", None),
            ("7", None),
        ] {
            fs::write(directory.path().join(CURRENT_FILE), content).expect("can write");
            assert_eq!(
                directory.current_build().expect("can read"),
                build,
                "{content:?}"
            );
        }
        assert_eq!(directory.build_path(7), scratch.path().join("build-7"));
        assert_eq!(parse_build_name(&build_name(7)), Some(7));
    }
}
