//! The directories of the servers: their part of the data directory, and a directory with a short
//! path for the Postgres socket.
//!
//! ```text
//! DATA/lock            locked by the process that runs servers here; contains its pid
//! DATA/servers/        owned by the user that the servers run as
//!     postgres/        Postgres's data directory
//!     nats/            JetStream's store
//!     nats.conf, nats-password, ports/, postgres.log, nats.log
//! ```

use std::fs::{self, DirBuilder, File, Permissions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::error::{StartError, file_error};
use crate::private_file::sync_parent;
use crate::process;
use crate::run_as::Account;

/// The longest path of a Unix socket, without the terminating zero byte.
const MAX_SOCKET_PATH_BYTES: usize = 107;
/// The file name of the Postgres socket.
const SOCKET_NAME: &str = ".s.PGSQL.5432";
/// The length of the socket directory's name: `tidings-` and a prefix of a hash of the data
/// directory's path.
const MAX_SOCKET_DIR_NAME_CHARS: usize = 24;
/// Where the servers' directory is if root's data directory is in one that only root can enter.
const ROOT_STATE_DIR: &str = "/var/lib/tidings";

/// The directories of the embedded servers.
#[derive(Debug, Clone)]
pub struct ServerDirs {
    /// `DATA/servers`, with symbolic links resolved.
    pub servers: PathBuf,
    /// The directory of the Postgres socket: private, with a short path.
    pub socket_dir: PathBuf,
    /// The user that the servers run as, if it is not the user of this process.
    pub account: Option<Account>,
}

impl ServerDirs {
    /// Creates the directories, owned by the user that the servers run as.
    pub fn prepare(data: &Path) -> Result<Self, StartError> {
        let link = data.join("servers");
        let account = Account::resolve(&link);
        if account.is_some() {
            // The servers' user must be able to pass through, but cannot list or read anything
            // here.
            fs::set_permissions(data, Permissions::from_mode(0o711)).map_err(file_error(data))?;
        }
        let servers = prepare_servers_dir(data, &link, account.as_ref())?;
        let socket_dir = choose_socket_dir(data)?;
        create_private_dir(&socket_dir, account.as_ref())?;
        let dirs = Self {
            servers,
            socket_dir,
            account,
        };
        for path in [dirs.nats_store_dir(), dirs.nats_ports_dir()] {
            create_private_dir(&path, dirs.account.as_ref())?;
        }
        Ok(dirs)
    }

    /// Postgres's data directory.
    pub fn postgres_data_dir(&self) -> PathBuf {
        self.servers.join("postgres")
    }

    /// JetStream's store.
    pub fn nats_store_dir(&self) -> PathBuf {
        self.servers.join("nats")
    }

    /// The directory in which nats-server writes its ports file.
    pub fn nats_ports_dir(&self) -> PathBuf {
        self.servers.join("ports")
    }
}

/// Creates `DATA/servers` and resolves its path. If root's data directory is below one that only
/// root can enter (such as its home), it becomes a link to a directory that the servers' user can
/// enter.
fn prepare_servers_dir(
    data: &Path,
    link: &Path,
    account: Option<&Account>,
) -> Result<PathBuf, StartError> {
    if !link.exists() {
        match account {
            Some(account) if account.check_access(data).is_err() => {
                let elsewhere =
                    Path::new(ROOT_STATE_DIR).join(uuid::Uuid::new_v4().simple().to_string());
                fs::create_dir_all(ROOT_STATE_DIR)
                    .map_err(file_error(Path::new(ROOT_STATE_DIR)))?;
                // A dangling link remains from a directory that was deleted.
                if link.is_symlink() {
                    fs::remove_file(link).map_err(file_error(link))?;
                }
                create_private_dir(&elsewhere, Some(account))?;
                std::os::unix::fs::symlink(&elsewhere, link).map_err(file_error(link))?;
            }
            _ => create_private_dir(link, account)?,
        }
    }
    let servers = fs::canonicalize(link).map_err(file_error(link))?;
    if let Some(account) = account {
        account.check_access(&servers).map_err(|reason| {
            StartError::Unusable(format!(
                "{} cannot be used by the embedded servers: {reason}. Choose another --data.",
                data.display()
            ))
        })?;
    }
    Ok(servers)
}

/// Creates a directory with mode 0700 that belongs to the servers' user. An existing directory must
/// have this mode and owner: in a shared parent, another user may have created it first.
fn create_private_dir(path: &Path, account: Option<&Account>) -> Result<(), StartError> {
    match DirBuilder::new().mode(0o700).create(path) {
        Ok(()) => return give_away(path, account).map_err(file_error(path)),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        Err(error) => return Err(file_error(path)(error)),
    }
    let found = fs::symlink_metadata(path).map_err(file_error(path))?;
    let owner = account.map_or_else(process::effective_uid, |account| account.uid);
    let is_private = found.is_dir() && found.permissions().mode() & 0o777 == 0o700;
    // A predecessor ended, or lost power, before it had given the new directory away.
    if is_private && found.uid() == process::effective_uid() && is_empty(path) {
        return give_away(path, account).map_err(file_error(path));
    }
    if !is_private || found.uid() != owner {
        return Err(StartError::Unusable(format!(
            "{} exists, but is not a private directory of the user {}. Remove it if nothing uses it.",
            path.display(),
            account.map_or_else(|| owner.to_string(), |account| account.name.clone()),
        )));
    }
    Ok(())
}

/// Gives a new directory to the servers' user. It survives a power loss with its owner.
fn give_away(path: &Path, account: Option<&Account>) -> io::Result<()> {
    if let Some(account) = account {
        account.take_ownership(path)?;
    }
    File::open(path)?.sync_all()?;
    sync_parent(path)
}

fn is_empty(dir: &Path) -> bool {
    fs::read_dir(dir).is_ok_and(|mut entries| entries.next().is_none())
}

/// Chooses the directory of the socket. It depends only on the resolved path of the data directory.
fn choose_socket_dir(data: &Path) -> Result<PathBuf, StartError> {
    let data = fs::canonicalize(data).map_err(file_error(data))?;
    let hash = Sha256::digest(data.as_os_str().as_encoded_bytes());
    let mut name = format!("tidings-{hash:x}");
    name.truncate(MAX_SOCKET_DIR_NAME_CHARS);
    let user_dir = std::env::var_os("XDG_RUNTIME_DIR")
        .map(PathBuf::from)
        .filter(|dir| process::effective_uid() != 0 && dir.is_dir());
    let fits = |dir: &PathBuf| dir.join(SOCKET_NAME).as_os_str().len() <= MAX_SOCKET_PATH_BYTES;
    Ok(user_dir
        .map(|dir| dir.join(&name))
        .filter(fits)
        .unwrap_or_else(|| Path::new("/tmp").join(&name)))
}

/// The lock on a data directory, which allows one process to run servers on it. Released when
/// dropped, or when the process ends for any reason.
#[derive(Debug)]
pub struct DataDirLock {
    file: File,
}

impl Drop for DataDirLock {
    fn drop(&mut self) {
        // Closing the file is not enough: a process that another thread is just starting has it
        // too, until it runs its program.
        let _ = self.file.unlock();
    }
}

impl DataDirLock {
    /// Acquires the lock. The error names the process that holds it.
    pub fn acquire(data: &Path) -> Result<Self, StartError> {
        fs::create_dir_all(data).map_err(file_error(data))?;
        let path = data.join("lock");
        let mut file = File::options()
            .create(true)
            .read(true)
            .write(true)
            .truncate(false)
            .open(&path)
            .map_err(file_error(&path))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut pid = String::new();
                file.read_to_string(&mut pid).map_err(file_error(&path))?;
                return Err(StartError::Locked {
                    data: data.into(),
                    pid: pid.trim().parse().ok(),
                });
            }
            Err(TryLockError::Error(error)) => return Err(file_error(&path)(error)),
        }
        let written = file
            .set_len(0)
            .and_then(|()| file.rewind())
            .and_then(|()| writeln!(file, "{}", std::process::id()));
        written.map_err(file_error(&path))?;
        Ok(Self { file })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scratch_dir(name: &str) -> PathBuf {
        std::env::temp_dir().join(format!("tidings-place-{name}-{}", std::process::id()))
    }

    #[test]
    fn a_locked_directory_names_the_process_that_holds_it() {
        let data = scratch_dir("held");
        let first = DataDirLock::acquire(&data).expect("the lock is free");
        // As a process has it between its fork and its program.
        let inherited = first.file.try_clone().expect("a descriptor");
        match DataDirLock::acquire(&data) {
            Err(StartError::Locked { pid, .. }) => assert_eq!(pid, Some(std::process::id())),
            other => panic!("expected Held, got {other:?}"),
        }
        drop(first);
        DataDirLock::acquire(&data).expect("the lock was released");
        drop(inherited);
        fs::remove_dir_all(&data).expect("clean up");
    }

    #[test]
    fn the_socket_path_fits_for_a_long_data_directory() {
        let base = scratch_dir("long");
        let data = base.join("d".repeat(200));
        fs::create_dir_all(&data).expect("temp dir");
        let socket_dir = choose_socket_dir(&data).expect("a socket directory is chosen");
        fs::remove_dir_all(&base).expect("clean up");
        assert!(
            socket_dir.join(SOCKET_NAME).as_os_str().len() <= MAX_SOCKET_PATH_BYTES,
            "{}",
            socket_dir.display()
        );
    }

    #[test]
    fn an_existing_public_directory_is_rejected() {
        let open = scratch_dir("open");
        fs::create_dir_all(&open).expect("temp dir");
        fs::set_permissions(&open, Permissions::from_mode(0o755)).expect("chmod");
        assert!(matches!(
            create_private_dir(&open, None),
            Err(StartError::Unusable(_))
        ));
        fs::remove_dir_all(&open).expect("clean up");
    }
}
