//! A mounted [`Volume`], whose power can be cut.

use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use eventually::poll_blocking;
use fuser::{BackgroundSession, Config, MountOption, SessionACL};

use super::adapter::{PoweredVolume, VolumeAdapter};
use super::pattern::LossPattern;
use super::volume::{PowerLoss, Volume};
use crate::seed::Rng;

/// How long killed processes may keep the file system busy.
const UNMOUNT_TIMEOUT: Duration = Duration::from_secs(30);

/// The threads that serve the kernel.
const THREADS: usize = 2;

/// A mounted file system. Dropping it unmounts it.
pub struct MountedVolume {
    path: PathBuf,
    adapter: VolumeAdapter,
    session: Option<BackgroundSession>,
}

impl MountedVolume {
    /// Mounts an empty one at an existing directory.
    pub fn create(path: &Path) -> Result<Self> {
        unmount_at_exit(path)?;
        let mut mounted = Self {
            path: path.to_owned(),
            adapter: new_adapter(Volume::new()),
            session: None,
        };
        mounted.mount()?;
        Ok(mounted)
    }

    fn mount(&mut self) -> Result<()> {
        let mut config = Config::default();
        config.mount_options = vec![
            MountOption::FSName("power-loss".into()),
            MountOption::DefaultPermissions,
        ];
        config.acl = SessionACL::All;
        config.n_threads = Some(THREADS);
        let session = fuser::spawn_mount(self.adapter.clone(), &self.path, &config);
        let session = session.with_context(|| {
            format!(
                "cannot mount a FUSE file system at {}: this run needs root and /dev/fuse (module \
                 fuse; in a container, --device /dev/fuse --cap-add SYS_ADMIN)",
                self.path.display()
            )
        })?;
        self.session = Some(session);
        Ok(())
    }

    /// Cuts the power: nothing that was not synced at this moment is certain to survive. While
    /// `kill` kills the processes, their reads and writes wait, so that no process sees an error.
    pub fn cut_power(&self, kill: impl FnOnce()) {
        let mut powered = self.adapter.lock();
        kill();
        powered.is_off = true;
    }

    /// Unmounts what is left after the cut and mounts it again, without any cache of the kernel.
    pub fn restore_power(&mut self, pattern: LossPattern, rng: &mut Rng) -> Result<PowerLoss> {
        self.unmount()?;
        let mut powered = self.adapter.lock();
        let before = std::mem::replace(&mut powered.volume, Volume::new());
        drop(powered);
        let (volume, loss) = before.lose_power(pattern, rng);
        self.adapter = new_adapter(volume);
        self.mount()?;
        Ok(loss)
    }

    /// From now on, an fsync of the log of Postgres does nothing.
    pub fn ignore_log_syncs(&self) {
        self.adapter.lock().volume.ignores_log_syncs = true;
    }

    fn unmount(&mut self) -> Result<()> {
        let Some(session) = self.session.take() else {
            return Ok(());
        };
        let unmounted = poll_blocking(UNMOUNT_TIMEOUT, || {
            let mut umount = Command::new("umount");
            let status = umount.arg(&self.path).stderr(Stdio::null()).status();
            status.is_ok_and(|status| status.success())
        });
        ensure!(unmounted, "{} is busy", self.path.display());
        session.join().context("the file system failed")
    }
}

impl Drop for MountedVolume {
    fn drop(&mut self) {
        if let Some(session) = self.session.take() {
            // Lazily, because a process may still use it.
            let _ = Command::new("umount").arg("-l").arg(&self.path).status();
            let _ = session.join();
        }
    }
}

fn new_adapter(volume: Volume) -> VolumeAdapter {
    VolumeAdapter(Arc::new(Mutex::new(PoweredVolume {
        volume,
        is_off: false,
    })))
}

/// Starts a shell that waits until this process ends and then unmounts what it has left mounted.
fn unmount_at_exit(path: &Path) -> io::Result<()> {
    let mut command = Command::new("sh");
    let script = "read _; umount -l \"$0\"";
    command.arg("-c").arg(script).arg(path).current_dir("/");
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    // Its standard input stays open until this process ends.
    std::mem::forget(command.spawn()?.stdin);
    Ok(())
}
