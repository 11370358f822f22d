//! Who the private servers run as. Postgres refuses to run as root, always; so does nobody any
//! harm by running nats-server as somebody else too.

use std::fs::{self, Metadata};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::Path;
use std::{fmt, io};

use super::process;

/// A user to run as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// As `/etc/passwd` calls it, or its number.
    pub name: String,
    /// The user's number.
    pub uid: u32,
    /// The user's first group.
    pub gid: u32,
}

/// What 65534 is called where it is called anything.
const NOBODY: u32 = 65_534;

impl Account {
    /// Whom to become: nobody else when this process is not root. Root becomes the owner of the
    /// servers' directory when that exists and is not root's, else the user who called `sudo`,
    /// else `postgres`, else `nobody`.
    pub fn to_become(servers_dir: &Path) -> Option<Self> {
        if process::effective_user() != 0 {
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
                    uid: NOBODY,
                    gid: NOBODY,
                })
            })
    }

    /// The first line of a passwd file that `wanted(name, uid)` accepts. Never root.
    fn find(passwd: &str, wanted: impl Fn(&str, u32) -> bool) -> Option<Self> {
        passwd.lines().find_map(|line| {
            let mut fields = line.split(':');
            let name = fields.next()?;
            let uid = fields.nth(1)?.parse().ok()?;
            let gid = fields.next()?.parse().ok()?;
            (uid != 0 && wanted(name, uid)).then(|| Self {
                name: name.into(),
                uid,
                gid,
            })
        })
    }

    /// Gives a file or directory to this user.
    pub fn give(&self, path: &Path) -> io::Result<()> {
        chown(path, Some(self.uid), Some(self.gid))
    }

    /// Whether this user can get to `path`: every directory above it lets the user through, and
    /// `path` itself can be read and entered or run. Says which one does not.
    pub fn reaches(&self, path: &Path) -> Result<(), String> {
        let real =
            fs::canonicalize(path).map_err(|error| format!("{}: {error}", path.display()))?;
        for step in real.ancestors() {
            let metadata =
                fs::metadata(step).map_err(|error| format!("{}: {error}", step.display()))?;
            if !self.may_enter(&metadata) {
                return Err(format!("the user {self} may not enter {}", step.display()));
            }
        }
        Ok(())
    }

    fn may_enter(&self, metadata: &Metadata) -> bool {
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
    fn users_are_found_by_name_and_number_but_never_root() {
        let postgres = Account::find(PASSWD, |name, _| name == "postgres").expect("is there");
        assert_eq!((postgres.uid, postgres.gid), (101, 104));
        assert_eq!(
            Account::find(PASSWD, |_, uid| uid == 1000)
                .expect("is there")
                .name,
            "ann"
        );
        assert_eq!(Account::find(PASSWD, |name, _| name == "toor"), None);
        assert_eq!(Account::find(PASSWD, |_, uid| uid == 7), None);
    }

    #[test]
    fn a_directory_that_shuts_a_user_out_is_named() {
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
            .reaches(&inner)
            .expect_err("0700 shuts strangers out");
        fs::set_permissions(&base, fs::Permissions::from_mode(0o711)).expect("chmod");
        let open = stranger.reaches(&inner);
        fs::remove_dir_all(&base).expect("clean up");
        assert!(
            refusal.contains("stranger") && refusal.contains("tidings-account-"),
            "{refusal}"
        );
        assert_eq!(open, Ok(()));
    }
}
