//! The operating system user that the embedded servers run as. Postgres refuses to run as root, and
//! nats-server does not need to.

use std::fs::{self, Metadata};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;
use std::{fmt, io};

use crate::process;

/// A user of the operating system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The name in `/etc/passwd`, or the user id as text.
    pub name: String,
    /// The user id.
    pub uid: u32,
    /// The id of the user's primary group.
    pub gid: u32,
}

/// The user and group id of `nobody`, if `/etc/passwd` has no entry for it.
const NOBODY_ID: u32 = 65_534;

impl Account {
    /// Resolves the user that servers run as. `None` if this process is not root: then they run as
    /// the same user. Root uses the first of these: the owner of the servers' directory, if it
    /// exists and does not belong to root; the user who called `sudo`; `postgres`; `nobody`.
    pub fn resolve(servers_dir: &Path) -> Option<Self> {
        if process::effective_uid() != 0 {
            return None;
        }
        let passwd = fs::read_to_string("/etc/passwd").unwrap_or_default();
        let by_number = |uid: u32| Self::find(&passwd, |_, number| number == uid);
        let owner = fs::metadata(servers_dir)
            .ok()
            .filter(|dir| dir.uid() != 0)
            .map(|dir| {
                by_number(dir.uid()).unwrap_or_else(|| Self {
                    name: dir.uid().to_string(),
                    uid: dir.uid(),
                    gid: dir.gid(),
                })
            });
        let sudo = || {
            std::env::var("SUDO_UID")
                .ok()?
                .parse()
                .ok()
                .filter(|uid| *uid != 0)
        };
        owner
            .or_else(|| by_number(sudo()?))
            .or_else(|| Self::find(&passwd, |name, _| name == "postgres"))
            .or_else(|| Self::find(&passwd, |name, _| name == "nobody"))
            .or_else(|| {
                Some(Self {
                    name: "nobody".into(),
                    uid: NOBODY_ID,
                    gid: NOBODY_ID,
                })
            })
    }

    /// Finds the first line of a passwd file for which `matches(name, uid)` is true. Never root.
    fn find(passwd: &str, matches: impl Fn(&str, u32) -> bool) -> Option<Self> {
        passwd.lines().find_map(|line| {
            let mut fields = line.split(':');
            let name = fields.next()?;
            let uid = fields.nth(1)?.parse().ok()?;
            let gid = fields.next()?.parse().ok()?;
            (uid != 0 && matches(name, uid)).then(|| Self {
                name: name.into(),
                uid,
                gid,
            })
        })
    }

    /// Makes a command run as this user.
    pub fn apply_to(&self, command: &mut Command) {
        command.uid(self.uid).gid(self.gid);
    }

    /// Makes this user the owner of a file or directory.
    pub fn take_ownership(&self, path: &Path) -> io::Result<()> {
        chown(path, Some(self.uid), Some(self.gid))
    }

    /// Checks that this user can access `path`: that the user can enter every directory above it,
    /// and can enter or execute `path` itself. The error names the path that denies access.
    pub fn check_access(&self, path: &Path) -> Result<(), String> {
        let real =
            fs::canonicalize(path).map_err(|error| format!("{}: {error}", path.display()))?;
        for step in real.ancestors() {
            let metadata =
                fs::metadata(step).map_err(|error| format!("{}: {error}", step.display()))?;
            if !self.can_enter(&metadata) {
                return Err(format!("the user {self} cannot access {}", step.display()));
            }
        }
        Ok(())
    }

    fn can_enter(&self, metadata: &Metadata) -> bool {
        let mode = metadata.permissions().mode();
        let needed = if metadata.uid() == self.uid {
            0o100
        } else if metadata.gid() == self.gid {
            0o010
        } else {
            0o001
        };
        mode & needed != 0
    }
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASSWD: &str = "root:x:0:0:root:/root:/bin/bash\n\
        toor:x:0:0::/root:/bin/sh\n\
        broken\n\
        postgres:x:101:104:PostgreSQL administrator,,,:/var/lib/postgresql:/bin/bash\n\
        ann:x:1000:1000::/home/ann:/bin/sh\n";

    #[test]
    fn users_are_found_by_name_and_id_but_never_root() {
        let postgres =
            Account::find(PASSWD, |name, _| name == "postgres").expect("the user exists");
        assert_eq!((postgres.uid, postgres.gid), (101, 104));
        assert_eq!(
            Account::find(PASSWD, |_, uid| uid == 1000)
                .expect("the user exists")
                .name,
            "ann"
        );
        assert_eq!(Account::find(PASSWD, |name, _| name == "toor"), None);
        assert_eq!(Account::find(PASSWD, |_, uid| uid == 7), None);
    }

    #[test]
    fn the_directory_that_denies_access_is_named() {
        let base = std::env::temp_dir().join(format!("tidings-account-{}", std::process::id()));
        let inner = base.join("inner");
        fs::create_dir_all(&inner).expect("temp dir");
        let stranger = Account {
            name: "stranger".into(),
            uid: 4_000_000,
            gid: 4_000_000,
        };
        fs::set_permissions(&base, fs::Permissions::from_mode(0o700)).expect("chmod");
        let refusal = stranger
            .check_access(&inner)
            .expect_err("mode 0700 denies access to other users");
        fs::set_permissions(&base, fs::Permissions::from_mode(0o711)).expect("chmod");
        let open = stranger.check_access(&inner);
        fs::remove_dir_all(&base).expect("clean up");
        assert!(
            refusal.contains("stranger") && refusal.contains("tidings-account-"),
            "{refusal}"
        );
        assert_eq!(open, Ok(()));
    }
}
