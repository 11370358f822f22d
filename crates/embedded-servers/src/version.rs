//! The versions of server programs.

use std::fmt;

/// A version `MAJOR.MINOR.PATCH`. Parts that a program does not report are 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ServerVersion {
    /// The major version. A Postgres data directory requires the same one.
    pub major: u32,
    /// The minor version.
    pub minor: u32,
    /// The patch version.
    pub patch: u32,
}

impl ServerVersion {
    /// Creates a version from its three numbers.
    pub const fn new(major: u32, minor: u32, patch: u32) -> Self {
        Self {
            major,
            minor,
            patch,
        }
    }

    /// Finds the version in the output of `--version`: the first word that starts with a digit, or
    /// with `v` and a digit, as in `postgres (PostgreSQL) 15.18 (Debian ...)` or
    /// `nats-server: v2.15.1`.
    pub fn find_in(output: &str) -> Option<Self> {
        output.split_whitespace().find_map(Self::parse)
    }

    fn parse(word: &str) -> Option<Self> {
        let word = word.strip_prefix('v').unwrap_or(word);
        let mut parts = word.split('.').map(|part| {
            let end = part
                .find(|c: char| !c.is_ascii_digit())
                .unwrap_or(part.len());
            part[..end].parse::<u32>().ok()
        });
        let major = parts.next()??;
        let minor = parts.next().flatten().unwrap_or(0);
        let patch = parts.next().flatten().unwrap_or(0);
        Some(Self {
            major,
            minor,
            patch,
        })
    }
}

impl fmt::Display for ServerVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)?;
        if self.patch > 0 {
            write!(f, ".{}", self.patch)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_found_in_program_output() {
        let cases = [
            (
                "postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)",
                Some(ServerVersion::new(15, 18, 0)),
            ),
            (
                "postgres (PostgreSQL) 18.6",
                Some(ServerVersion::new(18, 6, 0)),
            ),
            (
                "postgres (PostgreSQL) 19beta1",
                Some(ServerVersion::new(19, 0, 0)),
            ),
            ("nats-server: v2.15.1\n", Some(ServerVersion::new(2, 15, 1))),
            (
                "nats-server: v2.12.0-RC.4",
                Some(ServerVersion::new(2, 12, 0)),
            ),
            ("command not found", None),
            ("", None),
        ];
        for (output, expected) in cases {
            assert_eq!(ServerVersion::find_in(output), expected, "{output}");
        }
    }

    #[test]
    fn versions_are_ordered_numerically() {
        assert!(ServerVersion::new(2, 9, 10) < ServerVersion::new(2, 11, 1));
        assert!(ServerVersion::new(2, 11, 1) <= ServerVersion::new(2, 11, 1));
    }
}
